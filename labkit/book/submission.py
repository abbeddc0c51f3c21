"""What is handed in: the rendered book, its notebooks and its results, as one zip with hashes."""

from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path

from labkit.book.errors import BookError
from labkit.book.project import Project, load

README = "README.txt"

_DAY = (1980, 1, 1, 0, 0, 0)  # the first that a zip knows: the same files make the same zip


def pack(root: str | Path, notebooks: str | Path, target: str | Path) -> Path:
    """Pack the book rendered in folder `root` into the zip `target`.

    Parameters
    ----------
    root : path
        Folder that holds `_quarto.yml`, the rendered book, and `results/`.
    notebooks : path
        The folder of the chapters as notebooks.
    target : path
        The zip; one that is there is replaced once the new one is whole.

    Returns
    -------
    Path
        The zip. Its `README.txt` says who hands it in, what is where, and the SHA-256 of each file.

    Raises
    ------
    BookError
        If the book has no PDF or no pages yet, or there are no notebooks.
    """
    project, target = load(root), Path(target)
    files = _contents(project, Path(notebooks))
    temporary = target.with_name(target.name + ".tmp")
    try:
        with zipfile.ZipFile(temporary, "w") as made:
            _add(made, README, _readme(project, files).encode())
            for name, path in files.items():
                _add(made, name, path.read_bytes())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _add(made: zipfile.ZipFile, name: str, content: bytes) -> None:
    own = zipfile.ZipInfo(name, _DAY)
    own.external_attr = 0o644 << 16
    made.writestr(own, content, zipfile.ZIP_DEFLATED)


def _contents(project: Project, notebooks: Path) -> dict[str, Path]:
    """Name in the zip to file, in the order of the README."""
    pdf = project.output / project.pdf_name
    for path, what in ((pdf, "PDF"), (project.output / project.chapters[0].page, "pages")):
        if not path.is_file():
            raise BookError(f"the book has no {what} yet ({path.name}): render all of it first")
    if not list(notebooks.glob("*.ipynb")):
        raise BookError(f"no notebooks in {notebooks}: make them first")
    folders = {
        "site": project.output, "notebooks": notebooks, "results": project.root / "results",
    }  # fmt: skip
    found = {pdf.name: pdf}
    for name, folder in folders.items():
        for path in sorted(folder.rglob("*")):
            within = path.relative_to(folder)
            hidden = any(
                part.startswith(".") for part in within.parts
            )  # locks, lists of what we made
            if path.is_file() and path != pdf and not hidden:
                found[f"{name}/{within.as_posix()}"] = path
    return found


def _readme(project: Project, files: dict[str, Path]) -> str:
    given = [("author", ", ".join(project.author)), *project.submission, ("date", project.date)]
    lines = [project.title, project.subtitle, ""]
    lines += [f"{label.capitalize()}: {value}" for label, value in given if value]
    lines += [
        "",
        f"{project.pdf_name}: the report on paper.",
        f"site/{project.chapters[0].page}: the same as pages; open it in a browser.",
        "notebooks/: the chapters as notebooks.",
        "results/: what every study found; record.json in each folder names the files.",
        "",
        "SHA-256 of each file (`sha256sum --check --ignore-missing README.txt` compares them):",
        "",
    ]
    for name, path in files.items():
        with path.open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}")
    return "\n".join(lines) + "\n"
