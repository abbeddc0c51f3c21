"""What the NYSE data lack: blanks of the statements, days of the price panel."""

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


def blanks_by_group(data: NYSE) -> tuple[pd.Series, str]:
    """How the blanks of the statements' emptiest column spread over sectors (or stocks).

    Returns
    -------
    shares, column
        Share of blanks by group, most first, and the column; nothing and ``""`` where there are
        no statements or no blanks.
    """
    blanks = missing(data.fundamentals)
    if blanks.empty:
        return pd.Series(dtype=float), ""
    column = blanks["column"].iloc[0]
    statements, _ = grouped(data.fundamentals, data.securities)
    shares = statements[column].isna().groupby(statements["group"]).mean()
    return shares.sort_values(ascending=False), column


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
