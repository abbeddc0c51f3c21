"""A render replaces a book, and nothing else: not sources, not files of others, not the last book
before the new one is whole.
"""

import os
from pathlib import Path

import pytest
from books import files, tiny_book

from labkit.book import BookError, lint, render
from labkit.book.output import MARKER


def make(root: Path, **options):
    return render(root, formats=["html"], renderer="labkit", report=str, **options)


@pytest.mark.parametrize(
    "named",
    ["chapters", "chapters/", "./chapters/../chapters", ".", "", "..", "../elsewhere",
     "chapters/out", "lab", "lab/deep", ".git", ".git/book", "_quarto.yml", "index.qmd", "a\0b", 7,
     ["_book"], "@absolute", "@link", "@link-out", "@loop"],
)  # fmt: skip
def test_an_output_folder_that_could_cost_anything_is_refused(tmp_path, named):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("precious")
    root = tmp_path / "project"
    odd = {"@absolute": str(elsewhere), "@link": "link", "@link-out": "out", "@loop": "loop"}
    tiny_book(root, output=odd.get(named, named) if isinstance(named, str) else named)
    (root / "lab").mkdir()
    (root / "lab/code.py").write_text("1")
    (root / ".git").mkdir()
    (root / "link").symlink_to("chapters")
    (root / "out").symlink_to(elsewhere)
    (root / "loop").symlink_to("loop")
    before = files(tmp_path)
    if named == "":  # as in Quarto: none is named
        assert make(root).html.parent == root / "_book"
        return
    with pytest.raises(BookError, match="_quarto.yml: output-dir") as caught:
        make(root)
    assert "\n" not in str(caught.value)
    assert files(tmp_path) == before
    assert any("output-dir" in problem.message for problem in lint(root))


@pytest.mark.parametrize("named", ["docs", "_book", "results", "data/site"])
def test_a_folder_that_no_render_made_is_refused_and_kept(tmp_path, named):
    root = tiny_book(tmp_path, output=named)
    mine = root / named / "index.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(BookError, match="holds what no render made, such as index.html"):
        make(root)
    assert files(root / named) == {"index.html": b"mine"}


def test_a_folder_that_the_chapters_fill_is_refused_too(tmp_path):
    """Its cells run before the book is put in its place."""
    code = "import os\nos.mkdir('made')\n_ = open('made/a.csv', 'w').write('a')"
    root = tiny_book(tmp_path, f"```{{python}}\n{code}\n```", output="made")
    with pytest.raises(BookError, match="holds what no render made, such as a.csv"):
        make(root)
    assert files(root / "made") == {"a.csv": b"a"}


def test_a_file_in_the_place_of_the_book_is_kept(tmp_path):
    root = tiny_book(tmp_path, output="site")
    (root / "site").write_text("mine")
    with pytest.raises(BookError, match="is a file"):
        make(root)
    assert (root / "site").read_text() == "mine"


@pytest.mark.parametrize(
    "left",
    [[], ["site_libs/a.js", "index.html"], ["site/style.css", "site/script.js", "index.html"],
     ["Tiny.pdf"]],
    ids=["empty", "Quarto's", "an older labkit's", "a PDF alone"],
)  # fmt: skip
def test_a_book_is_replaced(tmp_path, left):
    root = tiny_book(tmp_path)
    (root / "_book").mkdir()
    for name in left:
        (root / "_book" / name).parent.mkdir(exist_ok=True)
        (root / "_book" / name).write_text("old")
    assert "Preface" in make(root).html.read_text()
    assert not (root / "_book/Tiny.pdf").exists() and not (root / "_book/site_libs").exists()


@pytest.mark.parametrize("only", [None, ["01-one"]])
def test_what_someone_puts_into_a_book_stays_and_what_a_render_made_goes(tmp_path, only):
    root = tiny_book(tmp_path)
    make(root)
    (root / "_book/CNAME").write_text("mine")
    (root / "_book/notes").mkdir()
    (root / "_book/notes/link").symlink_to("../CNAME")
    config = (root / "_quarto.yml").read_text().replace("01-one", "01-new")
    (root / "_quarto.yml").write_text(config)
    (root / "chapters/01-one.qmd").rename(root / "chapters/01-new.qmd")
    for _ in range(2):
        make(root, only=only and ["01-new"])
        assert (root / "_book/CNAME").read_text() == "mine"
        assert os.readlink(root / "_book/notes/link") == "../CNAME"
        assert (root / "_book/chapters/01-new.html").exists()
        assert (root / "_book/chapters/01-one.html").exists() == bool(only)
    listed = (root / "_book" / MARKER).read_text().split()
    assert "CNAME" not in listed and "index.html" in listed


def test_a_linked_output_folder_stays_a_link(tmp_path):
    root = tiny_book(tmp_path)
    (root / "build").mkdir()
    (root / "_book").symlink_to("build")
    for _ in range(2):
        make(root)
    assert (root / "_book").is_symlink() and (root / "build/index.html").is_file()


@pytest.mark.parametrize("image", ["../../x.png", "/x.png", "../chapters/../../x.png", "@absolute"])
def test_an_image_outside_the_project_is_refused(tmp_path, image):
    root = tmp_path / "a/project"
    outside = tmp_path / "a/x.png"
    image = image.replace("@absolute", str(outside))
    tiny_book(root, f"![A]({image})")
    outside.write_bytes(b"image")
    before = files(tmp_path)
    with pytest.raises(BookError, match=r"chapters/01-one.qmd: the image .*x.png .*outside"):
        make(root)
    after = {name: text for name, text in files(tmp_path).items() if "book-lock" not in name}
    assert after == before


def test_a_label_is_no_way_out_of_the_book(tmp_path):
    root = tmp_path / "project"
    cell = "import matplotlib.pyplot as plt\n_ = plt.plot([1])"
    options = '#| label: "fig-/../../../../x"\n#| fig-cap: "A."\n#| fig-alt: "A."'
    tiny_book(root, f"```{{python}}\n{options}\n{cell}\n```")
    with pytest.raises(BookError):
        make(root)
    assert not list(tmp_path.glob("*.png")) and not list(root.glob("*.png"))


def test_an_image_beside_the_chapters_is_shown(tmp_path):
    root = tiny_book(tmp_path, "![A](../images/x.png)")
    (root / "images").mkdir()
    (root / "images/x.png").write_bytes(b"image")
    make(root)
    assert (root / "_book/images/x.png").read_bytes() == b"image"


@pytest.mark.parametrize("chapter", ["../outside.qmd", "@absolute"])
def test_a_chapter_outside_the_project_is_refused(tmp_path, chapter):
    root = tmp_path / "project"
    tiny_book(root)
    (tmp_path / "outside.qmd").write_text("# Out\n")
    named = chapter.replace("@absolute", str(tmp_path / "outside.qmd"))
    config = (root / "_quarto.yml").read_text().replace("chapters/01-one.qmd", named)
    (root / "_quarto.yml").write_text(config)
    with pytest.raises(BookError, match=r"_quarto.yml:\d+: chapter .* lies outside the project"):
        make(root)
    assert not (tmp_path / "outside.html").exists()


# Killed renders ---------------------------------------------------------------------------------


@pytest.mark.parametrize("preview", [False, True])
def test_a_render_killed_while_it_swaps_is_cleared_up_by_the_next(tmp_path, preview):
    root = tiny_book(tmp_path)
    make(root)
    book = files(root / "_book")
    (root / ".book-dead").mkdir()
    (root / ".book-dead/kernel.json").write_text("{}")
    (root / "_book").rename(root / ".book-dead-old")
    (root / "chapters/01-one.qmd").write_text("no title")
    with pytest.raises(BookError, match="expected one heading"):
        make(root, only=["01-one"] if preview else None)
    assert files(root / "_book") == book
    assert [path.name for path in root.glob(".book-*")] == [".book-lock"]


def test_a_killed_quarto_that_had_half_a_book_in_its_place_is_cleared_up(tmp_path):
    root = tiny_book(tmp_path)
    make(root)
    book = files(root / "_book")
    (root / ".book-dead").mkdir()
    (root / ".book-dead/in-place").touch()
    (root / "_book").rename(root / ".book-dead-old")
    (root / "_book").mkdir()
    (root / "_book/half.html").write_text("half")
    (root / "chapters/01-one.qmd").write_text("no title")
    with pytest.raises(BookError, match="expected one heading"):
        make(root)
    assert files(root / "_book") == book


def test_the_new_book_stays_where_the_kill_came_after_the_swap(tmp_path):
    root = tiny_book(tmp_path)
    make(root)
    book = files(root / "_book")
    (root / ".book-dead-old").mkdir()
    (root / ".book-dead-old/index.html").write_text("half gone")
    make(root)
    assert files(root / "_book") == book


def test_a_render_that_is_still_at_it_is_left_alone(tmp_path):
    from labkit.book.output import workplace
    from labkit.book.project import load

    root = tiny_book(tmp_path)
    with workplace(load(root)) as work:
        make(root)
        assert work.is_dir()
    assert not work.exists() and (root / "_book/index.html").is_file()
