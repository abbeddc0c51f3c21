"""Where a data set came from, so that no sentence of the book can claim more than is so."""

import hashlib
from dataclasses import dataclass

from labkit.errors import LabkitError


class DataError(LabkitError, ValueError):
    """The data cannot be used; the message says what was found, where, and what to do."""


@dataclass(frozen=True)
class FileRecord:
    """One file that was read.

    Attributes
    ----------
    name : str
        File name; ``archive.zip/file.csv`` for a member of a zip.
    rows : int
        Rows of data in it.
    sha256 : str
        Of the file as it lies on disk (for a zip: of the zip). Of the frame's content for data
        that are not read from a file of their own.
    """

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Provenance:
    """What was loaded, from where, under which licence, and what was checked.

    Attributes
    ----------
    dataset : str
        "NYSE" or "Predictive maintenance".
    source : str
        environment, local, kaggle, download or embedded.
    title : str
        A noun phrase that is true of this source.
    is_real : bool
        False for simulated rows.
    is_nyse : bool
        Whether this is the NYSE data set; False for the five stocks that stand in for it.
    is_known : bool
        Whether the content proves where the data are from. Of other files only their layout is
        known.
    files : tuple of FileRecord
    licence, url : str
    citation : str
        Key in ``references.bib``; empty where the origin is not known.
    checks : tuple of str
        Names of the checks that passed.
    rows : int
        Rows of the main table.
    place : str
        Where the files lie, for a person.
    notes : tuple of str
        What was read otherwise than Kaggle writes it, left out, or passed over.
    """

    dataset: str
    source: str
    title: str
    is_real: bool
    is_nyse: bool
    is_known: bool
    files: tuple[FileRecord, ...]
    licence: str
    url: str
    citation: str
    checks: tuple[str, ...]
    rows: int
    place: str
    notes: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """One SHA-256 over all files, whatever they are called."""
        digests = sorted(record.sha256 for record in self.files)
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()
