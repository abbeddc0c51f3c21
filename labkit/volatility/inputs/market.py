"""The market, the mean over all stocks, and the sectors."""

import numpy as np
import pandas as pd

from labkit.volatility.inputs.days import (
    MONTH,
    Days,
    Frames,
    across,
    log_root_mean,
    mean,
    to_all,
)


def market(days: Days) -> Frames:
    """Volatility, return, volume and dispersion of all stocks, alike for every stock of a day."""
    log_vol, returns = across(days.log_vol), across(days.returns)
    usual = usual_market(days)
    standardised = returns / usual
    made = {f"log_vol_lag_{k}": log_vol.shift(k) for k in range(10)}
    for n in (5, 10, 22, 66, 126):
        made[f"log_vol_mean_{n}"] = log_vol.rolling(n, min_periods=n // 2).mean()
    for h in (1, 3, 8, 20):
        made[f"log_vol_halflife_{h}"] = log_vol.ewm(halflife=h).mean()
    for k in range(5):
        made[f"return_lag_{k}"] = standardised.shift(k)
    made |= {"return_size": standardised.abs(), "fall": standardised.clip(upper=0)}
    for n in (5, 22, 66):
        total = returns.rolling(n, min_periods=n // 2).sum()
        made[f"return_sum_{n}"] = total / (usual * np.sqrt(n))
    level = returns.fillna(0).cumsum()
    for n in (22, 66, 252):
        made[f"below_highest_{n}"] = (level - level.rolling(n, min_periods=5).max()) / usual
    dispersion, volume = np.log(days.returns.std(axis=1)), across(days.volume_shock)
    for n in (5, 22):
        made[f"close_to_close_{n}"] = log_root_mean(returns**2, n)
    made |= {
        "dispersion": dispersion,
        "dispersion_5": dispersion.rolling(5, min_periods=2).mean(),
        "log_vol_dispersion": days.log_vol.std(axis=1),
        "volume_shock": volume,
        "volume_shock_5": volume.rolling(5, min_periods=2).mean(),
        "gap": across(days.gap) / usual,
        # A stock that is not listed yet neither rises nor falls.
        "share_rising": across((days.returns > 0).where(days.returns.notna())),
    }
    return {f"market_{name}": to_all(series, days.log_vol) for name, series in made.items()}


def usual_market(days: Days) -> pd.Series:
    """Volatility of the last month, the mean over all stocks, by day."""
    return np.exp(across(days.log_vol).rolling(MONTH, min_periods=10).mean())


def sector(days: Days) -> Frames:
    """Volatility, return and volume of the stocks of the same sector."""
    log_vol = _by_sector(days, days.log_vol)
    standardised = _by_sector(days, days.standardised)
    made = {f"sector_log_vol_lag_{k}": log_vol.shift(k) for k in range(3)}
    made |= {f"sector_log_vol_mean_{n}": mean(log_vol, n) for n in (5, 22)}
    return made | {
        "sector_return": standardised,
        "sector_return_size": standardised.abs(),
        "sector_volume_shock": _by_sector(days, days.volume_shock),
    }


def _by_sector(days: Days, frame: pd.DataFrame) -> pd.DataFrame:
    """Mean over the stocks of each symbol's sector, by day."""
    made = pd.DataFrame(np.nan, index=frame.index, columns=frame.columns)
    for name in np.unique(days.sectors):
        inside = days.sectors == name
        made.loc[:, inside] = to_all(across(frame.loc[:, inside]), frame.loc[:, inside])
    return made
