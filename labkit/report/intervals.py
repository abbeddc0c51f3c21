"""How sure a number is: intervals over repetitions, and over resampled blocks of days."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student_t


@dataclass(frozen=True)
class Interval:
    """A value and its 95 % interval; without one, ``low`` and ``high`` are ``nan``."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside, so that the sign is sure."""
        return self.low > 0 or self.high < 0


def mean_interval(values: Iterable[float]) -> Interval:
    """Mean and 95 % interval of values from independent repetitions, by Student's t.

    The interval is ``nan`` for a single value.

    >>> mean = mean_interval([1.0, 2.0, 3.0])
    >>> [round(x, 2) for x in (mean.value, mean.low, mean.high)]
    [2.0, -0.48, 4.48]
    """
    values = np.asarray(list(values), dtype=float)
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, float("nan"), float("nan"))
    half = student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
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


def block_bootstrap(
    numerator: np.ndarray,
    denominator: np.ndarray,
    dates: pd.Series,
    *,
    block: int,
    resamples: int,
    seed: int,
) -> Interval:
    """A ratio of two sums over rows, with its interval from resampled blocks of consecutive days.

    Stocks move together within a day and volatility persists over days, so rows are not
    independent: whole days are drawn, ``block`` at a time (the circular block bootstrap, Politis
    and Romano 1992).

    Parameters
    ----------
    numerator, denominator : arrays, shape (rows,)
        What is summed over the rows drawn, and what that sum is divided by. Ones below make it a
        mean.
    dates : Series, shape (rows,)
    block : int
        Days in a block.
    resamples : int
    seed : int
    """
    day, days = pd.factorize(pd.Series(dates).to_numpy(), sort=True)
    above, below = (np.bincount(day, values) for values in (numerator, denominator))
    n_days = len(days)
    starts = np.random.default_rng(seed).integers(n_days, size=(resamples, -(-n_days // block), 1))
    drawn = (starts + np.arange(block)).reshape(resamples, -1)[:, :n_days] % n_days
    low, high = np.percentile(above[drawn].sum(axis=1) / below[drawn].sum(axis=1), [2.5, 97.5])
    return Interval(float(np.sum(numerator) / np.sum(denominator)), float(low), float(high))
