"""Figures of the classifiers: every score under its model and class, every share in its bin."""

import numpy as np
import pandas as pd
import pytest
import torch
from drawn import cells, image, labels, legend, line, points, ticks, written_ticks
from made_up import FAILURE_MODELS
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex

from labkit.failures import figures
from labkit.failures.ceiling import BAYES, MAJORITY, NETWORK
from labkit.failures.rules import FAILURE_TYPES, SHORT_CLASSES
from labkit.nets.mlp import MLP
from labkit.report.theme import OKABE_ITO

SHORT = list(SHORT_CLASSES.values())


# comparison


COMPARED = pd.DataFrame(
    [
        ("forest", "baseline", 0.5, 0.375, 0.625),
        ("MLP", "mlp", 0.75, 0.625, 0.875),
        ("majority", "floor", 0.25, 0.125, 0.375),
    ],
    columns=["model", "kind", "score", "low", "high"],
)


def dots(axis):
    """Model → (score, colour)."""
    names = {place: name for name, place in ticks(axis.yaxis).items()}
    (marks,) = [own for own in axis.collections if isinstance(own, PathCollection)]
    faces = map(to_hex, marks.get_facecolor())
    return {names[y]: (x, c) for (x, y), c in zip(points(marks), faces, strict=True)}


def intervals(axis):
    """Model → (low, high)."""
    names = {place: name for name, place in ticks(axis.yaxis).items()}
    bars = [own for own in axis.collections if isinstance(own, LineCollection)]
    ends = [segment for own in bars for segment in own.get_segments()]
    return {names[y]: (low, high) for (low, y), (high, _) in ends}


def test_each_model_has_its_score_and_interval_the_best_on_top():
    (axis,) = figures.comparison(COMPARED, "score", "macro-F1").axes
    blue, orange = OKABE_ITO[0].lower(), OKABE_ITO[1].lower()
    assert list(ticks(axis.yaxis)) == ["majority", "forest", "MLP"] and not axis.yaxis_inverted()
    assert dots(axis) == {"majority": (0.25, blue), "forest": (0.5, blue), "MLP": (0.75, orange)}
    assert intervals(axis) == {
        "majority": (0.125, 0.375), "forest": (0.375, 0.625), "MLP": (0.625, 0.875),
    }  # fmt: skip
    assert axis.get_xlabel() == "macro-F1" and not axis.get_lines()


def test_without_intervals_the_dots_stand_alone():
    table = COMPARED.drop(columns=["low", "high"])
    (axis,) = figures.comparison(table, "score", "accuracy", reference=0.3).axes
    assert intervals(axis) == {} and len(dots(axis)) == 3
    (reference,) = axis.get_lines()
    assert reference.get_xdata() == [0.3, 0.3]


def test_one_model_is_compared_with_nothing():
    (axis,) = figures.comparison(COMPARED.head(1), "score", "macro-F1").axes
    assert dots(axis) == {"forest": (0.5, OKABE_ITO[0].lower())}


# confusion


def counted(**sets):
    """Rows of each true and predicted class: one set's counts by ``(true, predicted)``."""
    return pd.DataFrame(
        [
            (own_set, true, predicted, counts.get((i, j), 0))
            for own_set, counts in sets.items()
            for i, true in enumerate(FAILURE_TYPES)
            for j, predicted in enumerate(FAILURE_TYPES)
        ],
        columns=["set", "true", "predicted", "rows"],
    )


CONFUSED = counted(train={(0, 0): 6000}, test={(0, 0): 1500, (1, 1): 3, (1, 0): 1, (2, 3): 2})


def test_a_cell_counts_the_rows_of_a_true_class_and_is_coloured_by_their_share():
    train, test = figures.confusion(CONFUSED).axes
    heat, power, overstrain = SHORT[1:4]
    assert cells(test) == {
        ("No Failure", "No Failure"): "1,500", (heat, heat): "3", (heat, "No Failure"): "1",
        (power, overstrain): "2",
    }  # fmt: skip
    assert cells(train) == {("No Failure", "No Failure"): "6,000"}
    shares = image(test)
    assert shares.loc[heat, heat] == 0.75 and shares.loc[heat, "No Failure"] == 0.25
    assert shares.loc[power, overstrain] == 1
    assert test.images[0].get_clim() == (0, 1)
    assert [own.get_title(loc="left") for own in (train, test)] == ["Train rows", "Test rows"]
    assert labels(train) == ("predicted", "true") and labels(test) == ("predicted", "")
    assert written_ticks(train.yaxis) == SHORT and written_ticks(test.yaxis) == []


def test_a_class_that_does_not_occur_is_an_empty_row():
    axis = figures.confusion(CONFUSED).axes[1]
    assert (image(axis).loc["Tool Wear"] == 0).all()
    assert not any(row == "Tool Wear" for row, _ in cells(axis))


def test_text_can_be_read_on_its_cell():
    axis = figures.confusion(CONFUSED, ["test"]).axes[0]
    colours = {own.get_text(): own.get_color() for own in axis.texts}
    assert colours == {"1,500": "white", "3": "white", "2": "white", "1": "black"}


def test_one_set_has_one_matrix():
    (axis,) = figures.confusion(CONFUSED, ["test"]).axes
    assert axis.get_title(loc="left") == "Test rows" and axis.get_ylabel() == "true"


# scores_by_class


def by_class(names, classes=FAILURE_TYPES):
    """A score of eighths: the place of the name and half that of the class."""
    rows = [
        (name, c, i / 8 + FAILURE_TYPES.index(c) / 16)
        for i, name in enumerate(names)
        for c in reversed(classes)
    ]
    return pd.DataFrame(rows, columns=["model", "class", "f1"])


def test_each_model_is_a_row_and_each_class_a_column_whatever_their_order():
    fig = figures.scores_by_class(by_class(["ridge", "MLP"]), "model", "f1", "test F1")
    axis, bar = fig.axes
    drawn = image(axis)
    assert list(drawn.index) == ["ridge", "MLP"] and list(drawn.columns) == SHORT
    assert drawn.loc["ridge"].tolist() == [0, 0.0625, 0.125, 0.1875, 0.25, 0.3125]
    assert drawn.loc["MLP", "Tool Wear"] == 0.375
    assert cells(axis)["MLP", "Tool Wear"] == "0.38" and len(cells(axis)) == 12
    assert axis.images[0].get_clim() == (0, 1) and bar.get_ylabel() == "test F1"


def test_a_class_without_a_score_is_blank():
    known = [name for name in FAILURE_TYPES if name != "Tool Wear Failure"]
    axis = figures.scores_by_class(by_class(["MLP"], known), "model", "f1", "F1").axes[0]
    assert list(image(axis).columns) == SHORT
    assert np.isnan(image(axis).loc["MLP", "Tool Wear"])
    assert {column for _, column in cells(axis)} == set(SHORT) - {"Tool Wear"}


def test_several_scores_of_one_class_are_averaged():
    twice = pd.concat([by_class(["MLP"]), by_class(["MLP"]).assign(f1=1.0)])
    axis = figures.scores_by_class(twice, "model", "f1", "F1").axes[0]
    assert image(axis).loc["MLP", "No Failure"] == 0.5


# reliability


def predicted(model, probability, failed):
    """Rows with one probability of failure each, of which the first ``failed`` did fail."""
    n = len(probability)
    true = np.where(np.arange(n) < failed, "Power Failure", "No Failure")
    table = pd.DataFrame(0.0, index=range(n), columns=list(FAILURE_TYPES))
    return table.assign(
        **{"No Failure": 1 - np.asarray(probability), "Power Failure": probability},
        model=model, row=range(n), true=true,
    )  # fmt: skip


def test_a_bin_stands_at_its_mean_prediction_and_the_share_that_failed():
    rows = pd.concat(
        [predicted("MLP", [0.75, 0.875, 0.875, 1.0], 3), predicted("MLP", [0.002] * 40, 0)],
        ignore_index=True,
    )
    (axis,) = figures.reliability(rows).axes
    (drawn,) = axis.containers
    dots, _, (bars,) = drawn.lines
    assert np.allclose(points(dots), [(0.002, 0.0), (0.875, 0.75)])
    # Wilson's interval: 3 of 4 rows, and 0 of 40.
    (rare, often) = bars.get_segments()
    assert often[:, 1] == pytest.approx([0.3006, 0.9544], abs=1e-4)
    assert rare[:, 1] == pytest.approx([0.0, 0.0876], abs=1e-4)


def test_probabilities_at_the_diagonal_lie_on_it():
    rows = predicted("MLP", [0.5] * 10, 5)
    (axis,) = figures.reliability(rows).axes
    assert points(line(axis, "perfect")) == [(0, 0), (1, 1)]
    assert points(axis.containers[0].lines[0]) == [(0.5, 0.5)]
    assert ticks(axis.xaxis) == ticks(axis.yaxis) == {
        "0": 0, "0.001": 0.001, "0.01": 0.01, "0.1": 0.1, "1": 1,
    }  # fmt: skip
    low, high = axis.get_ylim()
    assert low < 0 and high > 1, "a mark at an end is cut"


def test_a_probability_just_outside_of_0_and_1_is_drawn_at_the_end():
    rows = predicted("MLP", [1 + 1e-12, -1e-12], 1)
    (axis,) = figures.reliability(rows).axes
    assert points(axis.containers[0].lines[0]) == [(0, 0), (1, 1)]


def test_every_model_has_a_line_that_can_be_told_from_the_others():
    names = [model.name for model in FAILURE_MODELS]
    assert len(names) > max(6, len(OKABE_ITO))
    rows = pd.concat([predicted(name, [0.2, 0.5], 1) for name in names], ignore_index=True)
    (axis,) = figures.reliability(rows).axes
    assert [own.get_label() for own in axis.containers] == names
    assert [own.get_text() for own in axis.get_legend().get_texts()] == ["perfect", *names]
    looks = [own.lines[0] for own in axis.containers]
    assert len({(own.get_color(), own.get_marker()) for own in looks}) == len(names)


# precision_recall


def alarms(model="MLP"):
    """Four rows: the power failures are first and third by their probability."""
    table = pd.DataFrame(0.0, index=range(4), columns=list(FAILURE_TYPES))
    true = ["Power Failure", "No Failure", "Power Failure", "No Failure"]
    return table.assign(**{"Power Failure": [0.9, 0.7, 0.5, 0.1]}, model=model, true=true)


def test_precision_stands_at_its_recall_for_the_model_asked_for():
    other = alarms("forest").assign(**{"Power Failure": 0.5})
    (axis,) = figures.precision_recall(pd.concat([other, alarms()]), "MLP").axes
    (drawn,) = axis.get_lines()
    assert points(drawn) == [(1, 0.5), (1, pytest.approx(2 / 3)), (0.5, 0.5), (0.5, 1), (0, 1)]
    average = 0.5 * 1 + 0.5 * 2 / 3
    # The area below the steps: from each recall down to the next, its own precision.
    assert drawn.get_drawstyle() == "steps-post"
    recall, precision = np.transpose(points(drawn))
    assert precision[:-1] @ -np.diff(recall) == pytest.approx(average)
    assert list(legend(axis)) == [f"Power ({average:.2f})"]
    assert axis.get_xlim()[1] > 1 and axis.get_ylim()[1] > 1


def test_a_class_keeps_its_colour_where_another_does_not_occur():
    rows = alarms()
    (axis,) = figures.precision_recall(rows, "MLP").axes
    power = to_hex(axis.get_lines()[0].get_color())
    rows.loc[1, "true"] = "Heat Dissipation Failure"
    (axis,) = figures.precision_recall(rows, "MLP").axes
    heat, same = axis.get_lines()
    assert to_hex(same.get_color()) == power != to_hex(heat.get_color())
    assert [name.rpartition(" (")[0] for name in legend(axis)] == ["Heat Dissipation", "Power"]


# ceiling


SIMULATED = pd.DataFrame(
    [
        (rows, model.name, model.kind, f1 + i / 8, loss / (i + 1))
        for model, f1, loss in ((NETWORK, 0.25, 0.5), (BAYES, 0.5, 0.125), (MAJORITY, 0.125, 1.0))
        for i, rows in ((1, 8000), (0, 1000))
    ],
    columns=["rows", "model", "kind", "macro_f1", "log_loss"],
)


def test_each_model_has_a_line_by_training_rows_for_each_score():
    fig = figures.ceiling(SIMULATED)
    left, right = fig.axes
    assert points(line(left, NETWORK.name)) == [(1000, 0.25), (8000, 0.375)]
    assert points(line(right, NETWORK.name)) == [(1000, 0.5), (8000, 0.25)]
    assert points(line(left, BAYES.name)) == [(1000, 0.5), (8000, 0.625)]
    assert points(line(right, MAJORITY.name)) == [(1000, 1), (8000, 0.5)]
    assert ticks(left.xaxis) == ticks(right.xaxis) == {"1,000": 1000, "8,000": 8000}
    assert labels(left) == ("training rows", "macro-F1")
    assert labels(right) == ("training rows", "log loss [nats a row]")
    assert (left.get_yscale(), right.get_yscale()) == ("linear", "log")


def test_a_loss_can_be_read_off():
    axis = figures.ceiling(SIMULATED).axes[1]
    read = ticks(axis.yaxis)
    assert len(read) >= 2 and [float(text) for text in read] == pytest.approx(list(read.values()))


def test_what_does_not_learn_is_told_by_its_line_and_colour():
    fig = figures.ceiling(SIMULATED)
    names = [NETWORK.name, BAYES.name, MAJORITY.name]
    assert list(legend(fig)) == names
    for axis in fig.axes:
        assert {n: to_hex(line(axis, n).get_color()) for n in names} == legend(fig)
        assert [line(axis, n).get_linestyle() for n in names] == ["-", "--", ":"]


def test_one_size_has_marks_for_all():
    fig = figures.ceiling(SIMULATED[SIMULATED["rows"] == 1000])
    for axis in fig.axes:
        assert {own.get_marker() for own in axis.get_lines()} == {"o"}
        assert ticks(axis.xaxis) == {"1,000": 1000}


def test_an_embedding_is_drawn_as_the_layer_computes_it():
    layer = MLP(3, 2, hidden_sizes=(4,), embedding_scale=0.5)[0]
    fig = figures.embedding(layer, 1, "power", [0.5, -np.inf])
    waves, handed_on = fig.axes
    x = torch.tensor(handed_on.lines[0].get_xdata())
    rows = torch.zeros(len(x), 3)
    rows[:, 1] = x
    with torch.no_grad():
        made = layer(rows)[:, 1].numpy()
    drawn = np.column_stack([line.get_ydata() for line in handed_on.lines[: made.shape[1]]])
    np.testing.assert_allclose(drawn, made)
    cosine, sine = (line.get_ydata() for line in waves.lines[:2])
    np.testing.assert_allclose(cosine**2 + sine**2, 1, atol=1e-5)
    (limit,) = handed_on.lines[made.shape[1] :]
    assert list(limit.get_xdata()) == [0.5, 0.5]
