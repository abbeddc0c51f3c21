"""The exchange's calendar by rule, against the days on which it opened."""

import numpy as np
import pandas as pd
import pytest

from labkit.volatility.data import load_nyse
from labkit.volatility.inputs.nyse import expiries, following, half_days, trading_days

UNFORESEEN = [
    "2001-09-11", "2001-09-12", "2001-09-13", "2001-09-14", "2004-06-11", "2007-01-02",
    "2012-10-29", "2012-10-30",
]  # fmt: skip


def test_the_rules_give_the_days_on_which_stocks_were_traded():
    """Thirteen years of real prices; the closures that no rule tells are stated."""
    traded = pd.DatetimeIndex(np.sort(load_nyse("embedded").prices["date"].unique()))
    by_rule = trading_days(traded[0], traded[-1])
    assert traded.difference(by_rule).empty
    assert by_rule.difference(traded).strftime("%Y-%m-%d").tolist() == UNFORESEEN


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2010-12-31", "2011-01-03"),  # New Year's Day on a Saturday: not made up for
        ("2011-12-30", "2012-01-03"),  # on a Sunday: made up for
        ("2015-07-02", "2015-07-06"),  # Independence Day on a Saturday
        ("2016-03-24", "2016-03-28"),  # Good Friday
        ("2010-12-23", "2010-12-27"),  # Christmas Day on a Saturday
        ("2012-10-26", "2012-10-29"),  # Sandy, not known on the Friday before
        ("2014-12-31", "2015-01-02"),
    ],
)
def test_the_next_day_by_rule(day, expected):
    assert following(pd.DatetimeIndex([day]))[0] == pd.Timestamp(expected)


def test_what_follows_does_not_depend_on_the_other_days():
    days = trading_days(pd.Timestamp("2012-01-03"), pd.Timestamp("2013-12-31"))
    for n in (1, 2):
        together = following(days, n)
        apart = [following(days[k : k + 1], n)[0] for k in range(0, len(days), 50)]
        assert list(together[::50]) == apart
    assert list(following(days)[:-1]) == list(days[1:])


def test_half_days_and_expiries():
    days = trading_days(pd.Timestamp("2014-01-02"), pd.Timestamp("2014-12-31"))
    assert days[half_days(days)].strftime("%m-%d").tolist() == ["07-03", "11-28", "12-24"]
    third = days[expiries(days)]
    assert len(third) == 11, "that of April fell on Good Friday"
    assert set(third.day_of_week) == {4}
