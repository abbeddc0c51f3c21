"""The chapters as Jupyter notebooks for Google Colab and Kaggle."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from labkit.book.project import Project, load
from labkit.book.source import Cell, read

_INSTALL = """
# What requirements.txt asks for and this machine lacks; what it has, torch above all, stays.
from labkit import bootstrap
bootstrap.install_missing(home)
""".strip()

_CLONE = """
# The project: cloned here unless this notebook already runs inside it.
import os, pathlib, subprocess, sys
here = pathlib.Path.cwd()
home = next((p for p in [here, *here.parents] if (p / "labkit").is_dir()), here / "{name}")
if not home.is_dir():
    subprocess.run(["git", "clone", "--depth", "1", "{url}", str(home)], check=True)
""".strip()

_UPLOAD = """
# Upload the project's folder (the one that holds labkit/), and name it here:
import os, pathlib, sys
here = pathlib.Path.cwd()
home = next((p for p in [here, *here.parents] if (p / "labkit").is_dir()), here / "{name}")
""".strip()

_ENTER = """
if not (home / "labkit").is_dir():
    raise FileNotFoundError(f"no labkit in {home}: bring the project's folder there first")
os.chdir(home)
sys.path.insert(0, str(home))
""".strip()

_CALLOUT = re.compile(r"^:{3,}\s*(\{.*\})?\s*$\n?", re.MULTILINE)
_ATTRIBUTES = re.compile(r"[ \t]*\{[#.][^}\n]*\}")
_INLINE = re.compile(r"(?<!`)`\{python\}\s+([^`]+?)\s*`(?!`)")


def notebooks(root: str | Path, folder: str | Path) -> list[Path]:
    """Write each chapter as `<name>.ipynb` into `folder`.

    The first cell brings the project to the machine (from `repo-url` of `_quarto.yml`, or git's
    `origin`) and installs what is missing; versions that are there stay. An inline expression
    stands in a cell of its own below its paragraph, since notebooks have no inline code.

    Returns
    -------
    list of Path
        The notebooks, in the book's order.
    """
    import nbformat

    project, folder = load(root), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for chapter in project.chapters:
        cells = [nbformat.v4.new_code_cell(_first_cell(project))]
        for part in read(project.root / chapter.source, chapter.source):
            if isinstance(part, Cell):
                cells.append(nbformat.v4.new_code_cell(part.code.strip("\n")))
            else:
                cells += _text_cells(nbformat.v4, part.text)
        notebook = nbformat.v4.new_notebook(cells=cells)
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        # Stable ids: the same chapter gives the same file.
        for index, cell in enumerate(notebook.cells):
            cell["id"] = f"{chapter.stem}-{index}"
        path = folder / f"{chapter.stem}.ipynb"
        temporary = path.with_suffix(".tmp")
        nbformat.write(notebook, temporary)
        os.replace(temporary, path)
        paths.append(path)
    return paths


def _first_cell(project: Project) -> str:
    url = project.repo_url or _origin(project.root)
    name = re.sub(r"\.git$", "", url.rstrip("/")).rpartition("/")[2] or project.root.name
    start = (_CLONE if url else _UPLOAD).format(url=url, name=name)
    return "\n".join([start, _ENTER, _INSTALL])


def _origin(root: Path) -> str:
    try:
        done = subprocess.run(
            ["git", "remote", "get-url", "origin"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return public_address(done.stdout.strip())


def public_address(remote: str) -> str:
    """The https address of a git remote without any account in it; "" for a path on this disk."""
    secure_shell = re.match(r"(?:ssh://)?git@([^:/]+)[:/](.+)$", remote)
    if secure_shell:
        return f"https://{secure_shell[1]}/{secure_shell[2]}"
    web = re.match(r"https?://(?:[^@/]*@)?(.+)$", remote)
    return f"https://{web[1]}" if web else ""


def _text_cells(v4, text: str) -> list:
    expressions = _INLINE.findall(text)
    shown = _INLINE.sub(lambda match: f"*`{match[1]}`*", text)
    shown = _ATTRIBUTES.sub("", _CALLOUT.sub("", shown)).strip()
    cells = [v4.new_markdown_cell(shown)] if shown else []
    if expressions:
        cells.append(v4.new_code_cell("\n".join(f"display({code})" for code in expressions)))
    return cells
