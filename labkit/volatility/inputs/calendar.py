"""The calendar of the day that is forecast, by the rules of the exchange."""

import numpy as np
import pandas as pd

from labkit.volatility.inputs.days import Days, Frames, to_all
from labkit.volatility.inputs.nyse import expiries, following, half_days


def calendar(days: Days) -> Frames:
    """Weekday, neighbouring holidays, half days, expiries, turns of months, the season.

    ``season`` goes around once, twice and four times a year; ``quarter`` once a quarter, along
    which companies report.
    """
    today = pd.DatetimeIndex(days.log_vol.index)
    tomorrow, after = following(today), following(today, 2)
    made = {f"weekday_{d}": tomorrow.day_of_week == d for d in range(5)}
    made |= {
        "closed_before": ((tomorrow - today).days - 1).to_numpy().clip(0, 4),
        "closed_after": ((after - tomorrow).days - 1).to_numpy().clip(0, 4),
        "half_day": half_days(tomorrow),
        "expiry": expiries(tomorrow),
        "expiry_of_quarter": expiries(tomorrow) & (tomorrow.month % 3 == 0),
        "after_expiry": expiries(today),
        "month_ends": after.month != tomorrow.month,
        "month_begins": tomorrow.month != today.month,
        "after_christmas": (tomorrow.month == 12) & (tomorrow.day >= 26),
    }
    year = 2 * np.pi * tomorrow.day_of_year.to_numpy() / 365.25
    for k in (1, 2, 4):
        made |= {f"season_sine_{k}": np.sin(k * year), f"season_cosine_{k}": np.cos(k * year)}
    quarter = 2 * np.pi * ((tomorrow.month - 1) % 3 * 31 + tomorrow.day).to_numpy() / 92
    made |= {"quarter_sine": np.sin(quarter), "quarter_cosine": np.cos(quarter)}
    return {
        f"next_{name}": to_all(pd.Series(values), days.log_vol) for name, values in made.items()
    }
