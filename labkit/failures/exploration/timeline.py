"""The machine rows as a time series: memory of the measurements, place of the failures."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.failures.features import MACHINE_FEATURES
from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE


def time_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Correlation of each measurement with the next row's: ``column``, ``lag_1``.

    Rows in random order would give numbers near zero.
    """
    ordered = frame.sort_values("udi")
    return pd.DataFrame(
        {
            "column": MACHINE_FEATURES,
            "lag_1": [ordered[name].autocorr(1) for name in MACHINE_FEATURES],
        }
    )


def where_failures_lie(frame: pd.DataFrame) -> pd.DataFrame:
    """``class, rows``, ``first`` and ``last`` UDI, and ``span``, the share of the file between."""
    failures = frame[frame["failure_type"] != NO_FAILURE]
    table = failures.groupby(failures["failure_type"].astype(str))["udi"].agg(
        ["size", "min", "max"]
    )
    table = table.reindex(FAILURE_TYPES[1:]).dropna().astype(int)
    table.columns = ["rows", "first", "last"]
    table["span"] = (table["last"] - table["first"] + 1) / len(frame)
    return table.rename_axis("class").reset_index()


def classes_missing_in_blocks(labels: pd.Series, n_blocks: int) -> pd.DataFrame:
    """``class`` and ``blocks``: in how many of the contiguous blocks of rows a class has no row."""
    blocks = np.array_split(labels.astype(str).to_numpy(), n_blocks)
    missing = [sum(name not in block for block in blocks) for name in FAILURE_TYPES]
    return pd.DataFrame({"class": FAILURE_TYPES, "blocks": missing})


@dataclass(frozen=True)
class Memory:
    """Measurements that go with the row before, by their correlation, and those drawn afresh.

    ``numbered`` says whether a UDI gave the rows their order.
    """

    slow: dict[str, float]
    fresh: tuple[str, ...]
    numbered: bool


def memory(order: pd.DataFrame, *, numbered: bool) -> Memory:
    """Read the table of `time_order`."""
    lag = order.set_index("column")["lag_1"]
    return Memory(lag[lag > 0.5].to_dict(), tuple(lag.index[lag.abs() < 0.1]), numbered)


@dataclass(frozen=True)
class Concentration:
    """The failure that keeps to the shortest stretch of the file, and what blocks would lack.

    ``absent`` maps a class to the number of blocks, of ``n_blocks``, without a row of it.
    """

    failure: str
    rows: int
    first: int
    last: int
    span: float
    n_blocks: int
    absent: dict[str, int]


def concentration(places: pd.DataFrame, missing: pd.DataFrame, n_blocks: int) -> Concentration:
    """Read the tables of `where_failures_lie` and `classes_missing_in_blocks`."""
    narrow = places.loc[places["span"].idxmin()]
    absent = missing[missing["blocks"] > 0].set_index("class")["blocks"]
    return Concentration(
        narrow["class"],
        *(int(narrow[name]) for name in ("rows", "first", "last")),
        narrow["span"],
        n_blocks,
        absent.astype(int).to_dict(),
    )
