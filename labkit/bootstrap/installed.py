"""What the running Python lacks of the requirements, and giving it that."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from labkit.bootstrap import pip, pytorch, requirements
from labkit.bootstrap.errors import SetupError

STUDIES = "requirements-studies.txt"
"""What the chapters' cells need, of all that `requirements.txt` asks for."""


def missing(file: Path, exact: bool) -> list:
    """The requirements of a file that the running Python does not meet, as pip takes them.

    Parameters
    ----------
    file : Path
        A requirements file.
    exact : bool
        Whether a version that does not fit counts as missing. If not, any installed version will
        do; it is asked for again where only a package's extra is missing. ``2.13.0+cpu`` is
        version 2.13.0 either way.
    """
    lacking = []
    for requirement in requirements.read(file):
        if _meets(requirement, exact):
            continue
        version = _version(requirement.name)
        if version and not exact:
            extras = ",".join(sorted(requirement.extras))
            lacking.append(f"{requirement.name}[{extras}]=={version}")
        else:
            lacking.append(str(requirement))
    return lacking


def install_missing(root: Path, exact: bool = False) -> None:
    """Give the running Python what `missing` finds; every version that it has and may keep, stays.

    Parameters
    ----------
    root : Path
        Folder of ``requirements.txt``.
    exact : bool
        Whether other versions than those asked for are replaced.
    """
    lacking = missing(root / "requirements.txt", exact)
    if not lacking:
        return
    print("Installing into", sys.executable + ":", ", ".join(lacking), flush=True)
    torch = [line for line in lacking if re.match(r"torch(?![\w.-])", line)]
    others = [line for line in lacking if line not in torch]
    # PyTorch first: others ask for it, and pip would bring them the build with CUDA.
    for line in torch:
        pytorch.install(line)
    if others:
        pip.install(others)


def install_for_notebook(root: Path) -> None:
    """Give a notebook's kernel what the chapters need, and change nothing that it has.

    A kernel has its packages in memory: one that is replaced under it breaks what is imported
    later. So a package that is lacking comes in a version that fits to those that are there, or,
    where there is none, not at all, which is said.

    Parameters
    ----------
    root : Path
        Folder of ``requirements-studies.txt``.
    """
    import importlib.metadata

    lacking = [own for own in missing(root / STUDIES, exact=False) if "[" not in own]
    if not lacking:
        return
    names = [re.split(r"[\s=<>!~;@]", own, maxsplit=1)[0] for own in lacking]
    print("Installing into", sys.executable + ":", ", ".join(names), flush=True)
    there = {own.metadata["Name"]: own.version for own in importlib.metadata.distributions()}
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder, "kept.txt")
        kept.write_text("".join(f"{name}=={version}\n" for name, version in there.items() if name))
        for name in names:
            try:
                pip.install([name, "--constraint", str(kept)])
            except SetupError as error:
                print(f"Without {name}: {error}", flush=True)


def _meets(requirement, exact: bool, asked_before: tuple = ()) -> bool:
    """Whether a requirement is installed, and all that its extras ask for with it."""
    version = _version(requirement.name)
    if not version or (exact and not _fits(requirement, version)):
        return False
    asked = (*asked_before, str(requirement))
    return all(
        _meets(part, True, asked) for part in _behind_extras(requirement) if str(part) not in asked
    )


def _version(name: str) -> str:
    """The version of an installed distribution; empty without one that can name its own."""
    import importlib.metadata  # not in Python 3.7, which is to read this file and be refused

    try:
        return importlib.metadata.version(name) or ""
    except (importlib.metadata.PackageNotFoundError, KeyError, OSError):
        return ""


def _fits(requirement, version: str) -> bool:
    try:
        return requirement.specifier.contains(version, prereleases=True)
    except ValueError:  # a version from before there were rules for versions
        return False


def _behind_extras(requirement):
    """What an installed distribution asks for because of the extras in a requirement."""
    import importlib.metadata

    for text in importlib.metadata.requires(requirement.name) or ():
        part = requirements.parse(text)
        if part is None or requirements.applies(part):
            continue
        if any(requirements.applies(part, extra) for extra in requirement.extras):
            yield part
