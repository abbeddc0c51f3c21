"""Frames as Markdown tables, which render the same in HTML and PDF."""

from collections.abc import Collection, Mapping

import pandas as pd
from tabulate import tabulate

from labkit.report.intervals import Interval
from labkit.report.sentence import as_text, number

P_VALUE = "p"
"""The format of p-values: three decimals, and what would read as zero as less than the last."""


class Table:
    """A Markdown pipe table; IPython, Quarto and the built-in renderer show it as such."""

    def __init__(self, markdown: str):
        self.markdown = markdown

    def _repr_markdown_(self) -> str:
        return self.markdown

    def __repr__(self) -> str:
        return self.markdown


def table(
    frame: pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    *,
    formats: Mapping[str, str] | None = None,
    best: Mapping[str, str] | None = None,
    align: Mapping[str, str] | None = None,
    markdown: Collection[str] = (),
) -> Table:
    """Typeset a frame. What it says is shown as it stands, by `as_text`.

    Parameters
    ----------
    frame : DataFrame
        One row of the table a row; the index is not shown.
    columns : mapping, optional
        Column of the frame → its heading, in the order shown; all columns by default.
    formats : mapping, optional
        Column → format specification, such as ``".3f"``, or `P_VALUE`; default ``".3f"`` for
        floats and ``","`` for integers.
    best : mapping, optional
        Column → ``"max"`` or ``"min"``: its best value is set in bold.
    align : mapping, optional
        Column → ``"left"`` or ``"right"``; by default numbers are right, all else left.
    markdown : collection of str, optional
        Columns whose texts are Markdown already: they hold nothing that data say but by `as_text`.

    Raises
    ------
    KeyError
        When a column is not in the frame.
    """
    columns = columns or {name: as_text(name) for name in frame}
    missing = [name for name in columns if name not in frame]
    if missing:
        raise KeyError(f"no column {missing[0]!r} in the frame; it has {', '.join(frame)}")
    formats, best = formats or {}, best or {}
    cells = {
        heading: _cells(frame[name], formats.get(name), best.get(name), name not in markdown)
        for name, heading in columns.items()
    }
    alignments = [(align or {}).get(name, _default_alignment(frame[name])) for name in columns]
    return Table(
        tabulate(
            pd.DataFrame(cells),
            headers="keys",
            tablefmt="pipe",
            showindex=False,
            disable_numparse=True,
            colalign=alignments,
        )
    )


def bold_best(texts: pd.Series, values: pd.Series) -> pd.Series:
    """Texts, with that of the largest value in bold: Markdown for a table."""
    return texts.where(values != values.max(), "**" + texts + "**")


def _cells(values: pd.Series, spec: str | None, best: str | None, is_text: bool) -> list[str]:
    if spec is None:
        spec = _default_format(values)
    texts = [_text(value, spec, is_text) for value in values]
    if best is not None and values.notna().any():
        winner = _text(getattr(values, best)(), spec, is_text)
        texts = [f"**{text}**" if text == winner else text for text in texts]
    return texts


def _default_format(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return ""
    return "," if pd.api.types.is_integer_dtype(values) else ".3f"


def _default_alignment(values: pd.Series) -> str:
    return "right" if pd.api.types.is_numeric_dtype(values) else "left"


def _text(value, spec: str, is_text: bool) -> str:
    """A cell: a number as the book prints numbers, a missing value as a dash."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "–"
    if not spec or isinstance(value, str):
        return as_text(value) if is_text else str(value).replace("|", "\\|")
    if spec == P_VALUE:
        return as_text("< 0.001") if value < 0.0005 else str(number(value, ".3f"))
    return str(number(value, spec))


def with_interval(given: Interval, spec: str = ".3f") -> str:
    """A value and its interval in one cell.

    >>> with_interval(Interval(0.5, 0.25, 0.75), ".2f")
    '0.50 [0.25, 0.75]'
    """
    value = number(given.value, spec)
    if pd.isna(given.low):
        return value
    return f"{value} [{number(given.low, spec)}, {number(given.high, spec)}]"


def with_intervals(frame: pd.DataFrame, value: str, spec: str = ".3f") -> pd.Series:
    """A column's values with the intervals of the columns ``low`` and ``high``, a cell each.

    >>> with_intervals(pd.DataFrame({"gain": [0.5], "low": [0.25], "high": [0.75]}), "gain")[0]
    '0.500 [0.250, 0.750]'
    """
    rows = frame[[value, "low", "high"]].itertuples(index=False)
    return pd.Series([with_interval(Interval(*row), spec) for row in rows], frame.index, object)


def with_spread(mean: float, sd: float, spec: str = ".3f") -> str:
    """The mean of repetitions and their standard deviation, in one cell.

    >>> with_spread(2.0, 1.41, ".1f")
    '2.0 ± 1.4'
    """
    if pd.isna(sd):
        return number(mean, spec)
    return f"{number(mean, spec)} ± {number(sd, spec)}"
