"""Numbers as people write them: which mark is the decimal one, told by all of a file's numbers."""

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_SPACED = re.compile(r"[+-]?\d{1,3}([ '’\u00a0\u202f])\d{3}(?:\1\d{3})*(?:[.,]\d*)?", re.ASCII)
"""Thousands parted by what is no decimal mark."""


class Ambiguous(ValueError):
    """A number that can be read as two; the message says which."""


def decimal_mark(cells: Iterable[str]) -> str:
    """The decimal mark of numbers, a point or a comma.

    Raises
    ------
    Ambiguous
        When the numbers allow both.

    >>> decimal_mark(["1.234,5", "12"]), decimal_mark(["1,234", "1.5"])
    (',', '.')
    """
    told, doubtful = {".": set(), ",": set()}, {}
    for cell in cells:
        marks = re.sub(r"[^.,]", "", cell)
        if not marks or not re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", cell, re.ASCII):
            continue
        last = marks[-1]
        if len(set(marks)) == 2:
            told[last].add("decimal")
            told[marks[0]].add("thousands")
        elif len(marks) > 1:
            told[last].add("thousands")
        elif re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", cell, re.ASCII):
            doubtful[last] = cell
        else:
            told[last].add("decimal")
    by_comma = "decimal" in told[","] or "thousands" in told["."]
    by_point = "decimal" in told["."] or "thousands" in told[","]
    if by_comma and not by_point:
        if "." in doubtful and "thousands" not in told["."]:
            raise _ambiguous(doubtful["."])
        return ","
    if "," in doubtful and not by_point:
        raise _ambiguous(doubtful[","])
    return "."  # where there are both, the cells with a comma are told as no numbers


def _ambiguous(cell: str) -> Ambiguous:
    whole, part = re.split("[.,]", cell)
    return Ambiguous(f"{cell} may be {whole}{part} or {whole} and a fraction")


def numbers(cells: pd.Series, decimal: str) -> pd.Series:
    """Texts as floats; missing where one is no number.

    Parameters
    ----------
    cells : Series of str
    decimal : {".", ","}
        What the other one may part thousands by.
    """
    codes, written = pd.factorize(cells)
    thousands = "," if decimal == "." else "."
    grouped = re.compile(rf"[+-]?\d{{1,3}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d*)?", re.ASCII)

    def number(text: str) -> float:
        text = text.strip()
        if spaced := _SPACED.fullmatch(text):
            text = text.replace(spaced[1], "")
        if grouped.fullmatch(text):
            text = text.replace(thousands, "")
        text = text.replace(decimal, ".") if thousands not in text else ""
        return float(text) if _NUMBER.fullmatch(text) else np.nan

    unique = np.array([number(str(text)) for text in written] or [np.nan])
    return pd.Series(np.where(codes >= 0, unique[codes], np.nan), index=cells.index)
