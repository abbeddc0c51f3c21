"""What a render refuses before it trains, and what it stops: a line each, with the file."""

import errno
import os
import re
import subprocess
import sys
import time

import pytest
from books import tiny_book

from labkit.book import BookError, lint, render
from labkit.errors import told


def make(root, **options):
    return render(root, **{"formats": ["html"], "renderer": "labkit", "report": str, **options})


def refused(root, **options) -> str:
    with pytest.raises(BookError) as caught:
        make(root, **options)
    first, *more = str(caught.value).splitlines()
    assert all(re.match(r"[\w./-]+:\d+: ", line) for line in [first, *more] if more)
    return str(caught.value)


RAN = "open('ran', 'w').close()"
NOT_AS_QUARTO = {
    f"```{{python}}\n#| eval: 0\n{RAN}\n```": "eval is 0; both know true, false",
    f"```{{python}}\n#| output: asis\n{RAN}\n```": "output is 'asis'; both know true, false",
    f"```{{python}}\n#| echo: fenced\n{RAN}\n```": "echo is 'fenced'",
    f"```{{python}}\n#| include: 0\n{RAN}\n```": "include is 0",
    f"```{{python}}\n#| warning: null\n{RAN}\n```": "warning is None",
    f"```{{python}}\n#| fig-cap: [a, b]\n{RAN}\n```": "fig-cap is ['a', 'b']; expected one text",
    f"```{{python}}\n#| error: true\n{RAN}\n```": "unknown cell option 'error'",
    f"```{{python}}\n{RAN}\n```\n\n::: {{.panel-tabset}}\n:::": "unknown div",
    f"```{{python}}\n{RAN}\n```\n\n{{{{< video a.mp4 >}}}}": "shortcodes",
    f"```{{python}}\n{RAN}\n```\n\n```{{mermaid}}\na --> b\n```": "unknown code block",
    f"~~~{{python}}\n{RAN}\n~~~": "unknown code block",
    f"```{{python}}\n{RAN}\n%matplotlib inline\n```": "the cell is not Python",
    f"```{{python}}\n{RAN}\n```\n\nSo `{{python}} str(\n1)`.": "would show this inline expression",
    f"```{{python}}\n{RAN}\n```\n\nSo `{{python}}\n1`.": "would show this inline expression",
    f"```{{python}}\n{RAN}\n```\n\nSo `{{python}}1`.": "would show this inline expression",
    f"```{{python}}\n{RAN}\n```\n\nSee @fig-gone.": "cross-reference @fig-gone resolves nowhere",
    f"```{{python}}\n{RAN}\n```\n\nBy [@nobody].": "citation @nobody resolves nowhere",
}  # fmt: skip


@pytest.mark.parametrize("chapter", NOT_AS_QUARTO)
@pytest.mark.parametrize("only", [None, ["01-one"]])
def test_what_would_not_be_set_as_quarto_sets_it_is_refused_before_any_cell_runs(
    tmp_path, chapter, only
):
    root = tiny_book(tmp_path, chapter)
    message = refused(root, only=only)
    assert re.match(r"chapters/01-one.qmd:\d+: ", message)
    assert NOT_AS_QUARTO[chapter] in message
    assert not (root / "ran").exists()


@pytest.mark.parametrize(
    ("execute", "message"),
    [
        ('{"eval": false}', "execute: unknown cell option 'eval'"),
        ('{"output": "asis"}', "execute: output is 'asis'"),
        ('{"enabled": false}', "execute: unknown cell option 'enabled'"),
        ("[1]", "expected `key: value` lines below `execute:`"),
    ],
)
def test_the_same_for_all_chapters_together(tmp_path, execute, message):
    root = tiny_book(tmp_path, f"```{{python}}\n{RAN}\n```")
    text = (root / "_quarto.yml").read_text()
    (root / "_quarto.yml").write_text(text.replace("{", '{"execute": ' + execute + ",", 1))
    assert message in refused(root)
    assert not (root / "ran").exists()


def test_a_chapters_own_settings_are_refused(tmp_path):
    root = tiny_book(tmp_path)
    text = f"---\ntitle: One\nexecute:\n  eval: false\n---\n\n```{{python}}\n{RAN}\n```\n"
    (root / "chapters/01-one.qmd").write_text(text)
    assert "01-one.qmd:1: the front matter has 'execute'" in refused(root)
    assert not (root / "ran").exists()


def test_conventions_are_told_and_stop_nothing(tmp_path):
    root, lines = tiny_book(tmp_path, "An accuracy of 0.93."), []
    make(root, report=lines.append)
    assert any("is typed into prose" in line for line in lines)
    assert [problem.refused for problem in lint(root)] == [False]


def test_a_preview_is_not_stopped_by_other_chapters(tmp_path):
    root = tiny_book(tmp_path, "{{< include a.qmd >}}")
    assert make(root, only=["index"]).html.name == "index.html"


def test_a_chapter_asked_for_as_pdf_is_said_to_be_html(tmp_path):
    root, lines = tiny_book(tmp_path), []
    made = make(root, only=["01-one"], formats=["pdf"], report=lines.append)
    assert made.pdf is None and made.html.name == "01-one.html"
    assert lines[0] == "single chapters are previewed as HTML; the PDF is made of the whole book"


# Files that are not what they should be ---------------------------------------------------------

ODD = {
    "Latin-1": "# Straße\n\nText.\n".encode("latin-1"),
    "UTF-16": "# Title\n".encode("utf-16"),
    "binary": bytes(range(256)),
    "cut in a character": "# Title €".encode()[:-1],
}


@pytest.mark.parametrize(
    "name", ["chapters/01-one.qmd", "_quarto.yml", "references.bib", "_environment"]
)
@pytest.mark.parametrize("content", ODD)
def test_a_file_that_is_no_utf_8_is_named(tmp_path, name, content):
    root = tiny_book(tmp_path, "By [@a].")
    text = (root / "_quarto.yml").read_text()
    (root / "_quarto.yml").write_text(text.replace("{", '{"bibliography": "references.bib",', 1))
    (root / "references.bib").write_text("@misc{a, title={A}}")
    (root / name).write_bytes(ODD[content])
    assert re.match(rf"{name}:\d+: the byte 0x.. is no UTF-8; save the file", refused(root))
    if name != "_environment":
        assert "no UTF-8" in lint(root)[0].message


def test_a_byte_order_mark_and_the_line_ends_of_windows_do_no_harm(tmp_path):
    root = tiny_book(tmp_path)
    text = "# One {#sec-one}\n\n```{python}\n#| echo: false\nprint(6 * 7)\n```\n"
    text = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    (root / "chapters/01-one.qmd").write_bytes(text)
    page = make(root, only=["01-one"]).html.read_text()
    assert ">One<" in page and "42" in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("book: {date: 2026-13-45, title: T}", "not valid YAML: month must be in 1..12"),
        ("book: [1]", "expected `key: value` lines below `book:`"),
        ("book:\n\tx: 1", "_quarto.yml:2: not valid YAML"),
        ("book: {title: T, chapters: index.qmd}", "expected a list of .qmd files"),
        ("book: {title: T, chapters: [index.qmd]}\nproject: book", "below `project:`"),
        ("a: &a [*a, *a]", "the book has no title"),
        ("", "expected keys"),
        ("\x00", "not valid YAML"),
    ],
)
def test_an_odd_configuration_is_one_line(tmp_path, text, message):
    root = tiny_book(tmp_path)
    (root / "_quarto.yml").write_text(text)
    assert message in refused(root)


def test_one_format_may_be_named_by_itself(tmp_path):
    root = tiny_book(tmp_path)
    (root / "_quarto.yml").write_text("book: {title: T, chapters: [index.qmd]}\nformat: html\n")
    assert make(root).html.is_file()


@pytest.mark.parametrize("text", ["---\na: b: c\n---\n", "---\n- a\n---\n", "---\ntitle: x\n"])
def test_odd_front_matter_is_one_line(tmp_path, text):
    root = tiny_book(tmp_path)
    (root / "chapters/01-one.qmd").write_text(text)
    assert refused(root).startswith("chapters/01-one.qmd:")


# What the system refuses ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["_book/chapters", ".book-lock"])
def test_a_place_that_cannot_be_written_to_is_one_line(tmp_path, what):
    """Also for an administrator, whom permissions do not stop."""
    root = tiny_book(tmp_path)
    if what == ".book-lock":
        (root / what).mkdir()
    else:
        (root / "chapters/01-one.qmd").rename(root / ("x" * 251 + ".qmd"))
        text = (root / "_quarto.yml").read_text()
        (root / "_quarto.yml").write_text(text.replace("chapters/01-one", "x" * 251))
    message = refused(root)
    assert message.startswith(f"the book in {root} cannot be made: ") and "; " in message


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC, errno.EADDRNOTAVAIL, errno.EIO])
def test_what_the_system_refuses_is_told_with_the_next_step(number):
    text = told(OSError(number, os.strerror(number), "results/a.csv"))
    assert text.startswith(f"results/a.csv: {os.strerror(number)}; ") and len(text) > 40


def test_a_kernel_that_cannot_start_is_one_line(tmp_path):
    root = tiny_book(tmp_path, "```{python}\n1\n```")
    (root / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel here')")
    message = refused(root)
    assert message.startswith("chapters/01-one.qmd: no Python process could be started")
    assert "no kernel here" in message


ALONE = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not ALONE, reason="needs a network of its own")
def test_a_machine_without_loopback_is_one_line(tmp_path):
    root = tiny_book(tmp_path, "```{python}\n1\n```")
    code = "import sys; from labkit.book import render; render(sys.argv[1], renderer='labkit')"
    command = ["unshare", "-rn", sys.executable, "-c", code, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "chapters/01-one.qmd: no Python process could be started" in last


# Cells that do not end --------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(600)"])
def test_a_cell_that_does_not_end_is_stopped(tmp_path, monkeypatch, code):
    monkeypatch.setenv("LABKIT_CELL_TIMEOUT", "1")
    root = tiny_book(tmp_path, f"```{{python}}\n#| label: slow\n{code}\n```")
    begun = time.monotonic()
    message = refused(root)
    assert "01-one.qmd:5: the cell 'slow' was stopped after 1 s" in message
    assert "LABKIT_CELL_TIMEOUT" in message and time.monotonic() - begun < 60


@pytest.mark.parametrize("given", ["", "soon", "0", "-5", "nan", "inf"])
def test_a_limit_that_is_none_is_refused(tmp_path, monkeypatch, given):
    monkeypatch.setenv("LABKIT_CELL_TIMEOUT", given)
    root = tiny_book(tmp_path, "```{python}\n1\n```")
    assert f"LABKIT_CELL_TIMEOUT is {given!r}; expected seconds" in refused(root)


@pytest.mark.parametrize(
    "code",
    [
        "while True: print('x' * 1000)",
        "print('x' * 10**8)",
        "from IPython.display import Markdown\nMarkdown('x' * 10**8)",
        "while True: display('x' * 1000)",
    ],
)
def test_a_cell_that_prints_without_end_is_stopped(tmp_path, monkeypatch, code):
    monkeypatch.setenv("LABKIT_CELL_TIMEOUT", "60")
    root = tiny_book(tmp_path, f"```{{python}}\n{code}\n```")
    assert "01-one.qmd:4: the cell was stopped: it shows more than" in refused(root)


def test_what_programs_print_is_no_part_of_the_book_and_fills_no_disk(tmp_path):
    code = "import os\nfor _ in range(2000): _ = os.write(1, b'x' * 10**5)"
    root = tiny_book(tmp_path, f"```{{python}}\n#| echo: false\n{code}\n```")
    assert "xxx" not in make(root, only=["01-one"]).html.read_text()


def test_a_long_message_of_many_lines_is_cut(tmp_path):
    root = tiny_book(tmp_path, "```{python}\nraise ValueError('a\\nb' * 10**6)\n```")
    assert len(refused(root)) < 1000
