"""An executed chapter as one Markdown text: code, outputs and inline results in their places."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from labkit.book.errors import BookError
from labkit.book.execute import strip_ansi
from labkit.book.project import Chapter, Project
from labkit.book.source import Cell, Text, inline_expressions

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~^$@\"'])")
_IMAGES = {"image/svg+xml": "svg", "image/png": "png"}


@dataclass
class Assembled:
    """Markdown of a chapter, and the images that it shows: path below its folder -> bytes.

    A cell is a div of the class ``cell`` whose ``index`` is that of its part; ``outputs`` holds
    what each part gave.
    """

    markdown: str
    images: dict[str, bytes] = field(default_factory=dict)
    outputs: list = field(default_factory=list)


def assemble(project: Project, chapter: Chapter, parts: list, results: list | None) -> Assembled:
    """Put a chapter together.

    Parameters
    ----------
    results : list or None
        As `labkit.book.execute.execute` returns them; None for a chapter that was not run, whose
        figures and tables then are placeholders that only hold their numbers and labels.

    Raises
    ------
    BookError
        If a figure cell did not make one image, or a table cell no table.
    """
    made = Assembled("", outputs=results or [])
    pieces = []
    for index, part in enumerate(parts):
        if isinstance(part, Text):
            pieces.append(_text(part, None if results is None else results[index]))
        elif results is None:
            pieces.append(_placeholder(part))
        else:
            pieces.append(_CellWriter(project, chapter, part, index, made).write(results[index]))
    made.markdown = "\n\n".join(piece for piece in pieces if piece) + "\n"
    return made


def _text(part: Text, values: list | None) -> str:
    text, end, pieces = part.text, 0, []
    for index, item in enumerate(inline_expressions(part)):
        pieces.append(text[end : item.start])
        markdown, value = (False, "") if values is None else values[index]
        pieces.append(value if markdown else escape(value))
        end = item.end
    return "".join([*pieces, text[end:]])


def escape(text: str) -> str:
    """`text` so that Markdown prints it as it stands."""
    return _SPECIAL.sub(r"\\\1", text)


def _placeholder(cell: Cell) -> str:
    """What a cell that was not run has in its place: its labels, to be referred to."""
    pieces = [
        _fenced("", f'#{label} .python lst-cap="{_quoted(caption)}"')
        for label, caption in cell.listings.items()
    ]
    if cell.kind == "fig":
        caption = _one_line(cell.options.get("fig-cap"))
        pieces.append(f"![{caption}](absent.png){{#{cell.label}}}")
    elif cell.kind == "tbl":
        caption = _one_line(cell.options.get("tbl-cap"))
        pieces.append(f"| |\n|-|\n| |\n\n: {caption} {{#{cell.label}}}")
    return "\n\n".join(pieces)


def _one_line(text) -> str:
    return " ".join(str(text or "").split())


def _quoted(text) -> str:
    return _one_line(text).replace("\\", "\\\\").replace('"', '\\"')


def _fenced(text: str, attributes: str) -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence} {{{attributes}}}\n{text}\n{fence}"


class _CellWriter:
    """Markdown of one executed cell."""

    def __init__(self, project: Project, chapter: Chapter, cell: Cell, index: int, made: Assembled):
        self.cell, self.index, self.made = cell, index, made
        self.where = f"{chapter.source}:{cell.line}"
        self.folder = f"{chapter.stem}_files"
        self.options = {"echo": True, "output": True, "include": True, "warning": False}
        self.options |= {"code-fold": project.code_fold, "code-summary": "Code"}
        self.options |= project.execute | cell.options

    def write(self, outputs: list) -> str:
        pieces = [] if self.options["include"] is False else self._shown(outputs)
        return "\n\n".join([f':::::: {{.cell index="{self.index}"}}', *pieces, "::::::"])

    def _shown(self, outputs: list) -> list[str]:
        pieces = []
        if self.options["echo"] is not False and self.cell.code.strip():
            pieces.append(self._code())
        if self.options["output"] is not False and self.cell.evaluated:
            pieces += self._outputs(outputs)
        return pieces

    def _code(self) -> str:
        fold = str(self.options["code-fold"]).lower()
        summary = _quoted(self.options["code-summary"])
        attributes = f'.python .cell-code code-fold="{fold}" code-summary="{summary}"'
        if label := self.cell.options.get("lst-label"):
            caption = _quoted(self.cell.options.get("lst-cap"))
            attributes = f'#{label} {attributes} lst-cap="{caption}"'
        return _fenced(self.cell.code.strip("\n"), attributes)

    def _outputs(self, outputs: list) -> list[str]:
        if self.cell.kind == "fig":
            return [self._figure(outputs)]
        if self.cell.kind == "tbl":
            return [self._table(outputs)]
        return [text for output in outputs if (text := self._plain(output))]

    def _figure(self, outputs: list) -> str:
        images = [output for output in outputs if _image_type(output)]
        if len(images) != 1:
            raise BookError(
                f"{self.where}: the cell {self.cell.label!r} made {len(images)} images, expected "
                "one; a figure that is both drawn and returned counts twice: end the cell's last "
                "line with a semicolon"
            )
        source, width = self._save(images[0], self.cell.label)
        caption, alt = _one_line(self.cell.options.get("fig-cap")), self.cell.options.get("fig-alt")
        return f'![{caption}]({source}){{#{self.cell.label} fig-alt="{_quoted(alt)}"{width}}}'

    def _table(self, outputs: list) -> str:
        tables = [o["data"]["text/markdown"] for o in outputs if "text/markdown" in _data(o)]
        if len(tables) != 1:
            raise BookError(
                f"{self.where}: the cell {self.cell.label!r} gave {len(tables)} Markdown tables, "
                "expected one; end it with an object whose _repr_markdown_ is a pipe table"
            )
        caption = _one_line(self.cell.options.get("tbl-cap"))
        return f"{tables[0].strip()}\n\n: {caption} {{#{self.cell.label}}}"

    def _plain(self, output) -> str:
        if output["output_type"] == "stream":
            if output["name"] == "stderr" and not self.options["warning"]:
                return ""
            return self._preformatted(output["text"])
        data = _data(output)
        if "text/markdown" in data:
            return data["text/markdown"]
        if _image_type(output):
            name = self.cell.label or f"cell-{self.index}"
            source, width = self._save(output, f"{name}-{len(self.made.images) + 1}")
            alt = _quoted(self.cell.options.get("fig-alt"))
            return f'![]({source}){{fig-alt="{alt}"{width}}}'
        return self._preformatted(data.get("text/plain", ""))

    def _preformatted(self, text: str) -> str:
        text = strip_ansi(text).rstrip()
        return _fenced(text, ".output") if text else ""

    def _save(self, output, name: str) -> tuple[str, str]:
        """Keep the image; its path in the chapter and its width as an attribute."""
        kind = _image_type(output)
        content = output["data"][kind]
        source = f"{self.folder}/{name}.{_IMAGES[kind]}"
        svg = kind == "image/svg+xml"
        self.made.images[source] = content.encode() if svg else base64.b64decode(content)
        width = output.get("metadata", {}).get(kind, {}).get("width")
        return source, f" width={width}px" if width else ""


def _data(output) -> dict:
    return output.get("data", {})


def _image_type(output) -> str:
    return next((kind for kind in _IMAGES if kind in _data(output)), "")
