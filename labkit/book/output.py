"""The folder that a render makes, and the care that nothing else is lost by it.

A render works in a hidden folder beside the book, ``.book-…``, and puts the finished book in the
place of the old one at its end; the old one lies in ``.book-…-old`` meanwhile. Whatever a killed
render leaves of these, the next one clears up. A list in the book itself, `MARKER`, names what the
render made: all else in that folder is someone's own and is kept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from labkit.book.errors import BookError
from labkit.book.project import Project

MARKER = ".made-by-render"
"""Names what a render made; it is written last, so that a book without it may be half a book."""

NEW = "book"
"""The new book in a workplace."""

IN_PLACE = "in-place"
"""Says in a workplace that another program fills the book's own folder."""


def check(project: Project) -> None:
    """See that what lies in the place of the book is a book, or nothing.

    Raises
    ------
    BookError
        If it is not; then nothing may take its place.
    """
    output = project.output
    if not output.exists() or is_book(output, project.pdf_name):
        return
    if not output.is_dir():
        raise BookError(f"{output} is a file, and the book's folder should lie there: move it away")
    first = min(path.name for path in output.iterdir())
    raise BookError(
        f"{output} holds what no render made, such as {first}: move that away, or name another "
        "output-dir in _quarto.yml"
    )


def is_book(folder: Path, pdf_name: str = "") -> bool:
    """Whether a folder is empty, or a render made it: marked, or Quarto's, or an older labkit's."""
    if not folder.is_dir():
        return False
    names = {path.name for path in folder.iterdir()}
    if MARKER in names or not names:
        return True
    quartos = "site_libs" in names
    older = all((folder / "site" / name).is_file() for name in ("style.css", "script.js"))
    return ".git" not in names and (quartos or older or names == {pdf_name})


@contextmanager
def workplace(project: Project) -> Iterator[Path]:
    """A hidden folder for one render, beside the book; what killed renders left is cleared first.

    At its end the last whole book is in its place, whatever happened in between.

    Raises
    ------
    BookError
        If what lies in the place of the book is none.
    """
    with alone(project):
        recover(project)
        check(project)
        work = Path(tempfile.mkdtemp(prefix=".book-", dir=project.root))
        own = _lock_of(work)
        own.acquire(blocking=False)
    try:
        yield work
    finally:
        own.release()
        with alone(project):
            _settle(work, project)


@contextmanager
def alone(project: Project, wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """No other render of this project changes its output inside the block.

    ``wait`` is called once if another one does at the moment.
    """
    lock = FileLock(project.root / ".book-lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        wait()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def recover(project: Project) -> None:
    """Clear up after renders that were killed: the last whole book is in its place again."""
    left = {path.with_name(path.name.removesuffix("-old")) for path in project.root.glob(".book-*")}
    for work in left:
        if work.is_dir():
            lock = _lock_of(work)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue  # A render that is still at it.
            lock.release()
        if work.is_dir() or _old(work).is_dir():
            _settle(work, project)


def _lock_of(work: Path) -> FileLock:
    return FileLock(work / "lock")


def _old(work: Path) -> Path:
    return work.with_name(work.name + "-old")


def _settle(work: Path, project: Project) -> None:
    """Put the old book back unless a new one is whole, and remove the rest."""
    old, output = _old(work), project.output
    work.mkdir(exist_ok=True)
    whole = (output / MARKER).is_file()
    if (work / IN_PLACE).exists() and not whole:
        shutil.rmtree(output, ignore_errors=True)
    if old.is_dir() and not whole:
        check(project)
        shutil.rmtree(output, ignore_errors=True)
        os.replace(old, output)
    elif old.is_dir():
        os.replace(old, work / "old")  # in one move: half a book must not be put back later
    shutil.rmtree(work, ignore_errors=True)


def copy_made(book: Path, to: Path) -> None:
    """Copy of a book, if it is there, what renders made."""
    for name in _files(book) - _own_files(book) - {MARKER}:
        _copy(book, name, to)


def put(work: Path, project: Project) -> None:
    """Put the new book of a workplace in the place of the old one, with what is someone's own."""
    output = project.output
    check(project)
    _finish(work / NEW, output)
    output.parent.mkdir(parents=True, exist_ok=True)
    if output.exists():
        os.replace(output, _old(work))
    os.replace(work / NEW, output)


def lend(work: Path, project: Project, keep: bool) -> None:
    """Let another program make the book in its place: the old one waits in the workplace.

    ``keep`` leaves a copy there, for a program that changes single pages.
    """
    output = project.output
    check(project)
    if output.is_dir():
        os.replace(output, _old(work))
    (work / IN_PLACE).touch()
    if keep:
        copy_made(_old(work), output)


def take_back(work: Path, project: Project) -> None:
    """What another program made in the place of the book is the book."""
    _finish(project.output, _old(work))


def _finish(new: Path, old: Path) -> None:
    """Bring what is someone's own from the old book, and mark the new one, which is whole now."""
    made = _files(new)
    for name in _own_files(old):
        if name not in made:
            _copy(old, name, new)
    listed = "".join(f"{name}\n" for name in sorted(made))
    part = new / f"{MARKER}.part"
    part.write_text(listed, encoding="utf-8", errors="surrogateescape")
    os.replace(part, new / MARKER)


def _own_files(book: Path) -> set[str]:
    """Files in a book that no render made; none are known where it is not marked."""
    marker = book / MARKER
    if not marker.is_file():
        return set()
    made = marker.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    return _files(book) - set(made) - {MARKER}


def _files(folder: Path) -> set[str]:
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in paths}


def _copy(origin: Path, name: str, to: Path) -> None:
    target = to / name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(origin / name, target, follow_symlinks=False)
