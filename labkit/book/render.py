"""The book, rendered: by Quarto where there is one, else by the small renderer here."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labkit import errors
from labkit.book import crossref, output, quarto
from labkit.book.assemble import Assembled, assemble
from labkit.book.errors import BookError
from labkit.book.execute import environment, execute
from labkit.book.follow import following
from labkit.book.lint import check
from labkit.book.pandoc import read_markdown
from labkit.book.project import CONFIG, Chapter, Project, load
from labkit.book.source import read
from labkit.book.typeset import Typesetter, copy_images

RENDERERS = ("auto", "quarto", "labkit")
FORMATS = ("html", "pdf")


@dataclass
class Rendered:
    """What a render made.

    `html` is the path of index.html (of the first chapter rendered, for a preview), `pdf` that of
    the PDF; None if not asked for. `seconds` maps a chapter's source to the time its cells took.
    """

    renderer: str
    html: Path | None = None
    pdf: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def render(
    root: str | Path,
    *,
    formats: Sequence[str] = FORMATS,
    profile: str | None = None,
    renderer: str = "auto",
    only: Sequence[str] | None = None,
    report: Callable[[str], None] = print,
) -> Rendered:
    """Render the book in folder `root` into its output folder.

    Parameters
    ----------
    root : path
        Folder that holds `_quarto.yml`.
    formats : sequence of {"html", "pdf"}
    profile : str, optional
        "full" or the name of an `_environment-<profile>` file; None takes the environment as is.
    renderer : {"auto", "quarto", "labkit"}
        "auto" is Quarto if one is installed that can set books in Typst, else "labkit".
    only : sequence of str, optional
        Preview: run and write the HTML pages of these chapters alone (paths as in `_quarto.yml`,
        or names without folder and ending); the pre-render step is left out.
    report : callable
        Gets one line of progress at a time.

    Raises
    ------
    BookError
        If anything fails; the book rendered before is then still in place.
    """
    _check_choice("format", formats, FORMATS)
    _check_choice("renderer", [renderer], RENDERERS)
    try:
        project = load(root, profile)
        chapters = [project.chapter(name) for name in only] if only else None
        if chapters and "html" not in formats:
            report("single chapters are previewed as HTML; the PDF is made of the whole book")
        with_quarto = renderer == "quarto" or (renderer == "auto" and quarto.find() is not None)
        with output.workplace(project) as work, following(report, work) as told:
            if with_quarto:
                _checked(project, chapters, with_quarto, told)
                html, pdf, seconds = quarto.render(project, formats, chapters, work, told)
                return Rendered("quarto", html, pdf, seconds)
            formats = ("html",) if chapters else tuple(formats)
            return _render(project, formats, chapters, work, told)
    except OSError as error:
        raise BookError(f"the book in {root} cannot be made: {errors.told(error)}") from error


def _check_choice(what: str, values: Sequence[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise BookError(f"unknown {what} {value!r}; expected one of {', '.join(known)}")


def _checked(
    project: Project,
    only: list[Chapter] | None,
    with_quarto: bool,
    report: Callable[[str], None],
) -> dict[Chapter, list]:
    """The chapters' parts, seen by the linter; what is against conventions alone is reported.

    Quarto knows more than the linter, and judges for itself: for it all is only reported.
    """
    try:
        sources = {c: read(project.root / c.source, c.source) for c in project.chapters}
    except BookError as error:
        if not with_quarto:
            raise
        report(str(error))
        return {}
    shown = {CONFIG, *(chapter.source for chapter in only or project.chapters)}
    problems = [problem for problem in check(project, sources) if problem.file in shown]
    refused = [problem for problem in problems if problem.refused and not with_quarto]
    if refused:
        raise BookError("\n".join(map(str, refused)))
    for problem in problems:
        report(str(problem))
    return sources


def _render(
    project: Project,
    formats: tuple[str, ...],
    only: list[Chapter] | None,
    work: Path,
    report: Callable[[str], None],
) -> Rendered:
    done = Rendered("labkit")
    if only is None:
        _pre_render(project, report)
    sources = _checked(project, only, False, report)
    made = run_chapters(project, sources, only, done.seconds, work, report)
    report("typesetting " + " and ".join(formats))
    with output.alone(project, lambda: report("waiting for another render of this book")):
        (work / output.NEW).mkdir()
        if only is not None:
            output.copy_made(project.output, work / output.NEW)
        _typeset(project, made, formats, only, work / output.NEW)
        output.put(work, project)
    if "html" in formats:
        done.html = project.output / (only or project.chapters)[0].page
    if "pdf" in formats:
        done.pdf = project.output / project.pdf_name
    return done


def _pre_render(project: Project, report: Callable[[str], None]) -> None:
    variables = {**environment(project), "QUARTO_PROJECT_RENDER_ALL": "1"}
    for command in project.pre_render:
        report(f"pre-render: {command}")
        words = shlex.split(command)
        if words[0] in ("python", "python3"):
            words[0] = sys.executable
        done = subprocess.run(
            words, cwd=project.root, env=variables, capture_output=True, text=True, check=False
        )
        if done.returncode:
            tail = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise BookError(f"_quarto.yml: the pre-render command {command!r} failed: {tail}")


def run_chapters(
    project: Project,
    sources: dict[Chapter, list],
    only: list[Chapter] | None,
    seconds: dict[str, float],
    work: Path,
    report: Callable[[str], None],
) -> dict[Chapter, Assembled]:
    """Every chapter's Markdown; those left out by `only` hold placeholders for their outputs."""
    made = {}
    for chapter, parts in sources.items():
        if only is not None and chapter not in only:
            made[chapter] = assemble(project, chapter, parts, None)
            continue
        start = time.perf_counter()
        results = execute(project, chapter.source, parts, work)
        made[chapter] = assemble(project, chapter, parts, results)
        seconds[chapter.source] = time.perf_counter() - start
        report(f"{chapter.source}: {seconds[chapter.source]:.1f} s")
    return made


def _typeset(
    project: Project,
    made: dict[Chapter, Assembled],
    formats: tuple[str, ...],
    only: list[Chapter] | None,
    out: Path,
) -> None:
    chapters = [numbered(chapter, item.markdown) for chapter, item in made.items()]
    shown = [item for item in chapters if only is None or item.chapter in only]
    targets = crossref.registry(chapters)
    crossref.check(project, shown, targets, crossref.citation_keys(project))
    for item in shown:
        copy_images(project, item, made[item.chapter].images, out)
    setter = Typesetter(project, chapters, targets, out)
    if "pdf" in formats:
        setter.pdf()
    if "html" in formats:
        pdf = (out / project.pdf_name).is_file()
        setter.pages({item.chapter.source for item in shown}, pdf=pdf)


def numbered(chapter: Chapter, markdown: str) -> crossref.NumberedChapter:
    """A chapter after the numbering pass."""
    variables = {"book-pass": "number", "book-chapter": chapter.number}
    return crossref.numbered(chapter, read_markdown(markdown, variables, chapter.source))
