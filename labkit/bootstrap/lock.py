"""Making the lock: every version and hash, for all systems and Pythons at once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from labkit.bootstrap import pip
from labkit.bootstrap.errors import SetupError
from labkit.bootstrap.requirements import LOCK, OLDEST_PYTHON

NOT_LOCKED = r"torch|triton|(?:cuda|nvidia)-[\w-]+"
"""Names of the packages that `LOCK` leaves out."""
UV = "uv==0.13.9"
"""What makes the lock."""


def make_lock(root: Path, upgrade: bool = False) -> None:
    """Make the lock from ``requirements.txt``, with uv.

    Parameters
    ----------
    root : Path
        Folder of ``requirements.txt``.
    upgrade : bool
        Whether the indirect requirements move to their newest versions; if not, they stay where
        they can.

    Raises
    ------
    SetupError
        When uv cannot be installed, or finds no versions that go together.
    """
    with tempfile.TemporaryDirectory() as folder:
        pip.install(["--target", folder, UV])
        made = Path(folder, LOCK)
        if (root / LOCK).exists():
            shutil.copy(root / LOCK, made)
        done = subprocess.run(
            [sys.executable, "-m", "uv", "pip", "compile", "requirements.txt"]
            + ["--universal", "--python-version", "{}.{}".format(*OLDEST_PYTHON)]
            + ["--generate-hashes", "--only-binary", ":all:", "--no-config", "--quiet"]
            + ["--custom-compile-command", "python -m labkit lock", "--output-file", str(made)]
            + (["--upgrade"] if upgrade else []),
            cwd=root,
            env={**os.environ, "PYTHONPATH": folder},
            stdout=subprocess.DEVNULL,
        )
        if done.returncode:
            raise SetupError(f"{LOCK} could not be made: see the lines above.")
        text = without_torch(made.read_text("utf-8"))
    (root / LOCK).write_text(text, "utf-8", newline="\n")


def without_torch(locked: str) -> str:
    """A lock's text less what `NOT_LOCKED` names, each with the lines that belong to it."""
    return re.sub(rf"^(?:{NOT_LOCKED})==.*\n(?: .*\n)*", "", locked, flags=re.MULTILINE)
