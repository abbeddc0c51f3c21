"""What a table must be like, and what to say when it is not.

A table is a file's bytes parsed into a frame and held against the rules of a `Table`. A failure
becomes a `DataError` that names the file, the line as a text editor counts it, the column, the
value found and what was expected. Nothing is mended in silence, and nothing on disk changes.
"""

import codecs
import csv
import io
import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.files.provenance import DataError

SHOWN = 5
"""Failing rows of each kind that a message lists; it counts the others."""


@dataclass(frozen=True)
class Rule:
    """One thing that holds in every row.

    Attributes
    ----------
    name : str
        What a list of passed checks calls it.
    columns : tuple of str
        The columns it is about, shown where it fails.
    holds : callable
        Frame to boolean Series. Rows with blanks are not asked.
    expected : str
        What should be, for messages.
    """

    name: str
    columns: tuple[str, ...]
    holds: Callable[[pd.DataFrame], pd.Series]
    expected: str

    def passes(self, frame: pd.DataFrame) -> pd.Series:
        """Where the rule holds or a blank, which is a failure of its own, leaves nothing to ask."""
        return self.holds(frame) | frame[list(self.columns)].isna().any(axis=1)


@dataclass(frozen=True)
class Table:
    """How to read a table, and what holds in it.

    Attributes
    ----------
    what : str
        A noun phrase for messages.
    columns : dict of str to str
        Name in the file to name in the frame. All must be there.
    hint : str
        What to do about a file that is not right.
    numbers, whole_numbers, dates : tuple of str
        Columns of the frame that hold these; the others hold text.
    rules : tuple of Rule
    other_numbers : bool
        Whether columns that ``columns`` does not name are kept, as numbers or blanks, rather than
        left out.
    """

    what: str
    columns: Mapping[str, str]
    hint: str
    numbers: tuple[str, ...] = ()
    whole_numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    other_numbers: bool = False

    @property
    def checks(self) -> tuple[str, ...]:
        """Names of all that a frame of this table has passed."""
        return ("columns present", "every value readable", *(rule.name for rule in self.rules))

    def failures(self, frame: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], str, np.ndarray]]:
        """Columns, what was expected of them, and the positions of the rows where it is not so."""
        named = list(self.columns.values())
        for name in named:
            yield (name,), self.kind(name), np.flatnonzero(frame[name].isna())
        for name in (name for name in frame.columns if name not in named):
            is_number = pd.to_numeric(frame[name], errors="coerce").notna()
            yield (name,), self.kind(name), np.flatnonzero(frame[name].notna() & ~is_number)
        for rule in self.rules:
            yield rule.columns, rule.expected, np.flatnonzero(~rule.passes(frame))

    def kind(self, column: str) -> str:
        """What a cell of a column should be, in words."""
        if column in self.dates:
            return "a date such as 2016-01-05"
        if column in self.whole_numbers:
            return "a whole number"
        return "a text" if column in self.texts else "a number"

    @property
    def texts(self) -> set[str]:
        """Columns of the frame that hold text."""
        return set(self.columns.values()) - {*self.numbers, *self.whole_numbers, *self.dates}


def read_table(content: bytes, table: Table, where: str) -> pd.DataFrame:
    """Parse and validate a CSV.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark, any line ends.
    table : Table
    where : str
        The file, for messages.

    Returns
    -------
    DataFrame
        Columns named as in ``table``, in the file's order of rows.

    Raises
    ------
    DataError
        When the file is no such table.
    """
    raw = _parse(content, table, where)
    missing = [name for name in table.columns if name not in raw.columns]
    if missing:
        found = ", ".join(map(str, raw.columns[:12])) + (" …" if len(raw.columns) > 12 else "")
        raise DataError(
            f"{where}, line 1: column{'s' * (len(missing) > 1)} {', '.join(missing)} missing; "
            f"found {found}. Expected {table.what}, with the columns "
            f"{', '.join(table.columns)}. {table.hint}"
        )
    if raw.empty:
        raise DataError(f"{where}: no rows below the header. Expected {table.what}. {table.hint}")
    if not table.other_numbers:
        raw = raw[list(table.columns)]
    raw = raw.rename(columns=table.columns)
    frame = _typed(raw, table)
    check(frame, table, where, raw, content)
    return frame


def check(
    frame: pd.DataFrame,
    table: Table,
    where: str,
    raw: pd.DataFrame | None = None,
    content: bytes | None = None,
) -> None:
    """Hold a frame against its table.

    Parameters
    ----------
    frame : DataFrame
    table : Table
    where : str
        The file, or what else the frame is from.
    raw : DataFrame, optional
        The same cells as they were written, for messages.
    content : bytes, optional
        The file, to find a row's line in it.

    Raises
    ------
    DataError
        Naming every kind of failure, with the first rows of each.
    """
    failed = {
        (columns, expected): rows for columns, expected, rows in table.failures(frame) if len(rows)
    }
    if failed:
        told = _tell(failed, frame if raw is None else raw, content)
        raise DataError(f"{where}: {told}\n{table.hint} Nothing was changed.")


def _parse(content: bytes, table: Table, where: str) -> pd.DataFrame:
    """The cells of a CSV; only a blank is a missing value."""
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError(f"{where}: the file is empty. Expected {table.what}. {table.hint}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.BytesIO(content),
                encoding="utf-8-sig",
                na_values=[""],
                keep_default_na=False,
                index_col=False,
                low_memory=False,
            )
    except (pd.errors.ParserError, pd.errors.ParserWarning, UnicodeError) as error:
        raise DataError(
            f"{where}: not readable as comma-separated UTF-8 text ({str(error).strip()}). "
            f"Expected {table.what}. {table.hint}"
        ) from error


def _typed(raw: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Cells as numbers, dates and texts; what cannot be read so is missing, for the schema."""
    columns = {name: raw[name] for name in raw.columns}
    for name in raw.columns:
        if name in table.dates:
            # ISO 8601 covers 2016-01-05 and 2016-01-05 00:00:00, and no other order of day and
            # month, which could only be guessed.
            texts = raw[name].astype("str")
            columns[name] = pd.to_datetime(texts, format="ISO8601", errors="coerce")
        elif name in table.texts:
            columns[name] = raw[name].astype("str")
        elif name in table.columns.values():
            columns[name] = _numbers(raw[name], whole=name in table.whole_numbers)
        # Any other column may have blanks, and is numbers already unless it holds a text.
    return pd.DataFrame(columns)


def _numbers(cells: pd.Series, *, whole: bool) -> pd.Series:
    """Cells as floats, or as int64 where they are to be whole and all are."""
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    if not whole:
        return numbers.where(np.isfinite(numbers))
    numbers = numbers.where(numbers % 1 == 0)
    return numbers if numbers.isna().any() else numbers.astype(np.int64)


def _tell(failed: Mapping[tuple, np.ndarray], cells: pd.DataFrame, content: bytes | None) -> str:
    """Failures by (columns, what was expected) in words, one paragraph a kind of failure."""
    shown = {key: rows[:SHOWN].tolist() for key, rows in failed.items()}
    line = _line_numbers(content, sorted(set(itertools.chain(*shown.values()))))
    paragraphs = []
    for (columns, expected), rows in sorted(shown.items(), key=lambda item: item[1]):
        more = len(failed[columns, expected]) - len(rows)
        found = [
            f"  {line[row]}: " + ", ".join(f"{c} is {_cell(cells[c].iloc[row])}" for c in columns)
            for row in rows
        ]
        found += [f"  … and {more} rows more"] if more else []
        paragraphs.append("\n".join([f"expected {expected}, but", *found]))
    return "\n".join(paragraphs)


def _cell(value: object) -> str:
    return "blank" if pd.isna(value) else repr(value) if isinstance(value, str) else f"{value}"


def _line_numbers(content: bytes | None, rows: list[int]) -> dict[int, str]:
    """Each data row's line in the file, as a text editor counts: the header is line 1."""
    if content is None:
        return {row: f"row {row}" for row in rows}
    reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    filled = ((reader.line_num, cells) for cells in reader)
    # pandas leaves out a line with nothing on it, though not one with only commas.
    lines = (number for number, cells in filled if len(cells) > 1 or "".join(cells).strip())
    wanted = set(rows)
    numbered = itertools.islice(enumerate(lines, start=-1), max(rows) + 2)
    return {row: f"line {number}" for row, number in numbered if row in wanted}
