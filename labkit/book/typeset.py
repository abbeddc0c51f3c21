"""Numbered chapters to HTML pages and one PDF."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from labkit.book import search
from labkit.book.crossref import NumberedChapter, Target
from labkit.book.errors import BookError
from labkit.book.files import inside
from labkit.book.pandoc import FILTER, HERE, meta, nodes, pandoc, plain
from labkit.book.paper import pack_objects
from labkit.book.project import CONFIG, Project

SITE = "site"
_SITE_FILES = ("style.css", "script.js", "search.js")


class Typesetter:
    """Writes the book of `chapters` into the folder `out`.

    Parameters
    ----------
    project : Project
    chapters : list of NumberedChapter
        Every chapter of the book, in order.
    targets : dict
        Label to `Target`, for the whole book.
    out : Path
        Holds the images of the chapters already.
    """

    def __init__(
        self,
        project: Project,
        chapters: list[NumberedChapter],
        targets: dict[str, Target],
        out: Path,
    ):
        self.project, self.chapters, self.out = project, chapters, out
        self.registry = {
            name: {"text": target.text, "number": target.number, "page": target.page}
            for name, target in targets.items()
        }
        self._filters = [f"--lua-filter={path}" for path in (*project.filters, FILTER)]
        self._citeproc = ["--citeproc", "--metadata=link-citations:true"]
        self._citeproc += [f"--bibliography={path}" for path in project.bibliography]

    def pages(self, only: set[str] | None = None, pdf: bool = False) -> None:
        """Write the page of each chapter (those in `only`) and what all pages share."""
        (self.out / SITE).mkdir(parents=True, exist_ok=True)
        for name in _SITE_FILES:
            shutil.copyfile(HERE / name, self.out / SITE / name)
        for index, item in enumerate(self.chapters):
            if only is None or item.chapter.source in only:
                path = self.out / item.chapter.page
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self._page(index, pdf), encoding="utf-8")
        written = [self.out / item.chapter.page for item in self.chapters]
        found = search.index((path for path in written if path.is_file()), self.out)
        (self.out / SITE / "search-index.js").write_text(found, encoding="utf-8")

    def _page(self, index: int, pdf: bool) -> str:
        item = self.chapters[index]
        blocks = [block for block in item.blocks if not _is_title(block)]
        if any(True for _ in self._citations(blocks)):
            blocks += [_references_heading(2), _references()]
        top = "../" if item.chapter.folder else ""
        fields = {
            "page": item.chapter.page,
            "registry": self.registry,
            "lang": self.project.lang,
            "top": top,
            "book-title": self.project.title,
            "book-subtitle": self.project.subtitle,
            "book-author": list(self.project.author),
            "book-date": self.project.date,
            "front": index == 0,
            "submission": self._submission(),
            "pagetitle": self._page_title(item),
            "chapter-title": {"inlines": item.title},
            "kicker": item.name,
            "footer": _markdown(self.project.footer),
            "chapter-id": item.id,
            "chapters": [self._entry(other, item, top) for other in self._of(appendix=False)],
            "appendices": [self._entry(other, item, top) for other in self._of(appendix=True)],
        }
        if index > 0:
            fields["previous"] = self._entry(self.chapters[index - 1], item, top)
        if index + 1 < len(self.chapters):
            fields["next"] = self._entry(self.chapters[index + 1], item, top)
        if pdf:
            fields["pdf"] = self.project.pdf_name
        options = ["--from=json", "--to=html5", "--mathml", "--section-divs", "--toc"]
        options += ["--toc-depth=3", f"--template={HERE / 'template.html'}"]
        options += [*self._filters, *self._citeproc]
        made = pandoc(_tree(item, blocks, fields), *options, where=item.chapter.source)
        return re.sub(r' id="toc-[^"]*"', "", made)  # the contents stand on the page twice

    def _page_title(self, item: NumberedChapter) -> str:
        number = f"{item.chapter.number} " if item.chapter.number else ""
        return f"{number}{item.title_text} – {self.project.title}"

    def _of(self, *, appendix: bool) -> list[NumberedChapter]:
        return [item for item in self.chapters if item.chapter.appendix == appendix]

    def _entry(self, item: NumberedChapter, current: NumberedChapter, top: str) -> dict:
        return {
            "href": top + item.chapter.page,
            "number": item.chapter.number,
            "title": {"inlines": item.title},
            "current": item is current,
        }

    def _citations(self, blocks: list):
        for cite in nodes(blocks, "Cite"):
            if any(c["citationId"] not in self.registry for c in cite["c"][0]):
                yield cite

    def text(self, index: int, blocks: list) -> str:
        """Markdown of a chapter's `blocks`, with what they refer to in place, and its references.

        Raises
        ------
        BookError
            If pandoc refuses them.
        """
        item = self.chapters[index]
        if any(True for _ in self._citations(blocks)):
            blocks = [*blocks, _references_heading(2)]
        fields = {"page": item.chapter.page, "registry": self.registry, "lang": self.project.lang}
        options = ["--from=json", "--to=gfm-raw_html+tex_math_dollars-tex_math_gfm"]
        options += [*self._filters, *self._citeproc, "--metadata=link-citations:false"]
        return pandoc(_tree(item, blocks, fields), *options, where=item.chapter.source)

    def pdf(self) -> Path:
        """Compile all chapters as one Typst document; its file in `out`.

        Raises
        ------
        BookError
            If Typst refuses the document.
        """
        import typst

        blocks = [block for item in self.chapters for block in self._for_print(item)]
        if any(True for _ in self._citations(blocks)):
            blocks += [_references_heading(1), _references()]
        fields = {
            "registry": self.registry,
            "lang": self.project.lang,
            "title": self.project.title,
            "subtitle": self.project.subtitle,
            "author": list(self.project.author),
            "date": self.project.date,
            "abstract": _markdown(self.project.abstract),
            "submission": self._submission(),
        }
        options = ["--from=json", "--to=typst-citations", "--syntax-highlighting=idiomatic"]
        options += [f"--template={HERE / 'template.typ'}", *self._filters]
        source = pandoc(
            _tree(self.chapters[0], blocks, fields), *options, *self._citeproc, where="the PDF"
        )
        # The document lies beside the images that it shows, under a name that no chapter has.
        document = self.out / "book.typ"
        document.write_text(source, encoding="utf-8")
        target = self.out / self.project.pdf_name
        try:
            # Typst's own fonts: the same PDF on every machine.
            typst.compile(
                str(document), output=str(target), root=str(self.out), ignore_system_fonts=True
            )
        except RuntimeError as error:
            raise BookError(f"the PDF: Typst says: {error}") from error
        document.unlink()
        pack_objects(target)
        return target

    def _submission(self) -> list[dict]:
        return [
            {"label": label.capitalize(), "value": value}
            for label, value in self.project.submission
        ]

    def _for_print(self, item: NumberedChapter) -> list:
        """The chapter's blocks with the paths of images as seen from the book's folder."""
        blocks = json.loads(json.dumps(item.blocks))
        for image in nodes(blocks, "Image"):
            target = image["c"][2]
            if item.chapter.folder:
                target[0] = f"{item.chapter.folder}/{target[0]}"
        return blocks


def _markdown(text: str) -> dict | str:
    """Markdown of `_quarto.yml`, as a field of a template."""
    if not text:
        return ""
    tree = pandoc(text, "--from=markdown", "--to=json", where=CONFIG)
    return {"blocks": json.loads(tree)["blocks"]}


def _is_title(block: dict) -> bool:
    return block["t"] == "Header" and block["c"][0] == 1


def _references_heading(level: int) -> dict:
    words = [{"t": "Str", "c": "References"}]
    return {"t": "Header", "c": [level, ["bibliography", ["unnumbered"], []], words]}


def _references() -> dict:
    return {"t": "Div", "c": [["refs", ["references"], []], []]}


def _tree(item: NumberedChapter, blocks: list, fields: dict) -> str:
    fields = {key: meta(value) for key, value in fields.items() if value not in ("", [], None)}
    return json.dumps({"pandoc-api-version": item.api, "meta": fields, "blocks": blocks})


def copy_images(project: Project, item: NumberedChapter, made: dict[str, bytes], out: Path) -> None:
    """Put the images that a chapter shows below `out`: those it made, and files it names.

    Raises
    ------
    BookError
        If an image that the chapter names is not there, or not in the project.
    """
    folder = item.chapter.folder
    for name, content in made.items():
        path = _kept_inside(out, folder, name, item.chapter.source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for image in nodes(item.blocks, "Image"):
        name = image["c"][2][0]
        if name in made:
            continue
        target = _kept_inside(out, folder, name, item.chapter.source)
        origin = project.root / folder / name
        if ":" in name or not origin.is_file():
            raise BookError(
                f"{item.chapter.source}: the image {name} ({plain(image['c'][1])}) is not there; "
                "give a file's path relative to the chapter"
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, target)


def _kept_inside(out: Path, folder: str, name: str, source: str) -> Path:
    path = inside(out, f"{folder}/{name}" if folder and not name.startswith("/") else name)
    if path is None:
        raise BookError(
            f"{source}: the image {name} lies outside the project; put it into the project's "
            "folder, and give its path relative to the chapter"
        )
    return path
