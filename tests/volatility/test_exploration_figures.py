"""Figures of the NYSE data: blanks, shapes, groups and memory stand where the labels say."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from drawn import (
    band,
    boxes,
    cells,
    image,
    labels,
    legend,
    line,
    points,
    ticks,
    written_ticks,
)
from matplotlib import dates
from matplotlib.colors import to_hex

from labkit.volatility.exploration import figures
from labkit.volatility.exploration.figures import MEMORY_STYLES

DAYS = pd.bdate_range("2010-01-04", periods=4)


def days_of(**columns):
    return pd.DataFrame({"date": DAYS, **columns})


def drawn_days(own):
    """Date → value of a line, without gaps."""
    return dict(zip(pd.to_datetime(own.get_xdata()), own.get_ydata(), strict=True))


# missing


def coverage(n=2, months=14, start="2010-10"):
    """Stocks of whom the last lacks the first month, and has half of the second."""
    table = pd.DataFrame(
        1.0,
        index=[f"S{i}" for i in range(n)],
        columns=pd.period_range(start, periods=months, freq="M"),
    )
    table.iloc[-1, :2] = 0, 0.5
    return table


def without_statements():
    return SimpleNamespace(fundamentals=None)


def darkness(axis, row, column):
    """How dark a cell is drawn, from 0 to 1."""
    shown = axis.images[0]
    return 1 - np.mean(shown.to_rgba(shown.get_array())[row, column, :3])


def test_a_missing_month_is_dark_in_its_stocks_row():
    (axis,) = figures.missing(without_statements(), coverage()).axes
    assert list(ticks(axis.yaxis)) == ["S0", "S1"]
    missing, half, there = (darkness(axis, 1, j) for j in range(3))
    assert missing > half > there == darkness(axis, 0, 0)
    assert axis.images[0].get_array().shape == (2, 14)
    assert labels(axis) == ("month", "stock")


def test_years_stand_below_their_januaries():
    (axis,) = figures.missing(without_statements(), coverage()).axes
    assert ticks(axis.xaxis) == {"2011": 3}
    (axis,) = figures.missing(without_statements(), coverage(months=240)).axes
    years = ticks(axis.xaxis)
    assert 3 <= len(years) <= 10
    assert all(3 + 12 * (int(year) - 2011) == place for year, place in years.items())


def test_more_stocks_than_can_be_read_are_not_named():
    (axis,) = figures.missing(without_statements(), coverage(n=21)).axes
    assert not any(text.startswith("S") for text in written_ticks(axis.yaxis))


def test_blanks_of_statements_are_dark_in_the_named_column():
    statements = pd.DataFrame(
        {"Cash": [1.0, np.nan, 3.0], "Year": [2012.0, 2013, 2014], "Quick": [np.nan, np.nan, 1.0],
         "symbol": ["A", "A", "B"]}
    )  # fmt: skip
    fig = figures.missing(SimpleNamespace(fundamentals=statements), coverage())
    axis = fig.axes[1]
    assert list(ticks(axis.xaxis)) == ["Cash", "Quick", "2 others"]
    dark, light = darkness(axis, 1, 0), darkness(axis, 0, 0)
    assert dark > light
    drawn = [[darkness(axis, i, j) == dark for j in range(3)] for i in range(3)]
    assert drawn == [[False, True, False], [True, True, False], [False, False, False]]


@pytest.mark.parametrize(("complete", "named"), [(0, []), (1, ["1 other"]), (3, ["3 others"])])
def test_columns_without_blanks_are_one_light_column_and_none_where_there_are_none(complete, named):
    statements = pd.DataFrame({"Cash": [1.0, np.nan], **{f"c{i}": [1, 2] for i in range(complete)}})
    fig = figures.missing(SimpleNamespace(fundamentals=statements), coverage())
    assert list(ticks(fig.axes[1].xaxis)) == ["Cash", *named]
    light = darkness(fig.axes[0], 0, 0)
    assert {darkness(fig.axes[1], i, j) for i in (0, 1) for j in range(1, 1 + len(named))} <= {
        light
    }


def test_statements_without_any_blank_are_all_light():
    fig = figures.missing(SimpleNamespace(fundamentals=pd.DataFrame({"a": [1]})), coverage())
    assert darkness(fig.axes[1], 0, 0) == darkness(fig.axes[0], 0, 0)


# correlations


NAMES = ["log_vol_1", "gap", "target", "next_return"]
MATRIX = pd.DataFrame(
    [[1, 0.25, 0.75, -0.004], [0.25, 1, -0.5, np.nan], [0.75, -0.5, 1, 0.1],
     [-0.004, np.nan, 0.1, 1]],
    index=NAMES, columns=NAMES,
)  # fmt: skip


def test_each_correlation_is_written_once_where_its_two_names_meet():
    axis = figures.correlations(MATRIX).axes[0]
    assert cells(axis) == {
        ("gap", "log vol 1"): ".25",
        ("tomorrow's log vol", "log vol 1"): ".75",
        ("tomorrow's log vol", "gap"): "−.50",
        ("tomorrow's return", "log vol 1"): ".00",
        ("tomorrow's return", "tomorrow's log vol"): ".10",
    }
    drawn = image(axis)
    assert drawn.loc["tomorrow's log vol", "gap"] == -0.5
    assert np.isnan(drawn.loc["gap", "gap"]), "the upper triangle is drawn"


def test_a_correlation_that_is_not_known_has_neither_colour_nor_text():
    axis = figures.correlations(MATRIX).axes[0]
    assert np.isnan(image(axis).loc["tomorrow's return", "gap"])
    assert ("tomorrow's return", "gap") not in cells(axis)


def test_red_is_positive_and_blue_negative_on_a_scale_around_zero():
    fig = figures.correlations(MATRIX)
    shown = fig.axes[0].images[0]
    assert shown.get_clim() == (-1, 1)
    assert fig.axes[1].get_ylabel() == "rank correlation"
    red, _, blue, _ = shown.to_rgba(0.75)
    assert red > blue
    red, _, blue, _ = shown.to_rgba(-0.5)
    assert red < blue


# distributions


def test_a_distribution_stands_beside_the_normal_of_its_mean_and_spread():
    random = np.random.default_rng(0)
    values = random.normal(size=5000)
    days = pd.DataFrame(
        {"log_return": 0.02 * values, "volatility": 20 + values, "log_vol": values - 4}
    )
    days.loc[0] = np.nan
    fig = figures.distributions(days)
    expected = {
        "daily return [%]": (0, 2), "volatility [% a year]": (20, 1),
        "log of daily volatility": (-4, 1),
    }  # fmt: skip
    assert [axis.get_xlabel() for axis in fig.axes] == list(expected)
    for axis, (mean, sd) in zip(fig.axes, expected.values(), strict=True):
        x, y = line(axis, "normal").get_data()
        assert x[y.argmax()] == pytest.approx(mean, abs=0.06 * sd)
        assert y.max() == pytest.approx(1 / (sd * np.sqrt(2 * np.pi)), rel=0.05)
        heights, edges, _ = axis.patches[0].get_data()
        assert 0.99 < (heights * np.diff(edges)).sum() <= 1
        middle = (edges[1:] + edges[:-1]) / 2
        assert np.average(middle, weights=heights) == pytest.approx(mean, abs=0.06 * sd)
    assert [axis.get_yscale() for axis in fig.axes] == ["log", "linear", "linear"]
    assert fig.axes[0].get_ylabel() == "density"
    assert list(legend(fig.axes[1])) == ["observed", "normal"]


# groups


def spread_over(group, start):
    """A hundred and one rows, from ``start`` by hundredths: their quantiles are known."""
    return pd.DataFrame({"group": group, "log_vol": start + np.arange(101) / 100})


CALM, WILD = spread_over("Rails", -6), spread_over("Banks", -4)


def named_boxes(axis, rows):
    drawn = boxes(axis)
    return {name: drawn[place] for name, place in rows.items() if place in drawn}


def test_boxes_hold_half_of_the_rows_and_whiskers_nine_tenths():
    days = pd.concat([WILD, CALM])
    other = pd.DataFrame({"group": ["Banks"] * 101, "value": np.arange(101.0)})
    left, right = figures.groups(days, other, "Profit margin [%]", "sector").axes
    rows = ticks(left.yaxis)
    assert list(rows) == ["Rails", "Banks"], "not from calm to wild"
    drawn = named_boxes(left, rows)
    assert drawn["Rails"] == pytest.approx((-5.95, -5.75, -5.5, -5.25, -5.05))
    assert drawn["Banks"] == pytest.approx((-3.95, -3.75, -3.5, -3.25, -3.05))
    assert labels(left) == ("log of daily volatility", "sector")
    assert right.get_xlabel() == "Profit margin [%]"
    assert right.get_title(loc="left") == "Profit margin by sector"
    assert named_boxes(right, rows) == {"Banks": pytest.approx((5, 25, 50, 75, 95))}, (
        "Rails has no statements"
    )


def test_the_second_quantity_stands_in_the_order_of_the_first():
    other = pd.DataFrame({"group": ["Banks"] * 2 + ["Rails"] * 2, "value": [1.0, 1, 9, 9]})
    left, right = figures.groups(pd.concat([CALM, WILD]), other, "Daily return [%]", "stock").axes
    drawn = named_boxes(right, ticks(left.yaxis))
    assert (drawn["Rails"][2], drawn["Banks"][2]) == (9, 1)


def test_each_group_is_named_once():
    other = CALM.rename(columns={"log_vol": "value"})
    left, right = figures.groups(pd.concat([CALM, WILD]), other, "x", "sector").axes
    assert written_ticks(left.yaxis) == ["Rails", "Banks"]
    assert written_ticks(right.yaxis) == []


def test_one_group_has_one_row():
    other = CALM.rename(columns={"log_vol": "value"})
    left, right = figures.groups(CALM, other, "x", "stock").axes
    assert list(ticks(left.yaxis)) == ["Rails"]
    assert len(boxes(left)) == len(boxes(right)) == 1


# examples


def stock(symbol, close, log_return):
    return days_of(symbol=symbol, close=close, log_return=log_return)


def test_each_stock_has_its_close_in_dollars_and_its_return_in_per_cent():
    days = pd.concat([
        stock("ZZZ", [90.0, 91.0, 92.0, 93.0], [np.nan, 0.01, -0.02, 0.25]),
        stock("IBM", [50.0, 60.0, 70.0, 80.0], [np.nan, 0.5, -0.125, 0.0]),
    ])  # fmt: skip
    fig = figures.examples(days)
    (ibm_close, ibm_return), (close, zzz_return) = np.reshape(fig.axes, (2, 2))
    assert ibm_close.get_title(loc="left").startswith("IBM")
    assert close.get_title(loc="left").startswith("ZZZ")
    assert drawn_days(ibm_close.lines[0]) == dict(zip(DAYS, [50, 60, 70, 80], strict=True))
    assert points(ibm_return.lines[0])[0] == (dates.date2num(DAYS[1]), 50.0)
    assert zzz_return.lines[0].get_ydata().tolist()[1:] == [1, -2, 25]
    assert ibm_close.get_ylabel() == "close [$]" and ibm_return.get_ylabel() == "return [%]"
    assert close.get_yscale() == "log" and zzz_return.get_yscale() == "linear"


def test_returns_of_all_stocks_share_a_scale_on_which_each_fits():
    days = pd.concat([
        stock("AAA", 50.0, [np.nan, 0.01, -0.01, 0.0]),
        stock("BBB", 50.0, [np.nan, 0.5, -0.25, 0.0]),
    ])  # fmt: skip
    fig = figures.examples(days)
    fig.draw_without_rendering()
    low, high = fig.axes[1].get_ylim()
    assert fig.axes[3].get_ylim() == (low, high)
    assert low < -25 and high > 50


@pytest.mark.parametrize("close", [[104.0, 148.0, 120.0, 110.0], [1.0, 30.0, 200.0, 900.0]])
def test_a_price_axis_has_dollars_to_read_off_for_a_narrow_range_and_a_wide_one(close):
    fig = figures.examples(stock("ONE", close, 0.0))
    assert len(fig.axes) == 2
    dollars = [float(text) for text in ticks(fig.axes[0].yaxis)]
    assert 2 <= len(dollars) <= 10
    assert dollars == pytest.approx(list(ticks(fig.axes[0].yaxis).values()))


# clustering, memory


def test_the_median_stock_runs_within_the_band_of_its_own_dates():
    market = days_of(q10=[8.0, 9, 10, 11], median=[16.0, 20, 24, 28], q90=[33.0, 50, 90, 100])
    (axis,) = figures.clustering(market).axes
    assert drawn_days(line(axis, "median stock")) == dict(zip(DAYS, [16, 20, 24, 28], strict=True))
    numbers = dates.date2num(DAYS)
    drawn = band(axis, legend(axis)["eight stocks of ten"])
    assert drawn == {
        numbers[0]: (8, 33), numbers[1]: (9, 50), numbers[2]: (10, 90), numbers[3]: (11, 100),
    }  # fmt: skip
    assert axis.get_yscale() == "log" and axis.get_ylabel() == "volatility [% a year], log scale"
    assert ticks(axis.yaxis) == {"10": 10, "20": 20, "40": 40, "80": 80}


QUANTITIES = ["log_return", "absolute_return", "log_vol"]


def autocorrelated():
    """At lags 1 to 3, each quantity its own."""
    rows = [
        (name, lag, 0.25 * i / lag, 0.25 * i / lag - 0.125, 0.25 * i / lag + 0.0625)
        for i, name in enumerate(QUANTITIES)
        for lag in (1, 2, 3)
    ]
    return pd.DataFrame(rows, columns=["quantity", "lag", "median", "q10", "q90"])


def test_autocorrelations_stand_at_their_lags_under_their_names_with_their_bands():
    (axis,) = figures.memory(autocorrelated()).axes
    shown = legend(axis)
    assert list(shown) == ["log volatility", "size of the return", "return"]
    assert points(line(axis, "log volatility"))[:2] == [(1, 0.5), (2, 0.25)]
    assert points(line(axis, "size of the return"))[:2] == [(1, 0.25), (2, 0.125)]
    assert points(line(axis, "return")) == [(1, 0), (2, 0), (3, 0)]
    assert band(axis, shown["log volatility"])[1] == (0.375, 0.5625)
    assert band(axis, shown["return"])[3] == (-0.125, 0.0625)
    assert {name: to_hex(line(axis, name).get_color()) for name in shown} == shown
    assert len({line(axis, name).get_linestyle() for name in shown}) == len(MEMORY_STYLES) == 3
    assert labels(axis) == ("lag [trading days]", "autocorrelation")
