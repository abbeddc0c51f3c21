"""Returns in units of a stock's usual volatility, and where its price stands."""

import numpy as np

from labkit.volatility.inputs.days import Days, Frames


def past_returns(days: Days) -> Frames:
    """Standardised returns and gaps with lags, sums over up to a year, distance from extremes."""
    usual, standardised = days.usual, days.standardised
    gap, intraday = days.gap / usual, days.intraday / usual
    made = {}
    for k in range(5):
        made[f"return_lag_{k}"] = standardised.shift(k)
        made[f"return_size_lag_{k}"] = standardised.abs().shift(k)
        made[f"gap_lag_{k}"] = gap.shift(k)
    made |= {
        "gap_size": gap.abs(),
        "fall": standardised.clip(upper=0),
        "intraday": intraday,
        "intraday_size": intraday.abs(),
        "place_in_range": days.place,
        "log_close": days.log_close,
    }
    for n in (5, 10, 22, 66, 126, 252):
        total = days.returns.rolling(n, min_periods=n // 2).sum()
        made[f"return_sum_{n}"] = total / (usual * np.sqrt(n))
    for n in (5, 22):
        made[f"return_sum_size_{n}"] = made[f"return_sum_{n}"].abs()
    for n in (22, 66, 252):
        window = days.log_close.rolling(n, min_periods=n // 2)
        made[f"below_highest_{n}"] = (days.log_close - window.max()) / usual
        made[f"above_lowest_{n}"] = (days.log_close - window.min()) / usual
    return made
