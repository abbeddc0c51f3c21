"""When a company is likely to report: shocks of a quarter, two, three and a year ago.

Companies report four times a year, on much the same weekday of the same week, and on that day more
is traded and the price moves further than on others. The prices say when it happened before, and so
when to expect it next: 13, 26, 39 and 52 weeks later. No list of dates is needed.
"""

import warnings

import numpy as np
import pandas as pd

from labkit.volatility.inputs.days import MONTH, Days, Frames, across, mean, to_all
from labkit.volatility.inputs.nyse import following

QUARTER_DAYS = 91
"""Calendar days: 13 weeks, so that the weekday is the same."""

OFFSETS = {
    "": (0,),
    "_after_1": (1,),
    "_before_1": (-1,),
    "_after_2": (2,),
    "_before_2": (-2,),
    "_after_3_to_5": (3, 4, 5),
    "_before_3_to_5": (-3, -4, -5),
    "_after_6_to_10": tuple(range(6, 11)),
    "_before_6_to_10": tuple(range(-10, -5)),
}
"""Trading days about the one looked up, of which the greatest shock is taken."""

NEAREST = ("", "_before_1", "_after_1")
QUARTERS = (1, 2, 3, 4)

LEAST = -3.0
"""A shock below any: what a day without one counts as, where shocks are compared."""


def shocks(days: Days) -> pd.DataFrame:
    """How unusual a day was for a stock, above what it was for the median stock of the day.

    Log volume above its mean of a quarter, and half the size of the return in units of its usual
    volatility.
    """
    size = days.volume_shock.clip(-1, 4) + 0.5 * days.standardised.abs().clip(upper=8)
    return size.sub(size.median(axis=1), axis=0)


def earnings(days: Days) -> Frames:
    """Shocks at the trading day on or after tomorrow's date less 1 to 4 quarters, and about it.

    Also the same day two and three years ago; how volatility stood above its month on such days;
    what the four quarters agree on; how many stocks are due; and the age and size of the greatest
    shock of the last 40 and 75 days: who has reported this quarter will not do so tomorrow.
    """
    shock = shocks(days)
    made = {"shock_lag_0": shock, "shock_lag_1": shock.shift(1)}
    for quarters in QUARTERS:
        for name, offsets in OFFSETS.items():
            made[f"shock_{quarters}_quarters_ago{name}"] = _looked_up(shock, quarters, offsets)
    for quarters in (8, 12):
        made[f"shock_{quarters}_quarters_ago"] = _looked_up(shock, quarters, (0,))
    return made | _wilder(days) | _agreed(made) | _due(shock) | _greatest(shock)


def _wilder(days: Days) -> Frames:
    """Log volatility above its month, and above the median stock's, a quarter to a year ago."""
    above = days.log_vol - mean(days.log_vol, MONTH).shift(1)
    above = above.sub(above.median(axis=1), axis=0)
    return {
        f"log_vol_{quarters}_quarters_ago{name}": _looked_up(above, quarters, OFFSETS[name])
        for quarters in QUARTERS
        for name in NEAREST
    }


def _agreed(shocks: Frames) -> Frames:
    """Mean, least, second and greatest shock of the same day in four quarters."""
    made = {}
    for name in NEAREST:
        each = [shocks[f"shock_{quarters}_quarters_ago{name}"] for quarters in QUARTERS]
        ordered = np.sort(np.stack([frame.fillna(LEAST) for frame in each]), axis=0)
        values = {
            "mean": ordered.mean(axis=0), "least": ordered[0], "second": ordered[-2],
            "greatest": ordered[-1],
        }  # fmt: skip
        for what, array in values.items():
            frame = pd.DataFrame(array, index=each[0].index, columns=each[0].columns)
            made[f"shock_{what}_of_quarters{name}"] = frame
    return made


def _due(shock: pd.DataFrame) -> Frames:
    """The mean over all stocks of the greatest of the three shocks looked up: is it the season?"""
    return {
        f"market_shock_{quarters}_quarters_ago": to_all(
            across(_looked_up(shock, quarters, (-1, 0, 1))), shock
        )
        for quarters in QUARTERS
    }


def _looked_up(shock: pd.DataFrame, quarters: int, offsets: tuple[int, ...]) -> pd.DataFrame:
    """The greatest shock of the days at ``offsets`` from the one looked up."""
    days, values = pd.DatetimeIndex(shock.index), shock.to_numpy()
    then = following(days) - pd.Timedelta(days=QUARTER_DAYS * quarters)
    at = days.searchsorted(then)
    found = np.full((len(offsets), *values.shape), np.nan)
    for k, offset in enumerate(offsets):
        # A day before the prices begin, or one of the last days when they have a gap, is not known.
        known = (then >= days[0]) & (at + offset >= 0) & (at + offset <= np.arange(len(days)))
        found[k, known] = values[(at + offset)[known]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN", RuntimeWarning)
        greatest = np.nanmax(found, axis=0)
    return pd.DataFrame(greatest, index=shock.index, columns=shock.columns)


def _greatest(shock: pd.DataFrame) -> Frames:
    """Age, as a share of the days looked at, and size of the greatest shock of the last days."""
    filled = shock.fillna(LEAST).clip(lower=LEAST).to_numpy()
    made = {}
    for n in (40, 75):
        age, size = shock * np.nan, shock * np.nan
        if len(shock) >= n:
            windows = np.lib.stride_tricks.sliding_window_view(filled, n, axis=0)
            age.iloc[n - 1 :] = (n - 1 - windows.argmax(axis=2)) / n
            size.iloc[n - 1 :] = windows.max(axis=2)
        made |= {f"greatest_shock_age_{n}": age, f"greatest_shock_{n}": size}
    return made
