"""Tests of forecasts: by hand, and how often they are wrong where nothing or something differs."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from labkit.volatility import significance

DAYS = pd.Series(np.repeat(pd.bdate_range("2015-01-01", periods=250), 4))


def autoregression(persistence, n, random):
    values = random.normal(size=n)
    for t in range(1, n):
        values[t] += persistence * values[t - 1]
    return values


def newey_west(daily, lags):
    """Variance of the mean: autocovariances with weights that fall to zero beyond the last lag."""
    centred, n = daily - daily.mean(), len(daily)
    covariance = [centred[k:] @ centred[: n - k] / n for k in range(lags + 1)]
    weights = 1 - np.arange(1, lags + 1) / (lags + 1)
    return (covariance[0] + 2 * weights @ covariance[1:]) / n


def test_a_days_loss_is_the_mean_over_its_stocks_whatever_their_order():
    dates = pd.Series(pd.to_datetime(["2015-01-05", "2015-01-02", "2015-01-05", "2015-01-05"]))
    daily = significance.daily_losses({"a": np.array([1.0, 4.0, 2.0, 3.0])}, dates)
    assert daily["a"].to_list() == [4.0, 2.0] and daily.index.is_monotonic_increasing


@pytest.mark.parametrize("lags", [0, 1, 7])
def test_diebold_and_mariano_by_hand(lags):
    daily = 0.1 + autoregression(0.6, 200, np.random.default_rng(0))
    test = significance.diebold_mariano(daily, lags)
    error = np.sqrt(newey_west(daily, lags))
    assert (test.difference, test.standard_error) == pytest.approx((daily.mean(), error))
    assert test.statistic == pytest.approx(daily.mean() / error) and test.lags == lags
    assert test.p_value == pytest.approx(2 * stats.t.sf(abs(daily.mean() / error), 199))
    assert test.autocorrelation == pytest.approx(0.6, abs=0.1)


def test_the_lags_are_chosen_from_the_differences():
    random = np.random.default_rng(1)
    short, long = (
        np.mean([significance.diebold_mariano(autoregression(p, 250, random)).lags
                 for _ in range(20)]) for p in (0.0, 0.9)
    )  # fmt: skip
    assert short < 6 < long


def test_equal_forecasts_are_rarely_called_different_though_days_hang_together():
    random = np.random.default_rng(2)
    series = [autoregression(0.5, 250, random) for _ in range(400)]
    robust = np.mean([significance.diebold_mariano(d).p_value < 0.05 for d in series])
    plain = np.mean([stats.ttest_1samp(d, 0).pvalue < 0.05 for d in series])
    assert 0.03 < robust < 0.12 < plain


def test_the_sign_is_that_of_the_better_forecast():
    random = np.random.default_rng(3)
    good, bad = random.normal(1, 0.1, 250), random.normal(1.1, 0.1, 250)
    test = significance.diebold_mariano(good - bad)
    assert test.difference < 0 and test.statistic < -3 and test.p_value < 0.01


def test_one_and_the_same_forecast_does_not_differ_from_itself():
    test = significance.diebold_mariano(np.zeros(50))
    assert (test.difference, test.p_value) == (0, 1)


def losses(seed=0, days=250, **means):
    """Daily losses with a part that all models share, and an own part around the mean given."""
    random = np.random.default_rng(seed)
    shared = autoregression(0.8, days, random)
    return pd.DataFrame(
        {name: mean + shared + autoregression(0.3, days, random) for name, mean in means.items()}
    )


def test_one_against_all_adjusts_for_the_number_of_tests():
    daily = losses(a=0.0, b=0.0, c=0.3, d=2.0)
    table = significance.against_all(daily, "a")
    assert list(table["against"]) == ["b", "c", "d"]
    assert (table["holm"] >= table["p_value"]).all() and table["holm"].iloc[2] < 0.001
    alone = significance.diebold_mariano(daily["a"] - daily["d"])
    assert table["statistic"].iloc[2] == alone.statistic < 0
    smallest = table["p_value"].idxmin()
    assert table["holm"][smallest] == pytest.approx(3 * table["p_value"][smallest])


def test_the_confidence_set_leaves_the_worse_out_and_keeps_the_equal():
    found = significance.confidence_set(
        losses(a=0.0, b=0.0, worse=1.0, worst=3.0), resamples=300, seed=0
    )
    assert set(found.inside) == {"a", "b"} and found.size == 0.1
    assert list(found.table["model"].iloc[-2:]) == ["worse", "worst"]
    assert found.table["mean_loss"].is_monotonic_increasing
    assert found.table["p_value"].iloc[0] == 1
    assert 1 <= found.block < 40


def test_the_confidence_set_rarely_leaves_the_best_out():
    kept = [
        "a" in significance.confidence_set(
            losses(seed=s, days=120, a=0.0, b=0.0, c=0.1), resamples=100, seed=s
        ).inside
        for s in range(60)
    ]  # fmt: skip
    assert np.mean(kept) > 0.85


def test_the_confidence_set_repeats_itself_and_twins_share_their_fate():
    daily = losses(a=0.0, b=0.2, c=2.0)
    first, again = (significance.confidence_set(daily, resamples=200, seed=1) for _ in range(2))
    pd.testing.assert_frame_equal(first.table, again.table)
    twins = significance.confidence_set(daily.assign(d=daily["b"]), resamples=200, seed=1)
    assert twins.block == first.block
    p_value = twins.table.set_index("model")["p_value"]
    assert p_value["d"] == p_value["b"] == first.table.set_index("model")["p_value"]["b"]


def test_longer_memory_longer_blocks():
    random = np.random.default_rng(0)
    own = autoregression(0.9, 250, random)
    persistent = pd.DataFrame({"a": own, "b": -own})
    assert (
        significance.confidence_set(persistent, resamples=50, seed=0).block
        > significance.confidence_set(losses(a=0.0, b=0.0), resamples=50, seed=0).block
    )


def test_of_one_and_the_same_forecast_there_is_nothing_to_tell():
    """No difference, nor an error of it, and no days that hang together; for any lags asked for."""
    test = significance.diebold_mariano(np.zeros(50), lags=3)
    assert (test.standard_error, test.statistic, test.lags, test.autocorrelation) == (0, 0, 0, 0)
