"""A chapter's source: Markdown text, executable cells with options, inline expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from labkit.book.errors import BookError
from labkit.book.files import read_text

KINDS = {
    "fig": "Figure", "tbl": "Table", "lst": "Listing", "sec": "Section", "eq": "Equation",
}  # fmt: skip
"""What a label begins with → the word that a reference to it prints."""

ANY_KIND = "|".join(KINDS)

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_CELL = re.compile(r"^`{3,}\s*\{python\}\s*$")
_OPTION = re.compile(r"^#\|(.*)$")
_SHOWN_LISTING = re.compile(r"\blabel=[\"'](lst-[\w-]+)[\"']")
_QUOTED_CODE = re.compile(r"(?<!`)(`{2,})(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
# Quarto takes a line of text at a time: an expression that breaks its line is code to it.
_INLINE = re.compile(r"(?<!`)`\{python\}[ \t]+(?P<code>[^`\n]*[^`\s])[ \t]*`(?!`)")
_LIKE_INLINE = re.compile(r"(?<!`)`\{python\}[^`]*`(?!`)")


@dataclass(frozen=True)
class Text:
    """Markdown between two cells; `line` is its first line in the file, counted from 1."""

    line: int
    text: str


@dataclass(frozen=True)
class Cell:
    """An executable cell: `code` without its option lines, which are in `options`."""

    line: int
    code_line: int
    code: str
    options: dict = field(default_factory=dict)

    @property
    def label(self) -> str:
        """What references call it; "" without one."""
        return str(self.options.get("label") or "")

    @property
    def listings(self) -> dict[str, str]:
        """Label and caption of its own code as a listing, and of code that it shows.

        The caption of the latter is made when the cell runs, and "" here.
        """
        found = {label: "" for label in _SHOWN_LISTING.findall(self.code)}
        if own := self.options.get("lst-label"):
            found[str(own)] = str(self.options.get("lst-cap") or "")
        return found

    @property
    def evaluated(self) -> bool:
        """Whether rendering runs it."""
        return self.options.get("eval") is not False

    @property
    def kind(self) -> str:
        """What the label makes of the cell's output: "fig", "tbl" or ""."""
        prefix = self.label.partition("-")[0]
        return prefix if prefix in ("fig", "tbl") else ""


@dataclass(frozen=True)
class Inline:
    """An inline expression of a `Text`: `start` and `end` are offsets in its text."""

    line: int
    start: int
    end: int
    code: str


def read(path: Path, name: str) -> list[Text | Cell]:
    """Parts of the chapter in file `path`; messages call it `name`."""
    return parse(read_text(path, name), name)


def parse(text: str, name: str) -> list[Text | Cell]:
    """Split a chapter's source into its parts, in order.

    Raises
    ------
    BookError
        If a cell or code block is not closed, or cell options are not YAML.
    """
    lines = text.splitlines()
    parts: list[Text | Cell] = []
    body, first = _without_front_matter(lines, name)
    pending: list[str] = body
    start, index = first, first - 1 + len(body)
    while index < len(lines):
        opening = _FENCE.match(lines[index])
        if not opening:
            pending.append(lines[index])
            index += 1
            continue
        closing = _closing(lines, index, opening["fence"], name)
        if _CELL.match(opening["fence"] + opening["info"]):
            _add_text(parts, pending, start)
            parts.append(_cell(lines[index + 1 : closing], index + 1, name))
            pending, start = [], closing + 2
        else:
            pending.extend(lines[index : closing + 1])
        index = closing + 1
    _add_text(parts, pending, start)
    return parts


def _without_front_matter(lines: list[str], name: str) -> tuple[list[str], int]:
    """Blank lines in place of YAML front matter (so that lines keep their numbers)."""
    if not lines or lines[0].strip() != "---":
        return [], 1
    for index, line in enumerate(lines[1:], start=1):
        if line.strip() in ("---", "..."):
            meta = _yaml("\n".join(lines[1:index]), name, 2, "the front matter")
            for key in meta:
                if key != "title":
                    raise BookError(
                        f"{name}:1: the front matter has {key!r}, which only Quarto knows; of a "
                        "chapter's own it may hold the title, and _quarto.yml the rest"
                    )
            heading = [f"# {meta['title']}"] if meta.get("title") else [""]
            return heading + [""] * index, 1
    raise BookError(f"{name}:1: the front matter that starts with --- is never closed")


def _closing(lines: list[str], opening: int, fence: str, name: str) -> int:
    pattern = re.compile(rf"^ {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}\s*$")
    for index in range(opening + 1, len(lines)):
        if pattern.match(lines[index]):
            return index
    raise BookError(f"{name}:{opening + 1}: the code block that starts here is never closed")


def _add_text(parts: list, pending: list[str], start: int) -> None:
    if any(line.strip() for line in pending):
        parts.append(Text(start, "\n".join(pending)))


def _cell(body: list[str], fence_line: int, name: str) -> Cell:
    count = 0
    while count < len(body) and _OPTION.match(body[count]):
        count += 1
    raw = "\n".join(_OPTION.match(line)[1] for line in body[:count])
    options = _yaml(raw, name, fence_line + 1, "cell options")
    return Cell(fence_line, fence_line + 1 + count, "\n".join(body[count:]), options)


def _yaml(text: str, name: str, line: int, what: str) -> dict:
    """Keys and values of what begins in a line of a chapter."""
    try:
        found = yaml.safe_load(text) or {}
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise BookError(
            f"{name}:{line + (mark.line if mark else 0)}: {what} are not valid YAML ({problem}); "
            "put quotes round a value that holds a colon"
        ) from error
    if not isinstance(found, dict):
        raise BookError(f"{name}:{line}: {what} must read `key: value`")
    return found


def blank_code_blocks(text: str) -> str:
    """`text` with every character of its fenced code blocks but the line ends made a blank."""
    lines, fence = [], ""
    for line in text.splitlines():
        opening = _FENCE.match(line)
        inside = bool(fence)
        if fence and opening and opening["fence"].startswith(fence) and not opening["info"].strip():
            fence = ""
        elif not fence and opening:
            fence, inside = opening["fence"], True
        lines.append(" " * len(line) if inside else line)
    return "\n".join(lines)


def inline_expressions(part: Text) -> list[Inline]:
    """The inline expressions of a text, in order; code blocks and ``…`` hold none."""
    visible = _without_quoted_code(part)
    return [
        Inline(part.line + visible.count("\n", 0, m.start()), m.start(), m.end(), m["code"])
        for m in _INLINE.finditer(visible)
    ]


def printed_expressions(part: Text) -> list[int]:
    """Lines on which an inline expression begins that a page would show as code."""
    visible = _without_quoted_code(part)
    return [
        part.line + visible.count("\n", 0, m.start())
        for m in _LIKE_INLINE.finditer(visible)
        if not _INLINE.fullmatch(m[0])
    ]


def _without_quoted_code(part: Text) -> str:
    visible = blank_code_blocks(part.text)
    return _QUOTED_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), visible)
