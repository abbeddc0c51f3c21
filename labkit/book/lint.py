"""The chapters' linter: what neither renderer would set as meant, and results typed into prose.

Rules
-----
- A figure cell has `fig-cap` and `fig-alt`, a table cell `tbl-cap`, a listing `lst-cap`, and labels
  say what they are: `fig-`, `tbl-`, `lst-`, `sec-`, `eq-`; each label is used once in the book.
- Cross-references, citations and links between chapters lead somewhere, and bring their own word:
  "Figure @fig-x" would read "Figure Figure 2.1".
- Only the Quarto constructs that both renderers know.
- Cells are at most 15 lines of at most 100 columns, and define no function or class: those live
  in `labkit`, tested.
- Prose holds no result as digits: no decimal, percentage, number with thousands separators or
  metric with a number ("R² of 1"), outside code and mathematics. A paragraph that cites a source
  may: its numbers are that source's. So may the level of an interval, "95 % interval".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.book.errors import BookError
from labkit.book.project import CONFIG, Chapter, Project, load
from labkit.book.prose import check_constructs, check_prose
from labkit.book.source import Cell, Text, inline_expressions, read
from labkit.book.uses import check_uses, labels_of

MAX_LINES = 15
MAX_COLUMNS = 100
"""Longer lines are broken on paper, where they can no longer be read or copied."""
_TRUTH = {"true": True, "false": False}
_TEXT = None
OPTIONS = {
    "label": _TEXT,
    "fig-cap": _TEXT,
    "fig-alt": _TEXT,
    "tbl-cap": _TEXT,
    "lst-label": _TEXT,
    "lst-cap": _TEXT,
    "eval": _TRUTH,
    "echo": _TRUTH,
    "include": _TRUTH,
    "output": _TRUTH,
    "warning": _TRUTH,
    "code-fold": {**_TRUTH, "show": "show"},
    "code-summary": _TEXT,
    "code-line-numbers": {"true": True},
}
"""The cell options that both renderers know, and the values that they take alike."""

CAPTIONS = ("fig-cap", "fig-alt", "tbl-cap", "lst-cap")
"""Options that hold text for readers."""

EXECUTE = {key: OPTIONS[key] for key in ("echo", "include", "output", "warning")}
KERNELS_OWN = frozenset(["daemon", "freeze", "cache"])
"""What else may stand below `execute:` in `_quarto.yml`: it says when Quarto runs a cell."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend: `file` below the root, `line` counted from 1.

    `refused` tells what the built-in renderer would not set as Quarto does from what only goes
    against the book's conventions.
    """

    file: str
    line: int
    message: str
    refused: bool = False

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def lint(root: str | Path) -> list[Problem]:
    """All problems of the chapters that `_quarto.yml` in folder `root` lists, in order."""
    try:
        project = load(root)
        chapters = {c: read(project.root / c.source, c.source) for c in project.chapters}
        return check(project, chapters)
    except BookError as error:
        return [Problem(*_parse_message(str(error)), refused=True)]


def check(project: Project, chapters: dict[Chapter, list[Text | Cell]]) -> list[Problem]:
    """All problems of chapters that were read, in order."""
    problems = [Problem(CONFIG, 1, message, True) for message in _check_execute(project.execute)]
    for chapter, parts in chapters.items():
        for part in parts:
            cell = isinstance(part, Cell)
            refused = _refused(part) if cell else check_constructs(part)
            unusual = _unusual(part) if cell else check_prose(part)
            problems += [Problem(chapter.source, *item, True) for item in refused]
            problems += [Problem(chapter.source, *item) for item in unusual]
    labels = {chapter.source: labels_of(parts) for chapter, parts in chapters.items()}
    problems += [Problem(*found) for found in check_uses(project, chapters, labels)]
    return sorted(problems)


def _parse_message(text: str) -> tuple[str, int, str]:
    match = re.match(r"([^\s:]+):(\d+): (.*)$", text, re.DOTALL)
    return (match[1], int(match[2]), match[3]) if match else ("_quarto.yml", 1, text)


def _check_execute(execute: dict) -> Iterator[str]:
    for option, value in execute.items():
        if option not in KERNELS_OWN and (message := _misused(option, value, EXECUTE)):
            yield f"execute: {message}"


def _misused(option: str, value: object, known: dict) -> str:
    """What is wrong with an option; "" if nothing is."""
    if option not in known:
        return f"unknown cell option {option!r}; known are {', '.join(sorted(known))}"
    values = known[option]
    if values is _TEXT:
        single = isinstance(value, str | int | float)
        return "" if single else f"{option} is {value!r}; expected one text"
    if any(value is each for each in values.values()) or value == "show" in values:
        return ""
    return f"{option} is {value!r}; both know {', '.join(values)}"


def _refused(cell: Cell) -> Iterator[tuple[int, str]]:
    for option, value in cell.options.items():
        if message := _misused(option, value, OPTIONS):
            yield cell.line, message
    for option in CAPTIONS:
        if inline_expressions(Text(cell.line, str(cell.options.get(option) or ""))):
            yield cell.line, f"{option} cannot hold an inline expression"
    try:
        ast.parse(cell.code)
    except (SyntaxError, ValueError) as error:  # the latter for a null byte
        line = getattr(error, "lineno", None) or 1
        message = getattr(error, "msg", None) or str(error)
        yield cell.code_line + line - 1, f"the cell is not Python: {message}"


def _unusual(cell: Cell) -> Iterator[tuple[int, str]]:
    yield from _check_caption(cell)
    lines = cell.code.strip().count("\n") + 1
    if lines > MAX_LINES:
        yield cell.line, f"the cell has {lines} lines, at most {MAX_LINES}; move work into labkit"
    printed = cell.options.get("include") is not False and cell.options.get("echo") is not False
    for offset, line in enumerate(cell.code.splitlines() if printed else ()):
        if len(line) > MAX_COLUMNS:
            at, found = cell.code_line + offset, f"the line has {len(line)} columns"
            yield at, f"{found}, at most {MAX_COLUMNS}: it would be broken on paper"
    yield from _check_code(cell)


def _check_caption(cell: Cell) -> Iterator[tuple[int, str]]:
    options, name = cell.options, cell.label or "without label"
    for option, kind in (("fig-cap", "fig"), ("fig-alt", "fig"), ("tbl-cap", "tbl")):
        if cell.kind == kind and not options.get(option):
            yield cell.line, f"the cell {name} has no {option}"
        if options.get(option) and cell.kind != kind:
            yield cell.line, f"the cell {name} has {option}; its label must start with {kind}-"
    label, caption = options.get("lst-label"), options.get("lst-cap")
    if label and not str(label).startswith("lst-"):
        yield cell.line, f"the label {label} must start with lst-"
    shown = options.get("code-line-numbers"), options.get("code-fold") is False
    if label and shown != (True, True):
        yield cell.line, f"the listing {label} needs code-line-numbers: true and code-fold: false"
    if bool(label) != bool(caption):
        yield cell.line, f"the cell {name} needs both lst-label and lst-cap, or neither"
    for option in CAPTIONS:
        for _, message in check_prose(Text(cell.line, str(options.get(option) or ""))):
            yield cell.line, f"{option}: {message}"


def _check_code(cell: Cell) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(cell.code)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            line = cell.code_line + node.lineno - 1
            yield line, f"the cell defines {node.name}; put it into labkit, where a test sees it"
