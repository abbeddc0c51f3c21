"""Which files of a folder are a data set's tables, by their headers; and why the others are not."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from labkit.files import headers
from labkit.files.datasets import DATASETS, Layout, Wanted
from labkit.files.formats import OTHER_SUFFIXES, SUFFIXES, FileTable, tables
from labkit.files.provenance import DataError
from labkit.files.stored import StoredFile, members

MOST_FILES = 500
"""Files of a folder whose headers are looked at; those with known names come first."""

DEEPEST = 6
"""Folders below a folder that are looked into."""

TOLD = 5
"""Files that a message lists; it counts the others."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A file that has the header of a table.

    Attributes
    ----------
    file : StoredFile
    layout : Layout
    """

    file: StoredFile
    layout: Layout

    def table(self) -> FileTable:
        """The file's table of this layout, whole.

        Raises
        ------
        DataError
            When it cannot be read.
        """
        own = tables(self.file)
        return next((t for t in own if headers.match(t.header, self.layout).whole), own[0])


@dataclass(frozen=True, eq=False)
class Searched:
    """What a folder has of a data set.

    Attributes
    ----------
    files : dict of str to Candidate
        Table to the file that is taken for it.
    passed_over : tuple of str
        What else is there, and why it was not taken.
    refused : tuple of str
        Reasons of files that are meant to be the data set's main table, and are not.
    unknown : tuple of str
        Reasons of files that are no table of any data set.
    others : bool
        Whether there is another data set.
    """

    files: dict[str, Candidate]
    passed_over: tuple[str, ...]
    refused: tuple[str, ...]
    unknown: tuple[str, ...]
    others: bool


@dataclass
class _Sorted:
    """Files of a folder, sorted while they are looked at."""

    candidates: dict[str, list[Candidate]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    others: bool = False


def search(folder: Path, wanted: Wanted) -> Searched:
    """Look for a data set's tables in a folder and those below it, or in one file.

    Parameters
    ----------
    folder : Path
    wanted : Wanted

    Raises
    ------
    DataError
        When two files could be the same table, and neither is called as that table is.
    """
    own = _Sorted()
    files = sorted(_files(folder), key=lambda file: (*_rank(file, folder, wanted), str(file)))
    for file in files[:MOST_FILES]:
        _sort_in(file, folder, wanted, own)
    taken, passed_over = {}, [*own.broken]
    for table, candidates in own.candidates.items():
        first, *further = candidates
        taken[table] = first
        passed_over += [
            f"{other.file}: {table} are taken from {first.file.name}" for other in further
        ]
        _check_choice(first, further, folder, wanted, table)
    if wanted.main not in taken:
        taken = {}
    if len(files) > MOST_FILES:
        passed_over.append(f"{len(files) - MOST_FILES} further files were not looked at")
    return Searched(
        taken,
        (*passed_over, *own.refused, *own.unknown) if taken else tuple(passed_over),
        tuple(own.refused),
        tuple(own.unknown),
        own.others,
    )


def _sort_in(file: StoredFile, folder: Path, wanted: Wanted, own: _Sorted) -> None:
    """Look at one file's header, and put it where it belongs."""
    table = _named_table(file, wanted)
    mine = table is not None or _in_folder_of(file, folder, wanted)
    theirs = not mine and any(
        _named_table(file, other) or _in_folder_of(file, folder, other)
        for other in DATASETS
        if other is not wanted
    )
    try:
        found = tables(file, head=True)
    except DataError as error:
        reasons = own.unknown
        if mine:
            reasons = own.refused if table in (None, wanted.main) else own.broken
        elif theirs:
            own.others = True
            return
        reasons.append(str(error))
        return
    for name, layouts in wanted.tables.items():
        for layout in layouts:
            if any(headers.match(one.header, layout).whole for one in found):
                own.candidates.setdefault(name, []).append(Candidate(file, layout))
                return
    known = [layout for other in DATASETS for own_ in other.tables.values() for layout in own_]
    if theirs or any(headers.match(t.header, one).whole for t in found for one in known):
        own.others = True
        return
    _refuse(file, found, table, wanted, mine, own)


def _refuse(
    file: StoredFile,
    found: list[FileTable],
    table: str | None,
    wanted: Wanted,
    mine: bool,
    own: _Sorted,
) -> None:
    """Say why a file is none of the data set's tables."""
    layouts = [
        (name, layout)
        for name, all_ in wanted.tables.items()
        for layout in all_
        if table in (None, name)
    ]
    near, (name, layout), header = max(
        (
            (_share(one.header, layout), (name, layout), one.header)
            for one in found
            for name, layout in layouts
        ),
        key=lambda item: item[0],
    )
    told = headers.described(header, headers.match(header, layout), layout)
    if mine or near >= 0.5:
        place = own.refused if name == wanted.main else own.broken
        place.append(f"{file}, line 1: {told}")
    elif len(header) > 2 or not file.base.lower().endswith(".txt"):
        own.unknown.append(
            f"{file}: no header in it is near that of {layout.what}; found "
            f"{headers.listed(header, 6)}"
        )


def _share(header: tuple[str, ...], layout: Layout) -> float:
    """Share of a layout's columns that a header has."""
    return 1 - len(headers.match(header, layout).missing) / len(layout.required)


def _check_choice(
    first: Candidate, further: list[Candidate], folder: Path, wanted: Wanted, table: str
) -> None:
    """Refuse to choose between two files that have nothing to choose by."""
    rank = _rank(first.file, folder, wanted)
    for other in further:
        if _rank(other.file, folder, wanted) == rank and other.file.sha256 != first.file.sha256:
            raise DataError(
                f"{first.file} and {other.file} could both be the {table}. Take one of them away, "
                f"or call one {wanted.names(table)[0]}."
            )


def _rank(file: StoredFile, folder: Path, wanted: Wanted) -> tuple[bool, float, int, int]:
    """What is taken first: loose files, known names, the data set's folder, what is not deep."""
    names = [rank for table in wanted.tables for rank in [_name_rank(file, wanted.names(table))]]
    depth = len(file.path.parent.parts) - len(folder.parts)
    if _in_folder_of(file, folder, wanted):
        depth = 0
    elif depth == 0:
        depth = 1
    return (file.member is not None, min(names), depth, (file.member or "").count("/"))


def _name_rank(file: StoredFile, names: tuple[str, ...]) -> float:
    """The place of a file's name among those that it may have; a copy's comes behind its own."""
    base = file.base.lower()
    for rank, name in enumerate(names):
        if base == name:
            return rank
    stems = [name.removesuffix(".csv") for name in names]
    copies = [rank for rank, stem in enumerate(stems) if re.match(rf"{stem}\W", base)]
    return min(copies, default=len(names), key=lambda rank: -len(stems[rank])) + 0.5


def _named_table(file: StoredFile, wanted: Wanted) -> str | None:
    """The table that a file is by its name, if it is any."""
    for table in wanted.tables:
        names = wanted.names(table)
        if _name_rank(file, names) < len(names):
            return table
    return None


def _in_folder_of(file: StoredFile, folder: Path, wanted: Wanted) -> bool:
    """Whether a file lies in the folder of a data set, here or as Kaggle's is called."""
    below = file.path.parent.parts[len(folder.parts) :] if file.path != folder else ()
    return bool({wanted.folder, wanted.handle.rsplit("/")[-1]} & {part.lower() for part in below})


def _files(folder: Path) -> Iterator[StoredFile]:
    """The files that may be tables, members of archives too."""
    for path in [folder] if folder.is_file() else _walk(folder):
        if path.suffix.lower() != ".zip":
            yield StoredFile(path)
            continue
        try:
            inside = members(path)
        except DataError:
            yield StoredFile(path)  # told where it is looked at
            continue
        yield from (file for file in inside if _may_be_table(file.base, file.member))


def _walk(folder: Path) -> Iterator[Path]:
    seen = set()
    for parent, below, names in os.walk(folder, followlinks=True):
        home = Path(parent)
        real = home.resolve()
        deep = len(home.parts) - len(folder.parts) >= DEEPEST
        below[:] = [] if real in seen or deep else sorted(n for n in below if n[0] not in "._")
        if real not in seen:
            yield from (home / name for name in sorted(names) if _may_be_table(name, name))
        seen.add(real)


def _may_be_table(name: str, path: str) -> bool:
    """Whether a name is that of a table, and of none that a program keeps for itself."""
    kept = name.startswith((".", "~$")) or "__MACOSX" in path
    return not kept and name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES))
