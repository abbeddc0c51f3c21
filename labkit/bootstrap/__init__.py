"""Set-up: from a bare Python to one that holds the book's requirements.

Imports the standard library only, and keeps to the syntax of Python 3.7, so that it can run before
anything is installed and can tell a too old Python what is wrong.

The environment is ``.venv`` in the project's root. A stamp in it, written last, says that it is
complete and for which requirements; so an interrupted set-up is never mistaken for a finished one.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from labkit.errors import LabkitError

_ABOVE = Path(__file__).resolve().parents[2]
IN_CHECKOUT = (_ABOVE / "_quarto.yml").is_file()
"""Whether this is the book's repository, and not labkit installed apart from it, as a library."""
ROOT = _ABOVE if IN_CHECKOUT else Path.cwd()
"""The project's root; apart from it the current folder, so that nothing is ever written beside an
installed package."""
OLDEST_PYTHON = (3, 11)
STAMP = "labkit-stamp"
UNFINISHED = "unfinished"
LOCK = "requirements.lock"
"""Every package that the requirements bring, with the hashes of its files, for all systems. Without
torch, which has several builds of a version, and what only its builds with CUDA bring."""
NOT_LOCKED = r"torch|triton|(?:cuda|nvidia)-[\w-]+"
UV = "uv==0.13.9"
"""What makes the lock."""
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""Where PyTorch's builds without CUDA are. The package index's builds for Linux bring several GB of
NVIDIA's libraries."""
PROBE_SECONDS = 5.0
"""How long `TORCH_CPU_INDEX` may take to answer before the package index is used instead."""
QUARTO_SECONDS = 180.0
"""How long Quarto's installer may take: over 100 MB come from GitHub. Unreachable, it mostly says
so in seconds, but behind a silent firewall it would hang."""


class SetupError(LabkitError, RuntimeError):
    """Set-up cannot go on; the message says what to do."""


def ensure_environment(root: Path = ROOT, retry_quarto: bool = False) -> None:
    """Return only in an interpreter that holds the requirements; make ``.venv`` if need be.

    A Python that has every pinned version already is used as it is. On Colab and Kaggle, or with
    ``LABKIT_NO_VENV=1``, the running Python is used and gets only what it lacks. In all other cases
    ``.venv`` is completed and the running command starts again with its Python.

    Parameters
    ----------
    root : Path
        Folder of ``requirements.txt``.
    retry_quarto : bool
        Try to install Quarto even where that failed before.

    Raises
    ------
    SetupError
        When this Python cannot make environments, or a requirement cannot be installed.
    """
    if _keeps_running_python():
        install_missing(root)
    elif _runs_in(root / ".venv"):
        _fill_own_environment(root)
    elif not _has_every_requirement(root):
        _make_environment(root)
        _start_again(venv_python(root))
    expose_scripts()
    ensure_quarto(root, retry=retry_quarto)


def check_python(version: tuple) -> None:
    """Raise `SetupError` unless ``version``, as (major, minor), is one that the book runs on."""
    if tuple(version) < OLDEST_PYTHON:
        raise SetupError(
            "This is Python {}.{} ({}); the book needs Python {}.{} or newer. Install one from "
            "python.org or your system's packages, and run the same command with it, for example "
            "`make book PYTHON=python3.12`.".format(*version, sys.executable, *OLDEST_PYTHON)
        )


def venv_python(root: Path) -> Path:
    """Where the environment's interpreter lies, made or not."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return root.joinpath(".venv", *inside)


def digest(root: Path) -> str:
    """What a complete environment's stamp says: one hash of requirements, lock and Python."""
    python = "python {}.{}\n".format(*sys.version_info[:2])
    files = [(root / name).read_bytes() for name in ("requirements.txt", LOCK)]
    return hashlib.sha256(b"\n".join([python.encode(), *files])).hexdigest()


def venv_state(root: Path) -> str:
    """How far ``.venv`` is.

    Returns
    -------
    str
        ``absent`` (none, or its interpreter is gone), ``other-python`` (made by another version
        than the running one), ``unfinished`` (an install was interrupted), ``stale`` (not stamped
        for these requirements) or ``complete``.
    """
    settings = root / ".venv" / "pyvenv.cfg"
    if not (venv_python(root).exists() and settings.exists()):
        return "absent"
    built_for = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", settings.read_text(), re.M)
    if not built_for or tuple(map(int, built_for.groups())) != sys.version_info[:2]:
        return "other-python"
    stamp = root / ".venv" / STAMP
    text = stamp.read_text() if stamp.exists() else ""
    if text == UNFINISHED:
        return "unfinished"
    return "complete" if text == digest(root) else "stale"


def requirements(file: Path) -> list:
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
    reader = _reader()
    found = []
    for number, line in _lines(file):
        include = re.match(r"(?:-r|--requirement)[\s=]*(.+)", line)
        if include:
            found += requirements(file.parent / include.group(1))
            continue
        if line.startswith("-") and not line.startswith(("-e", "--editable")):
            continue
        try:
            # After the requirement come pip's options for it: --hash and the like.
            requirement = reader.Requirement(re.split(r"\s-", line, maxsplit=1)[0])
        except reader.InvalidRequirement:
            raise SetupError(
                f"{file}:{number}: {line!r} is not a requirement that set-up can check. Write "
                "name==version, or name @ address for a package that is on no index."
            ) from None
        if requirement.marker is None or requirement.marker.evaluate():
            found.append(requirement)
    return found


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
    for requirement in requirements(file):
        if _meets(requirement, exact):
            continue
        version = _installed_version(requirement.name)
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
        _install_torch(line)
    if others:
        install(others)


def lock(root: Path, upgrade: bool = False) -> None:
    """Make the lock from ``requirements.txt``, with uv, for every system and Python at once.

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
        install(["--target", folder, UV])
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
        text = _without_torch(made.read_text("utf-8"))
    (root / LOCK).write_text(text, "utf-8", newline="\n")


def expose_scripts() -> None:
    """Put the running Python's script folder on PATH: there pip leaves ``quarto``."""
    scripts = sysconfig.get_path("scripts")
    folders = os.environ.get("PATH", "").split(os.pathsep)
    if scripts not in folders:
        os.environ["PATH"] = os.pathsep.join([scripts, *folders])


def ensure_quarto(root: Path, retry: bool = False, seconds: float = QUARTO_SECONDS) -> bool:
    """Install Quarto unless there is one or an earlier try failed; tell whether there is one.

    A failure stops nothing: it is said in one line, and remembered for this version of Quarto in
    ``.labkit/``, so that later commands need not wait for it again.
    """
    asked = root / "requirements-quarto.txt"
    failed = root / ".labkit" / "quarto-failed"
    if shutil.which("quarto"):
        return True
    wanted = asked.read_text("utf-8")
    if failed.exists() and failed.read_text("utf-8") == wanted and not retry:
        return False
    print("Installing Quarto ...", flush=True)
    command = [*_pip_install(), "-r", str(asked)]
    if _runs_within(command, seconds, quiet=not retry) and shutil.which("quarto"):
        failed.unlink(missing_ok=True)
        return True
    failed.parent.mkdir(exist_ok=True)
    failed.write_text(wanted, "utf-8")
    print("Quarto could not be installed: the built-in renderer is used.", flush=True)
    return False


def _without_torch(locked: str) -> str:
    """A lock's text less what `NOT_LOCKED` names, each with the lines that belong to it."""
    return re.sub(rf"^(?:{NOT_LOCKED})==.*\n(?: .*\n)*", "", locked, flags=re.MULTILINE)


def _lines(file: Path):
    """Number and text of a requirements file's lines, as pip reads them: continued ones joined,
    comments and empty ones left out."""
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


def _meets(requirement, exact: bool, asked_before: tuple = ()) -> bool:
    """Whether a requirement is installed, and all that its extras ask for with it."""
    version = _installed_version(requirement.name)
    if not version or (exact and not _fits(requirement, version)):
        return False
    asked = (*asked_before, str(requirement))
    return all(
        _meets(part, True, asked) for part in _behind_extras(requirement) if str(part) not in asked
    )


def _installed_version(name: str) -> str:
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

    reader = _reader()
    for text in importlib.metadata.requires(requirement.name) or ():
        try:
            part = reader.Requirement(text)
        except reader.InvalidRequirement:
            continue
        extras = [extra for extra in requirement.extras if _applies(part, extra)]
        if extras and not _applies(part, ""):
            yield part


def _applies(part, extra: str) -> bool:
    return part.marker is None or part.marker.evaluate({"extra": extra})


def _keeps_running_python() -> bool:
    """Whether no environment is to be made: asked for, or a host that comes with its own."""
    if os.environ.get("LABKIT_NO_VENV", "") not in ("", "0"):
        return True
    try:
        colab = importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        colab = False
    return colab or Path("/kaggle").is_dir()


def _runs_in(venv: Path) -> bool:
    return venv.exists() and os.path.samefile(sys.prefix, venv)


def _has_every_requirement(root: Path) -> bool:
    """Whether this Python can do without ``.venv``; one that cannot even read them does not."""
    if not (importlib.util.find_spec("packaging") or importlib.util.find_spec("pip")):
        return False
    return not missing(root / "requirements.txt", exact=True)


def _fill_own_environment(root: Path) -> None:
    """Bring the running ``.venv`` up to date; the stamp that says so comes last."""
    state = venv_state(root)
    if state == "complete":
        return
    if state == "unfinished":
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
    install(["--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", str(root / LOCK)])
    install_missing(root, exact=True)
    finished = stamp.with_suffix(".new")
    finished.write_text(digest(root))
    os.replace(finished, stamp)


def _make_environment(root: Path) -> None:
    """Make ``.venv``, for its own Python to fill. One without a stamp, made by hand, is kept."""
    state = venv_state(root)
    if state == "complete":
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
    clear = [] if state == "stale" else ["--clear"]
    made = subprocess.run([sys.executable, "-m", "venv", *clear, str(root / ".venv")])
    if made.returncode:
        raise SetupError(
            f"The environment {root / '.venv'} could not be made: see the lines above. Delete the "
            "folder, see that the disk has room, and run the same command again."
        )


def _install_torch(requirement: str) -> None:
    """Install PyTorch: on Linux without an NVIDIA card the CPU build, if its index can be used."""
    if not sys.platform.startswith("linux") or _has_nvidia_card():
        print("PyTorch: from the package index.", flush=True)
    elif _answers(TORCH_CPU_INDEX + "/torch/", PROBE_SECONDS):
        print(f"PyTorch: no NVIDIA card here, so the CPU build of {TORCH_CPU_INDEX}.", flush=True)
        try:
            return install(
                ["--index-url", TORCH_CPU_INDEX, "--retries", "1", "--timeout", "15", requirement]
            )
        except SetupError:
            print("PyTorch: not to be had there, so from the package index.", flush=True)
    else:
        print(f"PyTorch: {TORCH_CPU_INDEX} is out of reach: from the package index.", flush=True)
    install([requirement])


def _has_nvidia_card() -> bool:
    tool = shutil.which("nvidia-smi")
    return Path("/proc/driver/nvidia").exists() or bool(
        tool and _runs_within([tool], seconds=PROBE_SECONDS, quiet=True)
    )


def _answers(address: str, seconds: float) -> bool:
    """Whether something can be fetched from an address; known after ``seconds`` whatever happens.

    Asked in a process of its own: a time limit of Python's own sockets holds for each of a host's
    addresses anew, and not at all for looking up its name.
    """
    ask = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
    return _runs_within([sys.executable, "-c", ask, address], seconds, quiet=True)


def install(arguments: list) -> None:
    """Run ``pip install`` with the running Python; its progress is shown, its warnings are not.

    Raises
    ------
    SetupError
        Names the requirement that failed and what to do.
    """
    done = subprocess.run(
        [*_pip_install(), *arguments], stderr=subprocess.PIPE, text=True, errors="replace"
    )
    if done.returncode:
        raise SetupError(explain(done.stderr))


def _pip_install() -> list:
    return [sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]


def explain(stderr: str) -> str:
    """Turn what pip wrote on failing into the requirement that failed and the user's next step.

    >>> print(explain("ERROR: No matching distribution found for torch==9.9").splitlines()[0])
    The requirement torch==9.9 could not be installed.
    """
    named = re.search(
        r"(?:No matching distribution found for|Failed building wheel for"
        r"|DO NOT MATCH THE HASHES.*\n) *([^\s;]+)",
        stderr,
    )
    which = f"The requirement {named.group(1)}" if named else "A requirement"
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR: ", "error: "))]
    said = "\n".join("  pip: " + line for line in (errors or lines)[-4:])
    if "externally-managed-environment" in stderr:
        return (
            f"{sys.executable} belongs to the system, which lets nothing be installed into it. "
            "Unset LABKIT_NO_VENV, so that the environment .venv is made and used instead."
        )
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


def _runs_within(command: list, seconds: float, quiet: bool) -> bool:
    """Run a command; end it, with all it started, after ``seconds``. True if it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    posix = os.name == "posix"
    process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=posix)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            # pip builds in a process of its own, which would go on downloading.
            os.killpg(process.pid, signal.SIGKILL) if posix else process.kill()
            process.wait()


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
