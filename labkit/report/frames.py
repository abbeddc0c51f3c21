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
    # As texts first: parsers of numbers in bulk may differ in the last digit.
    frame = pd.read_csv(folder / written["file"], dtype="str", keep_default_na=False)
    for name, kind in columns.items():
        frame[name] = _parsed(frame[name], kind)
    return frame


def _parsed(texts: pd.Series, kind: str) -> pd.Series:
    if kind == TUPLES:
        return texts.map(ast.literal_eval)
    if kind == "bool":
        return texts == "True"
    if kind.startswith("datetime"):
        return pd.to_datetime(texts).astype(kind)
    return texts.replace("", "nan").astype(kind) if kind.startswith("float") else texts.astype(kind)


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
