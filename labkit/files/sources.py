"""Where the files are: the search order, zips as downloaded, Kaggle's download, hashes.

``auto`` looks, in this order, in the folder that ``LABKIT_DATA`` names, in ``data/`` under the
project's root, under ``/kaggle/input``, and in what kagglehub has or gets; then come the data that
need no file at all. Nothing here writes to disk but kagglehub, into its own cache.
"""

import contextlib
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from labkit.files.kaggle import kagglehub_folder
from labkit.files.provenance import DataError, FileRecord
from labkit.place import ROOT

SOURCES = ("environment", "local", "kaggle", "download", "embedded")
"""Where data may come from, in the order of the search."""

KAGGLE_INPUT = Path("/kaggle/input")
"""Where Kaggle's notebooks find the data sets added to them."""


@dataclass(frozen=True)
class Wanted:
    """A data set's files.

    Attributes
    ----------
    dataset : str
        The name in messages.
    folder : str
        Its folder in ``LABKIT_DATA`` and ``data/``.
    handle : str
        Its name on Kaggle.
    tables : dict of str to tuple of str
        For each table the file names it may have, the preferred first. The first table is a must.
    """

    dataset: str
    folder: str
    handle: str
    tables: dict[str, tuple[str, ...]]

    @property
    def required(self) -> tuple[str, ...]:
        """File names of the table without which there is no data set."""
        return next(iter(self.tables.values()))


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
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise DataError(f"{self}: cannot be read ({error.strerror}).") from error

    def content(self) -> bytes:
        """The table's bytes.

        Raises
        ------
        DataError
            When the file cannot be read, or the zip is damaged.
        """
        if self.member is None:
            return self._stored
        try:
            with zipfile.ZipFile(io.BytesIO(self._stored)) as archive:
                return archive.read(self.member)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
            raise _bad_zip(self.path, error) from error

    def record(self, rows: int) -> FileRecord:
        """What provenance keeps of the file."""
        return FileRecord(self.name, rows, hashlib.sha256(self._stored).hexdigest())


def frame_record(name: str, frame: pd.DataFrame) -> FileRecord:
    """What provenance keeps of data with no file of their own: the hash of their content."""
    digest = hashlib.sha256(",".join(frame.columns).encode())
    digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    return FileRecord(name, len(frame), digest.hexdigest())


@dataclass(frozen=True)
class Found:
    """A data set's files at one source; an embedded data set has none.

    Attributes
    ----------
    source : str
        One of `SOURCES`.
    place : str
        Where, for a person.
    files : dict of str to StoredFile
        Table to file.
    """

    source: str
    place: str
    files: dict[str, StoredFile]


def locate(wanted: Wanted, source: str | None = None, *, fetch: bool = True) -> Found:
    """Find a data set's files.

    Parameters
    ----------
    wanted : Wanted
    source : str, optional
        One of `SOURCES`, or ``auto``. By default what ``LABKIT_SOURCE`` says, else ``auto``.
    fetch : bool
        Whether kagglehub may download. What it has downloaded before is used either way.

    Raises
    ------
    DataError
        When the source is unknown or has no such data, or ``LABKIT_DATA`` names no folder.
    """
    source = source or os.environ.get("LABKIT_SOURCE") or "auto"
    if source not in ("auto", *SOURCES):
        raise DataError(
            f"{source!r} is no source of data. LABKIT_SOURCE, or the argument source, is auto or "
            f"one of {', '.join(SOURCES)}. {_available(wanted)}"
        )
    for name in SOURCES if source == "auto" else (source,):
        found = _look(wanted, name, fetch)
        if found is not None:
            return found
    raise DataError(
        f"Source {source!r} has no data for {wanted.dataset}: {_why_not(wanted, source)} "
        f"{_available(wanted)}"
    )


def _look(wanted: Wanted, source: str, fetch: bool) -> Found | None:
    if source == "embedded":
        return Found(source, "nothing on disk: the embedded default", {})
    folder, search = _PLACES[source](wanted, fetch)
    files = {} if folder is None else search(folder, wanted)
    main = next(iter(wanted.tables))
    return Found(source, str(files[main].path.parent), files) if main in files else None


def _environment(wanted: Wanted, fetch: bool) -> tuple[Path | None, Callable]:
    named = os.environ.get("LABKIT_DATA")
    if not named:
        return None, _in_folder
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise DataError(
            f"LABKIT_DATA is {named!r}, which is no folder. Expected the folder that holds "
            f"{wanted.folder}/{wanted.required[0]}. Correct it, or unset it to let labkit search."
        )
    return folder, _in_folder


def _local(wanted: Wanted, fetch: bool) -> tuple[Path | None, Callable]:
    return ROOT / "data", _in_folder


def _kaggle(wanted: Wanted, fetch: bool) -> tuple[Path | None, Callable]:
    return KAGGLE_INPUT, _at_any_depth


def _download(wanted: Wanted, fetch: bool) -> tuple[Path | None, Callable]:
    return kagglehub_folder(wanted.handle, fetch=fetch), _at_any_depth


_PLACES = {
    "environment": _environment,
    "local": _local,
    "kaggle": _kaggle,
    "download": _download,
}


def _in_folder(folder: Path, wanted: Wanted) -> dict[str, StoredFile]:
    """The tables in the data set's folder in here, or right here; loose files before zips."""
    places = [place for place in (folder / wanted.folder, folder) if place.is_dir()]
    loose = [StoredFile(path) for place in places for path in _files(place)]
    found = _pick(loose, wanted)
    if next(iter(wanted.tables)) in found:
        return found
    zips = [file.path for file in loose if file.path.suffix.lower() == ".zip"]
    return _pick([member for path in zips for member in _members(path)], wanted)


def _at_any_depth(folder: Path, wanted: Wanted) -> dict[str, StoredFile]:
    """The tables anywhere under a folder, by file name, all beside the one that is a must."""
    slug = wanted.handle.rsplit("/")[-1]
    # Other data sets may have a prices.csv too: look first where the folder's name is right.
    walked = sorted(os.walk(folder), key=lambda step: (slug not in Path(step[0]).parts, step[0]))
    for parent, _, names in walked:
        found = _pick([StoredFile(Path(parent, name)) for name in sorted(names)], wanted)
        if next(iter(wanted.tables)) in found:
            return found
    return {}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _members(path: Path) -> list[StoredFile]:
    try:
        with zipfile.ZipFile(path) as archive:
            return [StoredFile(path, name) for name in archive.namelist()]
    except (zipfile.BadZipFile, OSError) as error:
        raise _bad_zip(path, error) from error


def _bad_zip(path: Path, error: Exception) -> DataError:
    return DataError(
        f"{path}: not a readable zip ({error}). Expected the archive as Kaggle gives it; the "
        "download was probably cut off. Download it again, or delete it to let labkit search on."
    )


def _pick(files: list[StoredFile], wanted: Wanted) -> dict[str, StoredFile]:
    """For each table the first of its names that is there; case does not matter."""
    by_name: dict[str, StoredFile] = {}
    for file in files:
        by_name.setdefault(file.base.lower(), file)
    return {
        table: next(by_name[name] for name in names if name in by_name)
        for table, names in wanted.tables.items()
        if any(name in by_name for name in names)
    }


def _why_not(wanted: Wanted, source: str) -> str:
    names = " or ".join(wanted.required)
    return {
        "environment": f"LABKIT_DATA must name a folder with {names}, in {wanted.folder}/ or in it"
        f" (it is {os.environ.get('LABKIT_DATA') or 'unset'}).",
        "local": f"there is no {names} in {ROOT / 'data' / wanted.folder} or {ROOT / 'data'}.",
        "kaggle": f"there is no {names} under {KAGGLE_INPUT}; add the data set {wanted.handle}.",
        "download": f"kagglehub could not download {wanted.handle}; is there a network?",
    }[source]


def _available(wanted: Wanted) -> str:
    """Which sources have this data set now, without downloading."""
    have = []
    for source in SOURCES:
        with contextlib.suppress(DataError):
            if _look(wanted, source, fetch=False) is not None:
                have.append(source)
    return f"For {wanted.dataset} there is data at: {', '.join(have)}."
