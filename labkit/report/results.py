"""Where studies leave what they found, and where the next chapter finds it.

A study is a function that takes data and a profile and returns `Facts`: a frozen dataclass of
tables and of every fact that the book states. `study` keeps what it returned in
``results/<name>/``: each table as CSV, each array as ``.npy``, each trained model as ``.pt``; in
``record.json`` the other facts, the key they were made under, the profile and the seconds. The key
is a hash of the code that the study reaches, its data, its profile and the packages that take part:
a result whose key is not today's is made anew.
"""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from functools import update_wrapper
from pathlib import Path
from types import UnionType
from typing import Any, Generic, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import pandas as pd

from labkit.place import ROOT
from labkit.report.checkpoints import Checkpoint
from labkit.report.code import code_fingerprint, versions
from labkit.report.facts import Facts
from labkit.report.frames import read_table, write_table

FOLDER = ROOT / "results"

_log = logging.getLogger(__name__)

P = ParamSpec("P")
F = TypeVar("F", bound=Facts)

_others: list[float] = []
"""Seconds that each study now being made has waited for studies it asked for, innermost last."""


@dataclass(eq=False)
class Study(Generic[P, F]):
    """A study whose facts are kept.

    Parameters
    ----------
    name : str
        Its folder in ``results/``.
    make : callable
        Data and profile to `Facts`; its return annotation says which.
    """

    name: str
    make: Callable[P, F]
    made_by: str = field(init=False)

    def __post_init__(self) -> None:
        self.made_by = f"{self.make.__module__}.{self.make.__qualname__}"
        update_wrapper(self, self.make)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> F:
        """The facts, from ``results/`` if they are still true, else made and kept there."""
        home = FOLDER / self.name
        key = self.key(*args, **kwargs)
        record = home / "record.json"
        if not (record.exists() and json.loads(record.read_text())["key"] == key):
            _log.info("study %s begins", self.name)
            facts, seconds = self._timed(*args, **kwargs)
            _log.info("study %s made: %.1f s", self.name, seconds)
            details = {
                "study": self.name,
                "made_by": self.made_by,
                "profile": facts.profile,
                "key": key,
                "seconds": round(seconds, 2),
            }
            _write(home, facts, details)
        # What was just made is read back too, so that fresh and kept facts are the same.
        return _read(home, get_type_hints(self.make)["return"])

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """What the facts depend on, as one hash."""
        module = self.make.__module__
        given = [_fingerprint(value) for value in (*args, *kwargs.values())]
        parts = [self.made_by, code_fingerprint(module), repr(versions(module)), *given]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _timed(self, *args: P.args, **kwargs: P.kwargs) -> tuple[F, float]:
        """The facts, and the seconds that are the study's own."""
        start = time.perf_counter()
        _others.append(0.0)
        try:
            facts = self.make(*args, **kwargs)
        finally:
            others = _others.pop()
        total = time.perf_counter() - start
        if _others:
            _others[-1] += total
        return facts, total - others


def study(name: str) -> Callable[[Callable[P, F]], Study[P, F]]:
    """Keep what a function of data and profile returns in ``results/<name>/``.

    Data are told apart by ``provenance.fingerprint``, all else by its ``repr``.
    """
    return lambda make: Study(name, make)


def records(folder: Path | None = None) -> pd.DataFrame:
    """What is kept: a row per study with what made it, its profile and the seconds it took."""
    paths = sorted((folder or FOLDER).glob("*/record.json"))
    columns = ["study", "made_by", "profile", "seconds", "key"]
    return pd.DataFrame([json.loads(path.read_text()) for path in paths], columns=columns)


def clean() -> None:
    """Forget every result."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def _fingerprint(value: object) -> str:
    provenance = getattr(value, "provenance", None)
    return repr(value) if provenance is None else provenance.fingerprint


def _write(home: Path, facts: Facts, details: dict) -> None:
    """Fill a new folder, then put it in the place of the old: never half a result."""
    new = home.with_name(home.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    record = {**details, "facts": _stored(facts, new, "")}
    (new / "record.json").write_text(json.dumps(record, indent=2) + "\n")
    shutil.rmtree(home, ignore_errors=True)
    new.rename(home)


def _stored(value: Any, folder: Path, name: str) -> Any:
    """A fact as JSON holds it; a table, array or model becomes a file named after its field."""
    if isinstance(value, Checkpoint):
        file = f"{name}.pt"
        value.save(folder / file)
        return {"file": file}
    if isinstance(value, np.ndarray):
        file = f"{name}.npy".replace(" ", "-")
        np.save(folder / file, value, allow_pickle=False)
        return {"file": file}
    if isinstance(value, pd.DataFrame):
        return write_table(value, folder / f"{name}.csv")
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


def _read(home: Path, kind: type[F]) -> F:
    stored = json.loads((home / "record.json").read_text())["facts"]
    return _restored(stored, kind, home)


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
