"""The machine rows as a time series: memory of the measurements, place of the failures."""

import numpy as np
import pandas as pd

from labkit.failures.features import MACHINE_FEATURES
from labkit.failures.rules import FAILURE_TYPES

NO_FAILURE = FAILURE_TYPES[0]


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
