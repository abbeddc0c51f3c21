"""What `_quarto.yml` says: title, chapters in order, bibliography, output folder, profile."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import yaml

from labkit.book.errors import BookError
from labkit.book.files import inside, place, read_text

CONFIG = "_quarto.yml"
DEFAULT_PROFILE = "full"

FIGURE_FORMATS = ("retina", "png", "svg")
"""What `fig-format` may say: pixels, twice as many of them, or lines."""

_FIRST_TITLE = re.compile(r"^# .*$", re.MULTILINE)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Chapter:
    """A chapter's place in the book.

    `source` is the path below the project root, with forward slashes; `number` is "2", "B" or,
    for an unnumbered chapter, "".
    """

    source: str
    number: str
    appendix: bool = False

    @property
    def page(self) -> str:
        """Its page below the output folder."""
        return str(PurePosixPath(self.source).with_suffix(".html"))

    @property
    def stem(self) -> str:
        """Its file's name without the ending."""
        return PurePosixPath(self.source).stem

    @property
    def folder(self) -> str:
        """Folder of the chapter below the root: "" or "chapters"."""
        parent = str(PurePosixPath(self.source).parent)
        return "" if parent == "." else parent


@dataclass(frozen=True)
class Project:
    """The book as `_quarto.yml` describes it, with paths resolved below `root`."""

    root: Path
    title: str
    subtitle: str
    author: tuple[str, ...]
    date: str
    abstract: str
    footer: str
    lang: str
    chapters: tuple[Chapter, ...]
    bibliography: tuple[Path, ...]
    output: Path
    pre_render: tuple[str, ...]
    formats: tuple[str, ...]
    execute: dict
    code_fold: bool
    figure_format: str
    filters: tuple[Path, ...]
    submission: tuple[tuple[str, str], ...]
    repo_url: str
    profile: str | None = None
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def pdf_name(self) -> str:
        """The PDF's file name: the title with hyphens, as Quarto names it."""
        return re.sub(r"[^\w-]+", "-", self.title).strip("-") + ".pdf"

    def chapter(self, source: str) -> Chapter:
        """The chapter written in `source`.

        Raises
        ------
        BookError
            If `_quarto.yml` lists no such chapter.
        """
        wanted = PurePosixPath(str(source).replace("\\", "/"))
        for chapter in self.chapters:
            if wanted in (PurePosixPath(chapter.source), PurePosixPath(chapter.stem)):
                return chapter
        known = ", ".join(chapter.source for chapter in self.chapters)
        raise BookError(f"{CONFIG} lists no chapter {source!r}; it lists {known}")


def load(root: str | Path, profile: str | None = None) -> Project:
    """Read the project in `root`.

    Parameters
    ----------
    root : path
        Folder that holds `_quarto.yml`.
    profile : str, optional
        "full", or the name of an `_environment-<profile>` file.

    Raises
    ------
    BookError
        If the configuration cannot be read, a listed chapter or bibliography is absent, or the
        profile is unknown.
    """
    root = Path(root).resolve()
    text, config = _read_config(root)
    book, project = _mapping(config, "book"), _mapping(config, "project")
    if not book.get("title"):
        raise BookError(f"{CONFIG}: the book has no title; add `title:` below `book:`")
    formats = config.get("format")
    formats = {formats: {}} if isinstance(formats, str) else _mapping(config, "format")
    html = formats.get("html") if isinstance(formats.get("html"), dict) else {}
    chapters = _chapters(root, book, text)
    bibliography = _named_files(root, config, "bibliography", text)
    sources = [*(chapter.source for chapter in chapters), *bibliography, CONFIG]
    return Project(
        root=root,
        title=str(book["title"]),
        subtitle=str(book.get("subtitle") or ""),
        author=_authors(book.get("author")),
        date=_date(book.get("date")),
        abstract=str(book.get("abstract") or "").strip(),
        footer=str(book.get("page-footer") or "").strip(),
        lang=str(config.get("lang") or "en"),
        chapters=chapters,
        bibliography=tuple(root / name for name in bibliography),
        output=place(root, project.get("output-dir") or "_book", sources),
        pre_render=tuple(_as_list(project.get("pre-render"))),
        formats=tuple(formats),
        execute=_mapping(config, "execute"),
        code_fold=bool(html.get("code-fold", False)),
        figure_format=_figure_format(html, text),
        filters=tuple(root / name for name in _named_files(root, config, "filters", text)),
        submission=_submission(config, text),
        repo_url=str(book.get("repo-url") or ""),
        profile=profile,
        environment=_environment(root, profile),
    )


def _read_config(root: Path) -> tuple[str, dict]:
    path = root / CONFIG
    if not path.is_file():
        raise BookError(f"no {CONFIG} in {root}; run this from the project's top folder")
    text = read_text(path, CONFIG)
    try:
        config = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:  # the latter for a date such as 2026-13-01
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        what = getattr(error, "problem", None) or " ".join(str(error).split())
        raise BookError(f"{CONFIG}{line}: not valid YAML: {what}") from error
    if not isinstance(config, dict):
        raise BookError(f"{CONFIG}: expected keys `project`, `book` and `format`, found none")
    return text, config


def _mapping(config: dict, key: str) -> dict:
    value = config.get(key) or {}
    if not isinstance(value, dict):
        raise BookError(f"{CONFIG}: expected `key: value` lines below `{key}:`, found {value!r}")
    return value


def _figure_format(html: dict, text: str) -> str:
    """What figures are kept as; Quarto's own choice, pixels, where nothing is said."""
    given = html.get("fig-format", "retina")
    if given not in FIGURE_FORMATS:
        known = ", ".join(FIGURE_FORMATS)
        line = _line_of(text, "fig-format:")
        raise BookError(f"{CONFIG}:{line}: unknown fig-format {given!r}; expected one of {known}")
    return given


def _submission(config: dict, text: str) -> tuple[tuple[str, str], ...]:
    """What a course wants on the title page, as written: a number may begin with zeros."""
    given = _mapping(config, "submission")
    written = yaml.load(text, yaml.BaseLoader).get("submission") or {}
    pairs = zip(given.values(), written.items(), strict=True)
    return tuple((label, value) for known, (label, value) in pairs if known not in (None, ""))


def _as_list(value) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _authors(value) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value] if value else []
    return tuple(str(item.get("name", "") if isinstance(item, dict) else item) for item in items)


def _date(value) -> str:
    """A date as people write it; `today` is the day of the render, as in Quarto."""
    if value in ("today", "now"):
        value = dt.date.today()
    if isinstance(value, dt.date):
        return f"{value.day} {value:%B %Y}"
    return str(value or "")


def _line_of(text: str, needle: str) -> int:
    for number, line in enumerate(text.splitlines(), start=1):
        if needle in line:
            return number
    return 1


def _chapters(root: Path, book: dict, text: str) -> tuple[Chapter, ...]:
    chapters: list[Chapter] = []
    count = 0
    for source in _sources(root, book.get("chapters"), text):
        numbered = not _is_unnumbered(root, source)
        count += numbered
        chapters.append(Chapter(source, str(count) if numbered else ""))
    for index, source in enumerate(_sources(root, book.get("appendices"), text)):
        chapters.append(Chapter(source, _LETTERS[index], appendix=True))
    if not chapters:
        raise BookError(f"{CONFIG}: the book lists no chapters; add `chapters:` below `book:`")
    return tuple(chapters)


def _sources(root: Path, listed, text: str) -> list[str]:
    sources = []
    if not isinstance(listed or [], list):
        raise BookError(f"{CONFIG}: expected a list of .qmd files, found {listed!r}")
    for item in listed or []:
        if not isinstance(item, str):
            raise BookError(
                f"{CONFIG}: chapters must be a plain list of .qmd files, found {item!r}; "
                "parts are not supported by the built-in renderer"
            )
        if inside(root, item) is None:
            raise BookError(
                f"{CONFIG}:{_line_of(text, item)}: chapter {item} lies outside the project; move "
                "it there"
            )
        if not (root / item).is_file():
            raise BookError(
                f"{CONFIG}:{_line_of(text, item)}: chapter {item} is listed but there is no such "
                "file; create it or take it off the list"
            )
        sources.append(item)
    return sources


def _is_unnumbered(root: Path, source: str) -> bool:
    title = _FIRST_TITLE.search(read_text(root / source, source))
    return bool(title and re.search(r"\{[^}]*(\.unnumbered|(?<=[\s{])-(?=[\s}]))", title.group()))


def _named_files(root: Path, config: dict, key: str, text: str) -> list[str]:
    names = _as_list(config.get(key))
    for name in names:
        if not (root / name).is_file():
            raise BookError(
                f"{CONFIG}:{_line_of(text, name)}: {key} {name} is not there; "
                "create it or take the line out"
            )
    return names


def _environment(root: Path, profile: str | None) -> dict[str, str]:
    """Variables of `_environment` and of `_environment-<profile>`, the latter winning."""
    variables = _read_environment(root / "_environment")
    if profile is None:
        return variables
    path = root / f"_environment-{profile}"
    if not path.is_file() and profile != DEFAULT_PROFILE:
        known = sorted({DEFAULT_PROFILE, *(p.name[13:] for p in root.glob("_environment-*"))})
        raise BookError(
            f"unknown profile {profile!r}: there is no {path.name} in {root}; "
            f"profiles here: {', '.join(known)}"
        )
    return {**variables, "LABKIT_PROFILE": profile, **_read_environment(path)}


def _read_environment(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    variables = {}
    for number, line in enumerate(read_text(path, path.name).splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise BookError(f"{path.name}:{number}: expected NAME=value, found {line!r}")
        variables[name.strip()] = value.strip().strip("\"'")
    return variables
