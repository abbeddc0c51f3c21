"""Finding Quarto, and rendering the book with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from labkit.book import output
from labkit.book.errors import BookError
from labkit.book.execute import environment
from labkit.book.files import read_text
from labkit.book.paper import pack_objects
from labkit.book.project import Chapter, Project
from labkit.book.source import ANY_KIND

# The first release that sets books in Typst.
MINIMUM = (1, 9)

_PROGRESS = re.compile(r"\[\s*\d+/\d+\]\s+(\S+\.qmd)")
# Of all that Quarto says: where it is, and what went wrong; not the settings of each pandoc.
_TOLD = re.compile(r"^\[\s*\d+/\d+\]|^Executing|^Output created|\b(?:WARN|ERROR)")
_NOISE = "without encryption"
_UNRESOLVED = "Unable to resolve"
# What Quarto prints for a reference that leads nowhere and an inline expression that says nothing.
_LEFT_OVER = re.compile(rf"\?@?(?:{ANY_KIND})-[\w-]+|\{{python\}}")
_FORMATS = {"html": "html", "pdf": "typst"}


def find() -> Path | None:
    """The Quarto program: beside this Python or on the path, and new enough; else None."""
    folders = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("quarto", path=folders)
    if program is None:
        return None
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    numbers = re.match(r"(\d+)\.(\d+)", done.stdout.strip())
    if done.returncode or not numbers or tuple(map(int, numbers.groups())) < MINIMUM:
        return None
    return Path(program)


def render(
    project: Project,
    formats: Sequence[str],
    only: list[Chapter] | None,
    work: Path,
    report: Callable[[str], None],
) -> tuple[Path | None, Path | None, dict[str, float]]:
    """Render with Quarto; paths of the HTML and the PDF, and seconds per chapter.

    Raises
    ------
    BookError
        If there is no Quarto, it fails, or it prints a reference or an expression as it stands,
        which it at most warns of. The book rendered before is then put back.
    """
    program = find()
    if program is None:
        raise BookError(
            f"no Quarto {MINIMUM[0]}.{MINIMUM[1]} or newer found; install it from quarto.org, or "
            "render with renderer 'labkit'"
        )
    seconds: dict[str, float] = {}
    # Quarto empties and fills the book's own folder.
    with output.alone(project, lambda: report("waiting for another render of this book")):
        output.lend(work, project, keep=only is not None)
        for command in _commands(program, project, formats, only):
            _check_log(_run(command, project, seconds, report))
        _check_pages(project)
        for pdf in project.output.glob("*.pdf"):
            pack_objects(pdf)
        output.take_back(work, project)
    html = project.output / (only or project.chapters)[0].page if "html" in formats else None
    pdf = next(project.output.glob("*.pdf"), None) if "pdf" in formats and not only else None
    return html, pdf, seconds


def _commands(program: Path, project: Project, formats, only) -> list[list[str]]:
    # With no --to Quarto makes every format of `_quarto.yml`; with one it first empties the folder.
    base = [str(program), "render"]
    profile = ["--profile", project.profile] if project.profile else []
    if only:
        return [[*base, chapter.source, "--to", "html", *profile] for chapter in only]
    if len(formats) == 1:
        return [[*base, "--to", _FORMATS[formats[0]], *profile]]
    return [[*base, *profile]]


def _run(command: list[str], project: Project, seconds: dict, report) -> str:
    """Run Quarto, hand on its progress, time its chapters; all that it said."""
    lines, current, start = [], None, time.perf_counter()
    variables = {**environment(project), "NO_COLOR": "1"}
    process = subprocess.Popen(
        command,
        cwd=project.root,
        env=variables,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    for line in process.stdout:
        lines.append(line)
        now, progress = time.perf_counter(), _PROGRESS.search(line)
        if progress:
            if current:
                seconds[current] = seconds.get(current, 0.0) + now - start
            current, start = progress[1], now
        if _TOLD.search(line) and _NOISE not in line:
            report(line.rstrip())
    if current:
        seconds[current] = seconds.get(current, 0.0) + time.perf_counter() - start
    if process.wait():
        tail = " ".join("".join(lines).split()[-60:])
        raise BookError(f"quarto render failed: {tail}")
    return "".join(lines)


def _check_log(log: str) -> None:
    bad = [line.strip() for line in log.splitlines() if _UNRESOLVED in line]
    if bad:
        raise BookError("Quarto left references unresolved: " + "; ".join(bad))


def _check_pages(project: Project) -> None:
    """What Quarto could not fill in, it prints."""
    for name in [*(chapter.page for chapter in project.chapters), "search.json"]:
        page = project.output / name
        if page.is_file():
            _check_text(read_text(page, name), name)
    reader = shutil.which("pdftotext")
    for pdf in project.output.glob("*.pdf") if reader else ():
        done = subprocess.run([reader, str(pdf), "-"], capture_output=True, check=False)
        _check_text(done.stdout.decode(errors="replace"), pdf.name)


def _check_text(text: str, name: str) -> None:
    if found := _LEFT_OVER.search(text):
        raise BookError(f"{name}: Quarto left {found[0]} in the text")
