"""What is asked for, locked and shipped, is one and the same everywhere it is written down."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from labkit import __main__ as cli
from labkit import bootstrap
from labkit.bootstrap import ROOT, environment, lock, requirements

WHOLE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = WHOLE["project"]
EXTRAS = PROJECT["optional-dependencies"]
PINNED = {canonicalize_name(r.name): r for r in requirements.read(ROOT / "requirements.txt")}
LOCK = (ROOT / requirements.LOCK).read_text("utf-8")
LOCKED = {canonicalize_name(r.name): r for r in requirements.read(ROOT / requirements.LOCK)}


def version(requirement):
    """The version in ``name==version``."""
    (pin,) = requirement.specifier
    assert pin.operator == "=="
    return pin.version


# --- the lock ------------------------------------------------------------------------------------


def test_the_lock_holds_every_requirement_but_torch_at_its_version():
    locked = {name: version(each) for name, each in LOCKED.items()}
    wanted = {name: version(each) for name, each in PINNED.items() if name != "torch"}
    assert {name: locked.get(name) for name in wanted} == wanted, "run `make lock`"


def test_the_lock_is_complete():
    """No package on this system asks for one, or a version, that the lock does not bring."""
    torch = {"torch": PINNED["torch"]}
    lacking = []
    for name in {**LOCKED, **torch}:
        for text in metadata.requires(name) or ():
            part = Requirement(text)
            if part.marker is not None and not part.marker.evaluate({"extra": ""}):
                continue
            if re.fullmatch(lock.NOT_LOCKED, part.name):
                continue
            brought = {**LOCKED, **torch}.get(canonicalize_name(part.name))
            if brought is None or not part.specifier.contains(version(brought), prereleases=True):
                lacking.append(f"{name} asks for {text}")
    assert lacking == []


def test_every_line_of_the_lock_has_hashes_and_none_has_an_address():
    blocks = re.findall(r"^\S.*(?:\n .*)*", re.sub(r"(?m)^#.*\n", "", LOCK), re.MULTILINE)
    assert len(blocks) > 100
    assert [block for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)] == []
    assert re.findall(r"https?:|file:|index-url|find-links|[\w.]/\w+/", LOCK) == []


def test_the_lock_leaves_torch_and_its_builds_with_cuda_out():
    assert lock.without_torch(LOCK) == LOCK
    block = "triton==3.7.1 ; sys_platform == 'linux' \\\n    --hash=sha256:ab\n    # via torch\n"
    kept = "sympy==1.14.0 \\\n    --hash=sha256:cd\n    # via torch\n"
    assert lock.without_torch(block + kept) == kept


# --- the ranges ----------------------------------------------------------------------------------


def test_the_pinned_requirements_are_those_of_the_library_and_its_extras():
    ranges = {}
    for text in [*PROJECT["dependencies"], *(text for extra in EXTRAS.values() for text in extra)]:
        wanted = Requirement(text)
        name = canonicalize_name(wanted.name)
        ranges[name] = wanted
        assert wanted.specifier.contains(version(PINNED[name])), text
        assert wanted.extras <= PINNED[name].extras, text
    assert sorted(ranges) == sorted(PINNED)


def test_the_oldest_python_is_the_one_that_set_up_asks_for():
    assert PROJECT["requires-python"] == ">={}.{}".format(*requirements.OLDEST_PYTHON)


def imported(folder):
    """The distributions whose modules the code under a folder imports, wherever it does."""
    modules = set()
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                modules.add((node.module or "").partition(".")[0])
    homes = metadata.packages_distributions()
    return {
        canonicalize_name(homes[module][0])
        for module in modules & set(homes)
        if module not in sys.stdlib_module_names
    }


@pytest.mark.parametrize(
    ("folder", "extras"), [("labkit/nets", []), ("labkit", ["book"]), ("tests", list(EXTRAS))]
)
def test_what_the_code_imports_is_asked_for(folder, extras):
    asked = [*PROJECT["dependencies"], *(text for extra in extras for text in EXTRAS[extra])]
    if folder == "tests":
        asked += WHOLE["dependency-groups"]["soak"]
    names = {canonicalize_name(Requirement(text).name) for text in asked}
    # packaging comes with pip; distributed is an extra of dask.
    assert imported(folder) - names - {"packaging", "distributed"} == set()


# --- labkit installed apart from the repository ---------------------------------------------------


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Runs a program of an environment that holds labkit alone, in a folder that has nothing."""
    folder = tmp_path_factory.mktemp("apart")
    source, venv, elsewhere = folder / "source", folder / "venv", folder / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(ROOT / "labkit", source / "labkit")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    scripts = environment.python_of(folder / "x").relative_to(folder / "x" / ".venv").parent
    pip = [sys.executable, "-m", "pip", "--quiet"]
    build = [*pip, "wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, source]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("labkit-*.whl")
    install = [*pip, "--python", venv / scripts / "python", "install", "--no-index", "--no-deps"]
    subprocess.run([*install, wheel], check=True)

    def start(program, *arguments, packages=False, **environment):
        if packages:
            environment["PYTHONPATH"] = sysconfig.get_path("purelib")
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("LABKIT_", "PYTHON"))}
        return subprocess.run(
            [venv / scripts / program, *arguments],
            cwd=elsewhere,
            env={**plain, **environment},
            capture_output=True,
            text=True,
        )

    start.elsewhere, start.venv = elsewhere, venv
    return start


def shipped(venv):
    (home,) = venv.rglob("site-packages/labkit")
    return {
        path.relative_to(home).as_posix()
        for path in home.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_all_files_of_the_package_are_shipped(apart):
    kept = {
        path.relative_to(ROOT / "labkit").as_posix()
        for path in (ROOT / "labkit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert shipped(apart.venv) == kept
    assert "py.typed" in kept


def test_the_command_is_there_and_helps(apart):
    done = apart("labkit", "--help")
    assert done.returncode == 0, done.stderr
    assert "show which data were found" in done.stdout


@pytest.mark.parametrize(
    "command",
    [
        "setup", "book", "render", "test", "lint", "notebooks", "bench", "lock", "clean",
        "clean-results",
    ],
)  # fmt: skip
def test_the_books_commands_say_what_they_need(command, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bootstrap, "IN_CHECKOUT", False)
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    (tmp_path / "results").mkdir()
    assert cli.main([command]) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1
    assert told.err.startswith(f"error: `labkit {command}` needs the book's repository")
    assert (tmp_path / "results").exists()


def test_apart_from_the_book_its_commands_stop_at_once(apart):
    done = apart("labkit", "book")
    assert done.returncode == 1
    assert done.stderr.startswith("error: `labkit book` needs the book's repository")
    assert list(apart.elsewhere.iterdir()) == []


def test_the_data_need_packages_and_no_repository(apart):
    done = apart("labkit", "data", "--no-fetch")
    assert done.returncode == 1
    assert 'pip install "labkit[book]"' in done.stderr and done.stderr.count("\n") == 1
    before = shipped(apart.venv)
    done = apart("labkit", "data", "--no-fetch", packages=True, LABKIT_SOURCE="embedded")
    assert done.returncode == 0, done.stderr
    assert "embedded" in done.stdout
    assert shipped(apart.venv) == before


def test_apart_from_the_book_the_root_is_the_current_folder(apart):
    done = apart("python", "-c", "from labkit.place import ROOT; print(ROOT)")
    assert done.stdout.strip() == str(apart.elsewhere), done.stderr
