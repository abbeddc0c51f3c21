"""Where the files are: the search order, Kaggle's download, hashes.

``auto`` looks, in this order, in the folder that ``LABKIT_DATA`` names, in ``data/`` under the
project's root, under ``/kaggle/input``, and in what kagglehub has or gets; then come the data that
need no file at all. What a person named or put into ``data/`` is used, or refused with a reason.
Nothing here writes to disk but kagglehub, into its own cache.
"""

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labkit.files.datasets import Wanted
from labkit.files.kaggle import kagglehub_folder
from labkit.files.provenance import DataError, FileRecord
from labkit.files.search import Candidate, Searched, search
from labkit.place import ROOT

SOURCES = ("environment", "local", "kaggle", "download", "embedded")
"""Where data may come from, in the order of the search."""

TOLD = 5
"""Files that a message lists; it counts the others."""

KAGGLE_INPUT = Path("/kaggle/input")
"""Where Kaggle's notebooks find the data sets added to them."""


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
    files : dict of str to Candidate
        Table to the file that has it.
    passed_over : tuple of str
        What was looked at and not taken, and why.
    """

    source: str
    place: str
    files: dict[str, Candidate]
    passed_over: tuple[str, ...] = ()


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
        When the source is unknown or has no such data, or ``LABKIT_DATA`` names nothing that can
        be used.
    """
    source = source or os.environ.get("LABKIT_SOURCE") or "auto"
    if source not in ("auto", *SOURCES):
        raise DataError(
            f"{source!r} is no source of data. LABKIT_SOURCE, or the argument source, is auto or "
            f"one of {', '.join(SOURCES)}. {_available(wanted)}"
        )
    passed_over: tuple[str, ...] = ()
    for name in SOURCES if source == "auto" else (source,):
        found = _look(wanted, name, fetch)
        passed_over += found.passed_over
        if found.files or name == "embedded":
            return Found(name, found.place, found.files, passed_over)
    raise DataError(
        f"Source {source!r} has no data for {wanted.dataset}: {_why_not(wanted, source)} "
        f"{_available(wanted)}"
    )


def _look(wanted: Wanted, source: str, fetch: bool) -> Found:
    """What a source has: no files, where it lacks the data set."""
    if source == "embedded":
        return Found(source, "nothing on disk: the embedded default", {})
    folder = _FOLDERS[source](wanted, fetch)
    if folder is None:
        return Found(source, "", {})
    searched = search(folder, wanted, shared=source == "kaggle")
    if not searched.files:
        _check_nothing_is_passed_over(wanted, source, folder, searched)
        lacking = (f"{folder}: has another data set only",) if searched.others else ()
        return Found(source, "", {}, lacking)
    place = searched.files[wanted.main].file.path.parent
    passed_over = (*searched.passed_over, *searched.refused, *searched.unknown)
    return Found(source, str(place), searched.files, passed_over)


def _check_nothing_is_passed_over(
    wanted: Wanted, source: str, folder: Path, searched: Searched
) -> None:
    """What a person named is used, or refused with the reason.

    Where another data set's files are the only ones, the folder was named for those. Kaggle's input
    has data sets that are none of ours.
    """
    kaggles = f"https://www.kaggle.com/datasets/{wanted.handle}"
    if searched.refused:
        todo = f"Take the file from {kaggles} as it is, or take this one away."
        raise DataError("\n".join([*_first(searched.refused), todo]))
    there = [*searched.passed_over, *searched.unknown]
    if source == "environment" and not (there or searched.others):
        there = ["there is no table in it at all"]
    if source in ("environment", "local") and there:
        named = "LABKIT_DATA is" if source == "environment" else "the project's data folder is"
        todo = f"Put the files of {kaggles} there, or name the folder that has them."
        told = f"{named} {str(folder)!r}, in which there is no file of {wanted.dataset}:"
        raise DataError("\n".join([told, *(f"  {reason}" for reason in _first(there)), todo]))


def _first(reasons: list[str]) -> list[str]:
    more = len(reasons) - TOLD
    return [*reasons[:TOLD], *([f"… and {more} files more"] if more > 0 else [])]


def _environment(wanted: Wanted, fetch: bool) -> Path | None:
    named = os.environ.get("LABKIT_DATA")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.exists():
        raise DataError(
            f"LABKIT_DATA is {named!r}, which is no folder and no file. Expected the folder that "
            f"holds {wanted.folder}/{wanted.names(wanted.main)[0]}. Correct it, or unset it to let "
            "labkit search."
        )
    if folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK):
        raise DataError(f"LABKIT_DATA is {named!r}, which may not be read. Allow it.")
    return folder


def _local(wanted: Wanted, fetch: bool) -> Path | None:
    return _there(ROOT / "data")


def _kaggle(wanted: Wanted, fetch: bool) -> Path | None:
    return _there(KAGGLE_INPUT)


def _download(wanted: Wanted, fetch: bool) -> Path | None:
    return kagglehub_folder(wanted.handle, fetch=fetch)


def _there(folder: Path) -> Path | None:
    return folder if folder.is_dir() else None


_FOLDERS = {
    "environment": _environment,
    "local": _local,
    "kaggle": _kaggle,
    "download": _download,
}


def _why_not(wanted: Wanted, source: str) -> str:
    names = " or ".join(wanted.names(wanted.main))
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
            if source == "embedded" or _look(wanted, source, fetch=False).files:
                have.append(source)
    return f"For {wanted.dataset} there is data at: {', '.join(have)}."
