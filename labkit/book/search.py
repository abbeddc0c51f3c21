"""What a reader may search for: the text of every section of the pages."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html.parser import HTMLParser
from pathlib import Path

_INLINE = {"a", "abbr", "b", "code", "em", "i", "span", "strong", "sub", "sup"}
"""Elements that do not end a word."""

_VOID = {"br", "col", "hr", "img", "input", "wbr"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}


class _Sections(HTMLParser):
    """The sections of an article, each with its id ("" for the page's beginning)."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[dict[str, str]] = []
        self._inside: list[tuple[str, dict[str, str] | None]] = []

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        if tag == "article" or (tag == "section" and "level" in given.get("class", "")):
            self.found.append({"id": given.get("id", ""), "title": "", "text": ""})
            self._inside.append((tag, self.found[-1]))
        elif self._inside and tag not in _VOID:
            self._inside.append((tag, self._inside[-1][1]))
        self._space(tag)

    def handle_endtag(self, tag):
        if self._inside and tag not in _VOID:
            self._inside.pop()
        self._space(tag)

    def handle_data(self, data):
        tags = [tag for tag, _ in self._inside]
        if tags and "annotation" not in tags:  # a formula's source, beside the formula
            self._inside[-1][1]["title" if _HEADINGS & set(tags) else "text"] += data

    def _space(self, tag):
        if tag not in _INLINE:
            self.handle_data(" ")


def index(pages: Iterable[Path], site: Path) -> str:
    """A script that lists the sections of the pages: pages on a disk may read no other file.

    Parameters
    ----------
    pages : iterable of Path
    site : Path
        The folder that addresses begin from.
    """
    sections = []
    for page in pages:
        reader = _Sections()
        reader.feed(page.read_text(encoding="utf-8"))
        for found in reader.found:
            plain = {key: " ".join(value.split()) for key, value in found.items()}
            sections.append({"page": page.relative_to(site).as_posix(), **plain})
    return f"window.searchIndex = {json.dumps(sections, ensure_ascii=False, indent=0)};\n"
