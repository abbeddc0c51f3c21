"""Intervals that cover what they say, and differences taken in pairs."""

from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest

from labkit.report.intervals import (
    Interval,
    block_bootstrap,
    mean_interval,
    paired_gains,
    spread,
)


@pytest.fixture(scope="module")
def days():
    return pd.Series(np.repeat(pd.bdate_range("2012-01-02", periods=250), 4))


def interval(values, days, block=1, resamples=400, seed=0):
    ones = np.ones(len(values))
    made = block_bootstrap(values, ones, days, block=block, resamples=resamples, seed=seed)
    assert made.value == pytest.approx(values.mean())
    return made.low, made.high


def test_the_bootstrap_agrees_with_theory_for_independent_days(days):
    values = np.random.default_rng(3).normal(size=1000)
    low, high = interval(values, days, resamples=2000)
    half = 1.96 * values.std() / np.sqrt(1000)
    assert (high - low) / 2 == pytest.approx(half, rel=0.15)
    assert (high + low) / 2 == pytest.approx(values.mean(), abs=half / 5)


def test_the_bootstrap_covers_the_truth_about_95_times_in_100(days):
    random = np.random.default_rng(0)
    covered = 0
    for i in range(100):
        shared = np.repeat(random.normal(size=250), 4)  # stocks move together within a day
        low, high = interval(shared + random.normal(size=1000) / 3, days, resamples=200, seed=i)
        covered += low < 0 < high
    assert covered >= 88


def test_blocks_are_wider_where_days_hang_together_and_not_where_they_do_not(days):
    random = np.random.default_rng(1)
    noise = random.normal(size=250)
    walk = np.zeros(250)
    for t in range(1, 250):
        walk[t] = 0.9 * walk[t - 1] + noise[t]

    def ratio(daily):
        widths = [np.ptp(interval(np.repeat(daily, 4), days, block=b)) for b in (1, 20)]
        return widths[1] / widths[0]

    assert ratio(walk) > 1.8
    assert 0.6 < ratio(noise) < 1.4


def test_the_bootstrap_draws_whole_days_whatever_their_order_and_size():
    """Days of 1 and 7 rows, shuffled: a share of the day's rows each, they always add up to one."""
    sizes = np.where(np.arange(60) % 2, 7, 1)
    day = np.random.default_rng(0).permutation(np.repeat(np.arange(60), sizes))
    dates = pd.Series(pd.Timestamp("2012-01-01") + pd.to_timedelta(day, "D"))
    shares = 1 / sizes[day]
    options = {"block": 7, "resamples": 50, "seed": 0}
    same = block_bootstrap(shares, shares, dates, **options)
    assert (same.value, same.low, same.high) == pytest.approx((1, 1, 1))
    made = block_bootstrap(shares, np.full(len(day), 1 / len(day)), dates, **options)
    # 60 days are drawn, of 1 or 7 rows: their number of rows varies, the sum of shares does not.
    assert 60 / (60 * 7 / len(day)) < made.low < 60 < made.high < 60 * len(day) / 60


def test_the_bootstrap_repeats_itself_and_survives_a_block_longer_than_the_year(days):
    values = np.random.default_rng(0).normal(size=1000)
    assert interval(values, days, seed=4) == interval(values, days, seed=4)
    assert interval(values, days, seed=4) != interval(values, days, seed=5)
    # One circular block of all days is the sample itself.
    assert interval(values, days, block=400) == pytest.approx((values.mean(), values.mean()))


def test_students_interval_by_hand_and_with_too_little():
    made = mean_interval([1.0, 2.0, 4.0])
    half = 4.302653 * np.std([1, 2, 4], ddof=1) / np.sqrt(3)
    assert astuple(made) == pytest.approx((7 / 3, 7 / 3 - half, 7 / 3 + half))
    single = mean_interval([2.0])
    assert single.value == 2 and np.isnan([single.low, single.high]).all()
    assert mean_interval(iter([2.0, 2.0])) == Interval(2, 2, 2)


@pytest.mark.parametrize(
    ("low", "high", "sure"), [(0.1, 0.2, True), (-0.2, -0.1, True), (-0.1, 0.1, False)]
)
def test_a_sign_is_sure_where_the_interval_leaves_zero_out(low, high, sure):
    assert Interval((low + high) / 2, low, high).excludes_zero is sure


def test_gains_are_paired_by_seed():
    """What the seeds share, here a tenth each, is taken out."""
    scores = pd.DataFrame(
        [(v, s, 0.1 * s + g) for v, g in [("none", 0.0), ("more", 0.02)] for s in (0, 1, 2)],
        columns=["variant", "seed", "score"],
    )
    gains = paired_gains(scores, "variant", "score", "none")
    assert list(gains.columns) == ["more"]
    assert gains["more"].to_list() == pytest.approx([0.02] * 3)


def test_the_spread_of_a_single_value_is_not_known():
    assert spread([1.0, 3.0]) == pytest.approx(np.sqrt(2))
    assert np.isnan(spread([1.0]))
