"""Figures of the forecasts: each model under its name, each group and year in its place."""

import pandas as pd
from drawn import labels, legend, line, points, ticks, written_ticks
from made_up import VOLATILITY_MODELS
from matplotlib import dates
from matplotlib.colors import to_hex

from labkit.volatility import figures

# predicted_and_realised


def predictions(symbols="AB"):
    """Three days of each symbol; every column its own numbers."""
    days = pd.bdate_range("2016-01-04", periods=3)
    rows = [
        (day, symbol, -4 + i / 8, -5 - j + i / 8, -4.5 - j + i / 8)
        for j, symbol in enumerate(symbols)
        for i, day in enumerate(days)
    ]
    return pd.DataFrame(rows, columns=["date", "symbol", "realised", "HAR", "MLP, tuned"])


def test_each_symbol_has_a_panel_with_its_own_days():
    fig = figures.predicted_and_realised(predictions(), ["HAR", "MLP, tuned"])
    first, second = fig.axes
    assert [own.get_title(loc="left") for own in fig.axes] == ["A", "B"]
    start = dates.date2num(pd.Timestamp("2016-01-04"))
    day = line(second, "HAR")
    assert day.get_ydata().tolist() == [-6, -5.875, -5.75]
    assert dates.date2num(day.get_xdata()).tolist() == [start, start + 1, start + 2]
    assert line(first, "HAR").get_ydata().tolist() == [-5, -4.875, -4.75]
    assert line(first, "MLP, tuned").get_ydata().tolist() == [-4.5, -4.375, -4.25]
    assert line(first, "realised").get_ydata().tolist() == [-4, -3.875, -3.75]
    assert {own.get_ylabel() for own in fig.axes} == {"log volatility"}


def test_only_the_models_asked_for_are_drawn_each_in_one_colour_of_its_own():
    fig = figures.predicted_and_realised(predictions(), ["MLP, tuned"])
    first, second = fig.axes
    assert list(legend(first)) == ["realised", "MLP, tuned"]
    assert len(set(legend(first).values())) == 2
    for name, colour in legend(first).items():
        assert to_hex(line(first, name).get_color()) == colour
        assert to_hex(line(second, name).get_color()) == colour


def test_days_are_written_below_the_lowest_panel_only():
    first, second = figures.predicted_and_realised(predictions(), ["HAR"]).axes
    assert written_ticks(second.xaxis) and not written_ticks(first.xaxis)


def test_one_symbol_has_one_panel():
    (axis,) = figures.predicted_and_realised(predictions("A"), ["HAR"]).axes
    assert axis.get_title(loc="left") == "A"


# by_group


BY_SECTOR = pd.DataFrame(
    [
        ("Banks", "HAR", 0.5), ("Banks", "MLP", 0.25),
        ("Mines", "HAR", -0.25), ("Mines", "MLP", 0.5),
        ("Rails", "HAR", 0.0), ("Rails", "MLP", -0.5),
    ],
    columns=["sector", "model", "r2"],
)  # fmt: skip


def test_groups_are_sorted_by_the_last_model_the_best_on_top():
    (axis,) = figures.by_group(BY_SECTOR, "sector", ["HAR", "MLP"], "test R²").axes
    rows = ticks(axis.yaxis)
    assert list(rows) == ["Rails", "Banks", "Mines"] and not axis.yaxis_inverted()
    assert dict((y, x) for x, y in points(line(axis, "MLP"))) == {
        rows["Rails"]: -0.5, rows["Banks"]: 0.25, rows["Mines"]: 0.5,
    }  # fmt: skip
    assert dict((y, x) for x, y in points(line(axis, "HAR"))) == {
        rows["Rails"]: 0.0, rows["Banks"]: 0.5, rows["Mines"]: -0.25,
    }  # fmt: skip
    assert labels(axis)[0] == "test R²" and axis.get_title(loc="left") == "Score by sector"


def test_every_model_asked_for_can_be_told_from_the_others():
    names = [model.name for model in VOLATILITY_MODELS]
    assert len(names) == 6
    table = pd.DataFrame([("Banks", name, 0.1) for name in names], columns=list(BY_SECTOR))
    (axis,) = figures.by_group(table, "sector", names, "R²").axes
    assert list(legend(axis)) == names
    looks = {(own.get_color(), own.get_marker()) for own in axis.lines}
    assert len(looks) == 6
    assert {name: to_hex(line(axis, name).get_color()) for name in names} == legend(axis)


def test_a_group_without_a_score_of_one_model_keeps_those_of_the_others():
    table = BY_SECTOR.drop(index=0)
    (axis,) = figures.by_group(table, "sector", ["HAR", "MLP"], "R²").axes
    place = ticks(axis.yaxis)["Banks"]
    assert [x for x, y in points(line(axis, "MLP")) if y == place] == [0.25]
    assert [x for x, y in points(line(axis, "HAR")) if y == place] == []


# by_year


BY_YEAR = pd.DataFrame(
    [
        (year, own_set, model, (year - 2010) / 8 - shift)
        for own_set, years in (("train", range(2010, 2013)), ("validation", [2013]),
                               ("test", [2014]))
        for year in years
        for model, shift in (("HAR", 0.5), ("MLP", 0.25))
    ],
    columns=["year", "set", "model", "r2"],
)  # fmt: skip


def test_each_models_scores_stand_at_their_years():
    fig = figures.by_year(BY_YEAR, ["HAR", "MLP"], "R²")
    (axis,) = fig.axes
    assert points(line(axis, "HAR")) == [
        (2010, -0.5), (2011, -0.375), (2012, -0.25), (2013, -0.125), (2014, 0.0),
    ]  # fmt: skip
    assert points(line(axis, "MLP"))[0] == (2010, -0.25)
    assert list(ticks(axis.xaxis)) == ["2010", "2011", "2012", "2013", "2014"]
    assert labels(axis) == ("year", "R²")
    assert legend(fig) == {name: to_hex(line(axis, name).get_color()) for name in ("HAR", "MLP")}


def test_each_set_is_named_over_its_own_years_between_dotted_lines():
    (axis,) = figures.by_year(BY_YEAR, ["HAR"], "R²").axes
    between = [own.get_xdata()[0] for own in axis.lines if own.get_linestyle() == ":"]
    assert between == [2012.5, 2013.5]
    assert {own.get_text(): own.xy[0] for own in axis.texts} == {
        "train": 2011, "validation": 2013, "test": 2014,
    }  # fmt: skip


def test_one_set_of_one_year_has_no_dotted_line():
    table = BY_YEAR[BY_YEAR["set"] == "test"]
    (axis,) = figures.by_year(table, ["MLP"], "R²").axes
    assert points(line(axis, "MLP")) == [(2014, 0.25)]
    assert line(axis, "MLP").get_marker() not in ("", "None"), "one year has no line"
    assert [own.get_text() for own in axis.texts] == ["test"] and len(axis.lines) == 1


def test_every_model_of_the_years_can_be_told_from_the_others():
    names = [model.name for model in VOLATILITY_MODELS]
    table = pd.DataFrame(
        [(2014, "test", name, 0.1) for name in names], columns=["year", "set", "model", "r2"]
    )
    fig = figures.by_year(table, names, "R²")
    assert list(legend(fig)) == names
    assert len({(own.get_color(), own.get_marker()) for own in fig.axes[0].lines}) == 6
