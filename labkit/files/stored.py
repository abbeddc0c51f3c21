"""A file on disk, or a member of an archive, and its bytes: bounded, whatever the archive says."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from labkit.files.provenance import DataError, FileRecord

MOST_BYTES = 2**30
"""Bytes that are read of a table, unpacked: twenty times Kaggle's prices."""

MOST_GROWTH = 200
"""Times its size that a packed table may have. Tables have 3 to 20; files made to harm, 1,000."""

HEAD = 2**16
"""Bytes from which a table's header is known."""

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"


@dataclass(frozen=True)
class StoredFile:
    """A file on disk, or a member of a zip that is read without unpacking it.

    Attributes
    ----------
    path : Path
    member : str or None
        Name inside the zip.
    """

    path: Path
    member: str | None = None

    @property
    def name(self) -> str:
        """What to call it in a list of files."""
        return self.path.name if self.member is None else f"{self.path.name}/{self.member}"

    @property
    def base(self) -> str:
        """The table's file name, without folders."""
        return (self.member or self.path.name).rsplit("/")[-1]

    def __str__(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}, member {self.member}"

    @cached_property
    def _stored(self) -> bytes:
        """The bytes on disk, read once: what is hashed is what is parsed."""
        return self._read(lambda: self.path.open("rb"), MOST_BYTES)

    def content(self) -> bytes:
        """The table's bytes, unpacked.

        Raises
        ------
        DataError
            When the file cannot be read, the archive is damaged, or there is too much in it.
        """
        content = self._stored
        if self.member is not None:
            content = self._read(lambda: self._member(io.BytesIO(self._stored)), MOST_BYTES)
        if content.startswith(GZIP):
            packed, most = io.BytesIO(content), max(MOST_GROWTH * len(content), HEAD)
            content = self._read(lambda: gzip.GzipFile(fileobj=packed), min(MOST_BYTES, most))
        return content

    def head(self) -> bytes:
        """The first bytes of the content.

        Raises
        ------
        DataError
            As of `content`.
        """
        opened = self.path.open if self.member is None else lambda _: self._member(self.path)
        head = self._read(lambda: opened("rb"), HEAD, whole=False)
        return self.content()[:HEAD] if head.startswith(GZIP) else head

    @cached_property
    def sha256(self) -> str:
        """Of the file as it lies on disk."""
        return hashlib.sha256(self._stored).hexdigest()

    def record(self, rows: int) -> FileRecord:
        """What provenance keeps of the file."""
        return FileRecord(self.name, rows, self.sha256)

    def _member(self, archive: Path | BinaryIO) -> BinaryIO:
        opened = zipfile.ZipFile(archive)
        info = opened.getinfo(self.member)
        self._check_size(info.file_size, MOST_GROWTH * max(info.compress_size, HEAD))
        return opened.open(info)

    def _read(
        self, opened: Callable[[], AbstractContextManager], most: int, *, whole: bool = True
    ) -> bytes:
        try:
            with opened() as file:
                content = file.read(most + whole)
        except DataError:
            raise
        except Exception as error:  # whatever is raised on a damaged archive: the list is long
            raise self._unreadable(error) from error
        self._check_size(len(content), most)
        return content

    def _check_size(self, size: int, most: int) -> None:
        if size > min(most, MOST_BYTES):
            raise DataError(
                f"{self}: grows to {size:,} bytes or more, unpacked. Expected a table of at most "
                f"{MOST_BYTES:,} bytes, packed at most {MOST_GROWTH} times."
            )

    def _unreadable(self, error: Exception) -> DataError:
        if self.member is None and isinstance(error, OSError) and error.strerror:
            return DataError(f"{self}: cannot be read ({error.strerror}).")
        return damaged(self, error)


def members(path: Path) -> list[StoredFile]:
    """The files in a zip.

    Raises
    ------
    DataError
        When it is no zip, or a damaged one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [
                StoredFile(path, info.filename) for info in archive.infolist() if not info.is_dir()
            ]
    except Exception as error:  # as above
        raise damaged(StoredFile(path), error) from error


def damaged(file: StoredFile, error: Exception) -> DataError:
    """What to say of an archive that cannot be unpacked."""
    told = str(error).strip() or type(error).__name__
    return DataError(
        f"{file}: not a readable archive, zip or gzip ({told}). Expected it as it was downloaded; "
        "the download was probably cut off. Download it again, or delete it to let labkit search "
        "on."
    )
