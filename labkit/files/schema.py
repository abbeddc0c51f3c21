"""What a table must be like, and what to say when it is not.

A frame is held against the rules of a `Table`. A failure becomes a `DataError` that names the file,
the line as a text editor counts it, the column, the value found and what was expected. Nothing on
disk changes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from labkit.files.datasets import Layout
from labkit.files.headers import brief
from labkit.files.provenance import DataError

SHOWN = 5
"""Failing rows of each kind that a message lists; it counts the others."""

EXACT = 2**53
"""Whole numbers from here on are not told apart as floats."""


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


def within(name: str, columns: tuple[str, ...], low: float, high: float, expected: str) -> Rule:
    """All of these columns lie between two numbers, both included."""

    def holds(frame: pd.DataFrame) -> pd.Series:
        own = frame[list(columns)]
        return (own.ge(low) & own.le(high)).all(axis=1)

    return Rule(name, columns, holds, expected)


@dataclass(frozen=True)
class Table:
    """How to read a table, and what holds in it.

    Attributes
    ----------
    layout : Layout
        Its columns in the file and in the frame.
    hint : str
        What to do about a file that is not right.
    numbers, whole_numbers, dates, symbols : tuple of str
        Columns of the frame that hold these; the others hold text. Symbols are texts in capitals.
    choices : dict of str to tuple of str
        Columns of text to the texts they may hold, in capitals or not.
    rules : tuple of Rule
    other_numbers : bool
        Whether columns that the layout does not name are kept, as numbers or blanks, rather than
        left out.
    """

    layout: Layout
    hint: str
    numbers: tuple[str, ...] = ()
    whole_numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    other_numbers: bool = False

    @property
    def what(self) -> str:
        """A noun phrase for messages."""
        return self.layout.what

    @property
    def checks(self) -> tuple[str, ...]:
        """Names of all that a frame of this table has passed."""
        return ("columns present", "every value readable", *(rule.name for rule in self.rules))

    def failures(self, frame: pd.DataFrame) -> Iterator[tuple[tuple[str, ...], str, np.ndarray]]:
        """Columns, what was expected of them, and the positions of the rows where it is not so."""
        named = [name for name in self.layout.columns.values() if name in frame]
        for name in named:
            yield (name,), self.kind(name), np.flatnonzero(frame[name].isna())
        for name in frame.columns:
            if name not in named or name in (*self.numbers, *self.whole_numbers):
                large = pd.to_numeric(frame[name], errors="coerce").abs() >= EXACT
                yield (name,), f"a number below {EXACT:,}", np.flatnonzero(large)
        for name in (name for name in frame.columns if name not in named):
            is_number = pd.to_numeric(frame[name], errors="coerce").notna()
            yield (name,), self.kind(name), np.flatnonzero(frame[name].notna() & ~is_number)
        for rule in self.rules:
            if set(rule.columns) <= set(frame):
                yield rule.columns, rule.expected, np.flatnonzero(~rule.passes(frame))

    def kind(self, column: str) -> str:
        """What a cell of a column should be, in words."""
        if column in self.dates:
            return "a date such as 2016-01-05"
        if column in self.whole_numbers:
            return "a whole number"
        if column in self.choices:
            return "one of " + ", ".join(self.choices[column])
        return "a text that can be seen" if column in self.texts else "a number"

    @property
    def texts(self) -> set[str]:
        """Columns of the frame that hold text."""
        named = set(self.layout.columns.values())
        return named - {*self.numbers, *self.whole_numbers, *self.dates}


def check(
    frame: pd.DataFrame,
    table: Table,
    where: str,
    written: pd.DataFrame | None = None,
    place: Callable[[int], str] = "row {}".format,
    kinds: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Hold a frame against its table.

    Parameters
    ----------
    frame : DataFrame
    table : Table
    where : str
        The file, or what else the frame is from.
    written : DataFrame, optional
        The same cells as they were written, for messages.
    place : callable
        Where a row is, for messages.
    kinds : dict of str to str
        What a cell of a column should be, in words, where that is more than `Table.kind` says.

    Raises
    ------
    DataError
        Naming every kind of failure, with the first rows of each.
    """
    failed = {
        (columns, kinds.get(columns[0], expected) if len(columns) == 1 else expected): rows
        for columns, expected, rows in table.failures(frame)
        if len(rows)
    }
    if failed:
        told = _told(failed, frame if written is None else written, place)
        raise DataError(f"{where}: {told}\n{table.hint} Nothing was changed.")


def _told(
    failed: Mapping[tuple, np.ndarray], written: pd.DataFrame, place: Callable[[int], str]
) -> str:
    """Failures by (columns, what was expected) in words, one paragraph a kind of failure."""
    paragraphs = []
    for (columns, expected), rows in sorted(failed.items(), key=lambda item: item[1][:1].tolist()):
        found = [
            f"  {place(row)}: "
            + ", ".join(f"{c} is {_cell(written[c].iloc[row])}" for c in columns)
            for row in rows[:SHOWN].tolist()
        ]
        found += [f"  … and {len(rows) - SHOWN} rows more"] if len(rows) > SHOWN else []
        paragraphs.append("\n".join([f"expected {expected}, but", *found]))
    return "\n".join(paragraphs)


def _cell(value: object) -> str:
    return (
        "blank" if pd.isna(value) else brief(repr(value) if isinstance(value, str) else f"{value}")
    )
