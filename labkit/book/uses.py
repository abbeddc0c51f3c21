"""The linter's look over the whole book: labels defined once, and everything used defined."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from labkit.book.files import read_text
from labkit.book.project import Chapter, Project
from labkit.book.prose import CITATION, CROSS_REFERENCE, words_of
from labkit.book.source import Cell, Text

_LABEL = re.compile(r"\{[^}\n]*?#(?P<id>[\w:.-]+)[^}\n]*\}")
_HEADING = re.compile(r"^#{1,6} ")
_TABLE_CAPTION = re.compile(r"^(?:Table)?: ")
_ENTRY = re.compile(r"^\s*@(?!comment|string|preamble)\w+\s*\{\s*(?P<key>[^,\s]+)\s*,", re.I | re.M)
_LINK = re.compile(r"\]\((?P<address>[^)\s:]*\.qmd(?:#[\w:.-]+)?)\)")

Found = tuple[str, int, str, bool]
"""File, line, message, and whether a renderer refuses it too."""


def labels_of(parts: list[Text | Cell]) -> list[tuple[str, int]]:
    """(label, line) of all that a chapter labels, in order."""
    labels = []
    for part in parts:
        if isinstance(part, Cell):
            named = [part.label] if part.label else []
            labels += [(name, part.line) for name in (*named, *part.listings)]
            continue
        for offset, line in enumerate(words_of(part).splitlines()):
            labels += [(m["id"], part.line + offset) for m in _LABEL.finditer(line)]
    return labels


def bibliography_keys(project: Project) -> set[str]:
    """Keys of the entries of the BibTeX files."""
    texts = [read_text(path, path.name) for path in project.bibliography]
    return {match["key"] for text in texts for match in _ENTRY.finditer(text)}


def check_uses(
    project: Project,
    chapters: dict[Chapter, list[Text | Cell]],
    labels: dict[str, list[tuple[str, int]]],
) -> Iterator[Found]:
    """What is wrong: labels taken twice or misnamed, and uses of what is not there."""
    yield from _check_labels(chapters, labels)
    defined = {name for found in labels.values() for name, _ in found}
    known = defined | bibliography_keys(project)
    for chapter, parts in chapters.items():
        for part in parts:
            for offset, line in enumerate(_prose_lines(part)):
                at = chapter.source, part.line + offset
                for match in CITATION.finditer(line):
                    if match["key"] not in known:
                        label = CROSS_REFERENCE.match(match["key"])
                        what = "cross-reference" if label else "citation"
                        where = "label" if label else "bibliography entry"
                        message = f"{what} @{match['key']} resolves nowhere: no such {where}"
                        yield *at, message, True
                for match in _LINK.finditer(line):
                    problem = _broken_link(project, chapter, match["address"], labels)
                    if problem:
                        yield *at, problem, True


def _prose_lines(part: Text | Cell) -> list[str]:
    if isinstance(part, Text):
        return words_of(part).splitlines()
    captions = (part.options.get(key) for key in ("fig-cap", "tbl-cap", "lst-cap"))
    return [" ".join(str(caption) for caption in captions if caption)]


def _check_labels(chapters: dict, labels: dict) -> Iterator[Found]:
    first: dict[str, str] = {}
    for source, found in labels.items():
        for name, line in found:
            if name in first:
                yield source, line, f"the label {name} is already used at {first[name]}", True
            first.setdefault(name, f"{source}:{line}")
    for chapter, parts in chapters.items():
        for part in parts:
            if isinstance(part, Text):
                for offset, message in _misnamed(part):
                    yield chapter.source, part.line + offset, message, False


def _misnamed(part: Text) -> Iterator[tuple[int, str]]:
    """Labels in prose that do not say what they label."""
    for offset, line in enumerate(words_of(part).splitlines()):
        for match in _LABEL.finditer(line):
            wanted = _prefix(line)
            if not match["id"].startswith(wanted):
                yield offset, f"the label {match['id']} must start with {wanted}"
            image = re.search(r"!\[[^\]]*\]\([^)]*\)" + re.escape(match[0]), line)
            if image and "fig-alt=" not in match[0]:
                yield offset, f"the image {match['id']} has no fig-alt"


def _prefix(line: str) -> str:
    if _HEADING.match(line):
        return "sec-"
    if _TABLE_CAPTION.match(line):
        return "tbl-"
    return "fig-" if line.lstrip().startswith("![") else "eq-"


def _broken_link(project: Project, chapter: Chapter, address: str, labels: dict) -> str:
    path, _, name = address.partition("#")
    source = posixpath.normpath(posixpath.join(chapter.folder, path))
    if source not in labels:
        return f"link to {address}: _quarto.yml lists no chapter {source}"
    if name and name not in {label for label, _ in labels[source]}:
        return f"link to {address}: {source} has no label {name}"
    return ""
