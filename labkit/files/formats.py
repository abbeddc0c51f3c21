"""What a file's bytes are, whatever it is called: a table as text, a spreadsheet, or Parquet."""

import datetime
import io
import numbers
import zipfile
from collections.abc import Collection
from typing import Any

import pandas as pd

from labkit.files.provenance import DataError
from labkit.files.stored import HEAD, MOST_BYTES, MOST_GROWTH, ZIP, StoredFile, members
from labkit.files.text import TextTable

OLD_EXCEL, PARQUET = b"\xd0\xcf\x11\xe0", b"PAR1"

SUFFIXES = (".csv", ".txt", ".tsv", ".tab", ".gz", ".zip", ".xlsx", ".xls", ".parquet", ".pq")
"""Names of files that may be tables."""

OTHER_SUFFIXES = (
    ".7z",
    ".bz2",
    ".feather",
    ".json",
    ".ods",
    ".pkl",
    ".rar",
    ".tar",
    ".xlsb",
    ".xz",
)
"""Names of files that hold tables which are not read here."""


class FrameTable:
    """A table that comes with types of its own: a sheet, or Parquet.

    Parameters
    ----------
    frame : DataFrame
    where : str
        The file, and the sheet, for messages.
    first : int
        What the first row's number is where the file is looked at.
    note : str
        What kind of file it is.

    Attributes
    ----------
    header, ended, notes
        As of `labkit.files.text.TextTable`.
    """

    ended = True

    def __init__(self, frame: pd.DataFrame, where: str, first: int, note: str):
        self.where = where
        self.header = tuple("" if pd.isna(name) else str(name) for name in frame.columns)
        self.notes = (note,)
        self._first = first
        self._frame = frame.set_axis(range(frame.shape[1]), axis=1)

    def cells(self, texts: Collection[int], keep: Collection[int]) -> pd.DataFrame:
        """As `labkit.files.text.TextTable.cells`."""
        columns = {}
        for position in sorted(keep):
            cells = self._frame[position].astype(object)
            if position in texts or not cells.dropna().map(_is_number).all():
                columns[position] = cells.map(_written, na_action="ignore")
            else:
                columns[position] = pd.to_numeric(cells)
        return pd.DataFrame(columns)

    def place(self, row: int) -> str:
        """Where a row is."""
        return f"row {row + self._first}"


FileTable = TextTable | FrameTable


def tables(file: StoredFile, *, head: bool = False) -> list[FileTable]:
    """The tables in a file: one, or a spreadsheet's sheets.

    Parameters
    ----------
    file : StoredFile
    head : bool
        Whether only the headers are wanted.

    Raises
    ------
    DataError
        When it cannot be read, or what reads it is not installed.
    """
    if file.base.lower().endswith(OTHER_SUFFIXES):
        raise DataError(f"{file}: a kind of file that is not read. Save it as CSV.")
    if file.base.lower().endswith(".zip"):
        raise DataError(_zip(file))
    content = file.head() if head else file.content()
    if not content:
        raise DataError(f"{file}: the file is empty.")
    if content.startswith((ZIP, OLD_EXCEL)):
        return _sheets(file.content(), file, nrows=20 if head else None)
    if content.startswith(PARQUET):
        return [_parquet(file.content(), file)]
    return [TextTable(content, str(file), head=head)]


def _zip(file: StoredFile) -> str:
    """Why nothing in a zip is a table: its members would have been looked at in its place."""
    if file.member is None:
        members(file.path)
    return f"{file}: a zip in which there is no table, or that is in another. Unpack it."


def _sheets(content: bytes, file: StoredFile, nrows: int | None) -> list[FileTable]:
    """A spreadsheet's sheets, each from its first row with anything in it."""
    if content.startswith(ZIP):
        _check_zip(content, file)
    engine = "openpyxl" if content.startswith(ZIP) else "xlrd"
    as_is = {"header": None, "dtype": object, "keep_default_na": False, "na_values": [""]}
    options = {"engine": engine, "sheet_name": None, "nrows": nrows, **as_is}
    sheets = _read(pd.read_excel, content, file, "an Excel file", **options)
    found = []
    for name, sheet in sheets.items():
        filled = sheet.notna().any(axis=1)
        if filled.any():
            first = int(filled.to_numpy().argmax())
            rows = sheet.iloc[first + 1 :].set_axis(sheet.iloc[first].tolist(), axis=1)
            where = f"{file}, sheet {name}"
            found.append(FrameTable(rows.reset_index(drop=True), where, first + 2, "from Excel"))
    if not found:
        raise DataError(f"{file}: the file is empty.")
    return found


def _parquet(content: bytes, file: StoredFile) -> FrameTable:
    frame = _read(pd.read_parquet, content, file, "a Parquet file")
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    return FrameTable(frame, str(file), 1, "from Parquet")


def _read(reader: Any, content: bytes, file: StoredFile, what: str, **options: Any) -> Any:
    try:
        return reader(io.BytesIO(content), **options)
    except ImportError as error:  # pandas's message names the package
        package = next((name for name in ("openpyxl", "xlrd", "pyarrow") if name in str(error)), "")
        raise DataError(
            f"{file}: {what}, which needs the package {package or error}. Run `pip install "
            f"{package}`, or save the table as CSV."
        ) from error
    except Exception as error:  # whatever the package raises on a damaged file
        raise DataError(
            f"{file}: not readable as {what} ({str(error).strip() or type(error).__name__}). "
            "Download it again, or save it as CSV."
        ) from error


def _check_zip(content: bytes, file: StoredFile) -> None:
    """An Excel file is a zip, which may grow without bound too."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = archive.infolist()
    except Exception as error:  # whatever zipfile raises on a damaged one
        raise DataError(
            f"{file}: not readable as an Excel file ({error}). Download it again."
        ) from error
    size = sum(info.file_size for info in inside)
    if size > min(MOST_BYTES, MOST_GROWTH * max(len(content), HEAD)):
        raise DataError(f"{file}: grows to {size:,} bytes, unpacked; no table does.")
    if not any(info.filename.startswith("xl/") for info in inside):
        raise DataError(
            f"{file}: a zip, but no Excel file. Let its name end in .zip, or unpack it."
        )


def _written(value: Any) -> Any:
    """A typed cell as the text that one would have typed."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
