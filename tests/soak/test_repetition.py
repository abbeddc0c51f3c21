"""The same again: the suite in other orders, and a rendering of the book a second time."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUITES = int(os.environ.get("LABKIT_SUITES", "30"))
PROFILE = os.environ.get("LABKIT_PROFILE", "full")


def python(*arguments, cwd=ROOT, **variables):
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    del variables["LABKIT_SOAK"]
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=variables, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("order", range(1, SUITES + 1))
def test_the_suite_passes_in_any_order(order):
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", LABKIT_ORDER=str(order))
    assert done.returncode == 0, done.stdout[-3000:]


def rendered(copy):
    """The numbers of a rendering in a fresh copy of the project, by the file that holds them."""
    left_out = shutil.ignore_patterns(".*", "_book", "results", "data")
    shutil.copytree(ROOT, copy, ignore=left_out)
    shutil.copy(ROOT / ".gitignore", copy)
    command = ("-m", "labkit", "render", "--renderer", "labkit", "--profile", PROFILE)
    done = python(*command, cwd=copy, LABKIT_NO_VENV="1")
    assert done.returncode == 0, done.stderr[-3000:]
    files = {path.relative_to(copy): path for path in (copy / "results").rglob("*.*")}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if path.suffix in (".csv", ".npy")
    }


def test_two_renderings_give_the_same_numbers(tmp_path):
    one, other = (rendered(tmp_path / name) for name in ("one", "other"))
    assert one and one.keys() == other.keys()
    assert [str(name) for name in one if one[name] != other[name]] == []
