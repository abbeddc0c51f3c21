"""One result on the disk: a record, and the files that it names. It is whole, or it is none.

A result's files lie in a folder of their own, ``<key>-<number>``, that is never written again; the
record beside that folder says which one holds today's, and is replaced in one move. So whoever
reads finds one result or another, never a mixture. The record holds the SHA-256 of every file and
of itself: what is not as it was written is no result.
"""

import hashlib
import json
import re
import secrets
import shutil
import time
from dataclasses import fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

from labkit.errors import LabkitError
from labkit.report.checkpoints import Checkpoint
from labkit.report.facts import Facts
from labkit.report.frames import read_table, write_table

RECORD = "record.json"
LOCK = ".lock"

F = TypeVar("F", bound=Facts)


class DamagedError(LabkitError):
    """A file of a result is not as it was written, or gone."""

    def __init__(self, path: Path):
        super().__init__(
            f"{path} is not as it was written: it was damaged, or an older labkit made it. "
            "Rendering makes that result anew."
        )


def write(home: Path, facts: Facts, details: dict[str, Any]) -> None:
    """Keep facts in a folder, in the place of those it holds.

    Parameters
    ----------
    home : Path
        The folder, which no other process may write to meanwhile.
    facts : Facts
    details : dict
        What else the record holds: ``key`` at least.

    Raises
    ------
    TypeError
        When a fact is of a type that no study may return.
    """
    new = home / f"{details['key'][:8]}-{secrets.token_hex(4)}"
    new.mkdir(parents=True)
    try:
        record = {**details, "facts": _stored(facts, new, "")}
        names = sorted(path.name for path in new.iterdir())
        record["files"] = {f"{new.name}/{name}": _digest(new / name) for name in names}
        part = new / RECORD
        part.write_bytes(_signed(record))
        part.replace(home / RECORD)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    for path in home.iterdir():
        if path.is_dir() and path != new:
            shutil.rmtree(path, ignore_errors=True)
        elif path.name not in (RECORD, LOCK, new.name):
            path.unlink(missing_ok=True)


def read(home: Path, key: str, kind: type[F]) -> F | None:
    """The facts in a folder, if they were made under a key; else None.

    Raises
    ------
    DamagedError
        When they are not as they were written.
    """
    record = record_of(home)
    if record is None or record["key"] != key:
        return None
    check_files(home, record)
    try:
        return _restored(record["facts"], kind, home)
    except OSError as error:  # gone since it was checked
        raise DamagedError(Path(error.filename or home)) from error


def record_of(home: Path) -> dict[str, Any] | None:
    """The record in a folder; None if there is none.

    Raises
    ------
    DamagedError
        When it is not as it was written.
    """
    path = home / RECORD
    try:
        content = path.read_bytes()
        record = json.loads(content)
        del record["sha256"]
        if _signed(record) == content:
            return record
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    raise DamagedError(path)


def check_files(home: Path, record: dict[str, Any]) -> None:
    """See that the files of a record are as they were written.

    Raises
    ------
    DamagedError
        Naming the first that is not.
    """
    for name, digest in record["files"].items():
        try:
            same = _digest(home / name) == digest
        except OSError:
            same = False
        if not same:
            raise DamagedError(home / name)


def _signed(record: dict[str, Any]) -> bytes:
    """A record as it is written, with the hash of what it says."""
    digest = hashlib.sha256(json.dumps(record).encode()).hexdigest()
    return json.dumps({**record, "sha256": digest}, indent=2).encode() + b"\n"


def _digest(path: Path) -> str:
    status = path.stat()
    # What was written just now may be written again within the same tick of the file's clock.
    settled = time.time_ns() - status.st_mtime_ns > 2 * 10**9
    digest = _digest_at if settled else _digest_at.__wrapped__
    return digest(path, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _digest_at(path: Path, *state: int) -> str:
    """The hash of a file in a state: chapters ask for the same result again and again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stored(value: Any, folder: Path, name: str) -> Any:
    """A fact as JSON holds it; a table, array or model becomes a file named after its field."""
    if isinstance(value, Checkpoint):
        path = _new_file(folder, name, "pt")
        value.save(path)
        return {"file": f"{folder.name}/{path.name}"}
    if isinstance(value, np.ndarray):
        path = _new_file(folder, name, "npy")
        np.save(path, value, allow_pickle=False)
        return {"file": f"{folder.name}/{path.name}"}
    if isinstance(value, pd.DataFrame):
        path = _new_file(folder, name, "csv")
        return {**write_table(value, path), "file": f"{folder.name}/{path.name}"}
    if is_dataclass(value):
        parts = {own.name: getattr(value, own.name) for own in fields(value)}
        return {
            key: _stored(part, folder, f"{name}.{key}".strip(".")) for key, part in parts.items()
        }
    if isinstance(value, dict):
        return {key: _stored(part, folder, f"{name}.{key}") for key, part in value.items()}
    if isinstance(value, tuple):
        return [_stored(part, folder, f"{name}.{i}") for i, part in enumerate(value)]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"{name} is a {type(value).__name__}, which no study may return: see Facts")


def _new_file(folder: Path, name: str, ending: str) -> Path:
    """A file that is not there yet; names of facts may hold what data call things."""
    stem = re.sub(r"[^\w.-]+", "-", name)[:100]
    path, number = folder / f"{stem}.{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.{ending}"
    return path


def _restored(stored: Any, kind: Any, folder: Path) -> Any:
    """A fact of a type, from what `_stored` made of it."""
    if kind is pd.DataFrame:
        return read_table(folder, stored)
    if kind is Checkpoint:
        return Checkpoint.load(folder / stored["file"])
    if kind is np.ndarray:
        # Left on the disk until it is looked at: predictions are large, and few chapters ask.
        return np.load(folder / stored["file"], mmap_mode="r", allow_pickle=False)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{key: _restored(part, hints[key], folder) for key, part in stored.items()})
    if get_origin(kind) is dict:
        return {key: _restored(part, get_args(kind)[1], folder) for key, part in stored.items()}
    if get_origin(kind) is tuple:
        return tuple(_restored(part, get_args(kind)[0], folder) for part in stored)
    if get_origin(kind) is UnionType and stored is not None:  # such as float | None
        return _restored(stored, get_args(kind)[0], folder)
    return stored
