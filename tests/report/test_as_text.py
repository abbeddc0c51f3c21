"""What data say is text on pages, in the PDF, in sentences and figures, whatever it looks like."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from books import TEXTS_CELL, tiny_book
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.book import render
from labkit.book.pandoc import pandoc
from labkit.place import ROOT
from labkit.report.sentence import Sentence, as_text
from labkit.report.table import table
from labkit.report.theme import as_label

HOSTILE = [
    "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</td></tr></table>", "<!-- x -->",
    "[l](javascript:alert(1))", "[l][m]", "![i](x.png)", "[One]", "[x]{.y}", "^[note]", "[^1]",
    "<javascript:alert(1)>", "javascript:alert(1)", "http://example.org", "@x", "[@x]", "-@x",
    "`x`", "``x``", "`x`{=html}", "$x$", "$$x$$", r"\(x\)", r"\alpha", "*x*", "**x**", "_x_",
    "__x__", "~x~", "~~x~~", "^x^", "a|b", "|", "&lt;b&gt;", "&#60;", "# x", "- x", "+ x", "1. x",
    "1) x", "-", "+", "=", "/", "1.", "/ x: y", "== x",
    "(a) x", "(@) x", "#. x", "> x", ": x", "::: x", "---", "***", "===", "{{< include x >}}",
    "{.x}", "{#x}", "a\n\nb", "a\tb", "a\r\n# b", "a\x00b", "a\u2028b", "A--B", "A...", "=1+1",
    r"\\", "\\", "a_b_c", "BRK.B", "005930", "TRUE", "nan", "%x", "Ünïcode €", "x  y", "[1](x)",
    "{python} 1", "`{python} 1`", "$", "#let x = 1", "@import", "//", "/* x */", "<x>", "= x",
]  # fmt: skip


def shown(text: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\u2028\u2029]", " ", text).split())


class Page(HTMLParser):
    """Tags and words of a piece of HTML."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self) -> str:
        # Quotes and blanks may be set as print has them.
        straight = str.maketrans("\u2018\u2019\u201c\u201d", "''\"\"", "\u2060")
        return " ".join("".join(self.words).translate(straight).split())


def html(markdown: str) -> Page:
    # Quarto reads bare addresses too.
    return Page(pandoc(markdown, "--from=markdown+autolink_bare_uris", "--to=html", where="a test"))


@pytest.mark.parametrize("text", HOSTILE)
def test_in_a_sentence(text):
    for before, after in (("", " rose."), ("Of all, ", ""), ("*Of* ", " and")):
        page = html(Sentence(f"{before}{as_text(text)}{after}"))
        assert page.text == shown(f"{before.replace('*', '')}{text}{after}")
        assert set(page.tags) <= {"p", "em"}


@pytest.mark.parametrize("text", HOSTILE)
def test_in_a_table(text):
    frame = pd.DataFrame({"name": [text, "b"], "value": [1.0, 0.5], "other": ["c", text]})
    page = html(table(frame, best={"value": "max"})._repr_markdown_())
    assert page.text == f"name value other {shown(text)} 1.000 c b 0.500 {shown(text)}"
    assert page.tags.count("td") == 6 and page.tags.count("strong") == 1
    assert set(page.tags) <= {"table", "thead", "tbody", "tr", "th", "td", "strong"}


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("ab1 <>[]()`$@*_~^|\\{}#-+.:!&=;\"'/"), max_size=12))
def test_any_text_in_a_sentence(text):
    page = html(Sentence(f"Of {as_text(text)} a"))
    assert page.text.replace("–", "--") == shown(f"Of {text} a")
    assert set(page.tags) <= {"p"}


@pytest.mark.parametrize("text", ["$x$", "$\\frac$", "a$b", "$$", "\\$x\\$"])
def test_in_a_figure(text):
    figure, axis = plt.subplots()
    title = axis.set_title(as_label(text))
    figure.canvas.draw()
    drawn, is_formula = title._preprocess_math(title.get_text())
    assert not is_formula and drawn.replace("\\", "") == text.replace("\\", "")


def test_on_a_page_and_in_the_pdf(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    root = tiny_book(tmp_path, TEXTS_CELL.format(texts=HOSTILE))
    made = render(root, renderer="labkit", report=str)
    page = (root / "_book/chapters/01-one.html").read_text()
    article = Page(page[page.index("<article>") : page.index("</article>")])
    assert not {"img", "script", "code", "math", "del", "sup", "sub"} & set(article.tags)
    assert f"All: {', '.join(shown(text) for text in HOSTILE)}, end." in article.text
    if shutil.which("pdftotext"):
        command = ["pdftotext", "-raw", str(made.pdf), "-"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        words = "".join(done.stdout.split())
        for text in ("<imgsrc=xonerror=alert(1)>", "[l](javascript:alert(1))", "$x$", "`x`", "@x"):
            assert text in words, text
