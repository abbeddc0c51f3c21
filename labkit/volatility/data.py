"""NYSE: daily prices, yearly fundamentals and the securities they belong to.

Where there is no copy of Kaggle's data set, five real stocks stand in for it: the prices that the
package bokeh-sampledata carries.
"""

from dataclasses import dataclass

import pandas as pd

from labkit.files.provenance import Provenance
from labkit.files.schema import Rule, Table, check, read_table
from labkit.files.sources import Found, Wanted, frame_record, locate

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

WANTED = Wanted(
    dataset="NYSE",
    folder="nyse",
    handle="dgawlik/nyse",
    tables={
        "prices": ("prices-split-adjusted.csv", "prices.csv"),
        "fundamentals": ("fundamentals.csv",),
        "securities": ("securities.csv",),
    },
)

_HINT = "Take the file from https://www.kaggle.com/datasets/dgawlik/nyse as it is."

_PRICE = ("open", "close", "low", "high")

_ROUNDING = 1e-4
"""Relative excess over the day's range that rounding explains. In the split-adjusted file no open
and no close lies outside at all."""


def _within_range(frame: pd.DataFrame) -> pd.Series:
    low, high = frame["low"] * (1 - _ROUNDING), frame["high"] * (1 + _ROUNDING)
    return frame["open"].between(low, high) & frame["close"].between(low, high)


PRICES = Table(
    what="daily prices of the NYSE data set",
    columns={name: name for name in ("date", "symbol", *_PRICE, "volume")},
    hint=_HINT,
    numbers=(*_PRICE, "volume"),
    dates=("date",),
    rules=(
        Rule(
            "one row per symbol and day",
            ("symbol", "date"),
            lambda frame: ~frame.duplicated(["symbol", "date"]),
            "one row for each symbol and date, and no second one",
        ),
        Rule(
            "prices positive",
            _PRICE,
            lambda frame: (frame[list(_PRICE)] > 0).all(axis=1),
            "prices above 0",
        ),
        Rule("volume not negative", ("volume",), lambda f: f["volume"] >= 0, "0 shares or more"),
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
    what="yearly fundamentals of the NYSE data set",
    columns={"Ticker Symbol": "symbol", "Period Ending": "period_ending"},
    hint=_HINT,
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
    what="the securities of the NYSE data set",
    columns={
        "Ticker symbol": "symbol",
        "Security": "security",
        "GICS Sector": "sector",
        "GICS Sub Industry": "sub_industry",
    },
    hint=_HINT,
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

_TITLES = {
    "environment": "the NYSE data set",
    "local": "the NYSE data set",
    "kaggle": "Kaggle's NYSE data set",
    "download": "Kaggle's NYSE data set",
    "embedded": "five US technology stocks shipped with bokeh-sampledata",
}

_KAGGLE_LICENCE = "CC0 as far as known, not verified"

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
    found = locate(WANTED, source, fetch=fetch)
    return _embedded(found) if found.source == "embedded" else _from_files(found)


def _from_files(found: Found) -> NYSE:
    frames, records, checks = {}, [], []
    for name, file in found.files.items():
        table = _TABLES[name]
        frames[name] = read_table(file.content(), table, str(file))
        records.append(file.record(len(frames[name])))
        checks += [f"{name}: {passed}" for passed in table.checks]
    own = found.source in ("environment", "local")
    adjusted = found.files["prices"].base.lower() == "prices-split-adjusted.csv"
    frames["prices"] = _in_order(frames["prices"])
    if "fundamentals" in frames:
        frames["fundamentals"] = _without_row_numbers(frames["fundamentals"])
    provenance = Provenance(
        dataset=WANTED.dataset,
        source=found.source,
        title=_TITLES[found.source] + ("" if adjusted else ", not adjusted for splits"),
        is_real=True,
        is_nyse=True,
        files=tuple(records),
        licence=f"not stated with the files; Kaggle's own: {_KAGGLE_LICENCE}"
        if own
        else _KAGGLE_LICENCE,
        url="https://www.kaggle.com/datasets/dgawlik/nyse",
        citation="gawlik2017nyse",
        checks=tuple(checks),
        rows=len(frames["prices"]),
        place=found.place,
    )
    return NYSE(frames["prices"], frames.get("fundamentals"), frames.get("securities"), provenance)


def _embedded(found: Found) -> NYSE:
    prices = _in_order(_adjusted_stocks())
    check(prices, PRICES, "bokeh-sampledata's stocks")
    provenance = Provenance(
        dataset=WANTED.dataset,
        source=found.source,
        title=_TITLES[found.source],
        is_real=True,
        is_nyse=False,
        files=(frame_record("bokeh_sampledata/stocks", prices),),
        licence="public domain, as bokeh-sampledata records it",
        url="https://pypi.org/project/bokeh-sampledata/",
        citation="bokehsampledata",
        checks=tuple(f"prices: {passed}" for passed in PRICES.checks),
        rows=len(prices),
        place=found.place,
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
    prices = data.rename(columns={"ticker": "symbol"})[list(PRICES.columns)]
    prices[list(_PRICE)] = prices[list(_PRICE)].mul(factor, axis=0)
    prices["volume"] = prices["volume"] / factor
    return prices.astype({"symbol": "str"})


def _in_order(prices: pd.DataFrame) -> pd.DataFrame:
    columns = list(PRICES.columns)
    return prices.sort_values(["symbol", "date"], ignore_index=True)[columns]


def _without_row_numbers(fundamentals: pd.DataFrame) -> pd.DataFrame:
    """Kaggle's file begins with a column that has no name and counts the rows."""
    unnamed = [name for name in fundamentals.columns if name.startswith("Unnamed:")]
    ordered = fundamentals.sort_values(["symbol", "period_ending"], ignore_index=True)
    return ordered.drop(columns=unnamed)
