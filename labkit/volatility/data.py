"""NYSE: daily prices, yearly fundamentals and the securities they belong to.

Where there is no copy of Kaggle's data set, five real stocks stand in for it: the prices that the
package bokeh-sampledata carries.
"""

from dataclasses import dataclass

import pandas as pd

from labkit.files import datasets
from labkit.files.provenance import DataError, Provenance
from labkit.files.reading import read_table
from labkit.files.schema import Rule, Table, check, within
from labkit.files.sources import Found, frame_record, locate

LABELS = {
    "date": "Date",
    "symbol": "Symbol",
    "open": "Open [USD]",
    "close": "Close [USD]",
    "low": "Low [USD]",
    "high": "High [USD]",
    "volume": "Volume [shares]",
}
"""Columns of the prices, for axes."""

_HINT = "Take the file from https://www.kaggle.com/datasets/dgawlik/nyse as it is."

_PRICE = ("open", "close", "low", "high")

_ROUNDING = 1e-4
"""Relative excess over the day's range that rounding explains. In the split-adjusted file no open
and no close lies outside at all."""


def _within_range(frame: pd.DataFrame) -> pd.Series:
    low, high = frame["low"] * (1 - _ROUNDING), frame["high"] * (1 + _ROUNDING)
    return frame["open"].between(low, high) & frame["close"].between(low, high)


PRICES = Table(
    layout=datasets.PRICES,
    hint=_HINT,
    numbers=(*_PRICE, "volume"),
    dates=("date",),
    symbols=("symbol",),
    rules=(
        Rule(
            "one row per symbol and day",
            ("symbol", "date"),
            lambda frame: ~frame.duplicated(["symbol", "date"]),
            "one row for each symbol and date, and no second one",
        ),
        within("prices plausible", _PRICE, 1e-9, 1e9, "prices above 0 and up to 1,000,000,000"),
        within("volume plausible", ("volume",), 0, 1e15, "0 to 10^15 shares"),
        Rule(
            "high not below low",
            ("high", "low"),
            lambda frame: frame["high"] >= frame["low"],
            "high to be at least low",
        ),
        Rule(
            "open and close within the day's range",
            ("open", "close", "low", "high"),
            _within_range,
            "open and close between low and high",
        ),
    ),
)

FUNDAMENTALS = Table(
    layout=datasets.FUNDAMENTALS,
    hint=_HINT,
    symbols=("symbol",),
    dates=("period_ending",),
    rules=(
        Rule(
            "one row per symbol and period",
            ("symbol", "period_ending"),
            lambda frame: ~frame.duplicated(["symbol", "period_ending"]),
            "one row for each symbol and period, and no second one",
        ),
    ),
    other_numbers=True,
)

SECURITIES = Table(
    layout=datasets.SECURITIES,
    hint=_HINT,
    symbols=("symbol",),
    rules=(
        Rule(
            "one row per security",
            ("symbol",),
            lambda frame: ~frame.duplicated(["symbol"]),
            "one row for each symbol, and no second one",
        ),
    ),
)

_TABLES = {"prices": PRICES, "fundamentals": FUNDAMENTALS, "securities": SECURITIES}

_KAGGLE_LICENCE = "CC0 as far as known, not verified"

_KAGGLES = {
    "first": pd.Timestamp("2010-01-04"),
    "last": pd.Timestamp("2016-12-30"),
    "rows": 851_264,
    "symbols": 501,
}
"""What the prices of Kaggle's data set span, adjusted for splits or not."""

_STAND_INS = pd.DataFrame(
    {
        "symbol": ["AAPL", "FB", "GOOG", "IBM", "MSFT"],
        "security": [
            "Apple Inc.",
            "Facebook",
            "Alphabet Inc Class C",
            "International Business Machines",
            "Microsoft Corp.",
        ],
        "sector": "Information Technology",
        "sub_industry": [
            "Computer Hardware",
            "Internet Software & Services",
            "Internet Software & Services",
            "IT Consulting & Other Services",
            "Systems Software",
        ],
    }
)
"""The five stocks in the sectors that GICS had in 2016, as Kaggle's securities have them."""


@dataclass(frozen=True, eq=False)
class NYSE:
    """Prices, with what there is about the companies.

    Attributes
    ----------
    prices : DataFrame, shape (days × symbols, 7)
        date, symbol, open, close, low, high (USD) and volume (shares), sorted by symbol and date.
        Adjusted for splits, unless the file read was Kaggle's ``prices.csv``.
    fundamentals : DataFrame or None
        symbol, period_ending and the numbers of the annual reports under Kaggle's names, in USD;
        blanks where the file has them.
    securities : DataFrame or None
        symbol, security, sector, sub_industry.
    provenance : Provenance
    """

    prices: pd.DataFrame
    fundamentals: pd.DataFrame | None
    securities: pd.DataFrame | None
    provenance: Provenance


def load_nyse(source: str | None = None, *, fetch: bool = True) -> NYSE:
    """Find, read and validate the NYSE data set.

    Parameters
    ----------
    source : str, optional
        auto, environment, local, kaggle, download or embedded; by default ``LABKIT_SOURCE``.
    fetch : bool
        Whether a download may be tried.

    Raises
    ------
    DataError
        When the source has no such data, or the data are not as they should be.
    """
    found = locate(datasets.NYSE, source, fetch=fetch)
    return _from_files(found) if found.files else _embedded(found)


def _from_files(found: Found) -> NYSE:
    frames, records, checks, notes = {}, [], [], list(found.passed_over)
    for name, candidate in found.files.items():
        table = _TABLES[name]
        try:
            read = read_table(candidate.table(), table)
        except DataError as error:
            if name == datasets.NYSE.main:
                raise
            notes.append(f"{name} are left out: {error}")
            continue
        frames[name] = read.frame
        records.append(candidate.file.record(len(read.frame)))
        checks += [f"{name}: {passed}" for passed in table.checks]
        notes += [f"{name}: {note}" for note in read.notes]
    prices = _in_order(frames["prices"])
    if "fundamentals" in frames:
        frames["fundamentals"] = _without_row_numbers(frames["fundamentals"])
    is_nyse = _span(prices) == _KAGGLES
    if not is_nyse and found.source in ("kaggle", "download"):
        notes.append("not the days, rows and symbols known of Kaggle's prices: a new version?")
    provenance = Provenance(
        dataset=datasets.NYSE.dataset,
        source=found.source,
        title=_title(found, is_nyse),
        is_real=True,
        is_nyse=is_nyse,
        is_known=is_nyse,
        files=tuple(records),
        licence=_licence(found.source) if is_nyse else "not known",
        url="https://www.kaggle.com/datasets/dgawlik/nyse" if is_nyse else "not known",
        citation="gawlik2017nyse" if is_nyse else "",
        checks=tuple(checks),
        rows=len(prices),
        place=found.place,
        notes=tuple(notes),
    )
    return NYSE(prices, frames.get("fundamentals"), frames.get("securities"), provenance)


def _span(prices: pd.DataFrame) -> dict:
    """What `_KAGGLES` says, of these prices."""
    return {
        "first": prices["date"].min(),
        "last": prices["date"].max(),
        "rows": len(prices),
        "symbols": prices["symbol"].nunique(),
    }


def _title(found: Found, is_nyse: bool) -> str:
    whose = "Kaggle's" if found.source in ("kaggle", "download") else "the"
    name = found.files["prices"].file.base.lower()
    raw = name.startswith("prices") and not name.startswith("prices-split-adjusted")
    what = (
        f"{whose} NYSE data set"
        if is_nyse
        else "a file in the layout of the NYSE data set's prices"
    )
    return what + (", not adjusted for splits" if raw else "")


def _licence(source: str) -> str:
    own = source in ("environment", "local")
    return f"not stated with the files; Kaggle's own: {_KAGGLE_LICENCE}" if own else _KAGGLE_LICENCE


def _embedded(found: Found) -> NYSE:
    prices = _in_order(_adjusted_stocks())
    check(prices, PRICES, "bokeh-sampledata's stocks")
    provenance = Provenance(
        dataset=datasets.NYSE.dataset,
        source=found.source,
        title="five US technology stocks shipped with bokeh-sampledata",
        is_real=True,
        is_nyse=False,
        is_known=True,
        files=(frame_record("bokeh_sampledata/stocks", prices),),
        licence="public domain, as bokeh-sampledata records it",
        url="https://pypi.org/project/bokeh-sampledata/",
        citation="bokehsampledata",
        checks=tuple(f"prices: {passed}" for passed in PRICES.checks),
        rows=len(prices),
        place=found.place,
        notes=found.passed_over,
    )
    return NYSE(prices, None, _STAND_INS.astype("str"), provenance)


def _adjusted_stocks() -> pd.DataFrame:
    """Five stocks, all four prices brought to the scale of the adjusted close.

    The package's open, high, low, close and volume are as traded. Its adjusted close takes splits
    and dividends out; the same factor, day by day, does so for the other prices. Volume is divided
    by it: the dollars traded stay what they were, and volume does not jump where a stock splits.
    """
    from bokeh_sampledata.stocks import data

    factor = data["adj_close"] / data["close"]
    prices = data.rename(columns={"ticker": "symbol"})[list(LABELS)]
    prices[list(_PRICE)] = prices[list(_PRICE)].mul(factor, axis=0)
    prices["volume"] = prices["volume"] / factor
    return prices.astype({"symbol": "str"})


def _in_order(prices: pd.DataFrame) -> pd.DataFrame:
    return prices.sort_values(["symbol", "date"], ignore_index=True)[list(LABELS)]


def _without_row_numbers(fundamentals: pd.DataFrame) -> pd.DataFrame:
    """Kaggle's file begins with a column that has no name and counts the rows."""
    unnamed = [name for name in fundamentals.columns if name.startswith("Unnamed:")]
    ordered = fundamentals.sort_values(["symbol", "period_ending"], ignore_index=True)
    return ordered.drop(columns=unnamed)
