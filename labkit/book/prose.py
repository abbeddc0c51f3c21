"""The linter's rules for Markdown between the cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labkit.book.source import ANY_KIND, Text, blank_code_blocks, printed_expressions

DIV_CLASSES = frozenset(f".callout-{kind}" for kind in ("note", "tip", "warning", "important"))
DIV_KEYS = frozenset(("title", "collapse"))
METRICS = (
    r"R²|R\^?2|accuracy|precision|recall|F1|macro-F1|RMSE|MAE|MSE|QLIKE|AUC|loss|correlation|score"
)

_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
_MATH = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$(?=\S)[^$\n]*?(?<=\S)\$(?!\d)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_ATTRIBUTES = re.compile(r"\{[#.=][^}]*\}|\{[\w-]+=[^}]*\}")
_TARGET = re.compile(r"(?<=\])\([^)\s]*\)|<https?://[^>]*>|https?://\S+")
CITATION = re.compile(r"(?<![\w@\\])-?@(?P<key>[A-Za-z][\w:.+-]*\w)")
CROSS_REFERENCE = re.compile(rf"^({ANY_KIND})-")

_NUMBERS = re.compile(
    r"(?<![\w.,-])[-−+]?(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d+(?:\.\d+)?\s?(?:%|per\s?cent))"
)
_METRIC = re.compile(
    rf"\b(?P<number>(?:{METRICS})\s+(?:of|is|was|=|at|reaches)\s+[-−]?\d[\d.]*)", re.IGNORECASE
)
# "95 % interval" names a convention, not a result.
_LEVEL = re.compile(
    r"\d+(?:\.\d+)?\s?%[ -](?:\w+[ -]){0,2}(?:intervals?|confidence|bands?|levels?)\b"
)
_DOUBLED = re.compile(
    r"\b(?P<word>Figures?|Figs?\.|Tables?|Sections?|Chapters?|Equations?|Eqs?\.|Listings?|"
    rf"Appendix)\s+\[?@(?:{ANY_KIND})-",
    re.IGNORECASE,
)
_FENCE_INFO = re.compile(r"^ {0,3}(?:`{3,}|~{3,})\s*(?P<info>\S.*?)\s*$")
_DIV = re.compile(r"^ {0,3}:{3,}\s*(?P<info>\S.*?)\s*:*\s*$")
_HTML = re.compile(r"</?[A-Za-z][\w-]*(?:\s[^<>]*)?/?>")
_REFUSED = (
    (re.compile(r"\{\{<"), "shortcodes are not supported"),
    (re.compile(r"\{\.?(?:panel-tabset|column-[\w-]+)|\.panel-tabset"), "not supported"),
    (re.compile(r"\blayout(?:-ncol|-nrow)?="), "layout options are not supported"),
)


def check_constructs(part: Text) -> Iterator[tuple[int, str]]:
    """(line, message) for everything in a text that only one of the renderers knows."""
    visible = blank_code_blocks(part.text)
    yield from _constructs(part, visible, _blank(visible, _CODE, _COMMENT, _MATH))


def check_prose(part: Text) -> Iterator[tuple[int, str]]:
    """(line, message) for everything in a text that the book's conventions refuse."""
    words = _blank(blank_code_blocks(part.text), _CODE, _COMMENT, _MATH)
    for match in _DOUBLED.finditer(words):
        word = match["word"]
        message = f"{word!r} before a cross-reference prints twice; write the reference alone"
        yield _line(part, words, match.start()), message
    yield from _results(part, words)


def _blank(text: str, *patterns: re.Pattern) -> str:
    """`text` with all matches made blanks; line ends stay."""
    for pattern in patterns:
        text = pattern.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    return text


def _line(part: Text, text: str, position: int) -> int:
    return part.line + text.count("\n", 0, position)


def _constructs(part: Text, visible: str, words: str) -> Iterator[tuple[int, str]]:
    for offset, line in enumerate(part.text.splitlines()):
        info = _FENCE_INFO.match(line)
        if info and info["info"].startswith("{") and not info["info"].startswith("{."):
            yield part.line + offset, f"unknown code block {info['info']}; use ```python"
    for offset, line in enumerate(visible.splitlines()):
        info = _DIV.match(line)
        if info and not _known_div(info["info"]):
            known = ", ".join(sorted(DIV_CLASSES))
            yield part.line + offset, f"unknown div {info['info']}; known are {known}"
    for pattern, message in _REFUSED:
        for match in pattern.finditer(words):
            yield _line(part, words, match.start()), f"{match[0]}: {message}"
    for line in printed_expressions(part):
        yield line, "the page would show this inline expression: write it on one line, with a blank"
    for match in _HTML.finditer(words):
        yield _line(part, words, match.start()), f"raw HTML {match[0]}; write Markdown"


def _known_div(info: str) -> bool:
    if not info.startswith("{"):
        return False
    bare = re.sub(r'"[^"]*"', '""', info.strip("{}"))
    for word in bare.split():
        key, equals, _ = word.partition("=")
        if word not in DIV_CLASSES and not (equals and key in DIV_KEYS):
            return False
    return True


def _results(part: Text, words: str) -> Iterator[tuple[int, str]]:
    position = 0
    for paragraph in re.split(r"(\n[ \t]*\n)", words):
        if not _cites(paragraph):
            text = _blank(paragraph, _ATTRIBUTES, _TARGET, CITATION, _LEVEL)
            seen: set[int] = set()
            for match in (*_METRIC.finditer(text), *_NUMBERS.finditer(text)):
                line = _line(part, words, position + match.start("number"))
                if line not in seen:
                    seen.add(line)
                    message = (
                        f"the number {match['number']!r} is typed into prose; compute it with an "
                        "inline expression, or cite the source it comes from"
                    )
                    yield line, message
        position += len(paragraph)


def _cites(paragraph: str) -> bool:
    return any(not CROSS_REFERENCE.match(m["key"]) for m in CITATION.finditer(paragraph))


def words_of(part: Text) -> str:
    """The text without code, comments and mathematics, same length, for whoever reads labels."""
    return _blank(blank_code_blocks(part.text), _CODE, _COMMENT)
