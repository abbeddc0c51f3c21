"""Days as people write them: told apart where that is beyond doubt, missing where it is a guess."""

import re
from dataclasses import dataclass

import pandas as pd

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Years outside of which a date is a slip."""

ZONES_APART = 60
"""Minutes between the time zones of one file: those of summer time."""

_TIME = (
    r"(?:[T ]\s*(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"
    r"(?:\s*[AaPp][Mm])?\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?)?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})(?P<mark>[-/.]?)(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?){_TIME}", re.ASCII
)
_YEAR_LAST = re.compile(
    rf"(?P<first>\d\d?)(?P<mark>[-/.])(?P<second>\d\d?)(?P=mark)(?P<year>\d{{4}}){_TIME}", re.ASCII
)
_NAMED = re.compile(
    rf"(?:(?P<day>\d\d?)[- ](?P<name>[A-Za-z]{{3,9}})[- ,]+"
    rf"|(?P<name_first>[A-Za-z]{{3,9}})\.? (?P<day_second>\d\d?),? )(?P<year>\d{{4}}){_TIME}",
    re.ASCII,
)
_MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
]  # fmt: skip
"""In English, whatever the machine's language."""


@dataclass(frozen=True)
class Days:
    """A column of dates.

    Attributes
    ----------
    dates : Series of datetime64
        Midnight of each day as it is written, in whatever time zone; missing where a cell is no
        day beyond doubt.
    expected : str
        What a cell should be, for messages.
    note : str
        How the days were told, where not as year, month and day.
    """

    dates: pd.Series
    expected: str
    note: str = ""


def days(cells: pd.Series) -> Days:
    """Read a column of dates.

    A day may be written year, month, day; or, with the year last, in the one order that every such
    cell of the column allows. A time of day, and a time zone, are left out: the day is the one that
    is written.

    >>> days(pd.Series(["1/4/2016", "1/15/2016 16:00"])).dates.dt.day.tolist()
    [4, 15]
    """
    codes, written = pd.factorize(cells)
    found = [
        _YEAR_FIRST.fullmatch(text) or _YEAR_LAST.fullmatch(text) or _NAMED.fullmatch(text)
        for text in (text.strip() for text in map(str, written))
    ]
    # Where other ways are in one file, a program has changed some of the dates, perhaps wrongly.
    others = [own for own in found if own and own.re is not _YEAR_LAST]
    last = [own for own in found if own and own.re is _YEAR_LAST and not others]
    order, why = _order(last)
    if any(_has(own, r"0\d") for own in found) and any(_has(own, r"\d") for own in found):
        # A digit has been lost: 2016-01-1 among dates such as 2016-01-05.
        found = [None if _has(own, r"\d") else own for own in found]
        why += ", with two digits for day and month as in other rows"
    zones = _odd_zones(found)
    iso = [_iso(own, order) if own and own["zone"] not in zones else None for own in found]
    # The code of a blank cell is -1: the last.
    unique = pd.to_datetime(pd.Series([*iso, None]), format="%Y-%m-%d", errors="coerce")
    values = unique.take(codes)
    expected = "a date such as 2016-01-05" + why
    if zones:
        expected += f" in one time zone, not {' and '.join(sorted(map(str, zones)))} too"
    note = f"dates read as {'/'.join(order)}" if order else ""
    return Days(values.set_axis(cells.index), expected, note)


def _has(own: re.Match | None, form: str) -> bool:
    """Whether a day or a month is written in a form."""
    written = own.groupdict("") if own else {}
    parts = (written.get(part, "") for part in ("month", "day", "day_second", "first", "second"))
    return any(re.fullmatch(form, part, re.ASCII) for part in parts)


def _order(last: list[re.Match]) -> tuple[tuple[str, ...], str]:
    """Day and month in the order that all dates allow; else none, and why not."""
    if not last:
        return (), ""
    day_first = any(int(own["first"]) > 12 for own in last)
    month_first = any(int(own["second"]) > 12 for own in last)
    if day_first == month_first:
        why = (
            "in some the day comes first, in some the month"
            if day_first
            else "no number is above 12"
        )
        return (), f"; here day and month cannot be told apart ({why})"
    return (("day", "month", "year") if day_first else ("month", "day", "year")), ""


def _odd_zones(found: list[re.Match | None]) -> set[str]:
    """The rarer time zones of a column whose zones are further apart than summer time makes them.

    Rows of such a file may be of one moment and of two days.
    """
    zones = pd.Series([own["zone"] for own in found if own and own["zone"]], dtype=object)
    if zones.empty:
        return set()
    offsets = {zone: _offset(zone) for zone in zones.unique()}
    usual = offsets[zones.value_counts().index[0]]
    return {zone for zone, offset in offsets.items() if abs(offset - usual) > ZONES_APART}


def _offset(zone: str) -> int:
    """Minutes east of Greenwich."""
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    return int(zone[0] + "1") * (60 * int(digits[:2]) + int(digits[2:]))


def _iso(own: re.Match, order: tuple[str, ...]) -> str | None:
    if own.re is _YEAR_FIRST:
        day, month = own["day"], own["month"]
        if not own["mark"] and len(day + month) < 4:
            return None  # 201611: no day, or one that cannot be told
    elif own.re is _NAMED:
        name = (own["name"] or own["name_first"]).casefold()
        months = [i for i, whole in enumerate(_MONTHS, 1) if name in (whole, whole[:3])]
        day, month = own["day"] or own["day_second"], (*months, 0)[0]
    elif order:
        day, month = (own["first"], own["second"])[:: 1 if order[0] == "day" else -1]
    else:
        return None
    if not FIRST_YEAR <= int(own["year"]) <= LAST_YEAR:
        return None
    return f"{own['year']}-{int(month):02}-{int(day):02}"
