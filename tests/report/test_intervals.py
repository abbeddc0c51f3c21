"""Intervals that cover what they say, and differences taken in pairs."""

from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from labkit.report.intervals import (
    Interval,
    Resampled,
    block_bootstrap,
    block_length,
    bootstrap_coverage,
    drawn_repetitions,
    folds_interval,
    holm,
    outcome,
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


@pytest.mark.parametrize("n", [2, 5])
def test_seeds_are_inside_the_interval(days, n):
    """Rows that all say the same: what is left is the spread of the mean over seeds."""
    of_seeds = np.random.default_rng(1).normal(size=n)
    values = np.repeat(of_seeds[:, None], 1000, axis=1)
    made = block_bootstrap(values, np.ones(1000), days, block=1, resamples=4000, seed=0)
    assert made.value == pytest.approx(of_seeds.mean())
    drawn = drawn_repetitions(n, 20_000, np.random.default_rng(0)) @ of_seeds
    assert drawn.mean() == pytest.approx(of_seeds.mean(), abs=0.02)
    assert drawn.var() == pytest.approx(of_seeds.var(ddof=1) / n, rel=0.05), "as theory has it"
    assert (made.low, made.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.05)


def test_a_single_seed_changes_nothing(days):
    values = np.random.default_rng(0).normal(size=1000)
    one = {"block": 3, "resamples": 100, "seed": 0}
    plain = block_bootstrap(values, np.ones(1000), days, **one)
    assert plain == block_bootstrap(values[None], np.ones(1000), days, **one)
    assert drawn_repetitions(1, 4, np.random.default_rng(0)).tolist() == [[1.0]] * 4


def autoregression(persistence, n, seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=n)
    for t in range(1, n):
        values[t] += persistence * values[t - 1]
    return values


def test_blocks_are_as_long_as_the_series_remembers():
    """Politis and White's formula for an autoregression of order one, worked out by hand."""

    def typical(persistence, n=5000):
        return np.median([block_length(autoregression(persistence, n, s)) for s in range(15)])

    for persistence in (0.3, 0.7):
        # (2·G² / (4/3·g²) · n)^⅓, with the sums over all lags of the autocovariance, g, and of
        # it times the lag's size, G; here G / g = 2·persistence / (1 − persistence²).
        ratio = 2 * persistence / (1 - persistence**2)
        expected = (1.5 * ratio**2 * 5000) ** (1 / 3)
        assert typical(persistence) == pytest.approx(expected, rel=0.2)
    assert typical(0.0) <= 5 < typical(0.9)
    assert block_length(np.ones(100)) == block_length(np.zeros(100)) == 1


def test_the_block_is_that_of_what_the_days_add_to_the_ratio(days):
    """By default as if it had been given."""
    daily = autoregression(0.8, 250, 0)
    values, ones = np.repeat(daily, 4), np.ones(1000)
    own = block_bootstrap(values, ones, days, resamples=200, seed=0)
    chosen = block_length(daily)
    assert chosen > 3
    assert own == block_bootstrap(values, ones, days, block=chosen, resamples=200, seed=0)
    # A common factor of both sums is no memory of their ratio.
    weight = np.repeat(np.exp(autoregression(0.9, 250, 1)), 4)
    noise = np.repeat(np.random.default_rng(2).normal(size=250), 4)
    noise -= (weight * noise).sum() / weight.sum()
    short = block_length((weight * noise)[::4])
    assert short < block_length(weight[::4])
    found, given = (
        block_bootstrap(weight * (2 + noise), weight, days, block=block, resamples=200, seed=0)
        for block in (None, short)
    )
    assert found == given


def test_the_bootstrap_of_equal_days_has_a_block(days):
    ones = np.ones(1000)
    assert block_bootstrap(2 * ones, ones, days, resamples=20, seed=0) == Interval(2, 2, 2)


def test_the_simulated_coverage_is_near_95_in_100_and_less_where_days_hang_together():
    options = {"repetitions": 200, "resamples": 200, "seed": 0}
    independent, short = bootstrap_coverage(0.0, 250, **options)
    persistent, long = bootstrap_coverage(0.9, 250, **options)
    assert 0.90 <= independent <= 0.98
    assert 0.70 <= persistent < independent
    assert short < 5 < long
    assert bootstrap_coverage(0.0, 250, **options) == (independent, short)


def test_holm_by_hand():
    """Smallest times three, next times two, and never less than one before it."""
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([0.02]) == pytest.approx([0.02]) and len(holm([])) == 0


def test_holm_is_rarely_wrong_about_any_of_many():
    random = np.random.default_rng(0)
    wrong = np.mean([(holm(random.uniform(size=10)) < 0.05).any() for _ in range(2000)])
    assert wrong == pytest.approx(0.05, abs=0.015)
    alone = np.mean([(random.uniform(size=10) < 0.05).any() for _ in range(2000)])
    assert alone > 0.35


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


def test_a_difference_far_from_zero_is_sure_however_few_the_draws():
    draws = np.random.default_rng(0).normal(0.3, 0.05, size=200)
    far, near = Resampled(0.3, draws), Resampled(0.02, draws - 0.28)
    assert far.p_value < 1e-6 and far.interval.excludes_zero
    assert near.p_value == pytest.approx(2 * norm.sf(0.02 / draws.std()))
    assert Resampled(0.0, draws * 0).p_value == 1
    assert Resampled(0.1, draws * 0 + 0.1).p_value == 0


def test_a_difference_of_resampled_scores_is_paired():
    draws = np.random.default_rng(0).normal(size=100)
    difference = Resampled(1.5, draws + 0.5) - Resampled(1.0, draws)
    assert difference.value == 0.5
    assert difference.interval.low == pytest.approx(0.5) == pytest.approx(difference.interval.high)


def test_folds_of_the_same_rows_are_not_as_good_as_samples():
    """The mean over ten folds varies as the rows do, however often folds are drawn.

    Each data set has a level of its own, of a variance of a quarter of that of a fold's noise: as
    the judged rows are a quarter of those trained on.
    """
    random = np.random.default_rng(0)
    naive, corrected = [], []
    for _ in range(400):
        folds = 0.5 * random.normal() + random.normal(size=10)
        for found, made in (
            (naive, folds_interval(folds, 0.0)),
            (corrected, folds_interval(folds, 0.25)),
        ):
            found.append(made.low <= 0 <= made.high)
    assert np.mean(naive) < 0.85
    assert 0.92 < np.mean(corrected) < 0.98


def test_folds_that_share_nothing_are_samples():
    """By Student's t: mean ± 4.303 · sd / √3, for three."""
    made = folds_interval([1.0, 2.0, 4.0], 0.0)
    half = 4.302653 * np.std([1, 2, 4], ddof=1) / np.sqrt(3)
    assert astuple(made) == pytest.approx((7 / 3, 7 / 3 - half, 7 / 3 + half))
    assert np.isnan(folds_interval([1.0], 0.2).low)


def test_intervals_leave_out_a_fortieth_at_either_end(days):
    made = Resampled(0.0, np.arange(1001.0)).interval
    assert (made.low, made.high) == (25, 975)
    values = np.repeat(np.random.default_rng(3).normal(size=250), 4)
    low, high = interval(values, days, resamples=20_000)
    error = values.std() / np.sqrt(250)
    assert (values.mean() - low) / error == pytest.approx(1.96, rel=0.04)
    assert (high - values.mean()) / error == pytest.approx(1.96, rel=0.04)


def test_no_adjusted_p_value_is_more_than_one():
    assert holm([0.6, 0.9]).tolist() == [1, 1]


def test_chance_is_ruled_out_below_five_per_cent_and_by_an_interval_without_zero():
    ahead, behind = Interval(0.2, 0.1, 0.3), Interval(-0.2, -0.3, -0.1)
    assert [outcome(ahead, p) for p in (0.0, 0.049, 0.05)] == ["ahead", "ahead", "level"]
    assert outcome(behind) == "behind"
    assert not Interval(0.1, 0.0, 0.2).excludes_zero and not Interval(-0.1, -0.2, 0.0).excludes_zero
    assert outcome(Interval(0.1, 0.0, 0.2)) == "level"


def test_a_share_of_the_draws_does_not_make_a_p_value():
    """Known answer: two standard deviations from zero, on either side."""
    draws = np.r_[np.full(50, -1.0), np.full(50, 1.0)]
    assert Resampled(2.0, draws).p_value == pytest.approx(0.0455, abs=1e-4)
    assert Resampled(-2.0, draws).p_value == Resampled(2.0, draws).p_value
    assert Resampled(1e-9, draws).p_value == pytest.approx(1)


def test_two_folds_are_an_interval_and_a_higher_share_judged_a_wider_one():
    made = folds_interval([1.0, 3.0], 0.5)  # sd √2, and √(1/2 + 1/2) of it; t with 1 degree: 12.706
    assert (made.value, made.high) == pytest.approx((2, 2 + 12.7062 * np.sqrt(2)), rel=1e-4)
    assert made.low == pytest.approx(4 - made.high)
