"""What the models see: features and targets of the NYSE panel, physics of the machine rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import (
    OneHotEncoder,
    StandardScaler,
)

HORIZON = 1
"""Trading days between the features and the target."""

MIN_VARIANCE = 1e-8
"""Daily variance below which a price range is a matter of rounding (a move of 0.01 %)."""

FEATURE_LABELS = {
    "log_vol_1": "own log-volatility, today",
    "log_vol_5": "own log-volatility, mean of 5 days",
    "log_vol_22": "own log-volatility, mean of 22 days",
    "log_vol_66": "own log-volatility, mean of 66 days",
    "return_1": "return, today",
    "return_5": "return, 5 days",
    "return_22": "return, 22 days",
    "negative_return": "negative part of today's return",
    "absolute_return": "size of today's return",
    "overnight_gap": "gap from yesterday's close to today's open",
    "relative_volume": "log-volume against its mean of 22 days",
    "market_log_vol_1": "mean log-volatility of all stocks, today",
    "market_log_vol_5": "mean log-volatility of all stocks, 5 days",
    "market_log_vol_22": "mean log-volatility of all stocks, 22 days",
    "market_return": "mean return of all stocks, today",
    "weekday": "day of the week",
}
"""The features of the panel, in the order of its columns."""

FEATURES = list(FEATURE_LABELS)

HAR_FEATURES = ["log_vol_1", "log_vol_5", "log_vol_22"]
"""The heterogeneous autoregression's (Corsi 2009): a day, a week, a month."""


@dataclass(frozen=True)
class Panel:
    """One row per stock and day: what was known at the close, and what came next.

    Attributes
    ----------
    X : DataFrame, shape (rows, features)
        `FEATURE_LABELS` names the columns.
    y : Series
        Log volatility of the next trading day.
    next_return : Series
        Log return of the next trading day.
    index : DataFrame
        ``date`` and ``symbol`` of each row.
    """

    X: pd.DataFrame
    y: pd.Series
    next_return: pd.Series
    index: pd.DataFrame

    def take(self, rows: np.ndarray) -> "Panel":
        """The panel of these row positions only."""
        return Panel(
            self.X.iloc[rows],
            self.y.iloc[rows],
            self.next_return.iloc[rows],
            self.index.iloc[rows],
        )

    def __len__(self) -> int:
        return len(self.X)


def garman_klass_variance(prices: pd.DataFrame) -> pd.Series:
    """Daily variance from a day's four prices (Garman and Klass 1980).

    ``0.5·log(high/low)² − (2·log 2 − 1)·log(close/open)²``, in squared log returns a day; missing
    where the range is too small to tell (below `MIN_VARIANCE`).

    >>> day = {"open": [100.0], "high": [102.0], "low": [99.0], "close": [101.0]}
    >>> float(garman_klass_variance(pd.DataFrame(day)).round(6).iloc[0])
    0.000407
    """
    log_range = np.log(prices["high"] / prices["low"])
    log_move = np.log(prices["close"] / prices["open"])
    variance = 0.5 * log_range**2 - (2 * np.log(2) - 1) * log_move**2
    return variance.where(variance >= MIN_VARIANCE)


def log_volatility(prices: pd.DataFrame) -> pd.Series:
    """Half the logarithm of the `garman_klass_variance`: the log of a day's volatility."""
    return 0.5 * np.log(garman_klass_variance(prices))


def volatility_panel(prices: pd.DataFrame) -> Panel:
    """Features known at each day's close, and the next trading day's log volatility.

    Parameters
    ----------
    prices : DataFrame
        Columns ``date, symbol, open, high, low, close, volume``; one row per symbol and day.

    Notes
    -----
    Every feature of day t is made of prices of day t and before; a row needs 60 of the last 66 days
    of its own symbol. Days follow each other in the union of all symbols' trading days, so a symbol
    that skips one has no target there.
    """
    every = evening_panel(prices)
    known = (every.y.notna() & every.next_return.notna()).to_numpy()
    panel = every.take(np.flatnonzero(known))
    return Panel(
        *(part.reset_index(drop=True) for part in (panel.X, panel.y, panel.next_return)),
        panel.index.reset_index(drop=True),
    )


def evening_panel(prices: pd.DataFrame) -> Panel:
    """As `volatility_panel`, with the rows too whose targets are missing.

    Who forecasts on the evening of day t does not know which stocks have a volatility tomorrow.

    Parameters
    ----------
    prices : DataFrame
    """
    wide = _wide(prices)
    log_vol, log_return = wide["log_vol"], wide["log_return"]
    features = {
        "log_vol_1": log_vol,
        "log_vol_5": _mean(log_vol, 5),
        "log_vol_22": _mean(log_vol, 22),
        "log_vol_66": _mean(log_vol, 66),
        "return_1": log_return,
        "return_5": log_return.rolling(5).sum(),
        "return_22": log_return.rolling(22).sum(),
        "negative_return": log_return.clip(upper=0),
        "absolute_return": log_return.abs(),
        "overnight_gap": wide["overnight_gap"],
        "relative_volume": wide["log_volume"] - _mean(wide["log_volume"], 22),
        "market_log_vol_1": _market(log_vol, 1),
        "market_log_vol_5": _market(log_vol, 5),
        "market_log_vol_22": _market(log_vol, 22),
        "market_return": _market(log_return, 1),
        "weekday": log_vol.mul(0).add(log_vol.index.day_of_week.to_numpy(), axis=0),
    }
    columns = {name: frame.to_numpy().ravel() for name, frame in features.items()}
    columns["target"] = log_vol.shift(-HORIZON).to_numpy().ravel()
    columns["next_return"] = log_return.shift(-HORIZON).to_numpy().ravel()
    columns["date"] = np.repeat(log_vol.index.to_numpy(), log_vol.shape[1])
    columns["symbol"] = np.tile(log_vol.columns.to_numpy(), log_vol.shape[0])
    rows = pd.DataFrame(columns).dropna(subset=list(FEATURE_LABELS)).reset_index(drop=True)
    return Panel(
        X=rows[list(FEATURE_LABELS)],
        y=rows["target"],
        next_return=rows["next_return"],
        index=rows[["date", "symbol"]],
    )


def _wide(prices: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Daily quantities as one frame each, days by symbols."""
    prices = prices.assign(
        log_vol=log_volatility(prices),
        log_volume=np.log(prices["volume"].where(prices["volume"] > 0)),
    )
    wide = prices.pivot(index="date", columns="symbol")
    previous_close = wide["close"].shift(1)
    return {
        "log_vol": wide["log_vol"],
        "log_volume": wide["log_volume"],
        "log_return": np.log(wide["close"] / previous_close),
        "overnight_gap": np.log(wide["open"] / previous_close),
    }


def _mean(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    """Mean of the last ``days`` days, of which nine tenths must be there."""
    return frame.rolling(days, min_periods=int(np.ceil(0.9 * days))).mean()


def _market(frame: pd.DataFrame, days: int) -> pd.DataFrame:
    """Mean over all symbols, then over ``days`` days, given to every symbol."""
    market = frame.mean(axis=1).rolling(days, min_periods=1).mean()
    return frame.mul(0).add(market, axis=0)


WEEKDAYS = [0, 1, 2, 3, 4]


def panel_preprocessing(features: list[str]) -> ColumnTransformer:
    """Standardise the panel's features; the weekday becomes five indicators."""
    numbers = [name for name in features if name != "weekday"]
    days = OneHotEncoder(categories=[WEEKDAYS], handle_unknown="ignore", sparse_output=False)
    steps = [("numbers", StandardScaler(), numbers)]
    if "weekday" in features:
        steps.append(("weekday", days, ["weekday"]))
    return ColumnTransformer(steps, verbose_feature_names_out=False)
