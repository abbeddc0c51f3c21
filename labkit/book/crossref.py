"""Labels of the whole book: what each is called, where it is, and whether all uses resolve."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from labkit.book.errors import BookError
from labkit.book.files import read_text
from labkit.book.pandoc import from_meta, nodes, pandoc, plain
from labkit.book.project import Chapter, Project
from labkit.book.source import ANY_KIND, KINDS

_KIND = re.compile(rf"^({ANY_KIND})-.")


@dataclass(frozen=True)
class Target:
    """What a label stands for: `text` is how a cross-reference to it reads."""

    id: str
    number: str
    text: str
    page: str


@dataclass
class NumberedChapter:
    """A chapter after the numbering pass: pandoc's blocks, its title and its labels."""

    chapter: Chapter
    blocks: list
    api: list
    title: list
    labels: list[dict] = field(default_factory=list)

    @property
    def title_text(self) -> str:
        """The title without its markup."""
        return plain(self.title)

    @property
    def name(self) -> str:
        """Such as "Chapter 2" or "Appendix A"; "" for an unnumbered chapter."""
        word = "Appendix" if self.chapter.appendix else "Chapter"
        return f"{word}\N{NO-BREAK SPACE}{self.chapter.number}" if self.chapter.number else ""

    @property
    def id(self) -> str:
        """Identifier of the chapter's heading."""
        return next((label["id"] for label in self.labels if label["kind"] == "chapter"), "")


def numbered(chapter: Chapter, tree: dict) -> NumberedChapter:
    """Take the labels out of a tree that the numbering pass made.

    Raises
    ------
    BookError
        If the chapter does not begin with one heading of level one.
    """
    labels = from_meta(tree["meta"]["registry"]) if "registry" in tree["meta"] else []
    titles = [label for label in labels if label["kind"] == "chapter"]
    if len(titles) != 1:
        raise BookError(
            f"{chapter.source}:1: expected one heading of level 1, `# Title {{#sec-name}}`, "
            f"found {len(titles)}"
        )
    title = titles[0]["title"]["inlines"]
    return NumberedChapter(chapter, tree["blocks"], tree["pandoc-api-version"], title, labels)


def registry(chapters: list[NumberedChapter]) -> dict[str, Target]:
    """All labels of the book.

    Raises
    ------
    BookError
        If two things carry the same label.
    """
    targets: dict[str, Target] = {}
    owner: dict[str, str] = {}
    for item in chapters:
        for label in item.labels:
            name = label["id"]
            if not _KIND.match(name):
                continue
            if name in targets:
                raise BookError(
                    f"{item.chapter.source}: the label {name} is already taken in {owner[name]}; "
                    "labels are unique over the whole book"
                )
            owner[name] = item.chapter.source
            targets[name] = Target(name, label["number"], _text(item, label), item.chapter.page)
    return targets


def _text(item: NumberedChapter, label: dict) -> str:
    if not label["number"]:
        return plain(label["title"]["inlines"])
    if label["kind"] == "chapter":
        return item.name
    return f"{KINDS[label['kind']]}\N{NO-BREAK SPACE}{label['number']}"


def citation_keys(project: Project) -> set[str]:
    """Keys of all entries of the bibliography."""
    import json

    keys = set()
    for path in project.bibliography:
        text = read_text(path, path.name)
        entries = pandoc(text, "--from=bibtex", "--to=csljson", where=path.name)
        keys |= {entry["id"] for entry in json.loads(entries)}
    return keys


def check(
    project: Project,
    chapters: list[NumberedChapter],
    targets: dict[str, Target],
    keys: set[str],
) -> None:
    """See that every cross-reference, citation and link between chapters leads somewhere.

    Raises
    ------
    BookError
        Naming every one that does not, with chapter and line.
    """
    problems = []
    for item in chapters:
        source = read_text(project.root / item.chapter.source, item.chapter.source)
        for cite in nodes(item.blocks, "Cite"):
            for citation in cite["c"][0]:
                key = citation["citationId"]
                if key not in targets and key not in keys:
                    kind = "cross-reference" if _KIND.match(key) else "citation"
                    problems.append(_unresolved(item, source, f"@{key}", f"{kind} @{key}"))
        for link in nodes(item.blocks, "Link"):
            address = link["c"][2][0]
            if not _leads_somewhere(project, item.chapter, address, targets):
                problems.append(_unresolved(item, source, address, f"link to {address}"))
    if problems:
        raise BookError("\n".join(problems))


def _leads_somewhere(project: Project, chapter: Chapter, address: str, targets: dict) -> bool:
    path, _, name = address.partition("#")
    if ":" in path or not path.endswith(".qmd"):
        return True
    source = posixpath.normpath(posixpath.join(chapter.folder, path))
    listed = any(source == other.source for other in project.chapters)
    return listed and (not name or name in targets)


def _unresolved(item: NumberedChapter, source: str, needle: str, what: str) -> str:
    line = next((n for n, text in enumerate(source.splitlines(), 1) if needle in text), None)
    at = f"{item.chapter.source}:{line}" if line else item.chapter.source
    return f"{at}: {what} resolves nowhere: no such label, bibliography entry or chapter"
