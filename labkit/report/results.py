"""Where studies leave what they found, and where the next chapter finds it.

A study is a function that takes data and a profile and returns `Facts`: a frozen dataclass of
tables and of every fact that the book states. `study` keeps what it returned in
``results/<name>/``: in ``record.json`` the facts, the key they were made under, the profile and the
seconds, and in the folder that it names each table as CSV, each array as ``.npy``, each trained
model as ``.pt``. The key is a hash of the code that the study reaches, its data, its profile and
the packages that take part: a result whose key is not today's is made anew, and so is a damaged
one. Of several processes that ask for the same result one makes it, and the others wait for it.
"""

import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import update_wrapper
from pathlib import Path
from typing import Generic, ParamSpec, TypeVar, get_type_hints

import pandas as pd
from filelock import FileLock, Timeout

from labkit.errors import LabkitError, told
from labkit.place import ROOT
from labkit.report import storage
from labkit.report.code import code_fingerprint, versions
from labkit.report.facts import Facts

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
        """The facts, from ``results/`` if they are still true, else made and kept there.

        Raises
        ------
        LabkitError
            When they cannot be kept there.
        """
        home = FOLDER / self.name
        key = self.key(*args, **kwargs)
        kind = get_type_hints(self.make)["return"]
        try:
            if (kept := storage.read(home, key, kind)) is not None:
                return kept
        except storage.DamagedError:
            pass  # or another process was just replacing it: seen to once no other one does
        with self._alone(home):
            try:
                kept = storage.read(home, key, kind)
            except storage.DamagedError as error:
                _log.warning("study %s: %s", self.name, error)
                kept = None
            return self._made(home, key, args, kwargs) if kept is None else kept

    def key(self, *args: P.args, **kwargs: P.kwargs) -> str:
        """What the facts depend on, as one hash."""
        module = self.make.__module__
        given = [_fingerprint(value) for value in (*args, *kwargs.values())]
        parts = [self.made_by, code_fingerprint(module), repr(versions(module)), *given]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def _made(self, home: Path, key: str, args: tuple, kwargs: dict) -> F:
        """The facts, made and kept."""
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
        try:
            storage.write(home, facts, details)
        except OSError as error:
            raise LabkitError(f"what {self.name} found cannot be kept: {told(error)}") from error
        # What was just made is read back too, so that fresh and kept facts are the same.
        return storage.read(home, key, get_type_hints(self.make)["return"])

    @contextmanager
    def _alone(self, home: Path) -> Iterator[None]:
        """No other process makes or replaces this study's result inside the block."""
        lock = FileLock(home / storage.LOCK)
        try:
            home.mkdir(parents=True, exist_ok=True)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                _log.info("study %s waits for another process that makes it", self.name)
                start = time.perf_counter()
                lock.acquire()
                if _others:
                    _others[-1] += time.perf_counter() - start
        except OSError as error:
            raise LabkitError(f"{self.name} cannot be kept: {told(error)}") from error
        try:
            yield
        finally:
            lock.release()

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
    found = []
    for path in sorted((folder or FOLDER).glob(f"*/{storage.RECORD}")):
        try:
            found.append(storage.record_of(path.parent))
        except storage.DamagedError as error:
            _log.warning("%s", error)
    columns = ["study", "made_by", "profile", "seconds", "key"]
    return pd.DataFrame([record for record in found if record], columns=columns)


def clean() -> None:
    """Forget every result."""
    shutil.rmtree(FOLDER, ignore_errors=True)


def _fingerprint(value: object) -> str:
    provenance = getattr(value, "provenance", None)
    return repr(value) if provenance is None else provenance.fingerprint
