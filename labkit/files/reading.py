"""From a file's cells to a frame: numbers, dates and texts, read where they can be read one way.

What is written otherwise than Kaggle writes it is read, and noted, where nothing is a guess; all
else is a `DataError`.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.files import headers
from labkit.files.dates import days
from labkit.files.formats import FileTable
from labkit.files.numbers import Ambiguous, decimal_mark, numbers
from labkit.files.provenance import DataError
from labkit.files.schema import EXACT, Table, check


@dataclass(frozen=True, eq=False)
class Read:
    """A frame that has passed its table, and what was unlike Kaggle's file in how it is written."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def read_table(source: FileTable, table: Table) -> Read:
    """Read and validate a table.

    Parameters
    ----------
    source : TextTable or FrameTable
        The table as it lies in its file.
    table : Table

    Returns
    -------
    Read
        Columns named as in ``table``, in the file's order of rows; optional ones as far as they
        are there.

    Raises
    ------
    DataError
        When the file is no such table.
    """
    found = headers.match(source.header, table.layout)
    if not found.whole:
        told = headers.described(source.header, found, table.layout)
        raise DataError(f"{source.where}, line 1: {told} {table.hint}")
    names = {position: table.layout.columns[name] for name, position in found.positions.items()}
    if table.other_numbers:
        header = source.header
        others = {i: name for i, name in enumerate(header) if i not in names and name}
        names |= {i: name for i, name in others.items() if header.count(name) == 1}
    cells = _Cells(source, table, names)
    if cells.raw.empty:
        raise DataError(
            f"{source.where}: no rows below the header. Expected {table.what}. {table.hint}"
        )
    frame = cells.typed()
    check(frame, table, source.where, cells.raw, source.place, cells.expected)
    cells.check_end()
    return Read(frame, (*source.notes, *cells.notes))


class _Cells:
    """A file's cells under the names of the frame.

    Attributes
    ----------
    raw : DataFrame
        As they are written; columns of numbers as numbers, where pandas takes all of them so.
    expected : dict of str to str
        What a cell of a column should be, where that depends on the other cells.
    notes : list of str
        What is unlike Kaggle's file.
    """

    def __init__(self, source: FileTable, table: Table, names: Mapping[int, str]):
        self._source, self._table, self._names = source, table, names
        self.expected: dict[str, str] = {}
        self.notes: list[str] = []
        as_written = {*table.texts, *table.dates}
        self.raw = self._read(i for i, name in names.items() if name in as_written)
        if not all(name in as_written or _is_numeric(self.raw[name]) for name in names.values()):
            self.raw = self._read(names)  # marks of decimals and thousands are told by all numbers

    def _read(self, texts: Iterable[int]) -> pd.DataFrame:
        cells = self._source.cells(list(texts), self._names)
        return cells.rename(columns=self._names)

    def typed(self) -> pd.DataFrame:
        """Cells as numbers, dates and texts; what cannot be read so is missing."""
        table, columns = self._table, {}
        decimal = self._decimal_mark()
        for name, cells in self.raw.items():
            if name in table.dates:
                columns[name] = self._days(name, cells)
            elif name in table.texts:
                columns[name] = self._texts(name, cells)
            else:
                read = cells if _is_numeric(cells) else numbers(cells, decimal)
                if name in (*table.numbers, *table.whole_numbers):
                    columns[name] = _finite(read, whole=name in table.whole_numbers)
                else:  # may have blanks; what is no number stays, to be told
                    columns[name] = read.where(read.notna() | cells.isna(), cells.astype(object))
        return pd.DataFrame(columns)

    def _decimal_mark(self) -> str:
        texts = [cells.dropna().unique() for name, cells in self.raw.items() if self._marked(name)]
        try:
            mark = decimal_mark(cell.strip() for cell in itertools.chain(*texts))
        except Ambiguous as error:
            raise DataError(
                f"{self._source.where}: {error}, and no other number tells. Expected numbers with "
                f"a decimal point, such as 1234.5. {self._table.hint}"
            ) from error
        self.notes += ["decimal commas"] if mark == "," else []
        return mark

    def _marked(self, name: str) -> bool:
        """Whether a column is of numbers that are still texts."""
        other = {*self._table.texts, *self._table.dates}
        return name not in other and not _is_numeric(self.raw[name])

    def _days(self, name: str, cells: pd.Series) -> pd.Series:
        read = days(cells)
        self.expected[name] = read.expected
        self.notes += [read.note] if read.note else []
        return read.dates

    def _texts(self, name: str, cells: pd.Series) -> pd.Series:
        """Texts without what cannot be seen, in the one spelling that they may have."""
        codes, written = pd.factorize(cells)
        seen = [headers.visible(str(text)) for text in written]
        if name in self._table.choices:
            spelled = {text.casefold(): text for text in self._table.choices[name]}
            texts = [spelled.get(text.casefold()) for text in seen]
        elif name in self._table.symbols:
            texts = [
                text.upper() if text.isprintable() and '"' not in text else "" for text in seen
            ]
        else:
            texts = seen
        if any(text and text != own for text, own in zip(texts, written, strict=True)):
            self.notes.append(f"{name} without spaces around it, and in one case")
        unique = np.array([*(text or None for text in texts), None], dtype=object)
        told = pd.Series(unique[codes], index=cells.index)  # the code of a blank is -1: the last
        return told.astype("str").where(told.notna())

    def check_end(self) -> None:
        """A last cell without a line end may be cut off: then nothing tells what it was.

        Raises
        ------
        DataError
            Unless the cell's form tells that it is whole.
        """
        last = len(self._source.header) - 1
        name = self._names.get(last)
        if self._source.ended or name is None or name in self._table.choices:
            return
        cells = self._source.cells([last], [last])[last].str.strip()
        decimals = cells.str.extract(r"[.,](\d+)$")[0].str.len()
        lengths = [cells.str.len(), decimals]
        if len(cells) > 1 and any(
            length.min() == length.max() and length.notna().all() for length in lengths
        ):
            return
        raise DataError(
            f"{self._source.where}, {self._source.place(len(cells) - 1)}: the file ends without a "
            f"line end, so its last cell, {name} {cells.iloc[-1]!r}, may be cut off. Download it "
            "again; if the row is whole, put a line end behind it."
        )


def _is_numeric(cells: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)


def _finite(read: pd.Series, *, whole: bool) -> pd.Series:
    """Numbers as floats, or as int64 where they are to be whole and all are."""
    read = read.astype(float)
    if not whole:
        return read.where(np.isfinite(read))
    read = read.where(read % 1 == 0)
    exact = read.notna().all() and (read.abs() < EXACT).all()
    return read.astype(np.int64) if exact else read
