"""Which files of a folder are a data set's tables, by their headers; and why the others are not."""

import itertools
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

OTHER, NO_TABLE = "a table of another data set", "a text for people"
"""What else a file can be."""

NEAR = 0.5
"""Share of a main table's columns from which on a file is meant to be it."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A file that has the header of a table.

    Attributes
    ----------
    file : StoredFile
    name : str
        The table's, in the data set.
    layout : Layout
    """

    file: StoredFile
    name: str
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


@dataclass
class Searched:
    """What a folder has of a data set.

    Attributes
    ----------
    files : dict of str to Candidate
        Table to the file that is taken for it; none where the main table is not there.
    passed_over : list of str
        What else is there of the data set, and why it was not taken.
    refused : list of str
        Reasons of files that are meant to be the main table, and are not.
    unknown : list of str
        Reasons of files that are no table of any data set.
    others : bool
        Whether there is another data set.
    """

    files: dict[str, Candidate] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    others: bool = False


def search(folder: Path, wanted: Wanted, *, shared: bool = False) -> Searched:
    """Look for a data set's tables in a folder and those below it, or in one file.

    Parameters
    ----------
    folder : Path
    wanted : Wanted
    shared : bool
        Whether data sets that are none of ours lie there too, so that a name says nothing.

    Raises
    ------
    DataError
        When two files could be the same table, and nothing is there to choose by.
    """
    found = Searched()
    files = sorted(_files(folder), key=lambda file: (*_rank(file, folder, wanted), str(file)))
    for file in files[:MOST_FILES]:
        table = _table_by_place(file, folder, wanted, shared=shared)
        try:
            looked = _look(file, table, wanted)
        except DataError as error:
            if table == wanted.main:
                found.refused.append(str(error))
            elif table:
                found.passed_over.append(str(error))
            elif any(_table_by_place(file, folder, other, shared=shared) for other in DATASETS):
                found.others = True
            else:
                found.unknown.append(str(error))
            continue
        if isinstance(looked, Candidate):
            _take(looked, folder, wanted, found, shared=shared)
        found.others |= looked is OTHER
    if len(files) > MOST_FILES:
        found.passed_over.append(f"{len(files) - MOST_FILES} further files were not looked at")
    taken = found.files if wanted.main in found.files else {}
    found.files = {table: taken[table] for table in wanted.tables if table in taken}
    return found


def _look(file: StoredFile, table: str | None, wanted: Wanted) -> Candidate | str:
    """What a file is by its header: a table, `OTHER`, or `NO_TABLE`.

    Raises
    ------
    DataError
        When it is neither; the message says why.
    """
    own = tables(file, head=True)
    for name, layouts in wanted.tables.items():
        for layout in layouts:
            if any(headers.match(one.header, layout).whole for one in own):
                return Candidate(file, name, layout)
    others = [one for other in DATASETS for each in other.tables.values() for one in each]
    if any(headers.match(one.header, layout).whole for one in own for layout in others):
        return OTHER
    layouts = wanted.tables[table or wanted.main]
    near, layout = max(
        itertools.product(own, layouts), key=lambda pair: _share(pair[0].header, pair[1])
    )
    if table or _share(near.header, layout) >= NEAR:
        told = headers.described(near.header, headers.match(near.header, layout), layout)
        raise DataError(f"{near.where}, line 1: {told}")
    if file.base.lower().endswith(".txt") and len(near.header) < 3:
        return NO_TABLE
    raise DataError(
        f"{near.where}: no header in it is near that of {layout.what}; found "
        f"{headers.listed(near.header, 6)}"
    )


def _take(
    candidate: Candidate, folder: Path, wanted: Wanted, found: Searched, *, shared: bool
) -> None:
    """Take a file for its table, unless one before it has been taken."""
    first = found.files.setdefault(candidate.name, candidate)
    if first is candidate:
        return
    own, other = first.file, candidate.file
    alike = not shared and _rank(own, folder, wanted) == _rank(other, folder, wanted)
    if alike and own.sha256 != other.sha256:
        raise DataError(
            f"{own} and {other} could both be the {candidate.name}. Take one of them away, or "
            f"call one {wanted.names(candidate.name)[0]}."
        )
    found.passed_over.append(f"{other}: {candidate.name} are taken from {own.name}")


def _share(header: tuple[str, ...], layout: Layout) -> float:
    """Share of a layout's columns that a header has."""
    return 1 - len(headers.match(header, layout).missing) / len(layout.required)


def _table_by_place(file: StoredFile, folder: Path, wanted: Wanted, *, shared: bool) -> str | None:
    """The table that a file is meant to be, by its name or by the folder it lies in."""
    inside = _in_folder_of(file, folder, wanted)
    for table in wanted.tables:
        names = wanted.names(table)
        if _name_rank(file, names) < len(names) and (inside or not shared):
            return table
    return wanted.main if inside else None


def _rank(file: StoredFile, folder: Path, wanted: Wanted) -> tuple[bool, float, int, int]:
    """What is taken first: loose files, known names, the data set's folder, what is not deep."""
    name = min(_name_rank(file, wanted.names(table)) for table in wanted.tables)
    depth = max(1, len(file.path.parent.parts) - len(folder.parts))
    inside = _in_folder_of(file, folder, wanted)
    return (file.member is not None, name, 0 if inside else depth, (file.member or "").count("/"))


def _name_rank(file: StoredFile, names: tuple[str, ...]) -> float:
    """The place of a file's name among those that it may have; a copy's comes behind its own."""
    base = file.base.lower()
    if base in names:
        return names.index(base)
    stems = [name.removesuffix(".csv") for name in names]
    copies = [rank for rank, stem in enumerate(stems) if re.match(rf"{stem}\W", base)]
    return min(copies, default=len(names), key=lambda rank: -len(stems[rank])) + 0.5


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
            paths = (home / name for name in sorted(names) if _may_be_table(name, name))
            yield from (path for path in paths if path.is_file() or path.is_symlink())
        seen.add(real)


def _may_be_table(name: str, path: str) -> bool:
    """Whether a name is that of a table, and of none that a program keeps for itself."""
    kept = name.startswith((".", "~$")) or "__MACOSX" in path
    return not kept and name.lower().endswith((*SUFFIXES, *OTHER_SUFFIXES))
