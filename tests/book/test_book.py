"""The book room: numbering, references, execution, failures that keep the old book, the linter."""

import json
import os
import re
import shutil
import stat
import struct
import subprocess
from pathlib import Path

import pikepdf
import pytest
from books import tiny_book

from labkit.book import BookError, lint, render
from labkit.book.assemble import escape
from labkit.book.paper import pack_objects
from labkit.book.project import load
from labkit.book.source import Cell, Text, inline_expressions, parse
from labkit.place import ROOT

CONFIG = """\
project:
  type: book
  output-dir: _book
  execute-dir: project
book:
  title: "A Small Book"
  subtitle: "On testing"
  author: "Ada Author"
  date: 2026-01-31
  abstract: "What it is *about*."
  page-footer: "Under [a licence](https://creativecommons.org/licenses/by/4.0/)."
  chapters:
    - index.qmd
    - chapters/01-one.qmd
    - chapters/02-two.qmd
  appendices:
    - chapters/a1-last.qmd
bibliography: references.bib
format:
  html: {code-fold: true}
  typst: {}
execute: {warning: false, echo: true, daemon: false}
"""

BIBLIOGRAPHY = """\
@article{kingma2015, title={Adam}, author={Kingma, Diederik and Ba, Jimmy}, year={2015}}
@book{goodfellow2016, title={Deep Learning}, author={Goodfellow, Ian}, year={2016}}
@misc{unused2000, title={Never cited}, author={Nobody, N.}, year={2000}}
"""

INDEX = """\
# Preface {.unnumbered #sec-preface}

See @sec-one, @fig-line, @sec-last and [the appendix](chapters/a1-last.qmd#sec-last).

## A section of the preface
"""

ONE = """\
# Chapter the first {#sec-one}

By @goodfellow2016. Before the cell nothing.

```{python}
#| label: fig-line
#| fig-cap: "A line: *rising*."
#| fig-alt: "It says \\"up\\"."
import os, sys, warnings
import matplotlib.pyplot as plt
x = 1
warnings.warn("this must not be seen")
print("nor this", file=sys.stderr)
figure = plt.figure(figsize=(2, 1), dpi=100)
_ = plt.plot([0, 1])
```

Now `{python} x`.

```{python}
#| echo: false
from IPython.display import Markdown
x = 2
print(os.getcwd(), os.environ["OMP_NUM_THREADS"])
```

Then `{python} x`, raw `{python} "a_b*c* <b> [d](e)"` and `{python} Markdown("**bold**")`.

## Loss {#sec-loss}

$$
L = \\frac{1}{n} \\sum_i e_i^2
$$ {#eq-mse}

### Deeper {#sec-deep}

```{python}
#| label: tbl-cells
#| tbl-cap: "Computed."
Markdown("| name | value |\\n|:--|--:|\\n| a | 1.50 |\\n| " + "long words " * 12 + "| 2.25 |")
```

| b | c |
|:--|--:|
| d | 1 |

: Written {#tbl-hand}

## What we learned

Nothing.
"""

TWO = """\
# Chapter the second {#sec-two}

[@kingma2015] and @fig-line, [-@fig-line], [@tbl-cells; @tbl-hand], @eq-mse, @sec-loss, @sec-deep,
@sec-one, @sec-last, @sec-preface, [Panel @fig-line] and @sec-two [@kingma2015].

::: {.callout-warning title="Careful *now*"}
A body.
:::

::: {.callout-note collapse="true"}
## Named by its heading
Hidden body, see @tbl-last.
:::

```{python}
#| echo: false
from IPython.display import Markdown
head = "```{{#{label} .python lst-cap=\\"{caption}\\" code-line-numbers=\\"true\\"}}"
head = head.format(label="lst-shown", caption="Shown *here*, see @fig-line.")
Markdown(head + "\\ndef shown(): ...\\n```")
```

```{python}
#| label: tbl-of-cell
#| tbl-cap: "Of a cell that is a listing."
#| lst-label: lst-cell
#| lst-cap: "Code that `ran`."
#| code-line-numbers: true
#| code-fold: false
Markdown("| b | c |\\n|:--|--:|\\n| d | 1 |")
```

```{python}
#| eval: false
#| code-summary: "Solution"
raise SystemExit("a solution does not run")
```

By @lst-shown and @lst-cell, [-@lst-cell].

## What we learned

[There](01-one.qmd#sec-loss), and `[@nobody]` in code. A footnote.[^1]

[^1]: At the foot.

```python
`{python} not_run`
```
"""

LAST = """\
# Coverage {#sec-last}

| b | c |
|:--|--:|
| d | 1 |

: In an appendix {#tbl-last}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The small book, rendered once for all tests that only read it."""
    root = write_book(tmp_path_factory.mktemp("book"))
    lines = []
    return root, render(root, renderer="labkit", report=lines.append), lines


def write_book(root: Path, **chapters: str) -> Path:
    (root / "chapters").mkdir()
    (root / "_quarto.yml").write_text(CONFIG)
    (root / "references.bib").write_text(BIBLIOGRAPHY)
    texts = {"index": INDEX, "one": ONE, "two": TWO, "last": LAST, **chapters}
    names = {"index": "index", "one": "chapters/01-one", "two": "chapters/02-two"}
    for key, text in texts.items():
        (root / f"{names.get(key, 'chapters/a1-last')}.qmd").write_text(text)
    return root


@pytest.fixture
def plain_book(tmp_path):
    """A book without cells, rendered in a blink."""
    one, two = (f"# {name} {{#sec-{name.lower()}}}\n\nText.\n" for name in ("One", "Two"))
    return write_book(tmp_path, index="# P {.unnumbered}\n\nText.\n", one=one, two=two)


def last_book(root: Path, text: str) -> None:
    """A book as Quarto leaves it."""
    (root / "_book/site_libs").mkdir(parents=True)
    (root / "_book/index.html").write_text(text)


def hidden(root: Path) -> list[str]:
    """What renders leave in a project beside the book; the lock of the next render may stay."""
    return [p.name for p in root.glob(".*") if p.name != ".book-lock"]


def page(made, name: str) -> str:
    text = (made[0] / "_book" / name).read_text()
    return text[text.index("<article>") : text.index("</article>")]


def words(html: str) -> str:
    """Text of a page as a reader sees it."""
    text = re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", "", text).replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
    return " ".join(text.split())


# What the page says ---------------------------------------------------------------------------


def test_floats_sections_and_equations_are_numbered_as_quarto_does(made):
    text = words(page(made, "chapters/01-one.html"))
    assert "Chapter 1 Chapter the first" in text
    assert "Figure 1.1: A line: rising." in text
    assert "Table 1.1: Computed." in text and "Table 1.2: Written" in text
    assert "1.1 Loss" in text and "1.1.1 Deeper" in text and "1.2 What we learned" in text
    assert "(1.1)" in text
    assert "Table A.1: In an appendix" in words(page(made, "chapters/a1-last.html"))
    assert "Appendix A Coverage" in words(page(made, "chapters/a1-last.html"))


def test_the_unnumbered_chapter_has_no_numbers(made):
    text = words(page(made, "index.html"))
    assert "Preface" in text and "0.1" not in text
    assert "Preface See Chapter 1" in text and "the appendix. A section of the preface" in text


def test_references_read_and_link_as_in_quarto(made):
    html = page(made, "chapters/02-two.html")
    text = words(html)
    assert (
        "Figure 1.1, 1.1, Table 1.1, Table 1.2, Equation 1.1, Section 1.1, Section 1.1.1, "
        "Chapter 1, Appendix A, Preface, Panel 1.1 and Chapter 2 (Kingma and Ba 2015)" in text
    )
    assert 'href="01-one.html#fig-line"' in html
    assert 'href="../index.html#sec-preface"' in html
    assert 'href="a1-last.html#tbl-last"' in html
    assert 'href="01-one.html#sec-loss">There' in html
    front = page(made, "index.html")
    assert 'href="chapters/01-one.html#fig-line"' in front
    assert 'href="chapters/a1-last.html#sec-last">the appendix' in front


LICENCE = "https://creativecommons.org/licenses/"


def test_every_link_of_the_site_leads_somewhere(made):
    folder = made[0] / "_book"
    pages = {path: path.read_text() for path in folder.rglob("*.html")}
    for path, html in pages.items():
        for address in re.findall(r'(?:href|src)="([^"]*)"', html):
            if address.startswith(("data:", LICENCE)) or not address:
                continue
            assert not address.startswith("http"), "nothing is loaded from another host"
            name, _, fragment = address.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.is_file(), (path, address)
            if fragment:
                assert f'id="{fragment}"' in pages[target], (path, address)


def test_citations_stand_at_the_foot_of_each_chapter(made):
    one, two = words(page(made, "chapters/01-one.html")), words(page(made, "chapters/02-two.html"))
    assert "References Goodfellow, Ian. 2016. Deep Learning." in one
    assert "Kingma, Diederik" not in one
    assert "References Kingma, Diederik, and Jimmy Ba. 2015." in two
    assert "Never cited" not in one + two
    assert "References" not in words(page(made, "chapters/a1-last.html"))


def test_callouts(made):
    html = page(made, "chapters/02-two.html")
    opened = r'<aside class="callout callout-warning">.*Careful <em>now</em>'
    folded = r'<details class="callout callout-note">\s*<summary[^>]*>.*Named by'
    assert re.search(opened, html, re.DOTALL) and re.search(folded, html, re.DOTALL)
    assert "2.1 What we learned" in words(html), "a callout's heading is no section"


def test_inline_expressions_see_the_cells_above_them_only(made):
    text = words(page(made, "chapters/01-one.html"))
    assert "Now 1." in text and "Then 2, raw" in text


def test_inline_results_are_escaped_unless_they_are_markdown(made):
    html = page(made, "chapters/01-one.html")
    assert "a_b*c* &lt;b&gt; [d](e)" in html
    assert "<strong>bold</strong>" in html


def test_escape_leaves_nothing_for_markdown_to_read():
    assert escape("1*2_3 @fig-x $4$") == r"1\*2\_3 \@fig\-x \$4\$"


def test_chapters_run_in_the_project_folder_on_one_thread(made):
    assert f"{made[0].resolve()} 1" in words(page(made, "chapters/01-one.html"))


def test_no_warning_reaches_pages_or_terminal(made, capfd):
    root, _, lines = made
    everything = "".join(path.read_text() for path in (root / "_book").rglob("*.html"))
    shown = re.sub(r"<details.*?</details>", "", everything, flags=re.DOTALL)
    assert "must not be seen" not in shown and "nor this" not in shown
    assert "encryption" not in everything + "".join(lines)
    assert "".join(capfd.readouterr()) == ""


def test_the_figure_has_its_alt_text_and_twice_the_pixels(made):
    html = page(made, "chapters/01-one.html")
    image = re.search(r"<img[^>]*fig-line[^>]*>", html)[0]
    assert "It says &quot;up&quot;." in image
    width = int(re.search(r'width="(\d+)"', image)[1])
    data = (made[0] / "_book/chapters/01-one_files/fig-line.png").read_bytes()
    assert struct.unpack(">I", data[16:20])[0] == pytest.approx(2 * width, abs=1)


def test_figures_may_be_lines_and_the_same_figure_is_the_same_file(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    cell = """```{python}
#| label: fig-a
#| fig-cap: "A."
#| fig-alt: "B."
from labkit.report.theme import figure
figure()[1].plot([0, 1], label="a");
```"""
    root = tiny_book(tmp_path / "book", cell)
    edit(root, '"html": {}', '"html": {"fig-format": "svg"}')
    made = []
    for _ in range(2):
        render(root, formats=["html", "pdf"], renderer="labkit", report=str)
        made.append((root / "_book/chapters/01-one_files/fig-a.svg").read_bytes())
    assert made[0].startswith(b"<?xml") and made[0] == made[1]
    assert 'src="01-one_files/fig-a.svg"' in (root / "_book/chapters/01-one.html").read_text()


def test_a_preview_knows_all_labels_of_a_cell_that_it_does_not_run(tmp_path):
    """A cell may be a listing and a table at once."""
    root = tiny_book(tmp_path / "book", "See @lst-a and @tbl-b.")
    cell = """```{python}
#| label: tbl-b
#| tbl-cap: "B of it."
#| lst-label: lst-a
#| lst-cap: "A of it."
#| code-line-numbers: true
raise SystemExit("not run")
```"""
    (root / "index.qmd").write_text(f"# Preface {{#sec-preface}}\n\n{cell}\n")
    render(root, only=["01-one"], renderer="labkit", report=str)
    html = (root / "_book/chapters/01-one.html").read_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "Listing 1.1</a>" in html and "Table 1.1</a>" in html


def test_every_page_ends_on_the_footer_of_the_configuration(made):
    for name in ("index.html", "chapters/01-one.html", "chapters/a1-last.html"):
        html = (made[0] / "_book" / name).read_text()
        foot = re.search(r'<footer class="licence">(.*?)</footer>', html, re.S)[1]
        assert f'Under <a href="{LICENCE}by/4.0/">a licence</a>.' in foot


def test_columns_of_executed_tables_keep_their_own_widths(made):
    assert "<colgroup>" not in page(made, "chapters/01-one.html")


def test_code_is_folded_and_echo_false_hides_it(made):
    html = page(made, "chapters/01-one.html")
    assert html.count('<details class="code-fold"') == 2
    assert "getcwd" not in html


def test_listings_are_numbered_and_show_their_code_in_the_open(made):
    two = page(made, "chapters/02-two.html")
    shown, ran = re.findall(r'<figure id="(lst-\w+)".*?</figcaption>(.*?)</figure>', two, re.DOTALL)
    assert (shown[0], ran[0]) == ("lst-shown", "lst-cell")
    assert "def</span> shown" in shown[1] and "long" not in ran[1] and "Markdown(" in ran[1]
    assert "code-line-numbers" not in two
    assert "<details" not in shown[1] + ran[1]
    text = words(two)
    assert "Listing 2.1: Shown here, see Figure 1.1." in text
    assert "Listing 2.2: Code that ran." in text and "Table 2.1: Of a cell" in text
    assert "By Listing 2.1 and Listing 2.2, 2.2." in text
    assert 'href="#lst-shown"' in two


def test_a_cell_that_is_not_evaluated_shows_its_code_alone(made):
    two = page(made, "chapters/02-two.html")
    (code,) = re.findall(r"<summary>Solution</summary>(.*?)</details>", two, re.DOTALL)
    assert "SystemExit" in code and "SystemExit" not in two.replace(code, "")


def test_front_page_names_the_book(made):
    html = (made[0] / "_book/index.html").read_text()
    assert '<html lang="en">' in html and "<title>Preface – A Small Book</title>" in html
    assert "Ada Author" in html and "31 January 2026" in html
    assert 'href="A-Small-Book.pdf"' in html


def test_what_render_returns(made):
    root, done, _ = made
    assert done.renderer == "labkit"
    assert done.html == root.resolve() / "_book/index.html" and done.html.is_file()
    assert done.pdf == root.resolve() / "_book/A-Small-Book.pdf"
    assert set(done.seconds) == {c.source for c in load(root).chapters}
    assert hidden(root) == [] and not list((root / "_book").glob("*.typ"))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext to read the PDF")
def test_the_pdf_holds_the_whole_book(made):
    command = ["pdftotext", "-layout", str(made[1].pdf), "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text = " ".join(done.stdout.replace("\N{NO-BREAK SPACE}", " ").split())
    for phrase in (
        "A Small Book",
        "On testing",
        "What it is about.",
        "Contents",
        "Figure 1.1: A line",
        "Table A.1: In an appendix",
        "1.1.1 Deeper",
        "Careful now",
        "(1.1)",
        "Panel 1.1 and Chapter 2 (Kingma and Ba 2015)",
        "_ = plt.plot([0, 1])",
    ):
        assert phrase in text, phrase
    assert text.count("References") >= 2 and text.count("Goodfellow, Ian. 2016") == 1


def test_the_pdf_tells_what_its_figures_show(made):
    with pikepdf.open(made[1].pdf) as pdf:
        told = [str(own["/Alt"]) for own in pdf.objects if _tag(own) == "/Figure" and "/Alt" in own]
        assert 'It says "up".' in told and pdf.Root.MarkInfo.Marked


def _tag(own) -> str:
    return str(own.get("/S")) if isinstance(own, pikepdf.Dictionary) else ""


def test_the_objects_of_the_pdf_are_packed_and_nothing_is_lost(made, tmp_path):
    small, path = made[1].pdf.stat().st_size, tmp_path / "unpacked.pdf"
    with pikepdf.open(made[1].pdf) as pdf:
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        pages, tags = len(pdf.pages), sorted(filter(None, map(_tag, pdf.objects)))
    assert small < 0.8 * path.stat().st_size
    pack_objects(path)
    with pikepdf.open(path) as pdf:
        assert len(pdf.pages) == pages and sorted(filter(None, map(_tag, pdf.objects))) == tags
    assert path.stat().st_size <= 1.01 * small and len(list(tmp_path.iterdir())) == 1


# What stops a render --------------------------------------------------------------------------

FAILURES = {
    "a cell raises": (
        "# One {#sec-one}\n\n```{python}\n#| label: bad\nx = 1\n1 / 0\n```\n",
        r"chapters/01-one\.qmd:6: the cell 'bad' failed: ZeroDivisionError: division by zero",
    ),
    "an inline expression raises": (
        "# One {#sec-one}\n\nText.\n\nIs `{python} missing`.\n",
        r"01-one\.qmd:5: the inline expression `missing` failed: NameError: name 'missing'",
    ),
    "an inline expression says nothing": (
        "# One {#sec-one}\n\nText.\n\nIs `{python} ''`.\n",
        r"01-one\.qmd:5: the inline expression `''` says nothing",
    ),
    "the kernel dies": (
        "# One {#sec-one}\n\n```{python}\nimport os\nos._exit(1)\n```\n",
        r"01-one\.qmd:4: the cell killed its Python process",
    ),
    "a figure cell draws nothing": (
        "# One {#sec-one}\n\n```{python}\n#| label: fig-x\n1 + 1\n```\n",
        r"01-one\.qmd:3: the cell 'fig-x' made 0 images, expected one",
    ),
    "a table cell gives no table": (
        "# One {#sec-one}\n\n```{python}\n#| label: tbl-x\n1 + 1\n```\n",
        r"01-one\.qmd:3: the cell 'tbl-x' gave 0 Markdown tables",
    ),
    "a cross-reference leads nowhere": (
        "# One {#sec-one}\n\nSee @fig-nowhere.\n",
        r"01-one\.qmd:3: cross-reference @fig-nowhere resolves nowhere",
    ),
    "a citation leads nowhere": (
        "# One {#sec-one}\n\nBy [@nobody1900].\n",
        r"01-one\.qmd:3: citation @nobody1900 resolves nowhere",
    ),
    "a link leads nowhere": (
        "# One {#sec-one}\n\n[To](02-two.qmd#sec-gone)\n",
        r"01-one\.qmd:3: link to 02-two\.qmd#sec-gone: chapters/02-two\.qmd has no label sec-gone",
    ),
    "a label is taken": (
        "# One {#sec-two}\n",
        r"02-two\.qmd: the label sec-two is already taken in chapters/01-one\.qmd",
    ),
    "an image is absent": (
        "# One {#sec-one}\n\n![A](absent.png){#fig-a}\n",
        r"01-one\.qmd: the image absent\.png .* is not there",
    ),
    "a chapter has no title": ("Text.\n", r"01-one\.qmd:1: expected one heading of level 1"),
    "options are not YAML": (
        "# One\n\n```{python}\n#| fig-cap: a: b\n1\n```\n",
        r"01-one\.qmd:4: cell options are not valid YAML",
    ),
    "a block is not closed": ("# One\n\n```{python}\n1\n", r"01-one\.qmd:3: .* never closed"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_says_where_and_keeps_the_last_book(plain_book, case):
    chapter, message = FAILURES[case]
    (plain_book / "chapters/01-one.qmd").write_text(chapter)
    last_book(plain_book, "the last good book")
    with pytest.raises(BookError, match=message):
        render(plain_book, formats=["html"], renderer="labkit", only=["01-one"], report=str)
    assert (plain_book / "_book/index.html").read_text() == "the last good book"
    assert hidden(plain_book) == []


def edit(root: Path, old: str, new: str) -> None:
    text = (root / "_quarto.yml").read_text()
    assert old in text
    (root / "_quarto.yml").write_text(text.replace(old, new))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext to read the PDF")
def test_folded_code_may_stay_off_the_paper_and_listings_do_not(tmp_path, monkeypatch):
    cells = """```{python}
x = "folded"
print("shown", len(x))
```

```{python}
#| code-fold: false
y = "open"
```

```{python}
#| lst-label: lst-a
#| lst-cap: "A."
#| code-fold: false
z = "listed"
```
"""
    root = tiny_book(tmp_path / "book", cells)
    edit(root, '"html": {}', '"html": {"code-fold": true}')
    edit(root, '"format":', '"filters": ["paper.lua"], "format":')
    shutil.copyfile(ROOT / "theme/paper.lua", root / "paper.lua")
    texts = []
    for _ in range(2):
        render(root, renderer="labkit", report=str)
        command = ["pdftotext", root / "_book/Tiny.pdf", "-"]
        texts.append(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        page = (root / "_book/chapters/01-one.html").read_text()
        assert "folded" in page and "listed" in page
        monkeypatch.setenv("LABKIT_NO_CODE", "1")
    words = ("folded", "shown 6", "open", "listed")
    assert [[word in text for word in words] for text in texts] == [
        [True] * 4,
        [False, *[True] * 3],
    ]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext to read the PDF")
def test_the_title_page_has_what_a_course_asks_for_as_written(tmp_path):
    root = tiny_book(tmp_path / "book")
    edit(root, '"format":', '"submission": {"student number": "00123", "course": ""}, "format":')
    render(root, formats=["pdf"], renderer="labkit", report=str)
    command = ["pdftotext", "-l", "1", root / "_book/Tiny.pdf", "-"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Student number" in text and "00123" in text and "Course" not in text


def test_a_format_of_figures_that_nobody_knows_is_named_with_its_line(plain_book):
    edit(plain_book, "html: {", "html: {fig-format: pdf, ")
    message = r"_quarto\.yml:\d+: unknown fig-format 'pdf'; expected one of retina, png, svg"
    with pytest.raises(BookError, match=message):
        load(plain_book)


def test_a_filter_that_is_not_there_is_named_with_its_line(plain_book):
    edit(plain_book, "format:\n", "filters:\n  - theme/gone.lua\nformat:\n")
    message = r"_quarto\.yml:\d+: filters theme/gone\.lua is not there; create it or"
    with pytest.raises(BookError, match=message):
        load(plain_book)


def test_an_absent_chapter_is_named_with_its_line(plain_book):
    edit(plain_book, "02-two.qmd", "09-gone.qmd")
    with pytest.raises(BookError, match=r"_quarto\.yml:15: chapter chapters/09-gone\.qmd is"):
        load(plain_book)
    assert [(p.file, p.line) for p in lint(plain_book)] == [("_quarto.yml", 15)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": "fast"}, "unknown profile 'fast'.*profiles here: full, quick"),
        ({"formats": ["docx"]}, "unknown format 'docx'; expected one of html, pdf"),
        ({"renderer": "latex"}, "unknown renderer 'latex'"),
        ({"only": ["07-none"]}, "lists no chapter '07-none'; it lists index.qmd"),
    ],
)
def test_unknown_choices_are_refused(plain_book, arguments, message):
    (plain_book / "_environment-quick").write_text("LABKIT_PROFILE=quick\n")
    with pytest.raises(BookError, match=message):
        render(plain_book, report=str, **arguments)
    assert not (plain_book / "_book").exists()


def test_the_profile_sets_the_environment_of_the_cells(plain_book, monkeypatch):
    monkeypatch.setenv("LABKIT_PROFILE", "full")
    (plain_book / "_environment-quick").write_text("# less\nLABKIT_PROFILE=quick\nOTHER='x y'\n")
    project = load(plain_book, "quick")
    assert project.environment == {"LABKIT_PROFILE": "quick", "OTHER": "x y"}
    code = "`{python} __import__('os').environ['LABKIT_PROFILE']`"
    (plain_book / "chapters/01-one.qmd").write_text(f"# One\n\nIs {code}.\n")
    render(plain_book, profile="quick", renderer="labkit", only=["01-one"], report=str)
    assert "Is quick." in (plain_book / "_book/chapters/01-one.html").read_text()


def test_a_preview_runs_one_chapter_and_knows_the_others_labels(tmp_path):
    root = write_book(tmp_path, one=ONE.replace("x = 1\n", "raise RuntimeError\n"))
    edit(root, "  execute-dir", "  pre-render: python -c 'raise SystemExit(1)'\n  execute-dir")
    done = render(root, renderer="labkit", only=["chapters/02-two.qmd"], report=str)
    assert done.html == root.resolve() / "_book/chapters/02-two.html" and done.pdf is None
    assert list(done.seconds) == ["chapters/02-two.qmd"]
    assert "Figure 1.1, 1.1, Table 1.1, Table 1.2" in words(done.html.read_text())
    assert not (root / "_book/index.html").exists()


def test_pre_render_commands_run_first_and_their_failure_stops(plain_book):
    command = "python -c \"import os; open('ran', 'w').write(os.environ['LABKIT_PROFILE'])\""
    edit(plain_book, "  execute-dir", f"  pre-render:\n    - {json.dumps(command)}\n  execute-dir")
    with pytest.raises(BookError, match="unresolved|resolves nowhere"):
        (plain_book / "chapters/01-one.qmd").write_text("# One\n\n@fig-x\n")
        render(plain_book, profile="full", renderer="labkit", report=str)
    assert (plain_book / "ran").read_text() == "full"
    edit(plain_book, "'w').write", "'w').wrong")
    with pytest.raises(BookError, match="pre-render command .* failed: .*AttributeError"):
        render(plain_book, renderer="labkit", report=str)


# Source ---------------------------------------------------------------------------------------


def test_parts_keep_their_lines_and_fenced_examples_are_text():
    example = "# T\n\n````markdown\n```{python}\n1\n```\n````\n\n"
    text = example + "```{python}\n#| label: a\n\nx\n```\nend\n"
    first, cell, last = parse(text, "c.qmd")
    assert isinstance(first, Text) and first.line == 1 and "```{python}" in first.text
    assert isinstance(cell, Cell) and (cell.line, cell.code_line, cell.code) == (9, 11, "\nx")
    assert cell.label == "a" and (last.line, last.text) == (14, "end")


def test_front_matter_gives_the_title_and_keeps_the_lines():
    (text,) = parse("---\ntitle: T\n---\n\nBody `{python} 1`.\n", "c.qmd")
    assert text.text.startswith("# T\n") and inline_expressions(text)[0].line == 5


def test_inline_expressions_in_code_are_not_run():
    text = Text(10, "a `{python} f(1)`\n\n```\n`{python} g`\n```\n`` `{python} h` ``\n")
    assert [(e.code, e.line) for e in inline_expressions(text)] == [("f(1)", 10)]


# Linter ---------------------------------------------------------------------------------------

GOOD = {
    "heading": "## Data {#sec-data}",
    "equation": "$$ x = 1.5 $$ {#eq-a}\n\nSee @eq-a and $y = 2.5$.",
    "integers and names": "Six classes, AI4I 2020, 5-fold, chapter 2, layers 64-32.",
    "cited numbers": "Type L makes up 60 % and has 10,000 rows [@kingma2015].",
    "levels": "Bars are 95 % bootstrap intervals, or a 95 % confidence interval.",
    "code": "Set `weight_decay=0.01`, version `2.13.0`.\n\n```python\nx = 0.5\n```",
    "inline": "R² is `{python} 0.5`.",
    "address": "[Site](https://example.org/v1.25) and <https://example.org/1.5>.",
    "bare reference": 'In Figure [-@fig-a] and @fig-a.\n\n![A](a.png){#fig-a fig-alt="A, 1.5"}',
    "callout": '::: {.callout-note title="Data used" collapse="true"}\nText.\n:::',
    "less-than": "Where a < b and c > d, or <!-- a comment -->.",
    "long line": "```{python}\nx = '" + "y" * 94 + "'\n```",
    "long line that is not shown": "```{python}\n#| echo: false\nx = '" + "y" * 99 + "'\n```",
    "figure cell": '```{python}\n#| label: fig-b\n#| fig-cap: "A."\n#| fig-alt: "B."\nplot()\n```',
    "table cell": '```{python}\n#| label: tbl-b\n#| tbl-cap: "A."\ntable()\n```',
    "listing cell": '```{python}\n#| lst-label: lst-b\n#| lst-cap: "A."\n'
    "#| code-line-numbers: true\n#| code-fold: false\nf()\n```\n\nIn @lst-b.",
    "shown listing": '```{python}\nsource(f, label="lst-c", caption="A.")\n```\n\nIn @lst-c.',
    "a cell that does not run": "```{python}\n#| eval: false\nf()\n```",
    "link": "[Two](02-two.qmd#sec-two), someone@example.org",
}
BAD = {
    "```{python}\n#| label: fig-b\n#| fig-alt: B\nf()\n```": "fig-b has no fig-cap",
    "```{python}\n#| label: fig-b\n#| fig-cap: B\nf()\n```": "fig-b has no fig-alt",
    "```{python}\n#| label: tbl-b\nf()\n```": "tbl-b has no tbl-cap",
    "```{python}\n#| label: b\n#| tbl-cap: B\nf()\n```": "must start with tbl-",
    "```{python}\n#| lst-label: lst-b\nf()\n```": "both lst-label and lst-cap",
    "```{python}\n#| lst-label: lst-b\n#| lst-cap: B\nf()\n```": "needs code-line-numbers: true",
    "```{python}\n#| code-line-numbers: false\nf()\n```": "code-line-numbers is False",
    "```{python}\n#| lst-label: b\n#| lst-cap: B\nf()\n```": "label b must start with lst-",
    "```{python}\n#| lst-label: lst-b\n#| lst-cap: 0.5 x\nf()\n```": "number '0.5' is typed",
    'By @lst-c.\n\n```{python}\nsource(f, label="lst-b")\n```': "@lst-c resolves nowhere",
    "```{python}\n#| label: tbl-b\n#| tbl-cap: Is 0.5 here\nf()\n```": "number '0.5' is typed",
    "```{python}\n#| label: tbl-b\n#| tbl-cap: '`{python} x`'\nf()\n```": "cannot hold an inline",
    "```{python}\n#| fig-width: 3\nf()\n```": "unknown cell option 'fig-width'",
    "```{python}\ndef f():\n    pass\n```": "the cell defines f",
    "```{python}\nx = 1\nclass A: pass\n```": "the cell defines A",
    "```{python}\n" + "x = 1\n" * 16 + "```": "the cell has 16 lines",
    "```{python}\nx = '" + "y" * 96 + "'\n```": "the line has 102 columns, at most 100",
    "```{python}\nx = = 1\n```": "the cell is not Python",
    "## A {#data}": "label data must start with sec-",
    "![A](a.png){#fig-a}": "image fig-a has no fig-alt",
    "| a |\n|---|\n| b |\n\n: A {#table-a}": "label table-a must start with tbl-",
    "## A {#sec-two}": "the label sec-two is already used at chapters/01-one.qmd",
    "See @fig-gone.": "@fig-gone resolves nowhere",
    "By [@nobody1900].": "@nobody1900 resolves nowhere",
    "See Figure @sec-one.": "'Figure' before a cross-reference prints twice",
    "See Tables [@sec-one].": "'Tables' before a cross-reference prints twice",
    "{{< include a.qmd >}}": "shortcodes",
    "::: {.panel-tabset}\n:::": "unknown div",
    "::: {.column-margin}\n:::": "unknown div",
    "::: {layout-ncol=2}\n:::": "unknown div",
    "A <br> b": "raw HTML <br>",
    '<div class="a">': "raw HTML",
    "```{=html}\n<b>\n```": "unknown code block {=html}",
    "```{r}\n1\n```": "unknown code block {r}",
    "The error is 0.53.": "'0.53' is typed into prose",
    "R² is about 12 % here.": "'12 %' is typed",
    "There are 10,000 rows.": "'10,000' is typed",
    "With an accuracy of 1 we": "'accuracy of 1' is typed",
    "R² of 0.5 by @fig-x": "typed into prose",
    "[A](09-gone.qmd)": "lists no chapter chapters/09-gone.qmd",
    "[A](01-one.qmd#sec-gone)": "chapters/01-one.qmd has no label sec-gone",
}


@pytest.mark.parametrize("name", GOOD)
def test_the_linter_accepts(plain_book, name):
    (plain_book / "chapters/02-two.qmd").write_text(f"# Two {{#sec-two}}\n\n{GOOD[name]}\n")
    assert lint(plain_book) == []


@pytest.mark.parametrize("text", BAD)
def test_the_linter_finds(plain_book, text):
    (plain_book / "chapters/01-one.qmd").write_text("# One {#sec-one}\n\nA. {#sec-two}\n")
    first = "# Two\n\n"
    (plain_book / "chapters/02-two.qmd").write_text(f"{first}{text}\n")
    found = [p for p in lint(plain_book) if p.file == "chapters/02-two.qmd"]
    assert any(BAD[text] in problem.message for problem in found), found
    assert all(problem.line >= 3 for problem in found)


def test_the_linter_names_the_line(plain_book):
    text = "# Two\n\nFine.\n\n```python\n0.5\n```\n\nOne\nand 0.5.\n"
    (plain_book / "chapters/02-two.qmd").write_text(text)
    assert [str(p).partition(": ")[0] for p in lint(plain_book)] == ["chapters/02-two.qmd:10"]


# Quarto ---------------------------------------------------------------------------------------

SCRIPT = """#!/bin/sh
if [ "$1" = --version ]; then echo {version}; exit 0; fi
echo "$@ $LABKIT_PROFILE" > arguments
echo "Kernel is running over TCP without encryption."
echo "[1/2] index.qmd"
echo "pandoc"
echo "  to: html"
rm -rf _book; mkdir -p _book
echo '{page}' > _book/index.html
cp "$(dirname "$0")/a.pdf" _book/A.pdf
{end}
"""


@pytest.fixture
def quarto(plain_book, monkeypatch, tmp_path_factory):
    """A stand-in for the Quarto program, which this machine may not have."""
    folder = tmp_path_factory.mktemp("bin")
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(folder / "a.pdf")

    def install(page="new", end="exit 0", version="1.10.18"):
        program = folder / "quarto"
        program.write_text(SCRIPT.format(page=page, end=end, version=version))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        last_book(plain_book, "old")
        return plain_book

    return install


def test_quarto_renders_both_formats_in_one_go(quarto):
    root, lines = quarto(), []
    (root / "_environment-quick").write_text("LABKIT_PROFILE=quick\n")
    done = render(root, profile="quick", report=lines.append)
    assert (root / "arguments").read_text() == "render --profile quick quick\n"
    assert done.renderer == "quarto" and done.html.read_text() == "new\n"
    assert done.pdf.name == "A.pdf" and list(done.seconds) == ["index.qmd"]
    assert lines.count("[1/2] index.qmd") == 1
    assert not any("encryption" in line or "to: html" in line for line in lines)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"end": "exit 1"}, "quarto render failed"),
        ({"end": 'echo "WARN: Unable to resolve crossref @fig-x"'}, "unresolved.*@fig-x"),
        ({"page": "see ?@fig-x"}, r"index\.html: Quarto left \?@fig-x"),
        ({"page": "see ?lst-x"}, r"index\.html: Quarto left \?lst-x"),
        ({"page": "<code>{python} say()</code>"}, r"index\.html: Quarto left {python}"),
        ({"end": "echo '\"{python} say()\"' > _book/search.json"}, r"search\.json: .* {python}"),
        ({"end": "echo pdf > _book/A.pdf"}, r"A\.pdf is no PDF that can be read"),
    ],
)
def test_what_quarto_only_warns_of_fails_and_keeps_the_last_book(quarto, what, message):
    root = quarto(**what)
    with pytest.raises(BookError, match=message):
        render(root, renderer="quarto", report=str)
    assert (root / "_book/index.html").read_text() == "old"


def test_what_only_quarto_knows_is_told_and_left_to_it(quarto):
    root, lines = quarto(), []
    (root / "chapters/01-one.qmd").write_text("---\ntitle: One\nexecute: {eval: false}\n---\n")
    assert render(root, report=lines.append).html.read_text() == "new\n"
    assert any("01-one.qmd:1: the front matter has 'execute'" in line for line in lines)


def test_an_old_quarto_is_not_used(quarto):
    root = quarto(version="1.4.550")
    with pytest.raises(BookError, match=r"no Quarto 1\.9 or newer"):
        render(root, renderer="quarto", report=str)
    assert render(root, formats=["html"], report=str).renderer == "labkit"
