"""Where studies leave their tables and models, and where the next chapter finds them.

A study's folder ``results/<study>/`` holds its tables as CSV for people, the same tables exactly
as they were as ``tables.pkl``, its models' weights as ``<model>.pt``, and ``record.json``: the key
they were made under, the profile, the time it took. The key is a hash of the code of ``labkit``,
the data, the profile and the versions of the packages that train: a result whose key is not
today's is made anew.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch

from labkit.config import ROOT, Profile

FOLDER = ROOT / "results"

_others: list[float] = []
"""Seconds that each study now being made has waited for studies it asked for, innermost last."""

TRAINERS = ["torch", "scikit-learn", "skorch", "imbalanced-learn", "numpy", "pandas"]
"""The packages whose version can change a result."""


@dataclass(frozen=True)
class Result:
    """What a study returns: tidy tables, and the models worth keeping, by name."""

    tables: dict[str, pd.DataFrame]
    models: dict[str, torch.nn.Module] = field(default_factory=dict)

    def __getitem__(self, table: str) -> pd.DataFrame:
        if table not in self.tables:
            raise KeyError(f"no table {table!r} here; there are {', '.join(self.tables)}")
        return self.tables[table].copy()


def stored(
    study: str, make: Callable[[], Result], *, data: str, profile: Profile, folder: Path = FOLDER
) -> Result:
    """The study's result, from ``folder`` if it is still true, else made and kept there.

    Parameters
    ----------
    study : str
        Its name, which is its folder's.
    make : callable
        Makes the result.
    data : str
        Fingerprint of the data it is made from.
    profile : Profile
    folder : Path

    Notes
    -----
    The models of a result that was read back are left on disk; the tables are all there.
    """
    key = _key(data, profile)
    home = folder / study
    record = home / "record.json"
    if record.exists() and json.loads(record.read_text())["key"] == key:
        return Result(pd.read_pickle(home / "tables.pkl"))
    start = time.perf_counter()
    _others.append(0.0)
    try:
        result = make()
    finally:
        others = _others.pop()
    total = time.perf_counter() - start
    if _others:
        _others[-1] += total
    seconds = total - others
    details = {"study": study, "profile": profile.name, "key": key, "seconds": round(seconds, 2)}
    _write(home, result, details)
    return result


def records(folder: Path = FOLDER) -> pd.DataFrame:
    """What is kept: a row per study with its profile and the seconds it took."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*/record.json"))]
    return pd.DataFrame(found, columns=["study", "profile", "seconds", "key"])


def clean(folder: Path = FOLDER) -> None:
    """Forget every result."""
    shutil.rmtree(folder, ignore_errors=True)


def _write(home: Path, result: Result, details: dict) -> None:
    """Fill a new folder, then put it in the place of the old: never half a result."""
    new = home.with_name(home.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name, table in result.tables.items():
        table.to_csv(new / f"{name}.csv", index=False)
    pd.to_pickle(result.tables, new / "tables.pkl")
    for name, model in result.models.items():
        torch.save(model.state_dict(), new / f"{name}.pt")
    (new / "record.json").write_text(json.dumps(details, indent=2) + "\n")
    shutil.rmtree(home, ignore_errors=True)
    new.rename(home)


def _key(data: str, profile: Profile) -> str:
    versions = {package: version(package) for package in TRAINERS}
    parts = "\n".join([code_fingerprint(), data, repr(profile), repr(versions)])
    return hashlib.sha256(parts.encode()).hexdigest()


@cache
def code_fingerprint() -> str:
    """A hash of the modules of ``labkit`` that a result can depend on: not how it is shown."""
    shown = {"figures", "tables", "words", "book"}
    digest = hashlib.sha256()
    for path in sorted((ROOT / "labkit").rglob("*.py")):
        parts = {part.removesuffix(".py") for part in path.relative_to(ROOT / "labkit").parts}
        if not parts & shown and not path.stem.startswith("__"):
            digest.update(path.read_bytes())
    return digest.hexdigest()
