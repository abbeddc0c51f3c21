"""Running pip, and what to do where it fails."""

from __future__ import annotations

import re
import subprocess
import sys

from labkit.bootstrap.errors import SetupError
from labkit.bootstrap.requirements import LOCK

INSTALL = (sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check")


def install(arguments: list) -> None:
    """Run ``pip install`` with the running Python; its progress is shown, its warnings are not.

    Raises
    ------
    SetupError
        Names the requirement that failed and what to do.
    """
    done = subprocess.run(
        [*INSTALL, *arguments], stderr=subprocess.PIPE, text=True, errors="replace"
    )
    if done.returncode:
        raise SetupError(explain(done.stderr))


def explain(stderr: str) -> str:
    """Turn what pip wrote on failing into the requirement that failed and the user's next step.

    >>> print(explain("ERROR: No matching distribution found for torch==9.9").splitlines()[0])
    The requirement torch==9.9 could not be installed.
    """
    if "externally-managed-environment" in stderr:
        return (
            f"{sys.executable} belongs to the system, which lets nothing be installed into it. "
            "Unset LABKIT_NO_VENV, so that the environment .venv is made and used instead."
        )
    named = re.search(
        r"(?:No matching distribution found for|Failed building wheel for"
        r"|DO NOT MATCH THE HASHES.*\n) *([^\s;]+)",
        stderr,
    )
    which = f"The requirement {named.group(1)}" if named else "A requirement"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR: ", "error: "))]
    said = "\n".join("  pip: " + line for line in (errors or lines)[-4:])
    if "DO NOT MATCH THE HASHES" in stderr:
        return (
            f"{which} could not be installed: its file is not the one that {LOCK} knows.\n{said}\n"
            "The package index, or something between it and this machine, has another file under "
            "that name. Run the same command again; if it fails again, do not install the file."
        )
    return (
        f"{which} could not be installed.\n{said}\n"
        "Check that this machine reaches a package index and has room on its disk. If it does, "
        "this Python ({}.{}) or system may be one that the requirement has no build for: try "
        "another Python, for example `make book PYTHON=python3.12`. Then run the same command "
        "again; it goes on from here.".format(*sys.version_info[:2])
    )
