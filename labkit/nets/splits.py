"""Which rows train, which choose, which judge."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    BaseCrossValidator,
    KFold,
    RepeatedStratifiedKFold,
    TimeSeriesSplit,
)

MIN_TEST_DAYS = 200
"""Trading days that a calendar year must have to serve as a test year (a full one has 252)."""


@dataclass(frozen=True)
class ChronologicalSplit:
    """Rows of a panel, by date: train, then validation, then test, with an embargo between.

    ``train``, ``validation`` and ``test`` are row positions; ``validation_start`` and
    ``test_start`` the first days of the later two; ``embargo`` the number of trading days dropped
    before each, so that no target of an earlier set lies in a later one.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    validation_start: pd.Timestamp
    test_start: pd.Timestamp
    embargo: int

    @property
    def development(self) -> np.ndarray:
        """Train and validation rows: all that may be seen before the final table."""
        return np.concatenate([self.train, self.validation])


def chronological(dates: pd.Series | pd.DatetimeIndex, *, embargo: int) -> ChronologicalSplit:
    """Split rows by calendar year: the last full one tests, the one before validates.

    Parameters
    ----------
    dates : datetimes, shape (rows,)
        The day on which each row's features are known.
    embargo : int
        Trading days dropped at the end of train and of validation; at least the horizon of the
        target.

    Raises
    ------
    ValueError
        When the dates span fewer than three years with enough trading days.
    """
    dates = pd.DatetimeIndex(dates)
    days = dates.unique().sort_values()
    per_year = days.year.value_counts()
    full_years = sorted(per_year.index[per_year >= MIN_TEST_DAYS])
    if len(full_years) < 3:
        raise ValueError(
            f"the data have {len(full_years)} years with {MIN_TEST_DAYS} trading days or more "
            f"({days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}); a split into train, validation and "
            "test years needs three"
        )
    test_start = pd.Timestamp(full_years[-1], 1, 1)
    validation_start = pd.Timestamp(full_years[-2], 1, 1)
    train_end = _embargoed(days, validation_start, embargo)
    validation_end = _embargoed(days, test_start, embargo)
    return ChronologicalSplit(
        train=np.flatnonzero(dates < train_end),
        validation=np.flatnonzero((dates >= validation_start) & (dates < validation_end)),
        test=np.flatnonzero(dates >= test_start),
        validation_start=validation_start,
        test_start=test_start,
        embargo=embargo,
    )


def _embargoed(days: pd.DatetimeIndex, start: pd.Timestamp, embargo: int) -> pd.Timestamp:
    """The first day of the embargo that ends where ``start`` begins."""
    return days[max(0, days.searchsorted(start) - embargo)]


class DateSeriesSplit(BaseCrossValidator):
    """Expanding-window folds over the dates of a panel, for ``GridSearchCV``.

    Every fold trains on all days up to a point and tests on the days after it, less an embargo:
    scikit-learn's ``TimeSeriesSplit`` over the distinct days, which are given as ``groups``.

    Parameters
    ----------
    n_splits : int
    embargo : int
        Days dropped between train and test.
    """

    def __init__(self, n_splits: int = 3, *, embargo: int = 1):
        self.n_splits = n_splits
        self.embargo = embargo

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """The number of folds."""
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Row positions of train and test for each fold; ``groups`` are the rows' dates.

        Raises
        ------
        ValueError
            When no dates are given.
        """
        if groups is None:
            raise ValueError("DateSeriesSplit needs the rows' dates: pass them as groups=")
        day, days = pd.factorize(np.asarray(groups), sort=True)
        for train, test in TimeSeriesSplit(self.n_splits, gap=self.embargo).split(days):
            yield (
                np.flatnonzero(day <= train[-1]),
                np.flatnonzero((day >= test[0]) & (day <= test[-1])),
            )


def stratified(n_splits: int, n_repeats: int, seed: int) -> RepeatedStratifiedKFold:
    """Random folds with every class in the same share, shuffled anew for each repetition."""
    return RepeatedStratifiedKFold(n_splits=n_splits, n_repeats=n_repeats, random_state=seed)


def contiguous_blocks(n_splits: int) -> KFold:
    """Folds of neighbouring rows: the honest split where rows are in time order."""
    return KFold(n_splits, shuffle=False)
