"""The annual statements: what a few ratios say, and where they are blank."""

from dataclasses import dataclass

import pandas as pd

from labkit.volatility.data import NYSE
from labkit.volatility.exploration.market import grouped

RATIOS = {
    "Gross Margin": "of the sales, what is left after making what was sold",
    "Operating Margin": "of the sales, what is left after running the company too",
    "Profit Margin": "of the sales, what is left after interest and taxes too",
    "After Tax ROE": "a year's profit, of what belongs to the owners",
    "Current Ratio": "what turns into cash within a year, of what is owed within a year",
    "Cash Ratio": "cash, of what is owed within a year",
}
"""Ratios of the statements, in per cent, and what each is."""

BLANK_COLUMNS = ("Current Ratio", "For Year", "Earnings Per Share")
"""Columns that Kaggle's file leaves blank, each in rows of its own."""


def ratios(data: NYSE) -> pd.DataFrame:
    """Descriptive statistics of the `RATIOS`, one row each.

    Columns: ``ratio``, ``what``, ``statements`` that have it, ``blank`` (share of the statements
    that do not), ``q05``, ``median``, ``mean``, ``q95``, ``max``. Without statements, numbers are
    missing.
    """
    statements = data.fundamentals
    rows = []
    for name, what in RATIOS.items():
        values = pd.Series(dtype=float)
        if statements is not None and name in statements:
            values = statements[name]
        rows.append(
            {
                "ratio": name,
                "what": what,
                "statements": int(values.notna().sum()),
                "blank": values.isna().mean(),
                "q05": values.quantile(0.05),
                "median": values.median(),
                "mean": values.mean(),
                "q95": values.quantile(0.95),
                "max": values.max(),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Lopsided:
    """The ratio whose mean is most above its median, in ranges of nine tenths of the statements."""

    ratio: str
    mean: float
    median: float
    highest: float


def lopsided(table: pd.DataFrame) -> Lopsided | None:
    """Read the table of `ratios`; None where no statement has any."""
    known = table[table["statements"] > 0]
    if known.empty:
        return None
    width = (known["q95"] - known["q05"]).clip(lower=1e-9)
    row = known.loc[((known["mean"] - known["median"]) / width).idxmax()]
    return Lopsided(row["ratio"], row["mean"], row["median"], row["max"])


def blank_shares(data: NYSE) -> pd.DataFrame:
    """Share of the statements in which `BLANK_COLUMNS` are blank, by sector (or stock).

    Columns: ``group``, ``statements`` and the columns' names; most blanks of the first column
    first. Without statements there is a row for each group that has prices, with no shares.
    """
    statements = data.fundamentals
    if statements is None:
        stocks, _ = grouped(data.prices[["symbol"]].drop_duplicates(), data.securities)
        groups = sorted(stocks["group"].unique())
        return pd.DataFrame({"group": groups, "statements": 0, **dict.fromkeys(BLANK_COLUMNS)})
    own, _ = grouped(statements.reindex(columns=["symbol", *BLANK_COLUMNS]), data.securities)
    shares = own[list(BLANK_COLUMNS)].isna().groupby(own["group"]).mean()
    shares.insert(0, "statements", own.groupby("group").size())
    return shares.sort_values(BLANK_COLUMNS[0], ascending=False).rename_axis("group").reset_index()
