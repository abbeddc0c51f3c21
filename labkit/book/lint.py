"""The chapters' linter: what neither renderer would set as meant, and results typed into prose.

Rules
-----
- A figure cell has `fig-cap` and `fig-alt`, a table cell `tbl-cap`, and labels say what they are:
  `fig-`, `tbl-`, `sec-`, `eq-`; each label is used once in the book.
- Cross-references, citations and links between chapters lead somewhere, and bring their own word:
  "Figure @fig-x" would read "Figure Figure 2.1".
- Only the Quarto constructs that both renderers know.
- Cells are at most 15 lines and define no function or class: those live in `labkit`, tested.
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
from labkit.book.project import load
from labkit.book.prose import check_prose
from labkit.book.source import Cell, Text, inline_expressions, read
from labkit.book.uses import check_uses, labels_of

MAX_LINES = 15
OPTIONS = frozenset(
    [
        "label",
        "fig-cap",
        "fig-alt",
        "tbl-cap",
        "echo",
        "include",
        "output",
        "warning",
        "code-fold",
        "code-summary",
    ]
)


@dataclass(frozen=True, order=True)
class Problem:
    """One thing to mend: `file` below the root, `line` counted from 1."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


def lint(root: str | Path) -> list[Problem]:
    """All problems of the chapters that `_quarto.yml` in folder `root` lists, in order."""
    try:
        project = load(root)
        chapters = {c: read(project.root / c.source, c.source) for c in project.chapters}
    except BookError as error:
        file, line, message = _parse_message(str(error))
        return [Problem(file, line, message)]
    problems: list[Problem] = []
    for chapter, parts in chapters.items():
        for part in parts:
            found = _check_cell(part) if isinstance(part, Cell) else check_prose(part)
            problems += [Problem(chapter.source, *item) for item in found]
    labels = {chapter.source: labels_of(parts) for chapter, parts in chapters.items()}
    for file, line, message in check_uses(project, chapters, labels):
        problems.append(Problem(file, line, message))
    return sorted(problems)


def _parse_message(text: str) -> tuple[str, int, str]:
    match = re.match(r"([^\s:]+):(\d+): (.*)$", text, re.DOTALL)
    return (match[1], int(match[2]), match[3]) if match else ("_quarto.yml", 1, text)


def _check_cell(cell: Cell) -> Iterator[tuple[int, str]]:
    for option in cell.options:
        if option not in OPTIONS:
            known = ", ".join(sorted(OPTIONS))
            yield cell.line, f"unknown cell option {option!r}; known are {known}"
    yield from _check_caption(cell)
    lines = cell.code.strip().count("\n") + 1
    if lines > MAX_LINES:
        yield cell.line, f"the cell has {lines} lines, at most {MAX_LINES}; move work into labkit"
    yield from _check_code(cell)


def _check_caption(cell: Cell) -> Iterator[tuple[int, str]]:
    options, name = cell.options, cell.label or "without label"
    for option, kind in (("fig-cap", "fig"), ("fig-alt", "fig"), ("tbl-cap", "tbl")):
        if cell.kind == kind and not options.get(option):
            yield cell.line, f"the cell {name} has no {option}"
        if options.get(option) and cell.kind != kind:
            yield cell.line, f"the cell {name} has {option}; its label must start with {kind}-"
        text = str(options.get(option) or "")
        if inline_expressions(Text(cell.line, text)):
            yield cell.line, f"{option} cannot hold an inline expression"
        for _, message in check_prose(Text(cell.line, text)):
            yield cell.line, f"{option}: {message}"


def _check_code(cell: Cell) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(cell.code)
    except SyntaxError as error:
        yield cell.code_line + (error.lineno or 1) - 1, f"the cell is not Python: {error.msg}"
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            line = cell.code_line + node.lineno - 1
            yield line, f"the cell defines {node.name}; put it into labkit, where a test sees it"
