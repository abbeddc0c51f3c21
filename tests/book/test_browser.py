"""Pages in a browser: what they offer works, and what data say is shown there, and does nothing."""

import pytest
from books import TEXTS_CELL, tiny_book
from browser import BROWSER, NARROW, WIDE, Tab, page_faults

from labkit.book import render
from labkit.place import ROOT

pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium here")

ACT = "document.documentElement.dataset.acted=1"
ACTED = "document.documentElement.dataset.acted === '1'"
TEXTS = [
    f"<img src=x onerror={ACT}>",
    f"<script>{ACT}</script>",
    f"<svg onload={ACT}>",
    f"`<script>{ACT}</script>`{{=html}}",
    f"</td></tr></table><script>{ACT}</script>",
    f"<details open ontoggle={ACT}>",
    f'" autofocus onfocus={ACT} x="',
]

CHAPTER = f"""
Words of the beginning, f(x), and a needle.

![A drawing](drawing.svg){{#fig-drawing fig-alt="Nothing but blue."}}

```{{.python code-fold="true"}}
x = 1{" + 1" * 60}
y = 2
```

## Hay and `{TEXTS[0]}` {{#sec-hay}}

A needle, [a link](https://example.org) and `{TEXTS[0]}`.

## A needle in the title {{#sec-needle}}

| {" | ".join(f"column {i}" for i in range(20))} |
|{"--|" * 20}
| {" | ".join("cell" for _ in range(20))} |

: Wide {{#tbl-wide}}
"""
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1400" height="700">'
    '<rect width="1400" height="700" fill="blue"/></svg>'
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A book without cells that has something of all that pages may show."""
    root = tiny_book(tmp_path_factory.mktemp("site") / "project", CHAPTER)
    (root / "chapters/drawing.svg").write_text(DRAWING)
    render(root, renderer="labkit", formats=("html",), report=str)
    return root / "_book"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with Tab(tmp_path_factory.mktemp("browser")) as tab:
        yield tab


@pytest.fixture
def tab(browser):
    browser.look(WIDE, "light")
    yield browser
    browser.js("localStorage.clear()")


def page(root, name="01-one"):
    return root / f"chapters/{name}.html"


# What is wrong with a page --------------------------------------------------------------------


def test_nothing_is_wrong_with_a_page(tab, site):
    assert page_faults(tab, site) == []


PLANTED = {
    "no picture": "<img src=absent.png alt=Absent>",
    "no alternative text": "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='>",
    "scrolls sideways": "<p style='width: 2000px'>Wide</p>",
    "scrolls without a keyboard": "<div style='width: 9em; overflow: auto'><hr width=999></div>",
    "id twice": "<p id=sec-hay>Twice</p>",
    "no name": "<button></button>",
    "skips a level": "<h5>Deep</h5>",
    "contrast 2.85: p": "<p style='color: #999'>Faint</p>",
    "contrast 2.85: p.faint": "<p class=faint style='opacity: .4; color: #000'>Faint</p>",
    "leads nowhere": "<a href='../index.html#absent'>Nowhere</a>",
    "absent.html leads nowhere": "<a href='absent.html'>Nowhere</a>",
    "Error: planted": "<script>throw Error('planted')</script>",
    "console: ['said']": "<script>console.log('said')</script>",
    "asks another host": "<img src=http://localhost:9/x.png alt=Foreign>",
}


@pytest.mark.parametrize("fault", PLANTED)
def test_what_is_wrong_with_a_page_is_found(fault, tab, tmp_path):
    path = tmp_path / "site/page.html"
    path.parent.mkdir()
    (path.parent / "index.html").write_text("<!doctype html><title>Front</title>")
    text = f"<h1>One</h1><p id=sec-hay>Text</p>{PLANTED[fault]}"
    path.write_text(f"<!doctype html><html><title>Page</title><body>{text}</body></html>")
    found = page_faults(tab, path.parent)
    assert any(fault in one and one.startswith("page.html") for one in found), found
    for width in (WIDE, NARROW):
        assert "leads" in fault or any(f"light, {width} px: " in one for one in found), found


# What data say --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [TEXTS[0], TEXTS[1], TEXTS[2]])
def test_the_texts_would_act_where_they_are_markup(text, tab, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(f"<!doctype html><html><body>{text}</body></html>")
    tab.open(path)
    tab.wait(ACTED)


def test_text_from_data_is_shown_and_does_nothing(tab, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    root = tiny_book(tmp_path / "project", TEXTS_CELL.format(texts=TEXTS))
    render(root, renderer="labkit", formats=("html",), report=str)
    tab.open(page(root / "_book"))
    assert tab.js("document.querySelector('main').innerText").count("<svg onload=") >= 2
    assert not tab.js(ACTED)


# What pages offer -----------------------------------------------------------------------------

GROUND = "getComputedStyle(document.body).backgroundColor"


def test_the_theme_is_the_systems_until_one_is_chosen_which_is_remembered(tab, site):
    grounds = {}
    for theme in ("light", "dark"):
        tab.look(WIDE, theme)
        tab.open(page(site))
        grounds[theme] = tab.js(GROUND)
    assert grounds["light"] != grounds["dark"]
    tab.click("button.theme")
    assert tab.js(GROUND) == grounds["light"]
    tab.open(site / "index.html")
    assert tab.js(GROUND) == grounds["light"]
    # The chosen one holds whatever the system says, and its colours are those of the system's.
    tab.click("button.theme")
    tab.look(WIDE, "light")
    assert tab.js(GROUND) == grounds["dark"]


def test_a_chosen_theme_has_the_colours_of_the_systems(tab, site):
    tab.open(page(site))
    colours = "JSON.stringify([...document.querySelectorAll('body, body *')].map((one) => {"
    colours += (
        "const s = getComputedStyle(one); return [s.color, s.backgroundColor, s.padding]; }))"
    )
    seen = {}
    for chosen, system in (("", "dark"), ("dark", "light"), ("", "light"), ("light", "dark")):
        tab.look(WIDE, system)
        tab.js(f"document.documentElement.dataset.theme = '{chosen}'")
        seen[chosen, system] = tab.js(colours)
    assert seen["", "dark"] == seen["dark", "light"] != seen["", "light"] == seen["light", "dark"]


FIGURE = "document.querySelector('figure.fig img')"
LARGE = "document.querySelector('dialog[open] img')"
FOCUS = "document.activeElement"


@pytest.mark.parametrize(("width", "times"), [(WIDE, 1.3), (NARROW, 2)])
def test_a_figure_enlarges_by_keyboard_and_the_focus_returns(width, times, tab, site):
    tab.look(width, "light")
    tab.open(page(site))
    tab.js(f"{FIGURE}.focus()")
    small = tab.js(f"{FIGURE}.getBoundingClientRect().width")
    for key in ("Enter", " "):
        tab.press(key)
        tab.wait(f"{LARGE}?.complete")
        assert tab.js(f"{LARGE}.getBoundingClientRect().width") > times * small
        assert tab.js(f"{LARGE}.alt") == "Nothing but blue."
        close = tab.js("document.querySelector('dialog button').getBoundingClientRect().toJSON()")
        assert 0 < close["left"] < close["right"] <= width and 0 <= close["top"] < 100
        tab.press("Escape")
        tab.wait(f"!{LARGE}")
        assert tab.js(f"{FOCUS} === {FIGURE}")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_figure_enlarges_by_click_and_closes_by_one(width, tab, site):
    tab.look(width, "light")
    tab.open(page(site))
    tab.click("figure.fig img")
    tab.wait(f"{LARGE}?.complete")
    tab.click("dialog button")
    tab.wait(f"!{LARGE}")


def test_folded_code_unfolds(tab, site):
    tab.open(page(site))
    height = "document.querySelector('details.code-fold').offsetHeight"
    folded = tab.js(height)
    tab.click("details.code-fold summary")
    assert tab.js(height) > folded + 20


def test_code_can_be_copied_as_it_stands(tab, tmp_path):
    """The button is there, and what it takes has no line numbers."""
    code = "#| lst-label: lst-a\n#| lst-cap: A.\n#| code-line-numbers: true\n#| code-fold: false\n"
    root = tiny_book(tmp_path / "project", f"```{{python}}\n{code}x = 1\ny = 2\n```")
    render(root, renderer="labkit", formats=("html",), report=str)
    tab.open(page(root / "_book"))
    tab.js("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    tab.click(".copy")
    tab.wait("document.querySelector('.copy').textContent === 'Copied'")
    assert tab.js("copied") == "x = 1\ny = 2"


def test_the_menu_of_a_phone_opens_and_closes(tab, site):
    tab.look(NARROW, "light")
    tab.open(page(site))
    seen = "document.querySelector('.chapters a').checkVisibility({visibilityProperty: true})"
    assert not tab.js(seen)
    tab.click("button.menu")
    tab.wait(seen)
    tab.press("Escape")
    tab.wait(f"!{seen}")
    assert tab.js(f"{FOCUS}.className") == "menu"


def test_only_what_scrolls_is_a_stop_of_the_keyboard(tab, site):
    stops = "[...document.querySelectorAll('[role=group]')].filter((own) => own.tabIndex === 0)"
    for width in (NARROW, 2600):
        tab.look(width, "light")
        tab.open(page(site))
        tab.js("for (const own of document.querySelectorAll('details')) own.open = true")
        tab.wait(f"{stops}.length === 2")
        assert tab.js(f"{stops}.map((own) => own.ariaLabel)") == [
            "Code",
            "Table\N{NO-BREAK SPACE}1.1:",
        ]
    tab.js("for (const own of document.querySelectorAll('.table-scroll')) own.innerHTML = ''")
    tab.wait(f"{stops}.length === 1")


# Search ---------------------------------------------------------------------------------------

FOUND = "[...document.querySelectorAll('.search li a')].map((link) => link.innerText.split('\\n'))"


def search(tab, words):
    tab.js("document.activeElement.blur()")
    tab.press("/")
    tab.press(words)
    tab.wait("document.querySelector('.search [role=status]').textContent")
    return tab.js(FOUND)


def test_search_finds_sections_with_all_words_titles_first(tab, site):
    tab.open(page(site))
    found = search(tab, "NEEDLE a")
    titles = ["1.2 A needle in the title", f"1.1 Hay and {TEXTS[0]}", "One"]
    assert [own[0] for own in found] == titles
    assert found[0][1] == "One" and "a needle." in found[2][1]
    assert tab.js("document.querySelector('.search mark').textContent") == "A"
    tab.press("Escape")
    assert tab.js(FOUND) == [] and tab.js(f"{FOCUS}.value") == ""
    assert [own[0] for own in search(tab, "f(x)")] == ["One"]
    assert tab.js("document.querySelector('.search mark').textContent") == "f(x)"
    tab.press("Escape")
    assert search(tab, "needle absent") == []
    assert tab.js("document.querySelector('.search [role=status]').textContent") == "0 sections"


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_search_is_done_by_keyboard_from_any_page(width, tab, site):
    tab.look(width, "light")
    tab.open(site / "index.html")
    assert len(search(tab, "needle")) == 3
    tab.press("ArrowDown")
    tab.press("ArrowDown")
    tab.press("ArrowUp")
    tab.press("Enter")
    tab.wait("location.pathname.endsWith('01-one.html') && document.readyState === 'complete'")
    assert tab.js("location.hash") == "#sec-needle"
    search(tab, "beginning")
    tab.press("Enter")
    tab.wait("location.hash === '' && document.readyState === 'complete'")


def test_what_search_finds_is_shown_as_text(tab, site):
    tab.open(page(site))
    (found,) = search(tab, "onerror hay")
    assert TEXTS[0] in found[0] and TEXTS[0] in found[-1]
    assert tab.js("document.querySelectorAll('.search img').length") == 0 and not tab.js(ACTED)


def test_a_preview_keeps_the_other_pages_in_the_search(tmp_path):
    root = tiny_book(tmp_path / "project", "Old words.")
    render(root, renderer="labkit", formats=("html",), report=str)
    (root / "chapters/01-one.qmd").write_text("# One {#sec-one}\n\nNew words.\n")
    render(root, renderer="labkit", only=["chapters/01-one.qmd"], report=str)
    index = (root / "_book/site/search-index.js").read_text()
    assert "Preface" in index and "New words." in index and "Old words." not in index
