"""Whether there are prices enough for the studies: told before an hour of work, not after."""

import pandas as pd

from labkit.files.provenance import DataError
from labkit.nets.splits import MIN_TEST_DAYS
from labkit.volatility.data import NYSE

FIRST_DAYS = 60
"""Trading days that the features look back on: the first have none."""

YEARS = 3
"""Years that train, choose and judge."""

SYMBOLS = 2
"""Stocks without which nothing can be told within a day."""


def check_enough(data: NYSE) -> None:
    """Hold years and stocks against what the studies need.

    Raises
    ------
    DataError
        When there are too few full years, or too few stocks that are traded in them.
    """
    prices = data.prices
    days = pd.DatetimeIndex(prices["date"].unique()).sort_values()
    per_year = days[FIRST_DAYS:-1].year.value_counts()
    full = sorted(per_year.index[per_year >= MIN_TEST_DAYS])
    if len(full) < YEARS:
        raise _too_few(
            data,
            f"{len(full)} years with {MIN_TEST_DAYS} trading days or more, after the first "
            f"{FIRST_DAYS} days ({days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d})",
            f"{YEARS} such years, to train, to choose and to judge",
        )
    judged = prices[prices["date"].dt.year.isin(full[-2:])]
    traded = judged.groupby("symbol")["date"].nunique()
    enough = int((traded >= MIN_TEST_DAYS).sum())
    if enough < SYMBOLS:
        raise _too_few(
            data,
            f"{enough} stock with {MIN_TEST_DAYS} trading days in {full[-2]} and {full[-1]}",
            f"{SYMBOLS} or more, to compare within a day",
        )


def _too_few(data: NYSE, found: str, expected: str) -> DataError:
    return DataError(
        f"{data.provenance.place}: too few prices for the studies of volatility: {found}. Expected "
        f"{expected}. Take a larger file, or LABKIT_SOURCE=embedded for five stocks that suffice."
    )
