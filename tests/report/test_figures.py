"""Figures of learning: what is drawn is what was given, where its labels say it is."""

import numpy as np
import pandas as pd
import pytest
from drawn import band, cells, image, labels, legend, line, points, ticks, written_ticks
from made_up import regularized, searched
from matplotlib.colors import to_hex

from labkit.nets.diagnostics import diagnose
from labkit.report import figures, theme
from labkit.report.figures import SET_COLOURS
from labkit.report.grids import axis_effects

# theme


def test_spare_panels_are_blank_and_each_column_has_numbers_at_its_foot():
    fig, panels = theme.small_multiples(4, 3, height=2.0, extra=0.5)
    assert fig.get_size_inches()[1] == 4.5
    assert len(panels) == 4 and [axis.axison for axis in fig.axes] == [True] * 4 + [False] * 2
    panels[0].set(xlim=(0, 7), ylim=(0, 9))
    assert panels[3].get_xlim() == (0, 7) and panels[3].get_ylim() == (0, 9), "not the same axes"
    assert [bool(written_ticks(axis.xaxis)) for axis in panels] == [False, True, True, True]
    assert [bool(written_ticks(axis.yaxis)) for axis in panels] == [True, False, False, True]


# curves


def history(epochs, **columns):
    return pd.DataFrame({"epoch": range(1, epochs + 1), **columns})


WATCHED = history(
    3,
    train_loss=[3.0, 2.0, 1.0], test_loss=[3.5, 2.5, 2.7],
    train_accuracy=[0.5, 0.6, 0.7], test_accuracy=[0.4, 0.55, 0.5],
)  # fmt: skip


def test_curves_are_drawn_for_the_sets_that_were_watched():
    fig = figures.curves(WATCHED, loss="log loss [nats a row]", accuracy="macro-F1")
    left, right = fig.axes
    assert points(line(left, "train")) == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert points(line(left, "test")) == [(1, 3.5), (2, 2.5), (3, 2.7)]
    assert points(line(right, "test")) == [(1, 0.4), (2, 0.55), (3, 0.5)]
    assert len(left.lines) == len(right.lines) == 2
    assert labels(left) == ("epoch", "log loss [nats a row]")
    assert labels(right) == ("epoch", "macro-F1")
    assert right.get_title(loc="left") == "Macro-F1 by epoch", "a name loses its capitals"


def test_a_set_has_its_colour_and_its_dashes_in_every_panel():
    left, right = figures.curves(WATCHED, loss="loss", accuracy="accuracy").axes
    assert legend(left) == {
        "train": to_hex(SET_COLOURS["train"]),
        "test": to_hex(SET_COLOURS["test"]),
    }
    for name, colour in legend(left).items():
        assert to_hex(line(left, name).get_color()) == to_hex(line(right, name).get_color())
        assert to_hex(line(left, name).get_color()) == colour
    styles = {name: line(left, name).get_linestyle() for name in ("train", "test")}
    assert len(set(styles.values())) == 2


@pytest.mark.parametrize(("epochs", "marked"), [(1, True), (10, True), (11, False)])
def test_few_epochs_are_marked_for_one_alone_has_no_line(epochs, marked):
    ones = np.ones(epochs)
    fig = figures.curves(
        history(epochs, train_loss=ones, train_accuracy=ones), loss="loss", accuracy="accuracy"
    )
    assert (line(fig.axes[0], "train").get_marker() == "o") is marked


def test_epochs_are_whole_numbers():
    fig = figures.curves(WATCHED.head(2), loss="loss", accuracy="accuracy")
    assert all(place == int(place) for place in fig.axes[0].get_xticks())


def over_seeds(groups, losses=((4.0, 2.0), (2.0, 1.0))):
    """Each group's losses by epoch, a tuple for each seed; validation is one more than train."""
    rows = [
        {"group": g, "seed": seed, "epoch": epoch, "train_loss": loss, "validation_loss": loss + 1}
        for g in groups
        for seed, by_epoch in enumerate(losses)
        for epoch, loss in enumerate(by_epoch, start=1)
    ]
    return pd.DataFrame(rows)


def test_lines_are_means_over_seeds_and_bands_their_range():
    fig = figures.curves_by_group(over_seeds(["none"]), "group", label="loss")
    axis = fig.axes[0]
    assert points(line(axis, "train")) == [(1, 3.0), (2, 1.5)]
    assert points(line(axis, "validation")) == [(1, 4.0), (2, 2.5)]
    assert band(axis, SET_COLOURS["train"]) == {1: (2, 4), 2: (1, 2)}
    assert band(axis, SET_COLOURS["validation"]) == {1: (3, 5), 2: (2, 3)}


def test_means_end_where_the_first_seed_stops_and_survivors_go_on_by_themselves():
    """A mean over those that are left would jump from 3 to 1.5 where a good seed stops."""
    losses = ((4.0, 3.9, 3.8, 3.7), (2.0, 1.9), (3.0, 2.9, 2.8))
    fig = figures.curves_by_group(over_seeds(["none"], losses), "group", label="loss")
    axis = fig.axes[0]
    assert points(line(axis, "train")) == [(1, 3.0), (2, pytest.approx(2.9))]
    assert set(band(axis, SET_COLOURS["train"])) == {1, 2}
    others = [points(own) for own in axis.lines if own.get_color() == SET_COLOURS["train"]]
    others.remove(points(line(axis, "train")))
    assert [(2, 3.9), (3, 3.8), (4, 3.7)] in others and [(2, 2.9), (3, 2.8)] in others
    assert list(legend(axis)) == ["train", "validation"]


def test_each_group_has_its_panel_in_the_order_given():
    rows = over_seeds(["none", "dropout", "L2", "all"])
    rows.loc[rows["group"] == "L2", "train_loss"] = 9.0
    fig = figures.curves_by_group(rows, "group", label="mean squared error")
    panels = fig.axes[:4]
    assert [own.get_title(loc="left") for own in panels] == ["none", "dropout", "L2", "all"]
    assert points(line(panels[2], "train")) == [(1, 9.0), (2, 9.0)]
    assert points(line(panels[1], "train")) == [(1, 3.0), (2, 1.5)]
    assert not any(own.axison for own in fig.axes[4:]), "an empty frame for no group"
    assert list(legend(panels[0])) == ["train", "validation"]
    assert [own.get_ylabel() == "mean squared error" for own in panels] == [1, 0, 0, 1]
    assert [own.get_xlabel() for own in panels] == ["", "epoch", "epoch", "epoch"]


def test_one_bad_epoch_does_not_flatten_the_curves():
    losses = [1.0] * 299 + [1000.0]
    fig = figures.curves_by_group(over_seeds(["none"], [losses]), "group", label="loss")
    low, high = fig.axes[0].get_ylim()
    assert low < 1 and 2 < high < 100


def test_an_accuracy_keeps_its_best_and_not_its_worst():
    accuracy = [0.0] + [0.9] * 298 + [1.0]
    rows = history(300, seed=0, group="none", train_accuracy=accuracy)
    fig = figures.curves_by_group(rows, "group", quantity="accuracy", label="accuracy")
    low, high = fig.axes[0].get_ylim()
    assert 0.5 < low < 0.9 and high > 1


@pytest.mark.filterwarnings("error")
def test_an_accuracy_that_never_moves_is_still_framed():
    rows = history(2, seed=0, group="none", train_accuracy=[0.9, 0.9])
    fig = figures.curves_by_group(rows, "group", quantity="accuracy", label="accuracy")
    low, high = fig.axes[0].get_ylim()
    assert low < 0.9 < high


# grids


def candidates(*rows):
    names = ["optimizer", "learning_rate", "hidden_sizes", "epochs", "batch_size"]
    table = pd.DataFrame(rows, columns=[*names, "mean_test_score"])
    return table.sort_values("mean_test_score", ascending=False, ignore_index=True)


GRID = candidates(
    ("adam", 0.01, (64, 32), 10, 256, 0.5),
    ("adam", 0.01, (8,), 2, 32, 0.25),
    ("adam", 0.001, (64, 32), 2, 32, -0.125),
    ("sgd", 0.001, (8,), 10, 256, -0.5),
)


def panel(fig, row, column):
    (found,) = [axis for axis in fig.axes if labels(axis) == (column, row)]
    return found


def test_a_heat_maps_cell_holds_the_best_score_of_the_two_values_that_name_it():
    fig = figures.grid_heatmaps(GRID, "mean R²")
    by_rate = panel(fig, "optimizer", "learning rate")
    assert image(by_rate).loc["adam", "0.01"] == 0.5, "not the best of the two that share it"
    assert cells(by_rate) == {
        ("adam", "0.01"): "0.500", ("adam", "0.001"): "−0.125", ("sgd", "0.001"): "−0.500",
    }  # fmt: skip
    assert cells(panel(fig, "hidden units", "learning rate")) == {
        ("64-32", "0.01"): "0.500", ("64-32", "0.001"): "−0.125",
        ("8", "0.01"): "0.250", ("8", "0.001"): "−0.500",
    }  # fmt: skip
    assert cells(panel(fig, "hidden units", "epochs"))["8", "10"] == "−0.500"
    assert cells(panel(fig, "optimizer", "batch size"))["adam", "256"] == "0.500"
    assert fig.axes[-1].get_ylabel() == "mean R²"


def test_a_cell_that_was_not_tried_or_that_failed_is_blank():
    failed = pd.concat([GRID, candidates(("sgd", 0.01, (8,), 2, 32, np.nan))], ignore_index=True)
    for table in (GRID, failed):
        by_rate = panel(figures.grid_heatmaps(table, "R²"), "optimizer", "learning rate")
        assert np.isnan(image(by_rate).loc["sgd", "0.01"])
        assert ("sgd", "0.01") not in cells(by_rate)


def test_numbers_along_a_heat_map_are_in_order_whichever_came_first():
    axis = panel(figures.grid_heatmaps(GRID, "R²"), "optimizer", "learning rate")
    assert list(ticks(axis.xaxis)) == ["0.001", "0.01"]
    axis = panel(figures.grid_heatmaps(GRID, "R²"), "optimizer", "batch size")
    assert list(ticks(axis.xaxis)) == ["32", "256"]


def test_one_scale_of_colours_serves_all_heat_maps_and_texts_can_be_read_on_it():
    fig = figures.grid_heatmaps(GRID, "R²")
    maps = [axis for axis in fig.axes if axis.images and axis.texts]
    assert len(maps) == 4
    assert len({axis.images[0].get_clim() for axis in maps}) == 1
    assert maps[0].images[0].get_clim()[1] == 0.5
    for axis in maps:
        for own in axis.texts:
            x, y = own.get_position()
            value = axis.images[0].get_array()[y, x]
            brightness = np.dot(axis.images[0].to_rgba(value)[:3], [0.299, 0.587, 0.114])
            assert own.get_color() == ("black" if brightness > 0.5 else "white"), own.get_text()


def test_a_grid_of_one_candidate_is_four_cells():
    fig = figures.grid_heatmaps(GRID.head(1), "R²")
    assert [len(cells(axis)) for axis in fig.axes[:4]] == [1, 1, 1, 1]


def test_each_value_of_an_axis_shows_the_best_and_the_median_of_those_that_share_it():
    effects = axis_effects(GRID, ["optimizer", "learning_rate"])
    fig = figures.axis_effects(effects, "mean R²")
    optimizer, rate = fig.axes
    assert optimizer.get_ylabel() == "mean R²"
    assert rate.get_title(loc="left") == "learning rate"
    adam = ticks(optimizer.xaxis)["adam"]
    assert dict(points(line(optimizer, "best")))[adam] == 0.5
    assert dict(points(line(optimizer, "median")))[adam] == 0.25
    stems = [segment.tolist() for segment in optimizer.collections[0].get_segments()]
    assert [[adam, 0.25], [adam, 0.5]] in stems
    assert set(legend(fig)) == {"best", "median"}


def test_values_that_are_numbers_stand_in_order_and_names_as_the_grid_has_them():
    effects = axis_effects(GRID, ["learning_rate", "batch_size", "optimizer"])
    rate, batch, optimizer = figures.axis_effects(effects, "R²").axes
    assert GRID["learning_rate"].iloc[0] == 0.01, "the best candidate has the larger rate"
    assert list(ticks(rate.xaxis)) == ["0.001", "0.01"]
    assert list(ticks(batch.xaxis)) == ["32", "256"]
    assert list(ticks(optimizer.xaxis)) == ["adam", "sgd"]
    assert dict(points(line(rate, "best")))[ticks(rate.xaxis)["0.01"]] == 0.5


def test_a_grid_with_one_axis_has_one_panel():
    (axis,) = figures.axis_effects(axis_effects(GRID, ["optimizer"]), "R²").axes
    assert axis.get_title(loc="left") == "optimizer"
    assert len(points(line(axis, "best"))) == 2


def test_one_hopeless_value_does_not_flatten_the_others():
    hopeless = candidates(("adam", 0.01, (8,), 1, 32, 0.5), ("sgd", 0.01, (8,), 1, 32, -1000.0))
    (axis,) = figures.axis_effects(axis_effects(hopeless, ["optimizer"]), "R²").axes
    low, high = axis.get_ylim()
    assert -1 < low < 0.5 < high


def marks(axis, name):
    return [(round(x, 6), round(y, 6)) for x, y in points(line(axis, name))]


def test_finalists_lie_where_the_search_and_fresh_folds_put_them():
    """By hand: 0.5, 0.45 and 0.2 in the search; the last is the first model."""
    fig = figures.search_against_fresh(searched(fresh=[0.4, 0.44, 0.21]).confirmation, "mean R²")
    (axis,) = fig.axes
    assert labels(axis) == ("mean R², folds of the search", "mean R², fresh folds")
    assert marks(axis, "the search's winner") == [(0.5, 0.4)]
    assert marks(axis, "the choice") == [(0.45, 0.44)]
    assert marks(axis, "the first model") == [(0.2, 0.21)]
    assert marks(axis, "no change") == [(0.2, 0.2), (0.5, 0.5)]


def test_a_finalist_with_several_parts_has_all_its_marks_and_is_none_of_the_others():
    fig = figures.search_against_fresh(searched(first=0).confirmation, "R²")
    (axis,) = fig.axes
    same = [marks(axis, name) for name in ("the choice", "the first model")]
    assert same == [[(0.5, 0.5)]] * 2
    assert sorted(marks(axis, "others of the best")) == [(0.2, 0.2), (0.45, 0.45)]


# regularizations


SCORES = pd.DataFrame(
    [
        ("none", 0, 0.75, 0.5), ("none", 1, 0.5, 0.25),
        ("dropout", 0, 0.625, -0.5), ("dropout", 1, 0.625, -0.25),
    ],
    columns=["regularization", "seed", "train_score", "validation_score"],
)  # fmt: skip


def drawn_at(axis, height):
    """Colour → what is drawn there in this colour: marks from small to large, then lines."""
    found = {}
    for own in axis.lines:
        if {y for _, y in points(own)} == {height}:
            found.setdefault(to_hex(own.get_color()), []).append(own)
    return {
        colour: [points(own) for own in sorted(lines, key=lambda own: own.get_markersize())]
        for colour, lines in found.items()
    }


def test_each_group_shows_its_seeds_its_means_and_the_gap_between_them():
    fig = figures.train_against_held_out({"R²": SCORES, "F1": SCORES}, "regularization")
    axis, other = fig.axes
    rows, colour = ticks(axis.yaxis), legend(fig)
    assert axis.yaxis_inverted() and rows["none"] < rows["dropout"], "the first is not on top"
    assert colour == {name: to_hex(SET_COLOURS[name]) for name in ("train", "validation")}
    y = rows["none"]
    none = drawn_at(axis, y)
    assert none.pop(colour["train"]) == [[(0.75, y), (0.5, y)], [(0.625, y)]]
    assert none.pop(colour["validation"]) == [[(0.5, y), (0.25, y)], [(0.375, y)]]
    assert list(none.values()) == [[[(0.625, y), (0.375, y)]]], "the gap joins the means"
    y = rows["dropout"]
    dropout = drawn_at(axis, y)
    assert dropout[colour["validation"]] == [[(-0.5, y), (-0.25, y)], [(-0.375, y)]]
    assert (labels(axis)[0], labels(other)[0]) == ("R²", "F1")


def test_a_single_group_of_a_single_seed_has_its_row():
    fig = figures.train_against_held_out({"R²": SCORES.head(1)}, "regularization")
    assert list(ticks(fig.axes[0].yaxis)) == ["none"]
    assert set(legend(fig)) == {"train", "validation"}


def test_doses_grow_to_the_right_with_means_and_ranges_over_seeds():
    facts = regularized(dropout=[0.02] * 3, **{"all together": [0.1, 0.0, 0.2]})
    left, right = figures.doses(facts, "loss").axes
    places = ticks(left.xaxis)
    assert list(places) == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert dict(points(line(left, "train"))) == pytest.approx({0: 0.3, 1: 0.3})
    assert dict(points(line(left, "validation"))) == pytest.approx({0: 0.49, 1: 0.59})
    assert band(right, SET_COLOURS["validation"])[0] == pytest.approx((0.32, 0.51))
    assert (left.get_title(loc="left"), right.get_title(loc="left")) == ("Dropout", "All together")
    assert left.get_ylabel() == "loss"
    *_, chosen, plain = left.lines
    assert points(chosen) == [pytest.approx((0, 0.49))], "the mark is not at the chosen dose"
    assert list(plain.get_ydata()) == pytest.approx([0.51] * 2), "none is not where it was"
    assert {name: to_hex(line(right, name).get_color()) for name in ("train", "validation")} == (
        legend(left)
    )


def test_one_remedy_has_one_panel():
    (axis,) = figures.doses(regularized(L2=[0.1] * 3), "loss").axes
    assert list(ticks(axis.xaxis))[:2] == ["0.0001", "0.0003"]


GAINS = pd.DataFrame(
    [("dropout", 0.25, 0.1, 0.05, 0.15), ("L2", 0.25, -0.2, -0.3, -0.1),
     ("dropout", 1.0, 0.3, 0.2, 0.4), ("L2", 1.0, 0.0, -0.1, 0.1)],
    columns=["remedy", "strength", "gain", "low", "high"],
)  # fmt: skip


def test_gains_stand_on_the_line_of_their_group_with_their_interval():
    alone = GAINS[GAINS["strength"] == 1.0]
    left, right = figures.gains({"R²": alone, "F1": alone.assign(gain=0.2)}, "remedy").axes
    places = ticks(left.yaxis)
    assert list(places) == ["dropout", "L2"] and left.yaxis_inverted()
    zero, dots = left.lines
    assert zero.get_xdata() == [0, 0]
    assert points(dots) == [(0.3, places["dropout"]), (0.0, places["L2"])]
    bars = [segment.tolist() for segment in left.collections[0].get_segments()]
    assert bars == [[[0.2, 0.0], [0.4, 0.0]], [[-0.1, 1.0], [0.1, 1.0]]]
    assert (left.get_xlabel(), right.get_xlabel()) == ("R²", "F1")
    assert [x for x, _ in points(right.lines[1])] == [0.2, 0.2]


def test_gains_at_several_strengths_stand_one_below_the_other():
    fig = figures.gains({"F1": GAINS}, "remedy", dodge="strength")
    (axis,) = fig.axes
    assert list(legend(fig)) == ["25\xa0%", "100\xa0%"] and axis.get_legend() is None
    _, weak, strong = axis.lines
    assert [weak.get_label(), strong.get_label()] == ["25\xa0%", "100\xa0%"]
    pairs = zip(ticks(axis.yaxis).values(), points(weak), points(strong), strict=True)
    for place, (_, above), (_, below) in pairs:
        assert (above + below) / 2 == pytest.approx(place)
        assert 0 < below - above < 0.5, "a dot of another group would be nearer"
    assert [x for x, _ in points(strong)] == [0.3, 0.0]


# a pair of curves, annotated


def annotated(train, held_out, **options):
    curves = history(len(train), train_loss=list(train), validation_loss=list(held_out))
    verdict = diagnose(curves, {"train": 1.0, "validation": 1.0})
    (axis,) = figures.annotated_curves(curves, verdict, loss="loss", **options).axes
    return axis, "\n".join(text.get_text() for text in axis.texts)


EPOCHS = np.arange(1, 31)
FALLS = 0.3 + 0.6 * 0.7**EPOCHS


def test_curves_that_part_are_said_to_and_the_best_epoch_is_marked():
    axis, words = annotated(0.2 + 0.7 * 0.8**EPOCHS, FALLS + 0.01 * EPOCHS)
    best = int((FALLS + 0.01 * EPOCHS).argmin()) + 1
    assert f"lowest at epoch {best}" in words and "no longer carries over" in words
    assert (best, pytest.approx((FALLS + 0.01 * EPOCHS).min())) in [
        place for own in axis.lines for place in points(own) if len(points(own)) == 1
    ]


def test_curves_that_fall_to_the_end_have_no_side_after_the_best_epoch():
    axis, words = annotated(FALLS - 0.01 * EPOCHS, FALLS + 0.05 - 0.01 * EPOCHS, title="Falls")
    assert axis.get_title(loc="left") == "Falls"
    assert "lowest at epoch 30" in words and "still comes down" in words
    assert "carries over" not in words and "gains nothing" not in words
    assert not axis.patches


def test_curves_that_level_off_are_not_said_to_overfit():
    held_out = np.r_[FALLS[:15], np.full(15, FALLS[14] + 1e-4)]
    _, words = annotated(np.minimum(FALLS, held_out), held_out)
    assert "gains nothing more" in words and "carries over" not in words


def test_a_side_without_room_is_not_written_on_and_one_epoch_is_drawn():
    _, words = annotated(FALLS, FALLS[0] + 0.01 * EPOCHS)
    assert "still comes down" not in words and "lowest at epoch 1" in words
    _, words = annotated([0.5], [0.6])
    assert "lowest at epoch 1" in words
