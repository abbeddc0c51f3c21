"""Set-up: from a bare Python to one that holds the book's requirements.

Imports the standard library only, and keeps to the syntax of Python 3.7, so that it can run before
anything is installed and can tell a too old Python what is wrong.

What is asked for stands in `requirements`, what of it is there in `installed`, which runs `pip` for
the rest; `pytorch` and `quarto` have ways of their own. `environment` is ``.venv``. `lock` is for
those who change what is asked for.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

from labkit.bootstrap import environment, pip
from labkit.bootstrap.errors import SetupError
from labkit.bootstrap.installed import install_for_notebook, install_missing, missing
from labkit.bootstrap.lock import make_lock
from labkit.bootstrap.quarto import ensure_quarto, expose_scripts
from labkit.bootstrap.requirements import OLDEST_PYTHON
from labkit.place import IN_CHECKOUT, ROOT

__all__ = [
    "IN_CHECKOUT",
    "ROOT",
    "SetupError",
    "check_python",
    "ensure_environment",
    "expose_scripts",
    "install_for_notebook",
    "install_for_soak",
    "install_missing",
    "make_lock",
]


def check_python(version: tuple) -> None:
    """Raise `SetupError` unless ``version``, as (major, minor), is one that the book runs on."""
    if tuple(version) < OLDEST_PYTHON:
        raise SetupError(
            "This is Python {}.{} ({}); the book needs Python {}.{} or newer. Install one from "
            "python.org or your system's packages, and run the same command with it, for example "
            "`make book PYTHON=python3.12`.".format(*version, sys.executable, *OLDEST_PYTHON)
        )


def ensure_environment(retry_quarto: bool = False) -> None:
    """Return only in an interpreter that holds the requirements; make ``.venv`` if need be.

    A Python that has every pinned version already is used as it is. On Colab and Kaggle, or with
    ``LABKIT_NO_VENV=1``, the running Python is used and gets only what it lacks. In all other cases
    ``.venv`` is completed and the running command starts again with its Python.

    Parameters
    ----------
    retry_quarto : bool
        Try to install Quarto even where that failed before.

    Raises
    ------
    SetupError
        When this Python cannot make environments, or a requirement cannot be installed.
    """
    if _keeps_running_python():
        install_missing(ROOT)
    elif environment.is_running(ROOT):
        environment.fill(ROOT)
    elif not _has_every_requirement():
        environment.make(ROOT)
        _start_again(environment.python_of(ROOT))
    expose_scripts()
    ensure_quarto(ROOT, retry=retry_quarto)


def install_for_soak() -> None:
    """Install what `tests/soak` needs beside: the group of that name in ``pyproject.toml``."""
    import tomllib  # which the oldest Python that this module runs on lacks

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pip.install(project["dependency-groups"]["soak"])


def _keeps_running_python() -> bool:
    """Whether no environment is to be made: asked for, or a host that comes with its own."""
    if os.environ.get("LABKIT_NO_VENV", "") not in ("", "0"):
        return True
    try:
        colab = importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        colab = False
    return colab or Path("/kaggle").is_dir()


def _has_every_requirement() -> bool:
    """Whether this Python can do without ``.venv``; one that cannot even read them does not."""
    if not (importlib.util.find_spec("packaging") or importlib.util.find_spec("pip")):
        return False
    return not missing(ROOT / "requirements.txt", exact=True)


def _start_again(python: Path) -> None:
    """Replace this process by the same command under another interpreter."""
    command = [str(python), "-m", "labkit", *sys.argv[1:]]
    # So that it is found by a command that was not started in the project's folder.
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    sys.stdout.flush()
    if os.name == "posix":
        os.execv(python, command)
    # Windows' execv returns to the shell at once, so the new process would run behind its prompt.
    sys.exit(subprocess.run(command).returncode)
