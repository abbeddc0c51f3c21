"""The front door: usage, exit status, and set-up from a bare Python, all without a network."""

import ast
import hashlib
import importlib.metadata
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from wheels import write_wheel

from labkit import __main__ as cli
from labkit import bootstrap
from labkit.book.errors import BookError
from labkit.book.notebook_setup import opening
from labkit.book.project import load
from labkit.bootstrap import environment, requirements
from labkit.config import ProfileError
from labkit.files.provenance import DataError
from labkit.report.alarms import Alarm

ROOT = bootstrap.ROOT
COMMANDS = [
    "setup", "data", "book", "render", "submission", "test", "soak", "lint", "notebooks", "bench",
    "lock", "clean-results", "clean",
]  # fmt: skip


def run(*arguments, cwd=ROOT, flags=(), **environment):
    """Run ``python -m labkit`` as a user does."""
    return subprocess.run(
        [sys.executable, *flags, "-m", "labkit", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


# --- usage -------------------------------------------------------------------------------------


def test_help_lists_every_command_on_a_bare_python():
    done = run("--help", flags=["-S", "-E"])
    assert done.returncode == 0, done.stderr
    assert [name for name in COMMANDS if f"\n    {name}" not in done.stdout] == []


@pytest.mark.parametrize(
    "arguments",
    [[], ["bake"], ["render", "--to", "docx"], ["book", "--pdf"], ["clean", "all"]],
    ids=" ".join,
)
def test_bad_usage_exits_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit:
        cli.main(arguments)
    assert exit.value.code == 2
    assert "usage: python -m labkit" in capsys.readouterr().err


@pytest.mark.parametrize("how", ["option", "variable"])
@pytest.mark.parametrize("command", ["render", "book"])
def test_unknown_profile_is_refused_before_any_work(command, how):
    if how == "option":
        done = run(command, "--profile", "slow")
    else:
        done = run(command, LABKIT_PROFILE="slow")
    assert done.returncode == 1
    assert "'slow'" in done.stderr and "full, quick" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_arguments_of_test_go_to_pytest():
    further = ["-k", "leakage", "-x", "--co", "tests"]
    assert cli._parse(["test", *further]).further == further


def test_missing_package_is_told_without_a_traceback():
    done = run("render", flags=["-S", "-E"])
    assert done.returncode == 1
    assert "is not installed in this Python" in done.stderr
    assert "python -m labkit setup" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("folder", ["README.md", "README.md/deep", "x" * 300, "/dev/full/x"])
def test_what_the_system_refuses_is_told_in_one_line(folder):
    done = run("notebooks", folder, LABKIT_NO_VENV="1")
    assert done.returncode == 1
    assert re.fullmatch(r"error: .*[:;] .+\n", done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_output_that_cannot_be_written_is_told_in_one_line():
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "labkit", "--help"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 1
    assert re.fullmatch(r"error: No space left on device; .*\n", done.stderr)


@pytest.mark.parametrize(
    ("error", "also"),
    [
        (DataError, ValueError),
        (BookError, ValueError),
        (bootstrap.SetupError, RuntimeError),
        (ProfileError, ValueError),
        (Alarm, RuntimeError),
    ],
)
def test_an_error_for_the_user_is_one_line(error, also, monkeypatch, capsys):
    def fails(*args, **kwargs):
        raise error("what was found, and what to do")

    monkeypatch.setattr(cli.bootstrap, "ensure_environment", fails)
    assert cli.main(["setup"]) == 1
    assert capsys.readouterr().err == "error: what was found, and what to do\n"
    assert issubclass(error, also)


def test_data_that_cannot_be_used_are_told_without_a_traceback(tmp_path):
    absent = str(tmp_path / "absent")
    done = run("data", "--no-fetch", LABKIT_NO_VENV="1", LABKIT_DATA=absent)
    assert done.returncode == 1
    assert done.stderr.startswith(
        f"error: LABKIT_DATA is '{absent}', which is no folder and no file."
    )
    assert "Traceback" not in done.stderr


def test_interrupt_exits_130_with_one_line(monkeypatch, tmp_path, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(cli.shutil, "rmtree", interrupted)
    assert cli.main(["clean"]) == 130
    assert capsys.readouterr().err.strip() == "Interrupted."


@pytest.mark.skipif(os.name != "posix", reason="a closed pipe is another error on Windows")
@pytest.mark.parametrize(
    ("command", "unbuffered", "errors"),
    [
        ("--help", "", subprocess.PIPE),
        ("data --no-fetch", "", subprocess.PIPE),
        ("data --no-fetch", "1", subprocess.PIPE),
        ("data --no-fetch", "", subprocess.STDOUT),
    ],
)
def test_a_reader_that_goes_away_is_no_error(command, unbuffered, errors, tmp_path):
    """As in ``labkit data | head``, with an error for the last, ``2>&1``."""
    reader, writer = os.pipe()
    os.close(reader)
    data = tmp_path / "absent" if errors == subprocess.STDOUT else ""
    done = subprocess.run(
        [sys.executable, "-m", "labkit", *command.split()],
        cwd=ROOT,
        env={
            **os.environ,
            "LABKIT_NO_VENV": "1",
            "LABKIT_DATA": str(data),
            "PYTHONUNBUFFERED": unbuffered,
        },
        stdout=writer,
        stderr=errors,
        text=True,
    )
    os.close(writer)
    assert done.returncode == 128 + signal.SIGPIPE
    assert not done.stderr


def test_clean_results_empties_them(monkeypatch, tmp_path):
    table = tmp_path / "results" / "study" / "table.csv"
    table.parent.mkdir(parents=True)
    table.write_text("a\n1\n")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    assert cli.main(["clean-results"]) == 0
    assert not table.exists()


# --- what set-up rests on ----------------------------------------------------------------------


HOME = ROOT / "labkit"
FRONT_DOOR = [
    *(HOME / name for name in ("__init__.py", "__main__.py", "errors.py")),
    *sorted((HOME / "bootstrap").glob("*.py")),
]


@pytest.mark.parametrize("path", FRONT_DOOR, ids=lambda path: str(path.relative_to(HOME)))
def test_front_door_is_readable_by_an_old_python_and_needs_nothing_installed(path):
    tree = ast.parse(path.read_text("utf-8"), feature_version=(3, 7))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or node.names[0].name]
    }
    assert imported <= {"labkit", *sys.stdlib_module_names}


def test_old_python_is_told_what_to_do():
    bootstrap.check_python((3, 11))
    with pytest.raises(bootstrap.SetupError, match=r"Python 3\.9 .* needs Python 3\.11 or newer"):
        bootstrap.check_python((3, 9))
    script = "import sys; sys.version_info = (3, 9, 1); from labkit.__main__ import main; "
    done = subprocess.run(
        [sys.executable, "-S", "-c", script + "sys.exit(main(['book', '--profile', 'slow']))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: This is Python 3.9"), done.stderr


def test_requirements_are_pinned_and_name_no_index():
    included = []
    for name in ("requirements-studies.txt", "requirements.txt", "requirements-quarto.txt"):
        text = (ROOT / name).read_text("utf-8")
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        if "-r requirements-studies.txt" in lines:
            lines = [*included, *(line for line in lines if not line.startswith("-r"))]
        assert [str(requirement) for requirement in requirements.read(ROOT / name)] == lines
        included = lines
        assert [line for line in lines if "==" not in line] == []
        assert "index-url" not in text


# --- set-up itself, with a package index made of one folder ---------------------------------------


def ask_for(root, *pins):
    """Write requirements and their lock, with the hash of the wheel as it lies there now."""
    (root / "requirements.txt").write_text("".join(f"{pin}\n" for pin in pins))
    locked = ""
    for pin in pins:
        wheel = root.parent / "wheels" / f"{pin.replace('==', '-')}-py3-none-any.whl"
        content = wheel.read_bytes() if wheel.exists() else b""
        locked += f"{pin} \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n"
    (root / "requirements.lock").write_text(locked)


@pytest.fixture
def clone(tmp_path):
    """What set-up needs of the project, in a folder of its own."""
    root = tmp_path / "clone"
    shutil.copytree(ROOT / "labkit", root / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "_quarto.yml").touch()
    ask_for(root, "labkit_tiny==1.0")
    (root / "requirements-quarto.txt").write_text("labkit_no_quarto==1.0\n")
    return root


def test_setup_from_nothing_then_again_then_with_a_requirement_that_fails(offline, clone):
    write_wheel(offline, "labkit_tiny", "1.0")
    ask_for(clone, "labkit_tiny==1.0")
    first = run("setup", cwd=clone)
    assert first.returncode == 0, first.stderr
    assert first.stdout.count("Quarto could not be installed") == 1
    assert first.stdout.splitlines()[-1].endswith(str(environment.python_of(clone)))
    assert environment.state(clone) == "complete"

    again = run("setup", cwd=clone)
    assert again.returncode == 0, again.stderr
    assert again.stdout.splitlines() == first.stdout.splitlines()[-1:]

    ask_for(clone, "labkit_tiny==1.0", "labkit_absent==2.0")
    failed = run("setup", cwd=clone)
    assert failed.returncode == 1
    assert "The requirement labkit_absent==2.0 could not be installed" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert environment.state(clone) == "unfinished"

    write_wheel(offline, "labkit_absent", "2.0")
    other_file = run("setup", cwd=clone)
    assert other_file.returncode == 1
    assert "The requirement labkit_absent==2.0 could not be installed: its" in other_file.stderr
    assert "not the one that requirements.lock knows" in other_file.stderr

    ask_for(clone, "labkit_tiny==1.0", "labkit_absent==2.0")
    mended = run("setup", cwd=clone)
    assert mended.returncode == 0, mended.stderr
    assert environment.state(clone) == "complete"


def test_setup_from_a_python_without_pip_and_from_another_folder(offline, clone, tmp_path):
    write_wheel(offline, "labkit_tiny", "1.0")
    ask_for(clone, "labkit_tiny==1.0")
    done = run("setup", cwd=tmp_path, flags=["-S"], PYTHONPATH=str(clone))
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(str(environment.python_of(clone)))


def test_an_unfinished_environment_is_not_mended_by_its_own_python(clone):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", clone / ".venv"], check=True)
    (clone / ".venv" / environment.STAMP).write_text(environment.UNFINISHED)
    python = environment.python_of(clone)
    done = subprocess.run(
        [python, "-m", "labkit", "setup"], cwd=clone, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "was left unfinished" in done.stderr and "Traceback" not in done.stderr


def test_a_requirement_that_the_lock_does_not_know_yet_is_installed_too(offline, clone):
    write_wheel(offline, "labkit_tiny", "1.0")
    write_wheel(offline, "labkit_new", "3.0")
    ask_for(clone, "labkit_tiny==1.0")
    with (clone / "requirements.txt").open("a") as file:
        file.write("labkit_new>=3\n")
    done = run("setup", cwd=clone)
    assert done.returncode == 0, done.stderr
    assert f"Installing into {environment.python_of(clone)}: labkit_new>=3" in done.stdout


def test_no_environment_is_made_where_none_is_wanted(offline, clone):
    (clone / "requirements.txt").write_text("pytest==0.1\n")  # installed, in another version
    done = run("setup", cwd=clone, LABKIT_NO_VENV="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith(sys.executable)
    assert not (clone / ".venv").exists()


def test_a_notebook_installs_what_its_machine_lacks_and_changes_nothing(offline, clone):
    """A package that wants another version of one that is there would swap it under the kernel."""
    write_wheel(offline, "labkit_tiny", "1.0")
    write_wheel(offline, "labkit_choosy", "1.0", requires=("pytest<1",))
    _, cell = opening(load(ROOT))

    def start(*lines):
        (clone / "requirements-studies.txt").write_text("".join(f"{line}\n" for line in lines))
        command = "import importlib.metadata as m; print(m.version('pytest'))"
        return subprocess.run(
            [sys.executable, "-c", f"{cell}\n{command}"], cwd=clone, capture_output=True, text=True
        )

    own = importlib.metadata.version("pytest")
    met = start("pytest==0.1")  # installed, in another version
    assert (met.returncode, met.stdout) == (0, f"{own}\n"), met.stderr
    lacking = start("labkit_absent==1.0", "labkit_choosy==1.0")
    assert f"Installing into {sys.executable}: labkit_absent, labkit_choosy" in lacking.stdout
    for name in ("labkit_absent", "labkit_choosy"):
        assert f"Without {name}: " in lacking.stdout
    assert (lacking.returncode, lacking.stdout.splitlines()[-1]) == (0, own), lacking.stderr
