"""How a stock moves with the market, and what it does on its own."""

import pandas as pd

from labkit.volatility.inputs.days import (
    MONTH,
    QUARTER,
    Days,
    Frames,
    across,
    log_root_mean,
    mean,
    to_all,
)
from labkit.volatility.inputs.market import usual_market


def with_the_market(days: Days) -> Frames:
    """Betas of return and of log volatility, their products with today's market, and what is left.

    What a stock's return has beyond beta times the market's is its own (idiosyncratic).
    """
    returns, log_vol = across(days.returns), across(days.log_vol)
    today = to_all(returns / usual_market(days), days.returns)
    market_return = to_all(returns, days.returns)
    beta = _slope(days.returns, market_return, QUARTER).clip(-2, 5)
    own = days.returns - beta * market_return
    level = to_all(log_vol, days.log_vol)
    vol_beta = _slope(days.log_vol, level, 126).clip(-1, 4)
    return {
        "beta_66": beta,
        "beta_252": _slope(days.returns, market_return, 252).clip(-2, 5),
        "beta_by_market_return": beta * today,
        "beta_by_market_return_size": beta * today.abs(),
        "idiosyncratic_5": log_root_mean(own**2, 5),
        "idiosyncratic_22": log_root_mean(own**2, 22),
        "idiosyncratic_size": own.abs() / days.usual,
        "vol_beta": vol_beta,
        "vol_beta_by_month": vol_beta * (level - mean(level, MONTH)),
        "vol_beta_by_quarter": vol_beta * (level - mean(level, QUARTER)),
    }


def _slope(of: pd.DataFrame, on: pd.DataFrame, days: int) -> pd.DataFrame:
    """The slope of a regression over the last ``days`` days."""
    covariance = mean(of * on, days) - mean(of, days) * mean(on, days)
    return covariance / (mean(on**2, days) - mean(on, days) ** 2)
