"""README and CONTRIBUTING say what is so: code runs, recipes work, commands and files exist."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from labkit import __main__ as cli
from labkit.place import ROOT

pytestmark = pytest.mark.long

README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M))


def blocks(text, language):
    """The code blocks of a language, whatever the number of backticks around them."""
    pattern = rf"^(`{{3,}}){language}\n(.*?)^\1$"
    return [body for _, body in re.findall(pattern, text, flags=re.M | re.S)]


@pytest.mark.parametrize("code", blocks(README, "python"))
def test_the_code_in_readme_runs(code, tmp_path):
    """In a process and a folder of its own, as in someone else's project."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]


def commands():
    """Each command line of README and CONTRIBUTING, in blocks and in running text."""
    text = README + CONTRIBUTING
    lines = "".join(blocks(text, "sh")).splitlines()
    inline = re.findall(r"`((?:\w+=\S+ )*(?:make|python -m labkit)\b[^`]*)`", text)
    return sorted({line.split("#")[0].strip() for line in lines + inline} - {"", "make"})


@pytest.mark.parametrize("command", commands())
def test_every_command_exists(command):
    words = [word for word in command.split() if not re.fullmatch(r"[A-Z_]+=\S*", word)]
    if words[0] == "make":
        assert set(words[1:]) <= TARGETS
    elif words[:3] == ["python", "-m", "labkit"]:
        assert cli._parse(words[3:])


@pytest.mark.parametrize("text", [README, CONTRIBUTING], ids=["README", "CONTRIBUTING"])
def test_every_file_named_is_there(text):
    made = {"results", "_book", "notebooks", "data", ".venv"}
    recipes = "".join(re.findall(r"`((?:labkit|tests|chapters)/[\w/.-]+)`:", text))
    for name in re.findall(
        r"`([\w.-]+/[\w/.-]*|[\w-]+\.(?:py|md|toml|yml|txt|lock|cff|bib))`", text
    ):
        home = name.split("/")[0]
        if home in made or name in recipes or "07-" in name:
            continue
        places = [ROOT / name, ROOT / "labkit" / name]
        assert any(place.exists() for place in places) or list(ROOT.glob(f"labkit/**/{name}")), name


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """A copy of the project to which the recipes were applied: files written, patches applied."""
    home = tmp_path_factory.mktemp("scratch") / "project"
    ignore = shutil.ignore_patterns(".*", "results", "_book", "__pycache__", "docs", "data")
    shutil.copytree(ROOT, home, ignore=ignore)
    written = re.findall(
        r"`([\w/.-]+)`[^`\n]*:\n\n```python\n(.*?)^```$", CONTRIBUTING, flags=re.M | re.S
    )
    chapter = blocks(CONTRIBUTING, "markdown")
    files = {**dict(written), "chapters/07-questions.qmd": chapter[0]}
    for name, body in files.items():
        assert not (home / name).exists()
        (home / name).write_text(body)
    for patch in blocks(CONTRIBUTING, "diff"):
        done = subprocess.run(
            ["git", "apply", "--verbose", "-"],
            input=patch,
            cwd=home,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    return home


def run(scratch, *arguments, code=None):
    """What a module's command line, or some code, prints in the scratch copy."""
    command = ["-c", code] if code else ["-m", *arguments]
    environment = {**os.environ, "LABKIT_SOURCE": "embedded", "LABKIT_PROFILE": "quick",
                   "LABKIT_NO_VENV": "1"}  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command], cwd=scratch, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    return done.stdout


def test_the_study_of_the_recipe_passes_its_test_and_keeps_the_house(scratch):
    tests = ["tests/failures/test_unscaled.py", "tests/test_house.py"]
    assert " passed" in run(scratch, "pytest", "-q", "-p", "no:cacheprovider", *tests)


def test_what_the_recipes_wrote_keeps_the_conventions(scratch):
    written = [
        "labkit/failures/unscaled.py",
        "labkit/volatility/contenders.py",
        "tests/failures/test_unscaled.py",
    ]
    run(scratch, "ruff", "check", *written)
    run(scratch, "ruff", "format", "--check", *written)
    problems = run(scratch, code="from labkit.book import lint; print(*lint('.'), sep='\\n')")
    assert problems.strip() == ""


def test_the_chapter_of_the_recipe_renders(scratch):
    run(scratch, "labkit", "render", "07-questions", "--to", "html", "--renderer", "labkit")
    page = (scratch / "_book" / "chapters" / "07-questions.html").read_text()
    assert "a simulation of the process behind AI4I 2020" in page


def test_the_cell_of_the_recipe_shows_its_table_and_its_sentence(scratch):
    """After the chapter's first cell, as it would run in the chapter."""
    code = """
from labkit.book.source import Cell, read
from pathlib import Path
name = "chapters/03-classification-preprocessing.qmd"
cells = {part.label: part.code for part in read(Path(name), name) if isinstance(part, Cell)}
exec(cells["setup-classification-preprocessing"])
exec(cells["tbl-unscaled"])
print(unscaled.shown(facts), unscaled.said(facts))
"""
    shown = run(scratch, code=code)
    assert re.search(r"\| standardised +\| +0\.\d+ \|", shown)
    assert "Scaling alone lowers the log loss by" in shown


def test_the_model_of_the_recipe_is_in_the_tables(scratch):
    code = "from labkit.volatility import contenders as c; print([m.name for m in c.baselines()])"
    assert "least squares" in run(scratch, code=code)


def test_the_map_in_readme_lists_every_room_once():
    rows = re.findall(r"^\| (`.+?) \|", README.split("## The map")[1].split("\n## ")[0], re.M)
    named = [name.strip("/") for row in rows for name in re.findall(r"`([\w/]+)`", row)]
    home = ROOT / "labkit"
    rooms = {path.stem for path in home.glob("*.py")} | {p.parent.name for p in home.glob("*/*.py")}
    assert sorted(named) == sorted(rooms - {"__init__"})
