"""Daily prices side by side: what every group of inputs is made of."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.volatility.panel import MIN_VARIANCE, log_volatility

Frames = dict[str, pd.DataFrame]
"""Inputs by name, each days by symbols."""

MONTH, QUARTER = 22, 66
"""Trading days."""


@dataclass(frozen=True, eq=False)
class Days:
    """Daily quantities, each a frame of days by symbols.

    Attributes
    ----------
    log_vol : DataFrame
        Of the target's kind (Garman and Klass 1980).
    log_parkinson, log_rogers_satchell : DataFrame
        Log volatility by the range alone (Parkinson 1980), and by the four prices with drift
        (Rogers and Satchell 1991).
    log_close, log_range : DataFrame
        The close, and the high over the low.
    place : DataFrame
        Of the close between low and high, 0 to 1.
    returns, gap, intraday : DataFrame
        Log return from close to close, from close to open, from open to close.
    log_volume : DataFrame
    usual : DataFrame
        Volatility of the last month: what a return is measured against.
    volume_shock : DataFrame
        Log volume above its mean of a quarter.
    sectors : array, shape (symbols,)
        Name of each symbol's sector.
    """

    log_vol: pd.DataFrame
    log_parkinson: pd.DataFrame
    log_rogers_satchell: pd.DataFrame
    log_close: pd.DataFrame
    log_range: pd.DataFrame
    place: pd.DataFrame
    returns: pd.DataFrame
    gap: pd.DataFrame
    intraday: pd.DataFrame
    log_volume: pd.DataFrame
    usual: pd.DataFrame
    volume_shock: pd.DataFrame
    sectors: np.ndarray

    @property
    def standardised(self) -> pd.DataFrame:
        """The return in units of the `usual` volatility."""
        return self.returns / self.usual


def days_of(prices: pd.DataFrame, sectors: pd.Series) -> Days:
    """Daily quantities of prices.

    Parameters
    ----------
    prices : DataFrame
        Columns ``date, symbol, open, high, low, close, volume``; one row per symbol and day.
    sectors : Series
        By symbol; those without one are of the sector "unknown".
    """
    wide = prices.assign(log_vol=log_volatility(prices)).pivot(index="date", columns="symbol")
    opened, high, low, close = (np.log(wide[name]) for name in ("open", "high", "low", "close"))
    log_range = high - low
    up, down = (high - opened) * (high - close), (low - opened) * (low - close)
    log_volume = np.log(wide["volume"].where(wide["volume"] > 0))
    log_vol = wide["log_vol"]
    return Days(
        log_vol=log_vol,
        log_parkinson=half_log(log_range**2 / (4 * np.log(2))),
        log_rogers_satchell=half_log(up + down),
        log_close=close,
        log_range=log_range,
        place=(close - low) / log_range.where(log_range > 0),
        returns=close - close.shift(),
        gap=opened - close.shift(),
        intraday=close - opened,
        log_volume=log_volume,
        usual=np.exp(mean(log_vol, MONTH)).clip(lower=1e-4),
        volume_shock=log_volume - mean(log_volume, QUARTER),
        sectors=close.columns.to_series().map(sectors).astype(object).fillna("unknown").to_numpy(),
    )


def mean(frame: pd.DataFrame, days: int, share: float = 0.6) -> pd.DataFrame:
    """Mean of the last ``days`` days, of which a ``share`` must be there."""
    return frame.rolling(days, min_periods=int(np.ceil(share * days))).mean()


def half_log(variance: pd.DataFrame) -> pd.DataFrame:
    """Log volatility of a variance; missing where it is a matter of rounding."""
    return 0.5 * np.log(variance.where(variance >= MIN_VARIANCE))


def log_root_mean(squares: pd.DataFrame, days: int) -> pd.DataFrame:
    """Half the log of the mean of squares over the last ``days`` days."""
    return 0.5 * np.log(mean(squares, days).clip(lower=MIN_VARIANCE))


def to_all(series: pd.Series, like: pd.DataFrame) -> pd.DataFrame:
    """A number a day, given to every symbol of a frame."""
    values = np.broadcast_to(series.to_numpy(dtype=float)[:, None], like.shape)
    return pd.DataFrame(values, index=like.index, columns=like.columns)


def across(frame: pd.DataFrame) -> pd.Series:
    """Mean over the symbols of each day.

    They are added one after the other, so that a symbol which is not listed yet does not change the
    last digit, as it would where sums are taken in pairs.
    """
    by_symbol = np.ascontiguousarray(frame.to_numpy(dtype=float).T)
    known = ~np.isnan(by_symbol)
    total = np.where(known, by_symbol, 0.0).sum(axis=0)
    return pd.Series(total, index=frame.index) / pd.Series(known.sum(axis=0), index=frame.index)
