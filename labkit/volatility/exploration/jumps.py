"""Odd days of the NYSE prices: jumps that no news explains, and other quirks of the files."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.volatility.data import NYSE

QUIET = 4.0
"""A day's volume, in medians of the days before, up to which no great news can have come on it."""

USUAL_DAYS = 66
"""Days before a day whose median volume is the usual one."""

SMALLEST_SPLIT = 1.2
"""A price ratio below it is no split's, and less than most spin-offs change a price by."""

SPLIT_RATIOS = [2, 3, 4, 5, 7, 10, 3 / 2, 4 / 3, 5 / 4]
"""New shares for an old one, in splits; the inverses are reverse splits."""

RATIO_TOLERANCE = 0.04
"""How far a price ratio may be from a split's, as a share of it: an ordinary day's move."""

FIRST_PLAUSIBLE_YEAR = 1990
"""A fiscal year before it, in statements of companies traded since 2000, is a slip of the pen."""


def largest_jumps(days: pd.DataFrame, n: int = 12) -> pd.DataFrame:
    """The ``n`` largest moves from one close to the next, and what they look like.

    Parameters
    ----------
    days : DataFrame
        As `daily` gives it.

    Returns
    -------
    DataFrame
        ``date, symbol, previous_close, open, close``; ``change``, the simple return; ``volume``, in
        medians of the days before; ``looks_like``: ``"news"``, ``"split"``
        or ``"other adjustment"``, such as a spin-off, that the prices lack.
    """
    rows = days.loc[days["log_return"].abs().nlargest(n).index]
    own = days[days["symbol"].isin(rows["symbol"])]
    usual = own.groupby("symbol")["volume"].transform(
        lambda volume: volume.shift(1).rolling(USUAL_DAYS, min_periods=1).median()
    )
    table = rows[["date", "symbol", "previous_close", "open", "close"]].assign(
        change=np.expm1(rows["log_return"]), volume=rows["volume"] / usual[rows.index]
    )
    table["looks_like"] = [
        _looks_like(*row)
        for row in zip(rows["overnight"], rows["log_return"], table["volume"], strict=True)
    ]
    return table.reset_index(drop=True)


@dataclass(frozen=True)
class Unadjusted:
    """How many of the ``n_moves`` largest moves look like adjustments that were never made.

    ``least_volume`` to ``most_volume`` is how much was traded on their days, and ``news_volume``
    the least on the days of the other moves, in medians of the days before. The rest are the
    largest of the unadjusted: the stock, the day, its open, the close before, and the change from
    close to close. What there is none of is None.
    """

    n_moves: int
    n_unadjusted: int
    least_volume: float | None = None
    most_volume: float | None = None
    news_volume: float | None = None
    symbol: str | None = None
    date: pd.Timestamp | None = None
    open: float | None = None
    previous_close: float | None = None
    change: float | None = None


def unadjusted(moves: pd.DataFrame) -> Unadjusted:
    """Read the table of `largest_jumps`."""
    is_news = moves["looks_like"] == "news"
    rows, news = moves[~is_news], moves[is_news]
    if rows.empty:
        return Unadjusted(len(moves), 0)
    largest = rows.loc[rows["change"].abs().idxmax()]
    return Unadjusted(
        len(moves),
        len(rows),
        least_volume=rows["volume"].min(),
        most_volume=rows["volume"].max(),
        news_volume=None if news.empty else news["volume"].min(),
        **largest[["symbol", "date", "open", "previous_close", "change"]],
    )


def _looks_like(overnight: float, log_return: float, volume: float) -> str:
    """A price that is another overnight, and then trades as on any day, was not moved by news."""
    ratio = np.exp(abs(overnight))
    if volume > QUIET or ratio < SMALLEST_SPLIT or abs(overnight) < abs(log_return) / 2:
        return "news"
    nearest = min(abs(ratio / split - 1) for split in SPLIT_RATIOS)
    return "split" if nearest <= RATIO_TOLERANCE else "other adjustment"


def quirks(data: NYSE, days: pd.DataFrame) -> pd.DataFrame:
    """Oddities of the files that a reader should know: ``quirk``, ``rows``, ``example``."""
    prices, found = data.prices, []
    found.append(("days with no volume", prices[prices["volume"] == 0]))
    found.append(("days too flat for a volatility", days[days["log_vol"].isna()]))
    trading_days = prices["date"].nunique()
    per_stock = prices.groupby("symbol").agg(date=("date", "min"), days=("date", "size"))
    short = per_stock[per_stock["days"] < trading_days].sort_values("days")
    found.append(("stocks without the full history", short.reset_index()))
    if data.securities is not None:
        unpriced = data.securities[~data.securities["symbol"].isin(per_stock.index)]
        found.append(("securities without prices", unpriced.assign(date=pd.NaT)))
    if data.fundamentals is not None:
        year = data.fundamentals["For Year"]
        odd = data.fundamentals[year < FIRST_PLAUSIBLE_YEAR]
        found.append(("statements with an impossible fiscal year", odd.assign(date=pd.NaT)))
    return pd.DataFrame(
        [{"quirk": name, "rows": len(rows), "example": _example(rows)} for name, rows in found]
    )


def _example(rows: pd.DataFrame) -> str | None:
    if rows.empty:
        return None
    first = rows.iloc[0]
    return first["symbol"] if pd.isna(first["date"]) else f"{first['symbol']}, {first['date']:%F}"
