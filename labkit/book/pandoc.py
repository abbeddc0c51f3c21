"""Calls of pandoc, and walks through its document tree."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from labkit.book.errors import BookError

HERE = Path(__file__).resolve().parent
FILTER = HERE / "filter.lua"

# Pandoc gives a pipe table relative column widths once a line is longer than this.
_ONE_LINE = "--columns=100000"


def pandoc(text: str, *arguments: str | Path, where: str) -> str:
    """What pandoc makes of `text`; `where` names the chapter in errors.

    Raises
    ------
    BookError
        If pandoc fails or warns: a warning is something that a reader would see.
    """
    import pypandoc

    command = [pypandoc.get_pandoc_path(), _ONE_LINE, "--wrap=none", *map(str, arguments)]
    done = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    message = done.stderr.decode(errors="replace").strip()
    if done.returncode or message:
        raise BookError(f"{where}: pandoc says: {message or f'exit status {done.returncode}'}")
    return done.stdout.decode()


def read_markdown(markdown: str, variables: dict[str, str], where: str) -> dict:
    """Pandoc's tree of a chapter, its figures, tables, sections and equations numbered."""
    options = [f"--metadata={key}:{value}" for key, value in variables.items()]
    filtering = ("--lua-filter", FILTER)
    return json.loads(
        pandoc(markdown, "--from=markdown", "--to=json", *filtering, *options, where=where)
    )


def nodes(tree, kind: str) -> Iterator[dict]:
    """Every node of the tree whose type is `kind`, in document order."""
    if isinstance(tree, list):
        for item in tree:
            yield from nodes(item, kind)
    elif isinstance(tree, dict):
        if tree.get("t") == kind:
            yield tree
        for value in tree.values():
            yield from nodes(value, kind)


def plain(tree) -> str:
    """The words of a list of inlines."""
    if isinstance(tree, list):
        return "".join(map(plain, tree))
    if not isinstance(tree, dict):
        return ""
    kind, content = tree.get("t"), tree.get("c")
    if kind in ("Space", "SoftBreak", "LineBreak"):
        return " "
    if kind == "Str":
        return content
    if kind in ("Code", "Math"):
        return content[1]
    return plain(content)


def meta(value) -> dict:
    """`value` as pandoc metadata; trees, under the key "inlines" or "blocks", stay as they are."""
    if isinstance(value, dict) and set(value) == {"inlines"}:
        return {"t": "MetaInlines", "c": value["inlines"]}
    if isinstance(value, dict) and set(value) == {"blocks"}:
        return {"t": "MetaBlocks", "c": value["blocks"]}
    if isinstance(value, dict):
        return {"t": "MetaMap", "c": {key: meta(item) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return {"t": "MetaList", "c": [meta(item) for item in value]}
    if isinstance(value, bool):
        return {"t": "MetaBool", "c": value}
    return {"t": "MetaString", "c": str(value)}


def from_meta(value: dict):
    """The contrary of `meta`: plain dicts, lists and strings, trees as {"inlines": ...}."""
    kind, content = value["t"], value["c"]
    if kind == "MetaMap":
        return {key: from_meta(item) for key, item in content.items()}
    if kind == "MetaList":
        return [from_meta(item) for item in content]
    return {"inlines": content} if kind == "MetaInlines" else content
