"""How much of a stock is traded."""

import numpy as np

from labkit.volatility.inputs.days import MONTH, QUARTER, Days, Frames, mean


def traded(days: Days) -> Frames:
    """Volume against its mean with lags, its trend and spread, dollars traded, illiquidity.

    Illiquidity is the size of the return per dollar traded (Amihud 2002), a month's mean.
    """
    volume, quarter = days.log_volume, mean(days.log_volume, QUARTER)
    made = {f"volume_shock_lag_{k}": days.volume_shock.shift(k) for k in range(5)}
    for n in (5, 22):
        made[f"volume_mean_{n}"] = mean(volume, n) - quarter
    dollars = volume + days.log_close
    per_dollar = mean(days.returns.abs() / np.exp(dollars), MONTH)
    return made | {
        "volume_trend": quarter - mean(volume, 252, share=0.3),
        "volume_spread": volume.rolling(MONTH, min_periods=14).std(),
        "dollars_traded": mean(dollars, MONTH),
        "illiquidity": np.log(per_dollar.where(per_dollar > 0)),
    }
