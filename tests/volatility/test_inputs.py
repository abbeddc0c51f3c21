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
