"""The environment ``.venv`` in the project's root: how far it is, making it, filling it.

A stamp in it, written last, says that it is complete and for which requirements; so an interrupted
set-up is never mistaken for a finished one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from labkit.bootstrap import pip
from labkit.bootstrap.errors import SetupError
from labkit.bootstrap.installed import install_missing
from labkit.bootstrap.requirements import LOCK

STAMP = "labkit-stamp"
UNFINISHED = "unfinished"


def python_of(root: Path) -> Path:
    """Where the environment's interpreter lies, made or not."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return root.joinpath(".venv", *inside)


def is_running(root: Path) -> bool:
    """Whether the running Python is the environment's."""
    venv = root / ".venv"
    return venv.exists() and os.path.samefile(sys.prefix, venv)


def digest(root: Path) -> str:
    """What a complete environment's stamp says: one hash of requirements, lock and Python."""
    python = "python {}.{}\n".format(*sys.version_info[:2])
    paths = [*sorted(root.glob("requirements*.txt")), root / LOCK]
    files = [path.read_bytes() for path in paths]
    return hashlib.sha256(b"\n".join([python.encode(), *files])).hexdigest()


def state(root: Path) -> str:
    """How far ``.venv`` is.

    Returns
    -------
    str
        ``absent`` (none, or its interpreter is gone), ``other-python`` (made by another version
        than the running one), ``unfinished`` (an install was interrupted), ``stale`` (not stamped
        for these requirements) or ``complete``.
    """
    settings = root / ".venv" / "pyvenv.cfg"
    if not (python_of(root).exists() and settings.exists()):
        return "absent"
    built_for = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", settings.read_text(), re.M)
    if not built_for or tuple(map(int, built_for.groups())) != sys.version_info[:2]:
        return "other-python"
    stamp = root / ".venv" / STAMP
    text = stamp.read_text() if stamp.exists() else ""
    if text == UNFINISHED:
        return "unfinished"
    return "complete" if text == digest(root) else "stale"


def make(root: Path) -> None:
    """Make ``.venv``, for its own Python to fill. One without a stamp, made by hand, is kept."""
    before = state(root)
    if before == "complete":
        return
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise SetupError(
            f"{sys.executable} cannot make virtual environments: its modules venv and ensurepip "
            "are not installed. On Debian or Ubuntu: `sudo apt install python3-venv`, then run "
            "the same command again. Or use a Python of your own choice without one: set "
            "LABKIT_NO_VENV=1."
        )
    version = "{}.{}".format(*sys.version_info[:2])
    print(f"Making the environment .venv for Python {version} (minutes, once) ...", flush=True)
    clear = [] if before == "stale" else ["--clear"]
    made = subprocess.run([sys.executable, "-m", "venv", *clear, str(root / ".venv")])
    if made.returncode:
        raise SetupError(
            f"The environment {root / '.venv'} could not be made: see the lines above. Delete the "
            "folder, see that the disk has room, and run the same command again."
        )


def fill(root: Path) -> None:
    """Bring the running ``.venv`` up to date; the stamp that says so comes last."""
    before = state(root)
    if before == "complete":
        return
    if before == "unfinished":
        # What an interrupted install left may look installed and not be whole.
        raise SetupError(
            f"The environment {root / '.venv'} was left unfinished, and its own Python cannot make "
            "it anew. Run the same command with the Python that it was made with: `deactivate` "
            "brings that one back."
        )
    stamp = root / ".venv" / STAMP
    stamp.write_text(UNFINISHED)
    # The lock is complete, so nothing is left to resolve. Nothing is built from source: that would
    # bring what builds it, which no hash covers.
    pip.install(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(root / LOCK)])
    install_missing(root, exact=True)
    finished = stamp.with_suffix(".new")
    finished.write_text(digest(root))
    os.replace(finished, stamp)
    _compile(root)


def _compile(root: Path) -> None:
    """Compile the kernel of the networks now; where that fails, training says what is wrong."""
    print("Compiling the networks' kernel ...", flush=True)
    call = "from labkit.nets.stacked import compile_ahead; compile_ahead('float32', 'float64')"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-c", call], cwd=root, check=False, **quiet)
