"""Text computed from results: the type that chapters insert, and how its numbers are written."""

import math
import re
import unicodedata
from collections.abc import Iterable

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"

_INTERVAL = rf"\[[\d\s.,+%{MINUS}–-]+\](?![(\[{{:])"
_MARKUP = re.compile(
    _INTERVAL  # such as [0.25, 0.75], which stays
    + r"|[\\`*\[\]{}<>&@$~^|#]"
    + r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"
    + r"|(?<=-)-|(?<=\.)\."  # would become a dash, an ellipsis
    + r"|(?<=[A-Za-z]):(?=\S)"  # would become the address of a link
    + r"|^[-+](?=\s|$)|^[:%=]"  # would begin an item
)
_TYPST_ITEM = re.compile(r"\\?(?:=+|[-+/]|\d+\\\.)(?:\s|$)")
"""What Typst reads as a heading or an item, and pandoc does not escape at the start of a cell."""
_WORD_JOINER = "\N{WORD JOINER}"
_ITEM = re.compile(r"^(\(?\w{1,9})([.)])(?=\s|$)")


class Sentence(str):
    """A string that Quarto and the built-in renderer insert as Markdown, not as escaped text.

    >>> Sentence("a **word**")._repr_markdown_()
    'a **word**'
    """

    def _repr_markdown_(self) -> str:
        return str(self)


def as_text(value: object) -> Sentence:
    r"""What data say, so that a page, the PDF and a table show it as it stands.

    The one way in which a symbol, a sector, a label or a file's name comes into a `Sentence` or a
    cell of a table: nothing in it is read as markup. White space and control characters become
    single blanks; characters that change the direction of a line go.

    >>> print(as_text("[a](javascript:b) <i> *c* d_e"))
    \[a\](javascript\:b) \<i\> \*c\* d_e
    """
    kinds = {"Cc": " ", "Cs": " ", "Zl": " ", "Zp": " ", "Cf": ""}
    shown = "".join(kinds.get(unicodedata.category(c), c) for c in str(value))
    text = re.sub(r"[ \t\n]+", " ", shown).strip(" ")
    text = _MARKUP.sub(lambda found: found[0] if len(found[0]) > 1 else f"\\{found[0]}", text)
    text = _ITEM.sub(r"\1\\\2", text)
    return Sentence(_WORD_JOINER + text if _TYPST_ITEM.match(text) else text)


def number(value: float, spec: str = ",") -> Sentence:
    """A number as a book prints it: thousands apart, a real minus sign, no negative zero.

    Parameters
    ----------
    value : int or float
    spec : str
        A format specification such as ``".3f"`` or ``"+.1f"``.

    >>> number(-1234.5, ".1f"), number(-0.0001, ".2f"), number(10000)
    ('−1,234.5', '0.00', '10,000')
    """
    if math.isnan(value):
        return Sentence("–")
    if spec.endswith(("f", "d")) and "," not in spec:
        head, dot, tail = spec.partition(".")
        spec = f"{head},{dot}{tail}" if dot else f"{spec[:-1]},{spec[-1]}"
    text = format(value, spec)
    if not any(digit in text for digit in "123456789"):
        text = text.replace("-", "")
    return Sentence(text.replace("-", MINUS))


def percent(share: float, decimals: int = 1) -> Sentence:
    r"""A share as per cent, its sign kept on the same line.

    >>> percent(0.1234), percent(-0.5, 0)
    ('12.3\xa0%', '−50\xa0%')
    """
    return Sentence(f"{number(100 * share, f'.{decimals}f')}{NO_BREAK}%")


def listing(items: Iterable[object], conjunction: str = "and") -> Sentence:
    """Items in a row, with a word before the last.

    >>> listing(["a", "b", "c"]), listing(["a", "b"], "or")
    ('a, b and c', 'a or b')
    """
    *first, last = [str(item) for item in items] or ["none"]
    return Sentence(f"{', '.join(first)} {conjunction} {last}" if first else last)


def counted(n: int, noun: str, plural: str | None = None) -> Sentence:
    """A count and its noun, in the singular or the plural.

    >>> counted(1, "row"), counted(2000, "row"), counted(0, "entry", "entries")
    ('1 row', '2,000 rows', 'no entries')
    """
    many = plural or f"{noun}s"
    if n == 0:
        return Sentence(f"no {many}")
    return Sentence(f"{number(n)} {noun if n == 1 else many}")
