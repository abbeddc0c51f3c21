"""The book's files: how its sources are read, and where a render may write."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from labkit.book.errors import BookError

_SOURCES = ("*.py", "*.qmd", "*.ipynb", "*.bib")


def read_text(path: Path, name: str) -> str:
    """A source as text, without a byte order mark; messages call it `name`.

    Raises
    ------
    BookError
        If it is not UTF-8.
    """
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BookError(
            f"{name}:{line}: the byte 0x{content[error.start]:02x} is no UTF-8; save the file in "
            "that encoding"
        ) from None


def place(root: Path, named: object, sources: Iterable[str]) -> Path:
    """The output folder, links followed, seen to lie where no source does.

    Parameters
    ----------
    root : Path
        The project's folder, links followed.
    named : object
        What `_quarto.yml` has as `output-dir`.
    sources : iterable of str
        Paths below the root of the files that the book is made from.

    Raises
    ------
    BookError
        If a render into that folder could remove anything but a book.
    """
    where = f"_quarto.yml: output-dir {named!r}"
    proper = isinstance(named, str) and "\0" not in named
    path = Path(os.path.realpath(root / named)) if proper else root
    if not proper or path.is_symlink():  # the latter for a link to itself
        raise BookError(f"{where} is no folder's name; expected one such as _book")
    if root not in path.parents:
        what = "is the project itself" if path == root else "lies outside the project"
        raise BookError(f"{where} {what}; a render replaces that folder: name one of its own")
    files = [Path(os.path.realpath(root / source)) for source in sources]
    for folder in (path, *path.parents):
        if folder == root:
            break
        what = "is hidden" if folder.name.startswith(".") else "holds sources"
        if folder.name.startswith(".") or _holds_sources(folder, files):
            shown = folder.relative_to(root)
            raise BookError(f"{where}: {shown} {what}; name a folder of the book's own, as _book")
    return path


def _holds_sources(folder: Path, files: list[Path]) -> bool:
    listed = any(folder == file or folder in file.parents for file in files)
    return listed or any(next(folder.glob(ending), None) for ending in _SOURCES)


def inside(folder: Path, name: str) -> Path | None:
    """The path of a file below a folder; None where its name leads out of it."""
    path = Path(os.path.normpath(folder / name))
    return path if folder in path.parents else None
