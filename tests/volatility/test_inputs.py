"""The wide inputs: none of them knows the future, and each is what its name says."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from conftest import LATE, SYMBOLS

from labkit.volatility.inputs.auxiliary import REACH, auxiliary_targets
from labkit.volatility.inputs.calendar import calendar
from labkit.volatility.inputs.days import days_of
from labkit.volatility.inputs.earnings import OFFSETS, earnings, shocks
from labkit.volatility.inputs.market import market, sector
from labkit.volatility.inputs.wide import (
    GROUPS,
    at_rows,
    auxiliary_columns,
    wide_inputs,
)
from labkit.volatility.panel import log_volatility, volatility_panel
from labkit.volatility.stocks import EMBARGO

SECTORS = pd.Series({"AAA": "one", "BBB": "one", "CCC": "two", "DDD": "two"})


@pytest.fixture(scope="module")
def days(prices):
    return days_of(prices, SECTORS)


@pytest.fixture(scope="module")
def inputs(days):
    return {name: frame for _, name, frame in wide_inputs(days)}


@pytest.mark.parametrize("at", [80, 299, 320, 700, 1040])
def test_prices_up_to_a_day_give_every_input_of_that_day(prices, inputs, at):
    """To the last digit: the future is cut off, and what remains is built again."""
    day = np.sort(prices["date"].unique())[at]
    again = days_of(prices[prices["date"] <= day], SECTORS)
    count = 0
    for _, name, frame in wide_inputs(again):
        whole = inputs[name].loc[:day, frame.columns]
        pd.testing.assert_frame_equal(frame, whole, check_exact=True, obj=name)
        count += 1
    assert count == len(inputs)


def test_another_future_changes_no_input(prices, inputs):
    """Not cut off but other: twice the move, a tenth of the volume, from one day on."""
    day = np.sort(prices["date"].unique())[600]
    later = prices["date"] > day
    other = prices.copy()
    other.loc[later, ["open", "high", "low", "close"]] **= 2
    other["volume"] = other["volume"].where(~later, other["volume"] / 10)
    for _, name, frame in wide_inputs(days_of(other, SECTORS)):
        pd.testing.assert_frame_equal(
            frame.loc[:day], inputs[name].loc[:day], check_exact=True, obj=name
        )


def test_the_same_check_sees_tomorrows_prices(prices, days):
    """The canary sings: an auxiliary target, which does look ahead, differs where prices end."""
    day = np.sort(prices["date"].unique())[600]
    cut = auxiliary_targets(days_of(prices[prices["date"] <= day], SECTORS))
    for name, frame in auxiliary_targets(days).items():
        assert not cut[name].equals(frame.loc[:day]), name


def test_the_auxiliary_targets_reach_no_further_than_the_embargo(prices, days):
    assert REACH <= EMBARGO
    day = np.sort(prices["date"].unique())
    cut = auxiliary_targets(days_of(prices[prices["date"] <= day[600 + REACH]], SECTORS))
    for name, frame in auxiliary_targets(days).items():
        pd.testing.assert_frame_equal(
            cut[name].loc[: day[600]], frame.loc[: day[600]], check_exact=True, obj=name
        )


def test_every_input_has_one_name_and_says_something(inputs):
    assert len(inputs) == sum(1 for _ in inputs) > 200
    for name, frame in inputs.items():
        late = frame.to_numpy()[400:]
        assert np.isfinite(late[~np.isnan(late)]).all(), name
        assert np.isfinite(late).any(), name


def test_names_are_unique_across_groups(days):
    names = [name for _, name, _ in wide_inputs(days)]
    assert len(names) == len(set(names))
    assert {group for group, *_ in wide_inputs(days)} == set(GROUPS)


def test_the_inputs_are_those_that_the_book_counts(days):
    """A span, a lag or an offset that comes, goes or doubles is a change of every wide model."""
    assert Counter(group for group, *_ in wide_inputs(days)) == {
        "own volatility": 45, "other estimates of volatility": 17, "returns": 35, "volume": 11,
        "market": 41, "sector": 8, "betas": 10, "ranks": 8, "calendar of the next day": 22,
        "earnings seasonality": 72,
    }  # fmt: skip


def test_ranks_are_shares_of_the_stocks_of_the_day_around_zero(days, inputs):
    row = days.log_vol.dropna().index[500]
    own, ranks = days.log_vol.loc[row], inputs["rank_log_vol"].loc[row]
    expected = [(own <= value).mean() - 0.5 for value in own]
    assert ranks.tolist() == pytest.approx(expected)


def test_offsets_about_an_earnings_day_leave_no_day_out_and_count_none_twice():
    days = sorted(day for span in OFFSETS.values() for day in span)
    assert days == list(range(-10, 11))


def test_lags_and_means_by_hand(prices, inputs):
    own = prices[prices["symbol"] == "BBB"].set_index("date")
    log_vol = log_volatility(own)
    day = log_vol.index[500]
    assert inputs["log_vol_lag_3"].loc[day, "BBB"] == log_vol.iloc[497]
    assert inputs["log_vol_mean_66"].loc[day, "BBB"] == pytest.approx(log_vol.iloc[435:501].mean())
    assert inputs["log_vol_highest_22"].loc[day, "BBB"] == log_vol.iloc[479:501].max()
    moved = np.log(own["close"]).diff()
    usual = np.exp(log_vol.iloc[479:501].mean())
    assert inputs["return_lag_0"].loc[day, "BBB"] == pytest.approx(moved.loc[day] / usual)


def test_the_market_is_the_mean_of_all_and_a_sector_of_its_own(days):
    of_market, of_sector = market(days), sector(days)
    day = days.log_vol.index[500]
    today = days.log_vol.loc[day]
    assert np.allclose(of_market["market_log_vol_lag_0"].loc[day], today.mean())
    of_one, of_two = today[["AAA", "BBB"]].mean(), today[["CCC", "DDD"]].mean()
    expected = [of_one, of_one, of_two, of_two, today[LATE]]
    np.testing.assert_allclose(
        of_sector["sector_log_vol_lag_0"].loc[day, [*SYMBOLS, LATE]], expected
    )


def test_the_beta_of_a_stock_that_doubles_the_market_is_above_that_of_one_that_halves_it(prices):
    wide = prices[prices["symbol"].isin(SYMBOLS)].copy()
    wild = wide["symbol"] == "AAA"
    # The other three share AAA's move, a quarter of it.
    close = wide[wild].set_index("date")["close"]
    for symbol in SYMBOLS[1:]:
        own = wide["symbol"] == symbol
        wide.loc[own, ["open", "high", "low", "close"]] = (
            wide.loc[wild, ["open", "high", "low", "close"]] ** 0.25
        ).to_numpy()
    inputs = {name: f for _, name, f in wide_inputs(days_of(wide, SECTORS))}
    last = inputs["beta_66"].loc[close.index[-1]]
    # The mean of 1 and three quarters is 7/16 of AAA's move.
    np.testing.assert_allclose(last[SYMBOLS], [16 / 7, 4 / 7, 4 / 7, 4 / 7])
    assert inputs["idiosyncratic_size"].loc[close.index[-1]].max() < 1e-6


def test_a_company_that_reports_every_13_weeks_is_expected_on_the_day(prices):
    """A burst of trading every 91 days: the evening before the next, four quarters point to it."""
    reports = prices["symbol"].eq("AAA") & (
        (prices["date"] - pd.Timestamp("2010-03-02")).dt.days % 91 == 0
    )
    busy = prices.assign(volume=prices["volume"].where(~reports, prices["volume"] * 20))
    days = days_of(busy, SECTORS)
    made = earnings(days)
    due = prices.loc[reports, "date"]
    evening = due.iloc[8] - pd.tseries.offsets.BDay(1)
    for quarters in (1, 2, 3, 4):
        looked_up = made[f"shock_{quarters}_quarters_ago"]
        assert looked_up.loc[evening, "AAA"] > 2
        assert looked_up.loc[due.iloc[8], "AAA"] < 2, "the day after is no such day"
        before = made[f"shock_{quarters}_quarters_ago_after_1"]
        assert before.loc[evening - pd.tseries.offsets.BDay(1), "AAA"] > 2
    assert made["shock_least_of_quarters"].loc[evening, "AAA"] > 2
    assert made["shock_least_of_quarters"].loc[evening, SYMBOLS[1:]].max() < 1
    age = made["greatest_shock_age_40"].loc[due.iloc[8] + pd.tseries.offsets.BDay(4), "AAA"]
    assert age == 4 / 40


def test_a_shock_is_measured_against_the_median_stock(days):
    assert shocks(days).median(axis=1).dropna().abs().max() < 1e-12


def test_the_calendar_is_that_of_the_next_trading_day(prices):
    named = days_of(prices, SECTORS)
    made = {name: frame["AAA"] for name, frame in calendar(named).items()}
    thursday, friday = pd.Timestamp("2012-04-05"), pd.Timestamp("2013-03-15")
    assert made["next_weekday_0"][thursday] == 1, "Good Friday is skipped"
    assert made["next_closed_before"][thursday] == 3
    assert made["next_expiry_of_quarter"][friday - pd.Timedelta(days=1)] == 1
    assert made["next_after_expiry"][friday] == 1
    assert made["next_half_day"][pd.Timestamp("2013-11-27")] == 1
    assert made["next_half_day"][pd.Timestamp("2013-11-26")] == 0
    assert made["next_half_day"][pd.Timestamp("2013-07-02")] == 1
    assert made["next_month_ends"][pd.Timestamp("2011-05-27")] == 1, "after Memorial Day"
    assert made["next_month_begins"][pd.Timestamp("2011-05-31")] == 1
    assert made["next_month_ends"][pd.Timestamp("2011-05-31")] == 0


def test_columns_stand_at_their_rows(prices, days, inputs):
    index = volatility_panel(prices).index.sample(50, random_state=0)
    columns = {name: at_rows(frame, index) for _, name, frame in wide_inputs(days)}
    assert list(columns) == list(inputs)
    day, symbol = index.iloc[7]
    name = "log_vol_mean_22"
    assert columns[name][7] == inputs[name].loc[day, symbol]
    np.testing.assert_array_equal(at_rows(days.log_vol, index)[7], days.log_vol.loc[day, symbol])
    assert auxiliary_columns(days, index).shape == (50, 6)


# Every input of one stock on one evening, from slices of plain arrays.


class Evening:
    """What was known of a stock, of all stocks and of its sector up to a day, oldest first.

    ``v`` is log volatility, ``r`` the return, ``gap`` that over night, ``o h l c`` the logs of the
    prices and ``x`` log volume: ``(days, symbols)``, and of the stock ``(days,)`` as ``own``.
    """

    def __init__(self, prices, at, symbol):
        wide = prices.assign(v=log_volatility(prices)).pivot(index="date", columns="symbol")
        wide = wide.iloc[: at + 1]
        self.day, self.symbols = wide.index[-1], list(wide["close"])
        o, h, low, c, self.x = (
            np.log(wide[name].to_numpy()) for name in ("open", "high", "low", "close", "volume")
        )
        self.o, self.h, self.l, self.c, self.v = o, h, low, c, wide["v"].to_numpy()
        before = np.vstack([np.full(c.shape[1], np.nan), c[:-1]])
        self.r, self.gap = c - before, o - before
        self.column = self.symbols.index(symbol)

    def own(self, name):
        return getattr(self, name)[:, self.column]

    def usual(self, back=0):
        """Volatility of the month up to so many days ago, of each stock."""
        v = self.v[: len(self.v) - back]
        return np.exp(v[-22:].mean(axis=0))

    def shock(self, back=0):
        """Log volume above its mean of a quarter, of each stock, so many days ago."""
        x = self.x[: len(self.x) - back]
        return x[-1] - x[-66:].mean(axis=0)


@pytest.fixture(scope="module")
def evening(prices):
    return Evening(prices, 700, "BBB")


def check(inputs, evening, expected):
    found = {name: inputs[name].loc[evening.day, "BBB"] for name in expected}
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


def halflife(values, h):
    """A mean whose weights halve every ``h`` days."""
    return np.average(values, weights=0.5 ** (np.arange(len(values))[::-1] / h))


def half_log_mean(squares):
    return np.log(np.mean(squares)) / 2


def test_own_volatility_by_hand(inputs, evening):
    v = evening.own("v")
    check(inputs, evening, {f"log_vol_lag_{k}": v[-1 - k] for k in range(21)})
    means = (2, 3, 5, 10, 15, 22, 44, 66, 126, 252)
    check(inputs, evening, {f"log_vol_mean_{n}": v[-n:].mean() for n in means})
    check(inputs, evening, {f"log_vol_halflife_{h}": halflife(v, h) for h in (1, 3, 8, 20, 60)})
    for n in (5, 22, 66):
        check(inputs, evening, {
            f"log_vol_highest_{n}": v[-n:].max(), f"log_vol_lowest_{n}": v[-n:].min(),
            f"log_vol_spread_{n}": v[-n:].std(ddof=1),
        })  # fmt: skip


def test_other_estimates_by_hand(inputs, evening):
    o, h, low, c, r, gap = (evening.own(name)[-66:] for name in ("o", "h", "l", "c", "r", "gap"))
    parkinson = np.log((h - low) ** 2 / (4 * np.log(2))) / 2
    rogers = np.log((h - o) * (h - c) + (low - o) * (low - c)) / 2
    for n in (1, 5, 22):
        check(inputs, evening, {
            f"parkinson_{n}": parkinson[-n:].mean(), f"rogers_satchell_{n}": rogers[-n:].mean(),
            f"overnight_{n}": half_log_mean(gap[-n:] ** 2),
        })  # fmt: skip
    for n in (5, 22, 66):
        check(inputs, evening, {f"close_to_close_{n}": half_log_mean(r[-n:] ** 2)})
    for n in (5, 22):
        check(inputs, evening, {
            f"falls_{n}": half_log_mean(np.minimum(r[-n:], 0) ** 2),
            f"rises_{n}": half_log_mean(np.maximum(r[-n:], 0) ** 2),
        })  # fmt: skip
    check(inputs, evening, {"range_over_move": h[-1] - low[-1] - abs(c[-1] - o[-1])})


def test_returns_by_hand(inputs, evening):
    o, h, low, c, r, gap = (evening.own(name) for name in ("o", "h", "l", "c", "r", "gap"))
    usual = [evening.usual(k)[evening.column] for k in range(5)]
    for k in range(5):
        check(inputs, evening, {
            f"return_lag_{k}": r[-1 - k] / usual[k],
            f"return_size_lag_{k}": abs(r[-1 - k]) / usual[k],
            f"gap_lag_{k}": gap[-1 - k] / usual[k],
        })  # fmt: skip
    move = (c[-1] - o[-1]) / usual[0]
    check(inputs, evening, {
        "gap_size": abs(gap[-1]) / usual[0], "fall": min(0, r[-1] / usual[0]), "intraday": move,
        "intraday_size": abs(move), "place_in_range": (c[-1] - low[-1]) / (h[-1] - low[-1]),
        "log_close": c[-1],
    })  # fmt: skip
    sums = {n: r[-n:].sum() / (usual[0] * n**0.5) for n in (5, 10, 22, 66, 126, 252)}
    check(inputs, evening, {f"return_sum_{n}": total for n, total in sums.items()})
    check(inputs, evening, {f"return_sum_size_{n}": abs(sums[n]) for n in (5, 22)})
    for n in (22, 66, 252):
        check(inputs, evening, {
            f"below_highest_{n}": (c[-1] - c[-n:].max()) / usual[0],
            f"above_lowest_{n}": (c[-1] - c[-n:].min()) / usual[0],
        })  # fmt: skip


def test_volume_by_hand(inputs, evening):
    x, c, r = (evening.own(name) for name in ("x", "c", "r"))
    shocks_of = {f"volume_shock_lag_{k}": evening.shock(k)[evening.column] for k in range(5)}
    per_dollar = abs(r[-22:]) / np.exp(x[-22:] + c[-22:])
    check(inputs, evening, shocks_of | {
        "volume_mean_5": x[-5:].mean() - x[-66:].mean(),
        "volume_mean_22": x[-22:].mean() - x[-66:].mean(),
        "volume_trend": x[-66:].mean() - x[-252:].mean(), "volume_spread": x[-22:].std(ddof=1),
        "dollars_traded": (x[-22:] + c[-22:]).mean(), "illiquidity": np.log(per_dollar.mean()),
    })  # fmt: skip


def test_the_market_by_hand(inputs, evening):
    v, r = np.nanmean(evening.v, axis=1), np.r_[np.nan, np.nanmean(evening.r[1:], axis=1)]
    usual = [np.exp(v[len(v) - k - 22 : len(v) - k].mean()) for k in range(5)]
    expected = {f"log_vol_lag_{k}": v[-1 - k] for k in range(10)}
    expected |= {f"log_vol_mean_{n}": v[-n:].mean() for n in (5, 10, 22, 66, 126)}
    expected |= {f"log_vol_halflife_{h}": halflife(v, h) for h in (1, 3, 8, 20)}
    expected |= {f"return_lag_{k}": r[-1 - k] / usual[k] for k in range(5)}
    expected |= {"return_size": abs(r[-1]) / usual[0], "fall": min(0, r[-1] / usual[0])}
    expected |= {f"return_sum_{n}": r[-n:].sum() / (usual[0] * n**0.5) for n in (5, 22, 66)}
    level = np.nancumsum(r)
    expected |= {f"below_highest_{n}": (level[-1] - level[-n:].max()) / usual[0]
                 for n in (22, 66, 252)}  # fmt: skip
    expected |= {f"close_to_close_{n}": half_log_mean(r[-n:] ** 2) for n in (5, 22)}
    spread = [np.log(evening.r[-k].std(ddof=1)) for k in range(1, 6)]
    traded = [evening.shock(k).mean() for k in range(5)]
    expected |= {
        "dispersion": spread[0], "dispersion_5": np.mean(spread),
        "log_vol_dispersion": evening.v[-1].std(ddof=1),
        "volume_shock": traded[0], "volume_shock_5": np.mean(traded),
        "gap": evening.gap[-1].mean() / usual[0], "share_rising": (evening.r[-1] > 0).mean(),
    }  # fmt: skip
    check(inputs, evening, {f"market_{name}": value for name, value in expected.items()})


def test_the_sector_by_hand(inputs, evening):
    """AAA and BBB are the sector."""
    inside = [evening.symbols.index(name) for name in ("AAA", "BBB")]
    v = evening.v[:, inside].mean(axis=1)
    moved = (evening.r[-1] / evening.usual())[inside].mean()
    check(inputs, evening, {
        **{f"sector_log_vol_lag_{k}": v[-1 - k] for k in range(3)},
        "sector_log_vol_mean_5": v[-5:].mean(), "sector_log_vol_mean_22": v[-22:].mean(),
        "sector_return": moved, "sector_return_size": abs(moved),
        "sector_volume_shock": evening.shock()[inside].mean(),
    })  # fmt: skip


def test_betas_by_hand(inputs, evening):
    """Slopes of least squares."""
    r, v = evening.own("r"), evening.own("v")
    all_r, all_v = np.r_[np.nan, np.nanmean(evening.r[1:], axis=1)], np.nanmean(evening.v, axis=1)

    def beta(back=0):
        rows = slice(len(r) - back - 66, len(r) - back)
        return np.polyfit(all_r[rows], r[rows], 1)[0]

    own = np.array([r[-1 - k] - beta(k) * all_r[-1 - k] for k in range(22)])
    today, vol_beta = (
        all_r[-1] / np.exp(all_v[-22:].mean()),
        np.polyfit(all_v[-126:], v[-126:], 1)[0],
    )
    assert -1 < vol_beta < 4 and -2 < beta() < 5
    check(inputs, evening, {
        "beta_66": beta(), "beta_252": np.polyfit(all_r[-252:], r[-252:], 1)[0],
        "beta_by_market_return": beta() * today, "beta_by_market_return_size": beta() * abs(today),
        "idiosyncratic_5": half_log_mean(own[:5] ** 2), "idiosyncratic_22": half_log_mean(own**2),
        "idiosyncratic_size": abs(own[0]) / evening.usual()[evening.column],
        "vol_beta": vol_beta, "vol_beta_by_month": vol_beta * (all_v[-1] - all_v[-22:].mean()),
        "vol_beta_by_quarter": vol_beta * (all_v[-1] - all_v[-66:].mean()),
    })  # fmt: skip


def test_ranks_by_hand(inputs, evening):
    month = evening.v[-22:].mean(axis=0)
    of = {
        "log_vol": evening.v[-1], "log_vol_mean_22": month, "volume_shock": evening.shock(),
        "return_size": abs(evening.r[-1]) / evening.usual(),
        "return_sum_22": evening.r[-22:].sum(axis=0) / evening.usual(),
        "dollars_traded": (evening.x[-22:] + evening.c[-22:]).mean(axis=0),
    }  # fmt: skip
    k = evening.column
    check(inputs, evening, {f"rank_{n}": (own <= own[k]).mean() - 0.5 for n, own in of.items()})
    check(inputs, evening, {
        "log_vol_less_market": evening.v[-1, k] - evening.v[-1].mean(),
        "log_vol_mean_22_less_market": month[k] - month.mean(),
    })  # fmt: skip


def test_earnings_by_hand(prices, inputs, evening):
    """The day looked up is the first on or after tomorrow, 700 and one days in, less 13 weeks."""
    days = np.sort(prices["date"].unique())
    tomorrow = pd.Timestamp(days[701])
    size = [
        np.clip(evening.shock(k), -1, 4)
        + 0.5 * np.minimum(abs(evening.r[-1 - k]) / evening.usual(k), 8) for k in range(600)
    ]  # fmt: skip
    shock = np.array([row - np.nanmedian(row) for row in size])[::-1]  # of days 101 to 700
    above = np.array([evening.v[700 - k] - evening.v[678 - k : 700 - k].mean(axis=0)
                      for k in range(600)])  # fmt: skip
    above = (above - np.nanmedian(above, axis=1)[:, None])[::-1]
    k, places = evening.column, {}
    for quarters in (1, 2, 3, 4, 8):
        places[quarters] = (
            np.searchsorted(days, (tomorrow - pd.Timedelta(weeks=13 * quarters)).to_numpy()) - 101
        )
    spans = {"": (0, 0), "_after_1": (1, 1), "_before_1": (-1, -1), "_after_2": (2, 2),
             "_before_2": (-2, -2), "_after_3_to_5": (3, 5), "_before_3_to_5": (-5, -3),
             "_after_6_to_10": (6, 10), "_before_6_to_10": (-10, -6)}  # fmt: skip
    expected = {"shock_lag_0": shock[-1, k], "shock_lag_1": shock[-2, k],
                "shock_8_quarters_ago": shock[places[8], k]}  # fmt: skip
    for quarters in (1, 2, 3, 4):
        at = places[quarters]
        for name, (first, last) in spans.items():
            value = shock[at + first : at + last + 1, k].max()
            expected[f"shock_{quarters}_quarters_ago{name}"] = value
        for name in ("", "_before_1", "_after_1"):
            value = above[at + spans[name][0], k]
            expected[f"log_vol_{quarters}_quarters_ago{name}"] = value
        due = np.nanmean(np.nanmax(shock[at - 1 : at + 2], axis=0))
        expected[f"market_shock_{quarters}_quarters_ago"] = due
    for name in ("", "_before_1", "_after_1"):
        each = sorted(expected[f"shock_{quarters}_quarters_ago{name}"] for quarters in (1, 2, 3, 4))
        for what, value in zip(("least", "second", "greatest"), (each[0], each[2], each[3]),
                               strict=True):  # fmt: skip
            expected[f"shock_{what}_of_quarters{name}"] = value
        expected[f"shock_mean_of_quarters{name}"] = np.mean(each)
    for n in (40, 75):
        last = shock[-n:, k]
        expected[f"greatest_shock_{n}"] = last.max()
        expected[f"greatest_shock_age_{n}"] = last[::-1].argmax() / n
    check(inputs, evening, expected)


def test_the_season_and_the_days_between_by_hand(prices):
    made = {name: frame["AAA"] for name, frame in calendar(days_of(prices, SECTORS)).items()}
    evening = pd.Timestamp("2012-02-16")  # A Thursday; the Monday after its Friday is a holiday.
    year = 2 * np.pi * 48 / 365.25  # 17 February
    quarter = 2 * np.pi * (31 + 17) / 92
    expected = {
        "closed_before": 0, "closed_after": 3, "weekday_4": 1, "weekday_3": 0, "expiry": 1,
        "expiry_of_quarter": 0, "after_expiry": 0, "after_christmas": 0, "month_ends": 0,
        "quarter_sine": np.sin(quarter), "quarter_cosine": np.cos(quarter),
        **{f"season_sine_{k}": np.sin(k * year) for k in (1, 2, 4)},
        **{f"season_cosine_{k}": np.cos(k * year) for k in (1, 2, 4)},
    }  # fmt: skip
    found = {name: float(made[f"next_{name}"][evening]) for name in expected}
    assert found == pytest.approx(expected)
    assert made["next_after_christmas"][pd.Timestamp("2012-12-24")] == 1
    assert made["next_after_christmas"][pd.Timestamp("2012-12-21")] == 0
    assert made["next_half_day"][pd.Timestamp("2012-12-21")] == 1, "the day before Christmas"


def test_the_auxiliary_targets_by_hand(prices):
    """Those of the day after, of the mean of five, and of the day after next; a move of nothing."""
    days = np.sort(prices["date"].unique())
    still = prices.copy()
    own = still["symbol"] == "BBB"
    still.loc[own & (still["date"] == days[701]), "close"] = still.loc[
        own & (still["date"] == days[700]), "close"
    ].to_numpy()
    later = Evening(still, 705, "BBB")
    h, low, v = (later.own(name) for name in ("h", "l", "v"))
    expected = {
        "parkinson": np.log((h - low)[701] ** 2 / (4 * np.log(2))) / 2,
        "volume_shock": later.shock(4)[later.column],
        "return_size": np.log(1e-4), "log_vol_five_days": v[701:706].mean(),
        "log_vol_in_two_days": v[702],
    }  # fmt: skip
    made = auxiliary_targets(days_of(still, SECTORS))
    found = {name: made[name].loc[days[700], "BBB"] for name in expected}
    assert found == pytest.approx(expected)
    o, h, low, c, r = (later.own(name)[700] for name in ("o", "h", "l", "c", "r"))
    before = {name: made[name].loc[days[699], "BBB"] for name in ("return_size", "rogers_satchell")}
    rogers = (h - o) * (h - c) + (low - o) * (low - c)
    assert before == pytest.approx(
        {"return_size": np.log(abs(r)), "rogers_satchell": np.log(rogers) / 2}
    )
