"""Figures of the machine rows: each row in its class's colour, each count beside its bar."""

import io

import numpy as np
import pandas as pd
import pytest
from drawn import boxes, cells, colours, image, legend, line, points, ticks, written_ticks
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from labkit.failures.exploration import figures, machines
from labkit.failures.exploration.figures import AXIS_LABELS, CLASS_COLOURS, FEATURES
from labkit.failures.exploration.neighbours import Drawn
from labkit.failures.exploration.outliers import distance_limit
from labkit.failures.rules import FAILURE_TYPES, POWER_RANGE, SHORT_CLASSES, power

SHORT = list(SHORT_CLASSES.values())
SOUND, HEAT, POWER, STRAIN, WEAR, RANDOM = FAILURE_TYPES


def colour_of(name):
    return to_hex(CLASS_COLOURS[name])


def of_class(axis, name):
    """Places of the marks in the colour of a class."""
    (marks,) = [own for own in axis.collections if colours(own)[:1] == [colour_of(name)]]
    return points(marks)


def features(n):
    """Rows that count up: the first feature from 0, the next from 100, and so on."""
    return pd.DataFrame({name: 100 * i + np.arange(float(n)) for i, name in enumerate(FEATURES)})


def test_the_classes_have_six_colours_and_six_marks():
    assert len(set(CLASS_COLOURS.values())) == len(set(figures.CLASS_MARKERS.values())) == 6


# class_distribution


def counted(**rows):
    return machines.class_counts(pd.Series([n for n, k in rows.items() for _ in range(k)]))


COUNTS = counted(**{SOUND: 2000, HEAT: 30, POWER: 20, STRAIN: 10, RANDOM: 1})


def test_each_class_has_a_dot_in_its_colour_at_its_rows():
    """Of a class without rows no dot is seen: zero has no place on a log scale."""
    (axis,) = figures.class_distribution(COUNTS).axes
    (dots,) = axis.collections
    rows = {place: name for name, place in ticks(axis.yaxis).items()}
    drawn = {rows[y]: x for x, y in points(dots)}
    assert drawn == dict(zip(SHORT, [2000, 30, 20, 10, 0, 1], strict=True))
    assert colours(dots) == [colour_of(name) for name in FAILURE_TYPES]
    assert axis.yaxis_inverted(), "the most frequent class is not on top"
    assert axis.get_xscale() == "log" and axis.get_xlabel() == "rows, log scale"
    assert not axis.patches


def test_the_count_stands_beside_its_dot_and_within_the_frame():
    fig = figures.class_distribution(COUNTS)
    (axis,) = fig.axes
    fig.draw_without_rendering()
    rows = {place: name for name, place in ticks(axis.yaxis).items()}
    assert {rows[own.xy[1]]: own.get_text() for own in axis.texts} == dict(
        zip(SHORT, ["2,000", "30", "20", "10", "0", "1"], strict=True)
    )
    frame = axis.get_window_extent()
    for own in axis.texts:
        extent = own.get_window_extent()
        assert frame.x0 <= extent.x0 and extent.x1 <= frame.x1, own.get_text()


# correlations


def test_features_stand_against_features_and_against_classes():
    X = features(4)
    X["torque"] = [1.0, 0, 1, 0]
    y = pd.Series([POWER, SOUND, POWER, SOUND])
    left, right = figures.correlations(
        machines.feature_correlations(X), machines.class_correlations(X, y)
    ).axes
    names = [name.replace("_", " ") for name in FEATURES]
    assert list(image(left).index) == list(image(left).columns) == names
    assert image(left).loc["tool wear", "power"] == pytest.approx(1)
    assert cells(left)["tool wear", "power"] == "1.00"
    assert list(image(right).columns) == SHORT
    assert image(right).loc["torque", "Power"] == pytest.approx(1)
    assert cells(right)["torque", "No Failure"] == "−1.00"
    assert cells(right)["tool wear", "Power"] == "−.45"
    assert written_ticks(right.yaxis) == [], "the features are named twice"


def test_a_class_that_does_not_occur_goes_with_nothing_and_is_blank():
    X = features(4)
    y = pd.Series([POWER, SOUND, SOUND, SOUND])
    right = figures.correlations(
        machines.feature_correlations(X), machines.class_correlations(X, y)
    ).axes[1]
    assert {column for _, column in cells(right)} == {"No Failure", "Power"}
    assert image(right)["Tool Wear"].isna().all()


def test_the_colours_of_classes_reach_as_far_as_their_largest_correlation():
    between = pd.DataFrame(1.0, index=FEATURES, columns=FEATURES)
    classes = pd.DataFrame(0.0, index=FEATURES, columns=list(FAILURE_TYPES))
    classes.loc["torque", POWER] = -0.25
    left, right = figures.correlations(between, classes).axes
    assert left.images[0].get_clim() == (-1, 1)
    assert right.images[0].get_clim() == (-0.25, 0.25)
    colour = {cell: own.get_color() for cell, own in zip(cells(right), right.texts, strict=True)}
    assert colour["torque", "Power"] == "white" and colour["torque", "No Failure"] == "black"


# histograms, by_class


def test_each_feature_has_a_density_of_sound_and_of_failing_rows():
    X = features(200)
    y = pd.Series([SOUND] * 150 + [POWER] * 25 + [WEAR] * 25)
    fig = figures.histograms(X, y)
    assert [axis.get_xlabel() for axis in fig.axes] == [AXIS_LABELS[name] for name in FEATURES]
    assert list(legend(fig)) == ["no failure", "failure"]
    assert len(set(legend(fig).values())) == 2
    for i, axis in enumerate(fig.axes):
        sound, failing = (own.get_data() for own in axis.patches)
        for heights, edges, _ in (sound, failing):
            assert (heights * np.diff(edges)).sum() == pytest.approx(1)
        middle = (sound.edges[1:] + sound.edges[:-1]) / 2
        assert np.average(middle, weights=sound.values) == pytest.approx(100 * i + 74.5, abs=2)
        assert np.average(middle, weights=failing.values) == pytest.approx(100 * i + 174.5, abs=2)


def test_without_a_failure_the_sound_rows_are_drawn_alone():
    fig = figures.histograms(features(20), pd.Series([SOUND] * 20))
    assert list(legend(fig)) == ["no failure"]
    for axis in fig.axes:
        ((heights, edges, _),) = (own.get_data() for own in axis.patches)
        assert (heights * np.diff(edges)).sum() == pytest.approx(1)


def test_each_class_has_a_box_of_its_rows_in_its_colour():
    X = features(202)
    y = pd.Series([SOUND] * 101 + [HEAT] * 101)
    fig = figures.by_class(X, y)
    assert [axis.get_xlabel() for axis in fig.axes] == [AXIS_LABELS[name] for name in FEATURES]
    first = fig.axes[0]
    assert list(ticks(first.yaxis)) == SHORT and first.yaxis_inverted()
    rows = {place: name for name, place in ticks(first.yaxis).items()}
    for i, axis in enumerate(fig.axes):
        drawn = {rows[place]: five for place, five in boxes(axis).items()}
        start = 100 * i
        assert drawn == {
            "No Failure": (start, start + 25, start + 50, start + 75, start + 100),
            "Heat Dissipation": (start + 101, start + 126, start + 151, start + 176, start + 201),
        }
        faces = [to_hex(box.get_facecolor()) for box in axis.patches]
        assert faces == [colour_of(name) for name in FAILURE_TYPES]
    assert written_ticks(fig.axes[0].yaxis) == SHORT and written_ticks(fig.axes[1].yaxis) == []


# distances


def flagged(**distances):
    rows = [(name, d) for name, own in distances.items() for d in own]
    return pd.DataFrame(rows, columns=["class", "distance"])


FLAGGED = flagged(**{SOUND: [0.5, 1.5, 2.5], WEAR: [3.0, 30.0]})


def test_each_row_stands_at_its_distance_in_the_band_of_its_class():
    (axis,) = figures.distances(FLAGGED).axes
    rows = ticks(axis.yaxis)
    assert list(rows) == SHORT and axis.yaxis_inverted()
    assert [x for x, _ in of_class(axis, SOUND)] == [0.5, 1.5, 2.5]
    assert [x for x, _ in of_class(axis, WEAR)] == [3, 30]
    assert all(abs(y - rows["No Failure"]) < 0.5 for _, y in of_class(axis, SOUND))
    assert all(abs(y - rows["Tool Wear"]) < 0.5 for _, y in of_class(axis, WEAR))
    assert sum(len(points(own)) for own in axis.collections) == 5


def test_a_crowd_of_marks_becomes_pixels_and_the_rest_stays_lines():
    crowd = flagged(**{SOUND: np.linspace(0.5, 2.5, 5000), WEAR: [3.0, 30.0]})
    kept = io.BytesIO()
    figures.distances(crowd).savefig(kept, format="svg")
    text = kept.getvalue().decode()
    assert text.count("<image") == 1 and len(text) < 200_000
    assert 2 <= text.count("<use") < 500


def test_the_limit_of_outliers_is_a_line_and_the_scale_can_be_read():
    (axis,) = figures.distances(FLAGGED).axes
    (limit,) = axis.get_lines()
    assert limit.get_xdata() == [distance_limit()] * 2
    assert axis.get_xscale() == "log"
    read = ticks(axis.xaxis)
    assert len(read) >= 5 and [float(text) for text in read] == list(read.values())


# timeline


def in_order():
    return pd.DataFrame(
        {"udi": [1, 2, 3, 4], "process_temperature": [310.0, 311, 312, 313],
         "air_temperature": [300.0, 300, 299, 298], "failure_type": [SOUND, POWER, SOUND, WEAR]}
    )  # fmt: skip


def test_temperatures_run_along_the_rows_under_their_names():
    above, below = figures.timeline(in_order()).axes
    names = list(legend(above))
    assert [name.lower() for name in names] == ["process temperature", "air temperature"]
    assert points(line(above, names[0])) == [(1, 310), (2, 311), (3, 312), (4, 313)]
    assert points(line(above, names[1])) == [(1, 300), (2, 300), (3, 299), (4, 298)]
    assert above.get_ylabel() == "temperature [K]" and below.get_xlabel() == "row number"
    assert above.get_xlim() == below.get_xlim()


def test_a_failure_is_a_line_at_its_row_in_its_classs_band_and_colour():
    axis = figures.timeline(in_order()).axes[1]
    rows = ticks(axis.yaxis)
    assert list(rows) == SHORT[1:] and axis.yaxis_inverted()
    lying = {own.get_lineoffset(): own for own in axis.collections}
    for name in FAILURE_TYPES[1:]:
        own = lying[rows[SHORT_CLASSES[name]]]
        assert list(own.get_positions()) == {POWER: [2], WEAR: [4]}.get(name, [])
        assert to_hex(own.get_color()) == colour_of(name)


# rules


def worked(n=60):
    """Rows of all classes over the usual range of speed, torque and wear."""
    random = np.random.default_rng(0)
    X = pd.DataFrame(
        {"rotational_speed": random.uniform(1200, 2800, n), "torque": random.uniform(5, 75, n),
         "tool_wear": random.uniform(0, 250, n),
         "temperature_difference": random.uniform(7.5, 12, n)}
    )  # fmt: skip
    return X, pd.Series(np.resize(FAILURE_TYPES, n))


def limits(axis):
    return [own for own in axis.get_lines() if len(points(own)) > 0]


def test_every_row_is_in_the_planes_of_the_three_rules():
    X, y = worked()
    fig = figures.rules(X, y)
    planes = {
        "Power": ("rotational_speed", "torque"), "Strain": ("tool_wear", "torque"),
        "Heat": ("rotational_speed", "temperature_difference"),
    }  # fmt: skip
    assert [axis.get_title(loc="left") for axis in fig.axes] == list(planes)
    for axis, (x, vertical) in zip(fig.axes, planes.values(), strict=True):
        assert axis.get_xlabel() == AXIS_LABELS[x]
        assert axis.get_ylabel() == AXIS_LABELS[vertical]
        for name in FAILURE_TYPES:
            own = X.loc[y == name, [x, vertical]]
            assert of_class(axis, name) == list(own.itertuples(index=False, name=None))
        order = [own.get_zorder() for own in axis.collections]
        assert order[0] < min(order[1:]), "failures lie below the frequent class"
    assert legend(fig) == {SHORT_CLASSES[n]: colour_of(n) for n in FAILURE_TYPES}


def test_the_lines_of_power_and_strain_are_where_the_rules_begin():
    X, y = worked()
    by_power, by_strain, _ = figures.rules(X, y).axes
    for own, watts in zip(limits(by_power), POWER_RANGE, strict=True):
        speed, torque = np.transpose(points(own))
        assert power(torque, speed) == pytest.approx(watts)
        assert torque.max() <= by_power.get_ylim()[1]
    letters = [own.get_text() for own in by_strain.texts]
    assert letters == ["L", "M", "H"]
    for own, strain, letter in zip(
        limits(by_strain), (11_000, 12_000, 13_000), by_strain.texts, strict=True
    ):
        wear, torque = np.transpose(points(own))
        assert wear * torque == pytest.approx(strain)
        assert letter.xy == pytest.approx((wear[-1], torque[-1]))
    assert len({own.get_linestyle() for own in limits(by_strain)}) == 3


def test_heat_is_a_corner_below_and_left_of_its_limits():
    axis = figures.rules(*worked()).axes[2]
    (own,) = limits(axis)
    left, corner, foot = points(own)
    assert corner == (1380, 8.6)
    assert left == (axis.get_xlim()[0], 8.6) and foot == (1380, axis.get_ylim()[0])


def test_a_class_that_does_not_occur_has_no_marks_and_stays_in_the_legend():
    X, y = worked()
    fig = figures.rules(X, y.replace(RANDOM, SOUND))
    drawn = [colours(own)[0] for own in fig.axes[0].collections if len(points(own))]
    assert drawn == [colour_of(name) for name in FAILURE_TYPES[:-1]]
    assert list(legend(fig)) == SHORT


# balanced


def strategies(n):
    """Strategies with one row more each; the rows of the first reach from 0 to 100."""
    made = {}
    for i in range(n):
        rows = pd.DataFrame({"tool_wear": [0.0, 100, *[50] * i], "torque": [10.0, 60, *[30] * i]})
        labels = np.array([SOUND, POWER, *[WEAR] * i])
        made[f"strategy {i}"] = rows, labels, np.ones(len(rows))
    return made


def shown(fig):
    return [axis for axis in fig.axes if axis.axison]


@pytest.mark.parametrize("n", [1, 3, 4, 7])
def test_each_strategy_has_a_panel_with_its_rows(n):
    fig = figures.balanced(strategies(n))
    panels = shown(fig)
    assert [own.get_title(loc="left") for own in panels] == [f"Strategy {i}" for i in range(n)]
    for i, axis in enumerate(panels):
        assert of_class(axis, SOUND) == [(0, 10)] and of_class(axis, POWER) == [(100, 60)]
        assert of_class(axis, WEAR) == ([(50, 30)] if i else []), "copies are one mark"
    assert legend(fig) == {SHORT_CLASSES[n]: colour_of(n) for n in FAILURE_TYPES}


def test_a_name_of_small_letters_becomes_a_heading_and_smote_stays():
    made = strategies(1)["strategy 0"]
    fig = figures.balanced({"class weights": made, "SMOTE": made})
    assert [own.get_title(loc="left") for own in shown(fig)] == ["Class weights", "SMOTE"]


def test_axes_are_named_at_the_left_and_below_the_lowest_panel_of_each_column():
    panels = shown(figures.balanced(strategies(7)))
    assert [bool(own.get_ylabel()) for own in panels] == [True, *[False] * 3, True, False, False]
    assert [bool(own.get_xlabel()) for own in panels] == [False] * 3 + [True] * 4
    assert [bool(written_ticks(own.xaxis)) for own in panels] == [False] * 3 + [True] * 4


def sizes(axis, name):
    (marks,) = [own for own in axis.collections if colours(own)[:1] == [colour_of(name)]]
    return dict(zip(points(marks), marks.get_sizes(), strict=False))


def test_a_mark_is_larger_where_a_row_weighs_more_or_has_copies():
    rows = pd.DataFrame({"tool_wear": [0.0, 50, 50, 90], "torque": [10.0, 20, 20, 30]})
    labels = np.array([SOUND, POWER, POWER, POWER])
    once = pd.DataFrame({"tool_wear": [0.0, 50, 90], "torque": [10.0, 20, 30]})
    copied, weighted = shown(
        figures.balanced({
            "copies": (rows, labels, np.ones(4)),
            "weights": (once, labels[:3], np.array([1.0, 2, 1])),
        })
    )  # fmt: skip
    assert sizes(copied, POWER)[50, 20] > sizes(copied, POWER)[90, 30]
    assert sizes(copied, POWER) == sizes(weighted, POWER), "two copies are one row of weight two"


def test_marks_of_a_crowd_shrink():
    few = pd.DataFrame({"tool_wear": [0.0, 1.0], "torque": [0.0, 1.0]})
    many = pd.DataFrame({"tool_wear": np.arange(5000.0), "torque": 1.0})
    sparse, dense = shown(
        figures.balanced({
            "few": (few, np.array([SOUND, POWER]), np.ones(2)),
            "many": (many, np.full(5000, POWER), np.ones(5000)),
        })
    )  # fmt: skip
    assert 0 < max(sizes(dense, POWER).values()) < min(sizes(sparse, POWER).values())


def test_the_frame_holds_the_real_rows_not_what_is_invented_far_outside():
    real = strategies(1)["strategy 0"]
    far = pd.DataFrame({"tool_wear": [0.0, 9999.0], "torque": [10.0, -500.0]})
    panels = shown(figures.balanced({"none": real, "far": (far, real[1], real[2])}))
    for axis in panels:
        assert -100 < axis.get_xlim()[0] < 0 < 100 < axis.get_xlim()[1] < 200
        assert -50 < axis.get_ylim()[0] < 10 < 60 < axis.get_ylim()[1] < 110


# neighbours


def test_lines_new_rows_and_pairs_are_drawn_where_they_are():
    rows = pd.DataFrame(
        {"tool_wear": [0.0, 10.0, 20.0, 21.0], "torque": [0.0, 5.0, 0.0, 1.0],
         "class": [STRAIN, STRAIN, STRAIN, SOUND]}
    )  # fmt: skip
    new = np.array([[5.0, 2.5]])
    made = Drawn(STRAIN, rows, np.array([[0, 1]]), new, np.array([[2, 3]]))
    fig = figures.neighbours([made, Drawn(STRAIN, rows, made.lines, new, made.pairs[:0])])
    axis, without = fig.axes
    lines, pairs = (own for own in axis.collections if isinstance(own, LineCollection))
    assert [path.vertices.tolist() for path in lines.get_paths()] == [[[0, 0], [10, 5]]]
    assert to_hex(lines.get_colors()[0], keep_alpha=False) == colour_of(STRAIN)
    assert [path.vertices.tolist() for path in pairs.get_paths()] == [[[20, 0], [21, 1]]]
    hollow = [own for own in axis.collections if to_hex(own.get_edgecolor()[0]) == "#000000"]
    assert points(hollow[-1]) == [(20, 0), (21, 1)]
    assert [points(own) for own in axis.collections if colours(own) == ["#ffffff"]] == [[(5, 2.5)]]
    assert axis.get_xlim()[0] < 0 and axis.get_xlim()[1] < 25
    assert not [
        c for c in without.collections if len(c.get_edgecolor()) and points(c) == [(20, 0), (21, 1)]
    ]
