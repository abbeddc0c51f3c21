"""Where a stock stands among all stocks of the day."""

from labkit.volatility.inputs.days import MONTH, Days, Frames, across, mean


def among_stocks(days: Days) -> Frames:
    """Ranks from −½ to ½, and log volatility less the day's mean."""
    month = mean(days.log_vol, MONTH)
    ranked = {
        "log_vol": days.log_vol,
        "log_vol_mean_22": month,
        "volume_shock": days.volume_shock,
        "return_size": days.standardised.abs(),
        "return_sum_22": days.returns.rolling(MONTH, min_periods=11).sum() / days.usual,
        "dollars_traded": mean(days.log_volume + days.log_close, MONTH),
    }
    made = {f"rank_{name}": frame.rank(axis=1, pct=True) - 0.5 for name, frame in ranked.items()}
    return made | {
        "log_vol_less_market": days.log_vol.sub(across(days.log_vol), axis=0),
        "log_vol_mean_22_less_market": month.sub(across(month), axis=0),
    }
