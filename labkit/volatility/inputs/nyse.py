"""When the New York Stock Exchange opens, by its rules.

Which day comes next must be known the evening before, so it is never read from the prices. The
rules are those of the years 1998 to 2021: nine holidays. The exchange also closed on days that no
rule tells: 11 to 14 September 2001, 11 June 2004 and 2 January 2007 (mourning), 29 and 30 October
2012 (hurricane Sandy). On the evenings before those, the next day by the rules is no trading day.
"""

import numpy as np
import pandas as pd
from pandas.tseries.holiday import (
    AbstractHolidayCalendar,
    GoodFriday,
    Holiday,
    USLaborDay,
    USMartinLutherKingJr,
    USMemorialDay,
    USPresidentsDay,
    USThanksgivingDay,
    nearest_workday,
    sunday_to_monday,
)
from pandas.tseries.offsets import CustomBusinessDay


class NYSEHolidays(AbstractHolidayCalendar):
    """The holidays by rule (New York Stock Exchange, Rule 7.2).

    New Year's Day on a Saturday is not made up for, since the Friday before ends a year.
    """

    rules = (
        Holiday("New Year's Day", month=1, day=1, observance=sunday_to_monday),
        USMartinLutherKingJr,
        USPresidentsDay,
        GoodFriday,
        USMemorialDay,
        Holiday("Independence Day", month=7, day=4, observance=nearest_workday),
        USLaborDay,
        USThanksgivingDay,
        Holiday("Christmas Day", month=12, day=25, observance=nearest_workday),
    )


def trading_days(start: pd.Timestamp, end: pd.Timestamp) -> pd.DatetimeIndex:
    """The days from ``start`` to ``end`` on which the exchange opens by its rules.

    >>> trading_days(pd.Timestamp("2014-12-24"), pd.Timestamp("2014-12-29")).day.tolist()
    [24, 26, 29]
    """
    holidays = NYSEHolidays().holidays(start, end)
    return pd.date_range(start, end, freq=CustomBusinessDay(holidays=holidays.to_numpy()))


def following(days: pd.DatetimeIndex, n: int = 1) -> pd.DatetimeIndex:
    """The ``n``-th trading day after each day, by the rules.

    >>> following(pd.DatetimeIndex(["2014-07-03"])).strftime("%Y-%m-%d").item()
    '2014-07-07'
    """
    ahead = trading_days(days.min(), days.max() + pd.Timedelta(days=7 + 4 * n))
    return ahead[ahead.searchsorted(days, side="right") + n - 1]


def half_days(days: pd.DatetimeIndex) -> np.ndarray:
    """Which trading days end at one o'clock, shape ``(days,)``.

    Those before Independence Day and Christmas, and the Friday after Thanksgiving.
    """
    eve = ((days.month == 7) & (days.day == 3)) | ((days.month == 12) & (days.day == 24))
    after_thanksgiving = (days.month == 11) & (days.day_of_week == 4) & (days.day >= 23)
    return np.asarray(eve | (after_thanksgiving & (days.day <= 29)))


def expiries(days: pd.DatetimeIndex) -> np.ndarray:
    """Which days are third Fridays, on which options on stocks expire; shape ``(days,)``."""
    return np.asarray((days.day_of_week == 4) & (days.day >= 15) & (days.day <= 21))
