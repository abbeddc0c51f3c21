"""A stock's own volatility: lags, means, extremes, and other estimates of it."""

import numpy as np

from labkit.volatility.inputs.days import Days, Frames, log_root_mean, mean


def own_volatility(days: Days) -> Frames:
    """Log volatility by lag, by mean over 2 days to a year, its extremes and its spread."""
    own = days.log_vol
    made = {f"log_vol_lag_{k}": own.shift(k) for k in range(21)}
    for n in (2, 3, 5, 10, 15, 22, 44, 66, 126, 252):
        made[f"log_vol_mean_{n}"] = mean(own, n)
    for h in (1, 3, 8, 20, 60):
        smoothed = own.ewm(halflife=h, min_periods=3, ignore_na=True)
        made[f"log_vol_halflife_{h}"] = smoothed.mean()
    for n in (5, 22, 66):
        window = own.rolling(n, min_periods=n // 2)
        made[f"log_vol_highest_{n}"] = window.max()
        made[f"log_vol_lowest_{n}"] = window.min()
        made[f"log_vol_spread_{n}"] = window.std()
    return made


def other_estimates(days: Days) -> Frames:
    """Volatility by the range, by drift-free prices, from close to close, overnight, by sign.

    The mean of squared falls and that of squared rises are the realised semivariances of
    Barndorff-Nielsen, Kinnebrock and Shephard (2010), here of daily returns.
    """
    made = {}
    for n in (1, 5, 22):
        made[f"parkinson_{n}"] = mean(days.log_parkinson, n)
        made[f"rogers_satchell_{n}"] = mean(days.log_rogers_satchell, n)
        made[f"overnight_{n}"] = log_root_mean(days.gap**2, n)
    squares = days.returns**2
    for n in (5, 22, 66):
        made[f"close_to_close_{n}"] = log_root_mean(squares, n)
    for n in (5, 22):
        made[f"falls_{n}"] = log_root_mean(squares.where(days.returns < 0, 0.0), n)
        made[f"rises_{n}"] = log_root_mean(squares.where(days.returns > 0, 0.0), n)
    made["range_over_move"] = days.log_range - days.intraday.abs()
    return {name: frame.replace([np.inf, -np.inf], np.nan) for name, frame in made.items()}
