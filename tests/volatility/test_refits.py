"""Quarterly refits: what each may see, and that the future changes no earlier forecast."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from labkit.nets.splits import chronological
from labkit.volatility.panel import HAR_FEATURES, volatility_panel
from labkit.volatility.refits import quarterly
from labkit.volatility.stocks import EMBARGO


def har(past, new):
    fitted = LinearRegression().fit(past.X[HAR_FEATURES], past.y)
    return fitted.predict(new.X[HAR_FEATURES])


@pytest.fixture(scope="module")
def panel(prices):
    return volatility_panel(prices)


@pytest.fixture(scope="module")
def year(panel):
    """Positions of the last full year but one: no test may look further."""
    return chronological(panel.index["date"], embargo=EMBARGO).validation


def test_each_quarter_is_fitted_to_all_before_it_less_the_embargo(panel, year):
    seen = []

    def watch(past, new):
        seen.append((past, new))
        return np.zeros(len(new))

    assert (quarterly(watch, panel, year, EMBARGO) == 0).all()
    days = panel.index["date"].drop_duplicates().to_numpy()
    assert [str(new.index["date"].iloc[0].to_period("Q")) for _, new in seen] == [
        "2012Q1", "2012Q2", "2012Q3", "2012Q4",
    ]  # fmt: skip
    assert sum(len(new) for _, new in seen) == len(year)
    for past, new in seen:
        first = np.searchsorted(days, new.index["date"].min().to_numpy())
        # The row of the last day kept has its target HORIZON days later, well before the quarter.
        assert past.index["date"].max() == pd.Timestamp(days[first - EMBARGO - 1])
        assert len(past) == (panel.index["date"] < days[first - EMBARGO]).sum()
        assert past.y.notna().all()


def test_what_followed_a_row_to_forecast_is_not_to_be_seen(panel, year):
    def dishonest(past, new):
        return new.y.to_numpy() + new.next_return.to_numpy()

    assert np.isnan(quarterly(dishonest, panel, year, EMBARGO)).all()


def test_forecasts_come_in_the_order_of_the_rows(panel, year):
    shuffled = np.random.default_rng(0).permutation(year)
    first = pd.Series(quarterly(har, panel, year, EMBARGO), index=year)
    np.testing.assert_array_equal(first[shuffled], quarterly(har, panel, shuffled, EMBARGO))


def test_the_first_quarter_is_the_fixed_models_and_later_ones_are_not(panel, year):
    split = chronological(panel.index["date"], embargo=EMBARGO)
    fixed = har(panel.take(split.train), panel.take(year))
    moving = quarterly(har, panel, year, EMBARGO)
    first = (panel.index["date"].iloc[year].dt.quarter == 1).to_numpy()
    np.testing.assert_allclose(moving[first], fixed[first])
    assert (moving[~first] != fixed[~first]).all()


@pytest.mark.parametrize("month", [3, 6, 9])
def test_another_future_changes_no_earlier_forecast(panel, year, month):
    """After the last day of a quarter all is of another world: no forecast up to it moves."""
    dates = panel.index["date"]
    day = dates[dates < pd.Timestamp(2012, month, 1) + pd.offsets.MonthBegin(1)].max()
    future, random = (dates > day).to_numpy(), np.random.default_rng(0)
    other = panel.take(np.arange(len(panel)))
    other.X[future] = random.normal(size=(future.sum(), panel.X.shape[1]))
    other.y[dates >= day] = random.normal(size=(dates >= day).sum())  # of the day after
    other.next_return[dates >= day] = 9.0
    before = ~future[year]
    made, again = (quarterly(har, rows, year, EMBARGO) for rows in (panel, other))
    np.testing.assert_array_equal(made[before], again[before])
    assert (made[~before] != again[~before]).all()


def test_without_an_embargo_a_fitted_target_lies_in_the_quarter_to_forecast(panel, year):
    last = []

    def watch(past, new):
        last.append((past.index["date"].max(), new.index["date"].min()))
        return np.zeros(len(new))

    days = pd.DatetimeIndex(panel.index["date"].unique())
    for embargo, clean in ((0, False), (EMBARGO, True)):
        last.clear()
        quarterly(watch, panel, year, embargo)
        target_days = [days[days.get_loc(day) + 1] for day, _ in last]
        assert all((t < first) == clean for t, (_, first) in zip(target_days, last, strict=True))


def test_a_quarter_without_a_past_is_an_error(panel):
    first = np.flatnonzero(panel.index["date"] == panel.index["date"].min())
    begins = panel.index["date"].min()
    with pytest.raises(ValueError, match=f"before 2010Q.*begins on {begins:%Y-%m-%d}"):
        quarterly(har, panel, first, EMBARGO)
