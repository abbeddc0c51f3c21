"""The tables of the chapter that explores the NYSE data."""

import pandas as pd

from labkit.report.sentence import percent
from labkit.report.table import Table, table


def contents(frame: pd.DataFrame) -> Table:
    """What the files hold."""
    return table(
        frame,
        {
            "table": "Table",
            "what": "A row is",
            "rows": "Rows",
            "columns": "Columns",
            "names": "Stocks",
        },
    )


def first_prices(prices: pd.DataFrame, n: int = 4) -> Table:
    """The first rows of the prices."""
    headings = {
        "date": "Date",
        "symbol": "Stock",
        "open": "Open",
        "high": "High",
        "low": "Low",
        "close": "Close",
        "volume": "Volume",
    }
    formats = dict.fromkeys(["open", "high", "low", "close"], ",.2f") | {"volume": ",.0f"}
    return table(_dated(prices.head(n)), headings, formats=formats)


def statistics(frame: pd.DataFrame) -> Table:
    """Descriptive statistics, a quantity a row."""
    headings = {
        "quantity": "Quantity",
        "mean": "Mean",
        "sd": "Sd",
        "min": "Min",
        "median": "Median",
        "max": "Max",
        "skewness": "Skewness",
        "excess_kurtosis": "Excess kurtosis",
    }
    numbers = [name for name in headings if name != "quantity"]
    return table(frame, headings, formats=dict.fromkeys(numbers, ",.2f"))


def jumps(frame: pd.DataFrame) -> Table:
    """The largest moves, and what they look like."""
    headings = {
        "date": "Date",
        "symbol": "Stock",
        "previous_close": "Close before",
        "open": "Open",
        "close": "Close",
        "change": "Change [%]",
        "volume": "Volume",
        "looks_like": "Looks like",
    }
    formats = dict.fromkeys(["previous_close", "open", "close"], ",.2f")
    formats |= {"change": "+.0f", "volume": ".1f"}
    return table(_dated(frame).assign(change=100 * frame["change"]), headings, formats=formats)


def quirks(frame: pd.DataFrame) -> Table:
    """Oddities of the files, with one example each."""
    return table(frame, {"quirk": "What", "rows": "How many", "example": "For example"})


def _dated(frame: pd.DataFrame) -> pd.DataFrame:
    """Dates without the hour."""
    return frame.assign(date=frame["date"].dt.strftime("%Y-%m-%d"))


def ratios(frame: pd.DataFrame) -> Table:
    """A few ratios of the statements, one a row."""
    headings = {
        "ratio": "Ratio [%]",
        "what": "What it is",
        "statements": "Statements",
        "q05": "5 %",
        "median": "Median",
        "mean": "Mean",
        "q95": "95 %",
        "max": "Max",
    }
    numbers = ["q05", "median", "mean", "q95", "max"]
    return table(frame, headings, formats=dict.fromkeys(numbers, ",.0f"))


def blank_shares(frame: pd.DataFrame, kind: str) -> Table:
    """How often a column is blank, a group of companies a row."""
    columns = [name for name in frame if name not in ("group", "statements")]
    shown = {name: [_share(own) for own in frame[name]] for name in columns}
    headings = {"group": kind.capitalize(), "statements": "Statements"}
    headings |= {name: f"{name} blank" for name in columns}
    return table(frame.assign(**shown), headings, align=dict.fromkeys(columns, "right"))


def outliers(frame: pd.DataFrame) -> Table:
    """The daily return with and without the moves that look unadjusted."""
    headings = {
        "rows": "Returns",
        "count": "Rows",
        "sd": "Sd [%]",
        "min": "Min [%]",
        "max": "Max [%]",
        "skewness": "Skewness",
        "excess_kurtosis": "Excess kurtosis",
        "far": "Beyond five sd",
    }
    formats = dict.fromkeys(["sd", "skewness"], ".2f")
    formats |= dict.fromkeys(["min", "max", "excess_kurtosis"], ".1f")
    shown = frame.assign(far=[percent(own, 3) for own in frame["far"]])
    return table(shown, headings, formats=formats, align={"far": "right"})


def _share(value: float | None) -> str:
    return "–" if pd.isna(value) else percent(value, 0)
