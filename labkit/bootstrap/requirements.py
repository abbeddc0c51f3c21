"""What set-up asks for: a Python, and the packages that requirements files name."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

from labkit.bootstrap.errors import SetupError

OLDEST_PYTHON = (3, 11)
LOCK = "requirements.lock"
"""Every package that the requirements bring, with the hashes of its files, for all systems. Without
torch, which has several builds of a version, and what only its builds with CUDA bring."""


def read(file: Path) -> list:
    """What a requirements file asks for on this system, and the files that it includes by ``-r``.

    Parameters
    ----------
    file : Path
        A requirements file as pip reads it; pip's own options in it are passed over.

    Returns
    -------
    list of packaging.requirements.Requirement

    Raises
    ------
    SetupError
        Names the file, the line and its text where that is no requirement by name.
    """
    found = []
    for number, line in _lines(file):
        include = re.match(r"(?:-r|--requirement)[\s=]*(.+)", line)
        if include:
            found += read(file.parent / include.group(1))
            continue
        if line.startswith("-") and not line.startswith(("-e", "--editable")):
            continue
        # After the requirement come pip's options for it: --hash and the like.
        requirement = parse(re.split(r"\s-", line, maxsplit=1)[0])
        if requirement is None:
            raise SetupError(
                f"{file}:{number}: {line!r} is not a requirement that set-up can check. Write "
                "name==version, or name @ address for a package that is on no index."
            )
        if applies(requirement):
            found.append(requirement)
    return found


def parse(text: str):
    """A `packaging.requirements.Requirement`; None of a text that is no requirement by name."""
    reader = _reader()
    try:
        return reader.Requirement(text)
    except reader.InvalidRequirement:
        return None


def applies(requirement, extra: str = "") -> bool:
    """Whether a requirement is one of this system, for an extra of who asks or, empty, without."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _lines(file: Path):
    """Number and text of a requirements file's lines, as pip reads them.

    Continued lines are joined, comments and empty lines left out.
    """
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise SetupError(f"{file}: the requirements cannot be read ({error.strerror}).") from error
    for match in re.finditer(r"(?:(?!\s*#).*\\\n)*.*", text):
        line = re.sub(r"(^|\s)#.*", "", match.group().replace("\\\n", "")).strip()
        if line:
            yield text.count("\n", 0, match.start()) + 1, line


def _reader():
    """What reads a requirement: the package `packaging`, or the copy of it that pip brings."""
    for home in ("packaging", "pip._vendor.packaging"):
        try:
            return importlib.import_module(home + ".requirements")
        except ModuleNotFoundError:
            continue
    raise SetupError(
        f"{sys.executable} has no pip. Run `{sys.executable} -m ensurepip`, then the same command "
        "again."
    )
