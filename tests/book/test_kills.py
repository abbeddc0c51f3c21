"""Renders killed at any moment cost nothing: no source, no result, not the last whole book; and
nothing of them goes on or lies about.
"""

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from books import files, tiny_book

from labkit.book.output import MARKER
from labkit.place import ROOT

STUDY = """
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from joblib import delayed

from labkit.nets.parallel import as_they_come
from labkit.report import results
from labkit.report.facts import Facts

results.FOLDER = Path("results")


@dataclass(frozen=True, kw_only=True)
class Found(Facts):
    table: pd.DataFrame


def made(k):
    def make() -> Found:
        list(as_they_come([delayed(time.sleep)(0.1)] * 2, 2))
        with open("times", "a") as times:
            times.write(str(k))
        return Found(profile="quick", table=pd.DataFrame({"k": [k] * 100}))

    make.__qualname__ = f"make_{k}"
    return results.Study(f"study-{k}", make)()
"""
CELLS = "\n\n".join(
    f"```{{python}}\nfrom found import made\nprint(made({k}).table.k.sum())\n```" for k in (1, 2, 3)
)
RENDER = "import sys; from labkit.book import render; render(sys.argv[1], renderer='labkit')"


def start(root: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(root.parent / "tmp")}
    command = [sys.executable, "-c", RENDER, str(root)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def working_in(root: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(root):
                found.append(process)
    return found


def is_whole(root: Path, edition: int) -> bool:
    """Whether a book is there from which nothing is missing, of this edition or one before."""
    book = root / "_book"
    listed = (book / MARKER).read_text().splitlines()
    chapter = (book / "chapters/01-one.html").read_text()
    return (
        all((book / name).stat().st_size for name in listed)
        and {"index.html", "chapters/01-one.html", "Tiny.pdf"} <= set(listed)
        and all(f"{100 * k}" in chapter for k in (1, 2, 3))
        and any(f"Edition {e}." in chapter for e in range(edition + 1))
    )


@pytest.fixture
def root(tmp_path):
    (tmp_path / "tmp").mkdir()
    root = tiny_book(tmp_path / "project", f"Edition 0.\n\n{CELLS}")
    (root / "found.py").write_text(STUDY)
    return root


def finish(root: Path) -> float:
    """Render, and say how many seconds it took."""
    begun = time.monotonic()
    process = start(root)
    assert process.wait() == 0, process.stderr.read()
    return time.monotonic() - begun


def kill(process: subprocess.Popen, root: Path) -> None:
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while working_in(root) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert working_in(root) == [], "what it had started ended with it"


def test_killed_renders_cost_nothing(root):
    training = start(root)
    while not (root / "results/study-2/record.json").exists():
        time.sleep(0.01)
    kill(training, root)
    finish(root)
    trained = (root / "times").read_text()
    assert trained.count("1") == trained.count("2") == 1, "what was finished was not made again"

    draw, longest = random.Random(0), finish(root)
    chapter = root / "chapters/01-one.qmd"
    n = 50 if os.environ.get("LABKIT_SOAK") else 2
    for edition in range(1, n + 1):
        text = chapter.read_text().replace(f"Edition {edition - 1}.", f"Edition {edition}.")
        chapter.write_text(text)
        before = {name: text for name, text in files(root).items() if is_kept(name)}
        rendering = start(root)
        time.sleep(draw.uniform(0, longest))
        kill(rendering, root)
        assert {name: text for name, text in files(root).items() if is_kept(name)} == before
        assert not (root / "_book").exists() or is_whole(root, edition)
    finish(root)
    assert (
        is_whole(root, n) and f"Edition {n}." in (root / "_book/chapters/01-one.html").read_text()
    )
    assert [path.name for path in root.glob(".*")] == [".book-lock"]
    assert not list((root.parent / "tmp").rglob("*.json"))
    assert (root / "times").read_text() == trained, "no kill cost a result"


def is_kept(name: str) -> bool:
    return name.startswith(("results/", "chapters/")) or "/" not in name
