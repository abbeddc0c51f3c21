"""How sure a number is: intervals over repetitions and over resampled days."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.stats import t as student_t


def block_bootstrap(
    numerator: np.ndarray,
    denominator: np.ndarray,
    dates: pd.Series,
    *,
    block: int,
    resamples: int,
    seed: int,
) -> tuple[float, float]:
    """A 95 % interval of a ratio of two sums over rows, from resampled blocks of consecutive days.

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
    """
    day, days = pd.factorize(pd.Series(dates).to_numpy(), sort=True)
    above, below = (np.bincount(day, values) for values in (numerator, denominator))
    n_days = len(days)
    starts = np.random.default_rng(seed).integers(n_days, size=(resamples, -(-n_days // block), 1))
    drawn = (starts + np.arange(block)).reshape(resamples, -1)[:, :n_days] % n_days
    low, high = np.percentile(above[drawn].sum(axis=1) / below[drawn].sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def mean_interval(values: Iterable[float]) -> tuple[float, float, float]:
    """Mean and 95 % interval of values from independent repetitions, by Student's t.

    The interval is ``nan`` for a single value.

    >>> [round(x, 2) for x in mean_interval([1.0, 2.0, 3.0])]
    [2.0, -0.48, 4.48]
    """
    values = np.asarray(list(values), dtype=float)
    mean = values.mean()
    if len(values) < 2:
        return float(mean), float("nan"), float("nan")
    half = student_t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(mean), float(mean - half), float(mean + half)
