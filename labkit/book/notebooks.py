"""The chapters as Jupyter notebooks, run, and read as in the book: for Google Colab and Kaggle."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from labkit.book import crossref, output
from labkit.book.execute import strip_ansi
from labkit.book.notebook_setup import opening
from labkit.book.project import load
from labkit.book.render import numbered, run_chapters
from labkit.book.source import KINDS, Cell, Text, read
from labkit.book.typeset import Typesetter

_MARK = "⟦cell {}⟧"
_MARKED = re.compile(r"^⟦cell (\d+)⟧$", re.MULTILINE)


def notebooks(
    root: str | Path,
    folder: str | Path,
    *,
    profile: str | None = None,
    report: Callable[[str], None] = print,
) -> list[Path]:
    """Run the chapters and write each as `<name>.ipynb` into `folder`.

    Text reads as in the book: what sentences say, captions, cross-references and citations are in
    place. Code cells hold what they showed; those that the book does not show are folded. The first
    ones say what this is and bring the project and what it needs (`notebook_setup`). After a
    rendering nothing is trained for them.

    Parameters
    ----------
    profile : str, optional
        As in `labkit.book.render`.
    report : callable
        Gets one line of progress at a time.

    Returns
    -------
    list of Path
        The notebooks, in the book's order.

    Raises
    ------
    BookError
        If anything fails, as in `labkit.book.render`.
    """
    import nbformat

    project, folder = load(root, profile), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    sources = {c: read(project.root / c.source, c.source) for c in project.chapters}
    with output.workplace(project) as work:
        ran = run_chapters(project, sources, None, {}, work, report)
        chapters = [numbered(chapter, made.markdown) for chapter, made in ran.items()]
        targets = crossref.registry(chapters)
        crossref.check(project, chapters, targets, crossref.citation_keys(project))
        setter = Typesetter(project, chapters, targets, work)
        note, set_up = opening(project)
        paths = []
        for index, (chapter, made) in enumerate(ran.items()):
            text = setter.text(index, list(_flat(chapters[index].blocks)))
            cells = [nbformat.v4.new_markdown_cell(note), nbformat.v4.new_code_cell(set_up)]
            cells += _cells(text, sources[chapter], made.outputs)
            notebook = nbformat.v4.new_notebook(cells=cells)
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            # Stable ids: the same chapter gives the same file.
            for place, cell in enumerate(notebook.cells):
                cell["id"] = f"{chapter.stem}-{place}"
            path = folder / f"{chapter.stem}.ipynb"
            temporary = path.with_suffix(".tmp")
            nbformat.write(notebook, temporary)
            os.replace(temporary, path)
            paths.append(path)
    return paths


def _flat(blocks: list) -> Iterator[dict]:
    """A chapter's blocks, a mark in the place of each cell and its captions around it."""
    for block in blocks:
        if block["t"] != "Div" or "cell" not in block["c"][0][1]:
            yield block
            continue
        (_, _, attributes), inner = block["c"]
        mark = _MARK.format(dict(attributes)["index"])
        below = []
        for shown in inner:
            if shown["t"] == "Figure":
                below.append(_caption("fig", shown["c"][0], _inlines(shown["c"][1][1])))
            elif shown["t"] == "Table" and (caption := _inlines(shown["c"][1][1])):
                yield _caption("tbl", shown["c"][0], caption)
            elif shown["t"] == "Div" and "listing" in shown["c"][0][1]:
                title, code = shown["c"][1]
                yield _caption("lst", shown["c"][0], title["c"])
                if "cell-code" not in code["c"][0][1]:  # the library's own, which the cell shows
                    yield code
        yield {"t": "Para", "c": [{"t": "Str", "c": mark}]}
        yield from below


def _inlines(blocks: list) -> list:
    return [inline for block in blocks for inline in block["c"]]


def _caption(kind: str, attributes: list, inlines: list) -> dict:
    number = dict(attributes[2])["number"]
    label = {"t": "Str", "c": f"{KINDS[kind]}\N{NO-BREAK SPACE}{number}:"}
    return {"t": "Para", "c": [{"t": "Strong", "c": [label]}, {"t": "Space"}, *inlines]}


def _cells(text: str, parts: list[Text | Cell], outputs: list) -> Iterator:
    """A chapter's text, cut at its marks, and its code cells with what they showed."""
    from nbformat.v4 import new_code_cell, new_markdown_cell

    pieces = _MARKED.split(text)  # text, index, text, index, ..., text
    for place, piece in enumerate(pieces):
        if place % 2:
            cell = parts[int(piece)]
            yield new_code_cell(
                cell.code.strip("\n"),
                outputs=list(_shown(cell, outputs[int(piece)])),
                metadata={"jupyter": {"source_hidden": True}} if _hidden(cell) else {},
            )
        elif piece.strip():
            yield new_markdown_cell(piece.strip())


def _hidden(cell: Cell) -> bool:
    """Whether the book does not show its code, or keeps it for who has tried an exercise."""
    options = cell.options
    return False in (options.get("echo"), options.get("include"), options.get("eval"))


def _shown(cell: Cell, outputs: list) -> Iterator:
    """What a cell showed, less what the book does not show and the text has already."""
    from nbformat import from_dict

    options = cell.options
    shows_listing = bool(cell.listings) and not options.get("lst-label")
    if False in (options.get("include"), options.get("output")) or shows_listing:
        return
    for own in outputs:
        if own["output_type"] == "stream":
            if own["name"] == "stdout":
                yield from_dict({**own, "text": strip_ansi(own["text"])})
        elif own["output_type"] == "execute_result":
            yield from_dict({**own, "execution_count": None})
        else:
            yield from_dict(own)
