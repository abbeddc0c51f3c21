"""What the NYSE data lack: blanks of the statements, days of the price panel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.volatility.data import NYSE
from labkit.volatility.exploration.market import grouped


def missing(frame: pd.DataFrame | None) -> pd.DataFrame:
    """Columns that have blanks: ``column``, ``missing`` (rows), ``share``; most first.

    Without a frame, without rows.
    """
    if frame is None:
        return pd.DataFrame({"column": [], "missing": [], "share": []})
    blanks = frame.isna().sum()
    table = pd.DataFrame({"column": blanks.index, "missing": blanks.to_numpy()})
    table["share"] = table["missing"] / max(len(frame), 1)
    table = table[table["missing"] > 0]
    return table.sort_values("missing", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class SpreadOfBlanks:
    """How the blanks of a column spread over groups: most in ``most``, fewest in ``least``."""

    column: str
    most: str
    most_share: float
    least: str
    least_share: float

    @property
    def is_even(self) -> bool:
        """Whether no group has twice the blanks of another."""
        return self.most_share < 2 * max(self.least_share, 0.01)


def blanks_by_group(data: NYSE) -> SpreadOfBlanks | None:
    """The blanks of the statements' emptiest column by sector (or stock); None without any."""
    blanks = missing(data.fundamentals)
    if blanks.empty:
        return None
    column = blanks["column"].iloc[0]
    statements, _ = grouped(data.fundamentals, data.securities)
    shares = statements[column].isna().groupby(statements["group"]).mean()
    shares = shares.sort_values(ascending=False)
    return SpreadOfBlanks(
        column, shares.index[0], shares.iloc[0], shares.index[-1], shares.iloc[-1]
    )


@dataclass(frozen=True)
class Gaps:
    """What is missing.

    Attributes
    ----------
    holes : int
        Rows of prices with a blank.
    complete, late, n_stocks : int
        Stocks that have every trading day, that start late, and all.
    statement_columns : int or None
        Columns of the annual statements; None where there are none.
    blank_columns : int
        Of these, with blanks.
    emptiest : tuple of str
        Those with the most blanks, each in ``emptiest_share`` of the statements.
    """

    holes: int
    complete: int
    late: int
    n_stocks: int
    statement_columns: int | None
    blank_columns: int
    emptiest: tuple[str, ...]
    emptiest_share: float


def gaps(data: NYSE, coverage: pd.DataFrame) -> Gaps:
    """Blanks of the prices, the panel's gaps (`coverage`), and the blanks of the statements."""
    blanks = missing(data.fundamentals)
    first = blanks[blanks["missing"] == blanks["missing"].max()]
    return Gaps(
        holes=int(data.prices.isna().any(axis=1).sum()),
        complete=int((coverage == 1).all(axis=1).sum()),
        late=int((coverage.iloc[:, 0] == 0).sum()),
        n_stocks=len(coverage),
        statement_columns=None if data.fundamentals is None else data.fundamentals.shape[1],
        blank_columns=len(blanks),
        emptiest=tuple(first["column"]),
        emptiest_share=0.0 if blanks.empty else float(first["share"].iloc[0]),
    )


def coverage(prices: pd.DataFrame) -> pd.DataFrame:
    """Share of each month's trading days that a stock has: symbols by months, in [0, 1].

    Symbols that start latest stand last.
    """
    month = prices["date"].dt.to_period("M")
    open_days = prices["date"].groupby(month).nunique()
    days = prices.groupby(["symbol", month])["date"].nunique().unstack(fill_value=0)
    shares = days / open_days
    order = (shares > 0).to_numpy().argmax(axis=1)
    return shares.iloc[np.argsort(order, kind="stable")]
