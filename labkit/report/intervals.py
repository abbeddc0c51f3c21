"""How sure a number is: spreads, intervals over resampled rows and blocks of days; p-values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from arch.bootstrap import optimal_block_length
from scipy.stats import norm
from scipy.stats import t as student_t

SURE = 0.05
"""An adjusted p-value below this rules chance out."""


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside, so that the sign is sure."""
        return self.low > 0 or self.high < 0


def outcome(gain: Interval, adjusted: float = 0.0) -> str:
    """``ahead``, ``behind``, or ``level``: ahead and behind where chance is ruled out.

    Parameters
    ----------
    gain : Interval
        What one has more than another.
    adjusted : float
        The p-value of no gain, adjusted for the number of comparisons; of a single one the interval
        says enough.

    >>> outcome(Interval(0.2, 0.1, 0.3)), outcome(Interval(0.2, 0.1, 0.3), adjusted=0.06)
    ('ahead', 'level')
    """
    if adjusted >= SURE or not gain.excludes_zero:
        return "level"
    return "ahead" if gain.value > 0 else "behind"


@dataclass(frozen=True, eq=False)
class Resampled:
    """A score, and the ``draws`` ``(resamples,)`` of it on resampled rows.

    The difference of two that were drawn from the same rows is paired.
    """

    value: float
    draws: np.ndarray

    def __sub__(self, other: "Resampled") -> "Resampled":
        return Resampled(self.value - other.value, self.draws - other.draws)

    @property
    def interval(self) -> Interval:
        """The value and its 95 % percentile interval."""
        low, high = np.percentile(self.draws, [2.5, 97.5])
        return Interval(self.value, float(low), float(high))

    @property
    def p_value(self) -> float:
        """Two-sided, for the hypothesis that the true value is zero.

        By the normal distribution with the draws' standard deviation: a share of draws could not be
        smaller than one of them, and would call nothing sure where many values are tested.
        """
        if self.value == 0:
            return 1.0
        with np.errstate(divide="ignore"):
            return float(2 * norm.sf(abs(self.value) / self.draws.std()))


def folds_interval(values: Sequence[float], judged_share: float) -> Interval:
    """Mean and 95 % interval of a score, or a difference, over folds that share training rows.

    By Student's t, with 1/n in the variance of the mean put up by the rows that are judged for each
    that is trained on (Nadeau and Bengio 2003): however many folds are drawn from the same rows,
    they never are as good as as many samples. ``nan`` for a single fold.

    Parameters
    ----------
    values : sequence of float
        A value a fold.
    judged_share : float
        Rows judged on for each row trained on.

    >>> folds = folds_interval([1.0, 2.0, 3.0], judged_share=1.0)
    >>> [round(x, 2) for x in (folds.value, folds.low, folds.high)]
    [2.0, -2.97, 6.97]
    """
    values = np.asarray(values, dtype=float)
    mean, n = float(values.mean()), len(values)
    if n < 2:
        return Interval(mean, float("nan"), float("nan"))
    error = values.std(ddof=1) * np.sqrt(1 / n + judged_share)
    half = student_t.ppf(0.975, n - 1) * error
    return Interval(mean, float(mean - half), float(mean + half))


def spread(values: Iterable[float]) -> float:
    """Standard deviation over repetitions; ``nan`` for a single one."""
    values = np.asarray(list(values), dtype=float)
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def paired_gains(
    scores: pd.DataFrame, variant: str, score: str, base: str, by: str = "seed"
) -> pd.DataFrame:
    """What each variant's score is above the base's at the same seed: seeds down, variants across.

    Pairing takes out what all variants of a seed (or of another repetition, ``by``) share: its
    split, its initial weights.
    """
    paired = scores.pivot(index=by, columns=variant, values=score)
    return paired.drop(columns=base).sub(paired[base], axis=0)


def block_length(daily: np.ndarray) -> int:
    """Days in a block of a circular bootstrap of a daily series' mean, chosen from the series.

    The choice of Politis and White (2004), as corrected by Patton, Politis and White (2009),
    rounded up: the longer the series remembers itself, the longer the blocks; one day where it does
    not, or where all days are the same.

    Parameters
    ----------
    daily : array, shape (days,)
        In the order of the days.

    >>> block_length(np.tile([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], 25)) > 5
    True
    """
    daily = np.asarray(daily, dtype=float)
    if np.ptp(daily) <= 1e-12 * np.abs(daily).max():
        return 1
    return max(1, int(np.ceil(optimal_block_length(daily)["circular"].iloc[0])))


def block_bootstrap(
    numerator: np.ndarray,
    denominator: np.ndarray,
    dates: pd.Series,
    *,
    block: int | None = None,
    resamples: int,
    seed: int,
) -> Interval:
    """A ratio of two sums over rows, with its interval from resampled blocks of consecutive days.

    Stocks move together within a day and volatility persists over days, so rows are not
    independent: whole days are drawn, ``block`` at a time (the circular block bootstrap, Politis
    and Romano 1992).

    Parameters
    ----------
    numerator : array, shape (rows,) or (repetitions, rows)
        What is summed over the rows drawn. Of several repetitions, such as training seeds, the mean
        is taken, and they are drawn too: see `drawn_repetitions`.
    denominator : array, shape (rows,)
        What that sum is divided by. Ones make it a mean.
    dates : Series, shape (rows,)
    block : int, optional
        Days in a block. By default the `block_length` of what each day adds to the ratio: its
        numerator less the ratio times its denominator.
    resamples : int
    seed : int
    """
    day, days = pd.factorize(pd.Series(dates).to_numpy(), sort=True)
    above = np.stack([np.bincount(day, values) for values in np.atleast_2d(numerator)])
    below = np.bincount(day, denominator)
    n_days, value = len(days), float(np.mean(above.sum(axis=1)) / np.sum(denominator))
    if block is None:
        block = block_length(above.mean(axis=0) - value * below)
    random = np.random.default_rng(seed)
    starts = random.integers(n_days, size=(resamples, -(-n_days // block), 1))
    drawn = (starts + np.arange(block)).reshape(resamples, -1)[:, :n_days] % n_days
    sums = np.stack([own[drawn].sum(axis=1) for own in above], axis=1)
    mean = (sums * drawn_repetitions(len(above), resamples, random)).sum(axis=1)
    low, high = np.percentile(mean / below[drawn].sum(axis=1), [2.5, 97.5])
    return Interval(value, float(low), float(high))


def drawn_repetitions(n: int, resamples: int, random: np.random.Generator) -> np.ndarray:
    """How much each of ``n`` repetitions counts in each resample, ``(resamples, n)``.

    One less than there are is drawn, with replacement: then the mean over those drawn varies as
    much as the mean over repetitions does (Rao and Wu 1988), which matters where they are few. A
    single repetition always counts whole.

    >>> drawn_repetitions(2, 50, np.random.default_rng(0)).sum(axis=1).tolist() == [1.0] * 50
    True
    """
    return random.multinomial(max(1, n - 1), np.full(n, 1 / n), size=resamples) / max(1, n - 1)


def bootstrap_coverage(
    autocorrelation: float, n_days: int, *, repetitions: int, resamples: int, seed: int
) -> tuple[float, float]:
    """How often a `block_bootstrap` interval that says 95 % covers the truth, by simulation.

    The daily series is a normal autoregression of order one, and its mean, zero, the truth; each
    repetition chooses its own block length.

    Parameters
    ----------
    autocorrelation : float
        From one day to the next, above −1 and below 1.
    n_days, repetitions, resamples, seed : int

    Returns
    -------
    coverage, block : float
        The share of intervals that cover zero, and the median block length.
    """
    random = np.random.default_rng(seed)
    days, ones = pd.Series(np.arange(n_days)), np.ones(n_days)
    covered, blocks = [], []
    for k in range(repetitions):
        daily = _autoregression(autocorrelation, n_days, random)
        block = block_length(daily - daily.mean())
        made = block_bootstrap(daily, ones, days, block=block, resamples=resamples, seed=seed + k)
        covered.append(made.low <= 0 <= made.high)
        blocks.append(block)
    return float(np.mean(covered)), float(np.median(blocks))


def _autoregression(persistence: float, n: int, random: np.random.Generator) -> np.ndarray:
    """A stationary normal series of unit variance, shape ``(n,)``."""
    values = random.normal(size=n)
    values[1:] *= np.sqrt(1 - persistence**2)
    for t in range(1, n):
        values[t] += persistence * values[t - 1]
    return values


def holm(p_values: Sequence[float]) -> np.ndarray:
    """p-values adjusted for their number: Holm's (1979) step-down.

    Who calls real what has an adjusted value below 5 % is wrong about one or more of them with a
    probability of at most 5 %, however the tests hang together.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values)
    weights = len(p_values) - np.arange(len(p_values))
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.maximum.accumulate(weights * p_values[order]).clip(max=1)
    return adjusted
