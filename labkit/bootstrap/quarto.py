"""Quarto, the book's renderer: installed where that can be, and never waited for twice."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path

from labkit.bootstrap import pip
from labkit.bootstrap.processes import runs_within

SECONDS = 180.0
"""How long Quarto's installer may take: over 100 MB come from GitHub. Unreachable, it mostly says
so in seconds, but behind a silent firewall it would hang."""


def expose_scripts() -> None:
    """Put the running Python's script folder on PATH: there pip leaves ``quarto``."""
    scripts = sysconfig.get_path("scripts")
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if scripts not in folders:
        os.environ["PATH"] = os.pathsep.join([scripts, *folders])


def ensure_quarto(root: Path, retry: bool = False) -> None:
    """Install Quarto unless there is one or an earlier try failed.

    A failure stops nothing: it is said in one line, and remembered for this version of Quarto in
    ``.labkit/``, so that later commands need not wait for it again.

    Parameters
    ----------
    root : Path
        Folder of ``requirements-quarto.txt``.
    retry : bool
        Try even where it failed before, and show what the installer says.
    """
    asked = root / "requirements-quarto.txt"
    failed = root / ".labkit" / "quarto-failed"
    if shutil.which("quarto"):
        return
    wanted = asked.read_text("utf-8")
    if failed.exists() and failed.read_text("utf-8") == wanted and not retry:
        return
    print("Installing Quarto ...", flush=True)
    command = [*pip.INSTALL, "-r", str(asked)]
    if runs_within(command, SECONDS, quiet=not retry) and shutil.which("quarto"):
        failed.unlink(missing_ok=True)
        return
    failed.parent.mkdir(exist_ok=True)
    failed.write_text(wanted, "utf-8")
    print("Quarto could not be installed: the built-in renderer is used.", flush=True)
