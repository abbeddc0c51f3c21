"""Features of the panel and of the machine rows, against hand computation."""

import numpy as np
import pandas as pd
import pytest
from conftest import LATE, SYMBOLS

from labkit.failures.features import (
    MACHINE_FEATURES,
    PHYSICS_FEATURES,
    add_physics,
    machine_features,
)
from labkit.volatility.panel import (
    FEATURE_LABELS,
    HAR_FEATURES,
    MIN_VARIANCE,
    evening_panel,
    garman_klass_variance,
    log_volatility,
    volatility_panel,
)


def day(open_, high, low, close):
    return pd.DataFrame({"open": [open_], "high": [high], "low": [low], "close": [close]})


@pytest.fixture(scope="module")
def panel(prices):
    return volatility_panel(prices)


def test_garman_klass_by_hand_and_whatever_the_currency():
    expected = 0.5 * np.log(102 / 99) ** 2 - (2 * np.log(2) - 1) * np.log(101 / 100) ** 2
    assert garman_klass_variance(day(100, 102, 99, 101)).item() == pytest.approx(expected)
    assert garman_klass_variance(day(1, 1.02, 0.99, 1.01)).item() == pytest.approx(expected)
    assert log_volatility(day(100, 102, 99, 101)).item() == pytest.approx(np.log(expected) / 2)


def test_garman_klass_estimates_the_variance_of_a_random_walk():
    random = np.random.default_rng(1)
    path = np.exp(np.cumsum(random.normal(size=(4000, 500)) * 0.02 / np.sqrt(500), axis=1))
    path = np.column_stack([np.ones(len(path)), path])
    frame = pd.DataFrame(
        {"open": 1.0, "high": path.max(1), "low": path.min(1), "close": path[:, -1]}
    )
    # Discrete steps miss the extremes between them: slightly low, never high.
    assert 0.9 < garman_klass_variance(frame).mean() / 0.02**2 < 1.01


@pytest.mark.parametrize("flat", [day(100, 100, 100, 100), day(100, 100.0001, 100, 100)])
def test_a_day_without_a_range_has_no_volatility(flat):
    assert garman_klass_variance(flat).isna().all()
    assert log_volatility(flat).isna().all()
    assert log_volatility(day(100, 101, 100, 100)).item() > 0.5 * np.log(MIN_VARIANCE)


def test_every_feature_by_hand_for_one_row(prices, panel):
    symbol, date = "BBB", panel.index["date"].unique()[400]
    position = np.flatnonzero((panel.index["symbol"] == symbol) & (panel.index["date"] == date))
    row = panel.take(position)
    own = prices[(prices["symbol"] == symbol) & (prices["date"] <= date)]
    log_vol = log_volatility(own).to_numpy()
    returns = np.diff(np.log(own["close"]))
    log_volume = np.log(own["volume"]).to_numpy()
    past = prices[prices["date"] <= date]
    market_vol = log_volatility(past).groupby(past["date"]).mean().to_numpy()
    market_return = (
        past.groupby("symbol")["close"]
        .transform(lambda close: np.log(close).diff())
        .groupby(past["date"])
        .mean()
    )
    expected = {
        "log_vol_1": log_vol[-1],
        "log_vol_5": log_vol[-5:].mean(),
        "log_vol_22": log_vol[-22:].mean(),
        "log_vol_66": log_vol[-66:].mean(),
        "return_1": returns[-1],
        "return_5": returns[-5:].sum(),
        "return_22": returns[-22:].sum(),
        "negative_return": min(returns[-1], 0),
        "absolute_return": abs(returns[-1]),
        "overnight_gap": np.log(own["open"].iloc[-1] / own["close"].iloc[-2]),
        "relative_volume": log_volume[-1] - log_volume[-22:].mean(),
        "market_log_vol_1": market_vol[-1],
        "market_log_vol_5": market_vol[-5:].mean(),
        "market_log_vol_22": market_vol[-22:].mean(),
        "market_return": market_return.iloc[-1],
        "weekday": pd.Timestamp(date).day_of_week,
    }
    assert list(row.X) == list(FEATURE_LABELS) == list(expected)
    pd.testing.assert_series_equal(
        row.X.iloc[0], pd.Series(expected), check_names=False, check_dtype=False
    )


def test_the_targets_are_tomorrows(prices, panel):
    own = prices[prices["symbol"] == "CCC"].set_index("date")
    index = panel.index["symbol"] == "CCC"
    dates = panel.index.loc[index, "date"]
    tomorrow = own.index[own.index.get_indexer(dates) + 1]
    np.testing.assert_allclose(panel.y[index], log_volatility(own).loc[tomorrow])
    close = own["close"]
    expected = np.log(close[tomorrow].to_numpy() / close[dates].to_numpy())
    np.testing.assert_allclose(panel.next_return[index], expected)
    assert panel.index["date"].max() < prices["date"].max(), "the last day has no tomorrow"


def test_rows_are_complete_and_one_per_symbol_and_day(panel):
    assert len(panel) == len(panel.X) == len(panel.y) == len(panel.index)
    assert np.isfinite(panel.X.to_numpy()).all()
    assert np.isfinite(panel.y).all() and np.isfinite(panel.next_return).all()
    assert not panel.index.duplicated().any()
    assert set(HAR_FEATURES) <= set(panel.X)


def test_a_late_listing_waits_for_nine_tenths_of_its_longest_window(prices, panel):
    first = prices.loc[prices["symbol"] == LATE, "date"].iloc[60 - 1]
    assert panel.index.loc[panel.index["symbol"] == LATE, "date"].min() == first
    assert panel.index["date"].nunique() > 300
    assert set(panel.index["symbol"]) == {*SYMBOLS, LATE}


def test_a_day_missing_or_without_trade_is_no_row_and_no_target(prices):
    dates = np.sort(prices["date"].unique())
    gone, still = dates[500], dates[600]
    changed = prices[~((prices["symbol"] == "AAA") & (prices["date"] == gone))].copy()
    changed.loc[(changed["symbol"] == "AAA") & (changed["date"] == still), "volume"] = 0
    panel = volatility_panel(changed)
    kept = panel.index[panel.index["symbol"] == "AAA"]["date"].to_numpy()
    assert gone not in kept and dates[499] not in kept, "a target from the day after a gap"
    assert still not in kept and dates[599] in kept


def test_the_order_of_the_rows_does_not_matter(prices, panel):
    shuffled = volatility_panel(prices.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(shuffled.X, panel.X)
    pd.testing.assert_series_equal(shuffled.y, panel.y)


def test_take_keeps_rows_together(panel):
    part = panel.take(np.array([5, 2, 9]))
    assert len(part) == 3
    for name in ("X", "y", "next_return", "index"):
        assert list(getattr(part, name).index) == [5, 2, 9]


def test_physics_by_hand():
    X = pd.DataFrame(
        {
            "type": ["M"],
            "process_temperature": [310.0],
            "air_temperature": [300.5],
            "torque": [40.0],
            "rotational_speed": [1500],
            "tool_wear": [200],
        }
    )
    made = add_physics(X).iloc[0]
    assert made["temperature_difference"] == pytest.approx(9.5)
    assert made["power"] == pytest.approx(40 * 1500 * 2 * np.pi / 60)
    assert made["strain"] == pytest.approx(8000)
    assert made["relative_strain"] == pytest.approx(8000 / 12_000)
    assert list(X) == list(add_physics(X))[:6], "the frame given was changed"


def test_machine_features_leave_ids_and_answers_at_the_door(machines):
    raw, full = machine_features(machines, physics=False), machine_features(machines)
    assert list(raw) == ["type", *MACHINE_FEATURES]
    assert list(full) == ["type", *MACHINE_FEATURES, *PHYSICS_FEATURES, "relative_strain"]
    assert not {"udi", "product_id", "target", "failure_type"} & set(full)
    assert len(full) == len(machines)


def test_a_range_at_the_limit_is_one():
    """Open and close the same: the variance is half the squared log range."""
    range_at = np.exp(np.sqrt(2 * MIN_VARIANCE))
    assert garman_klass_variance(day(1.0, range_at * (1 + 1e-9), 1.0, 1.0)).notna().all()
    assert garman_klass_variance(day(1.0, range_at * (1 - 1e-6), 1.0, 1.0)).isna().all()


def test_evenings_keep_the_rows_whose_tomorrow_is_not_known(prices, panel):
    """Their inputs are those of the panel; the last day of all has no target, like days in gaps."""
    every = evening_panel(prices)
    assert every.index["date"].max() == prices["date"].max()
    known = (every.y.notna() & every.next_return.notna()).to_numpy()
    assert 0 < (~known).sum() < 20 and known.sum() == len(panel)
    pd.testing.assert_frame_equal(every.X[known].reset_index(drop=True), panel.X)
    assert every.y[every.index["date"] == prices["date"].max()].isna().all()


def test_a_return_over_days_needs_all_of_them(prices):
    """A day missing: no return of 22 days until 22 have passed, while means may miss a tenth."""
    dates = np.sort(prices["date"].unique())
    gone = prices[~((prices["symbol"] == "AAA") & (prices["date"] == dates[500]))]
    own = volatility_panel(gone).index.query("symbol == 'AAA'")["date"].to_numpy()
    after = own[own > dates[500]]
    # Day 501 has no return, for want of a close before it; the next 22 sum up.
    assert after.min() == dates[523]
