"""Tables as CSV files that give back exactly what was written."""

import ast
from pathlib import Path

import pandas as pd
from pandas.api.types import is_object_dtype

TUPLES = "tuple"
"""What the columns of a table are called that hold tuples, such as hidden sizes."""


def write_table(table: pd.DataFrame, path: Path) -> dict:
    """Write a table without its index.

    Returns
    -------
    dict
        ``file`` and ``columns``, each column's type: what `read_table` needs to read it back.

    Raises
    ------
    TypeError
        When a column holds anything but numbers, texts, dates, truth values or tuples.
    """
    table.to_csv(path, index=False)
    return {"file": path.name, "columns": {name: _type_of(table[name]) for name in table}}


def read_table(folder: Path, written: dict) -> pd.DataFrame:
    """Read back what `write_table` wrote: the same values to the last digit, the same types."""
    columns = written["columns"]
    plain = {name: kind for name, kind in columns.items() if not _is_parsed(kind)}
    frame = pd.read_csv(
        folder / written["file"],
        dtype={**dict.fromkeys(columns, "str"), **plain},
        float_precision="round_trip",
        keep_default_na=False,
        na_values={name: ["", "nan"] for name, kind in columns.items() if kind.startswith("float")},
    )
    for name, kind in columns.items():
        if kind == TUPLES:
            frame[name] = frame[name].map(ast.literal_eval)
        elif _is_parsed(kind):
            frame[name] = pd.to_datetime(frame[name]).astype(kind)
    return frame


def _is_parsed(kind: str) -> bool:
    return kind == TUPLES or kind.startswith("datetime")


def _type_of(column: pd.Series) -> str:
    if is_object_dtype(column):
        if column.map(lambda value: isinstance(value, tuple)).all():
            return TUPLES
        raise TypeError(
            f"column {column.name!r} holds objects such as {column.iloc[0]!r}; expected numbers, "
            "texts, dates, truth values or tuples"
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        raise TypeError(f"column {column.name!r} is categorical; expected texts")
    return str(column.dtype)
