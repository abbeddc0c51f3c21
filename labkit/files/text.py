"""A table as text: its encoding, what is between its columns, and whether every row is whole."""

import codecs
import csv
import io
import re
import warnings
from collections.abc import Collection
from functools import cached_property

import numpy as np
import pandas as pd

from labkit.files.provenance import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What may be between columns; where two would do, the first."""

_BOMS = (  # UTF-32's begins with UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_OTHER_KINDS = {
    rb"version https://git-lfs": "a Git LFS pointer, not the file itself: run `git lfs pull` in "
    "the repository it is from, or download the file",
    rb"<(!doctype|html|\?xml)": "a web page or XML, not a table: the download probably needed a "
    "login",
    rb"\{|\[\{": "JSON, not a table: save it as CSV",
    rb"%PDF": "a PDF, not a table: save it as CSV",
}
"""What a file begins with, and what it is then."""


class TextTable:
    """Rows of text between separators.

    Parameters
    ----------
    content : bytes
        In UTF-8, UTF-16 or UTF-32, or in Latin-1; any line ends.
    where : str
        The file, for messages.
    head : bool
        Whether this is but the beginning of a file, of which only the header is wanted.

    Attributes
    ----------
    header : tuple of str
    separator : str
    ended : bool
        Whether the last line has a line end.
    notes : tuple of str
        What is unlike a plain CSV.

    Raises
    ------
    DataError
        When it is no table.
    """

    def __init__(self, content: bytes, where: str, *, head: bool = False):
        self.where = where
        for beginning, what in _OTHER_KINDS.items():
            if re.match(rb"(?:\xef\xbb\xbf)?\s*(?:" + beginning + rb")", content, re.IGNORECASE):
                raise DataError(f"{where}: {what}.")
        self._utf8, encoding = _as_utf8(content, where, head=head)
        self.ended = self._utf8.endswith(b"\n")
        self._first, line = self._first_line()
        self.separator, self.header = _divided(line, where)
        self.notes = tuple(
            note
            for note, said in (
                (f"in the encoding {encoding}", encoding != "utf-8"),
                (f"{SEPARATORS.get(self.separator)} between the columns", self.separator != ","),
            )
            if said
        )

    def _first_line(self) -> tuple[int, str]:
        """Number, from 0, and text of the line with the header."""
        for number, line in enumerate(io.BytesIO(self._utf8)):
            hint = re.fullmatch(rb'"?sep=.?"?\s*', line, re.IGNORECASE)  # for Excel
            if line.strip() and not hint:
                return number, line.decode(errors="replace").rstrip("\n")
        raise DataError(f"{self.where}: the file is empty.")

    def cells(self, texts: Collection[int], keep: Collection[int]) -> pd.DataFrame:
        """The cells below the header; only a blank is a missing value.

        Parameters
        ----------
        texts, keep : collection of int
            Positions of the columns to be left as they are written, and of all that are wanted.

        Returns
        -------
        DataFrame
            Its columns are positions. Those that are not in ``texts`` are numbers, where pandas
            takes every cell for one.
        """
        self._check_rows()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", pd.errors.ParserWarning)
                return pd.read_csv(
                    io.BytesIO(self._utf8),
                    sep=self.separator,
                    header=None,
                    names=range(len(self.header)),
                    usecols=sorted(keep),
                    skiprows=self._first + 1,
                    dtype=dict.fromkeys(texts, str),
                    na_values=[""],
                    keep_default_na=False,
                    index_col=False,
                    low_memory=False,
                )
        except pd.errors.EmptyDataError:
            return pd.DataFrame(columns=sorted(keep))
        except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError) as error:
            raise DataError(
                f"{self.where}: not readable as a table of text ({str(error).strip()})."
            ) from error

    def place(self, row: int) -> str:
        """Where a row is, as a text editor counts: the first line is line 1."""
        return f"line {self._lines[row] + 1}"

    @cached_property
    def _lines(self) -> np.ndarray:
        """The line of every row, from 0; pandas leaves out a line with nothing on it."""
        blank = b" \t".replace(self.separator.encode(), b"")
        lines = self._utf8.split(b"\n")[self._first + 1 :]
        filled = [number for number, line in enumerate(lines) if line.strip(blank)]
        return np.array(filled, dtype=int) + self._first + 1

    def _check_rows(self) -> None:
        """Every line is a row, with as many cells as the header: nothing has been swallowed."""
        if b'"' in self._utf8:
            self._check_quoted()
            return
        bytes_ = np.frombuffer(self._utf8, dtype=np.uint8)
        ends = np.flatnonzero(bytes_ == ord("\n"))
        if not self.ended:
            ends = np.append(ends, len(bytes_))
        separators = np.flatnonzero(bytes_ == ord(self.separator))
        cells = np.diff(np.searchsorted(separators, ends), prepend=0) + 1
        for line in np.flatnonzero(cells != len(self.header)):
            begin = ends[line - 1] + 1 if line else 0
            if line > self._first and self._utf8[begin : ends[line]].strip(b" \t"):
                raise self._unequal(line + 1, int(cells[line]), last=line == len(ends) - 1)

    def _check_quoted(self) -> None:
        """The same where cells may be in quotes, in which separators do not separate."""
        lines = io.TextIOWrapper(io.BytesIO(self._utf8), encoding="utf-8", newline="\n")
        reader = csv.reader(lines, delimiter=self.separator, strict=True)
        begins = 1
        try:
            for number, row in enumerate(reader):
                is_row = number >= self._first and (len(row) > 1 or "".join(row).strip())
                if is_row and reader.line_num > begins:
                    raise self._swallowed(begins, reader.line_num, "")
                if is_row and len(row) != len(self.header):
                    raise self._unequal(begins, len(row), last=False)
                begins = reader.line_num + 1
        except csv.Error as error:
            raise self._swallowed(begins, reader.line_num, f" ({error})") from error

    def _swallowed(self, begins: int, ends: int, why: str) -> DataError:
        return DataError(
            f"{self.where}, line {begins}: a quotation mark that is not closed as it was opened "
            f"takes this cell to line {ends}{why}. Expected each row on a line of its own; take "
            "the stray mark out."
        )

    def _unequal(self, line: int, cells: int, *, last: bool) -> DataError:
        cut = " The file ends in this line: it is probably cut off." if last else ""
        return DataError(
            f"{self.where}, line {line}: not readable as {SEPARATORS[self.separator]} between "
            f"cells, {cells} here and {len(self.header)} in the header.{cut}"
        )


def _divided(line: str, where: str) -> tuple[str, tuple[str, ...]]:
    """What is between the columns, and the columns."""
    found = {}
    for separator in SEPARATORS:
        try:
            found[separator] = next(csv.reader([line], delimiter=separator), [])
        except csv.Error as error:
            raise DataError(f"{where}, line 1: no header ({error}).") from error
    separator = max(found, key=lambda one: len(found[one]))
    return separator, tuple(found[separator])


def _as_utf8(content: bytes, where: str, *, head: bool) -> tuple[bytes, str]:
    """A text in UTF-8 with line feeds, and the encoding it was in."""
    content, encoding = _without_mark(content)
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content, final=not head)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or not _is_latin(content):
            line = content[: error.start].count(b"\n") + 1
            raise DataError(
                f"{where}, line {line}: not readable as text in {encoding.upper()} "
                f"({error.reason}). Save it as UTF-8."
            ) from error
        encoding = "iso-8859-1"
        text = content.decode(encoding)
    if "\0" in text:
        raise DataError(f"{where}: not a text: it has zero bytes in it.")
    if encoding != "utf-8" or head:
        content = text.encode()
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return content, encoding


def _without_mark(content: bytes) -> tuple[bytes, str]:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content[len(mark) :], encoding
    # Letters and digits in UTF-16 have every second byte zero.
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        every_second = content[first:200:2]
        if every_second and every_second.count(0) > 0.9 * len(every_second):
            return content, encoding
    return content, "utf-8"


def _is_latin(content: bytes) -> bool:
    """Whether these can be letters of Latin-1: no control characters, and no UTF-8 among them."""
    return not re.search(rb"[\x80-\x9f]|[\xc3-\xf4][\x80-\xbf]", content)
