"""A page in a browser: what data say is shown there, and does nothing."""

import shutil
import subprocess

import pytest
from books import TEXTS_CELL, tiny_book

from labkit.book import render
from labkit.place import ROOT

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium here")

ACT = "document.documentElement.dataset.acted=1"
TEXTS = [
    f"<img src=x onerror={ACT}>",
    f"<script>{ACT}</script>",
    f"<svg onload={ACT}>",
    f"`<script>{ACT}</script>`{{=html}}",
    f"</td></tr></table><script>{ACT}</script>",
    f"<details open ontoggle={ACT}>",
    f'" autofocus onfocus={ACT} x="',
]


def opened(page, profile) -> str:
    """What a browser has made of a page after its scripts have run."""
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=3000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("text", [TEXTS[0], TEXTS[1], TEXTS[2]])
def test_the_texts_would_act_where_they_are_markup(text, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><html><body>{text}</body></html>")
    assert 'data-acted="1"' in opened(page, tmp_path / "profile")


def test_text_from_data_is_shown_and_does_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    root = tiny_book(tmp_path / "project", TEXTS_CELL.format(texts=TEXTS))
    render(root, renderer="labkit", formats=("html",), report=str)
    page = root / "_book/chapters/01-one.html"
    made = opened(page, tmp_path / "profile")
    assert "data-acted" not in made and made.count("&lt;svg onload=") >= 2


def test_code_can_be_copied_as_it_stands(tmp_path):
    """The button is there, and what it takes has no line numbers."""
    code = "#| lst-label: lst-a\n#| lst-cap: A.\n#| code-line-numbers: true\n#| code-fold: false\n"
    root = tiny_book(tmp_path / "project", f"```{{python}}\n{code}x = 1\ny = 2\n```")
    render(root, renderer="labkit", formats=("html",), report=str)
    page = root / "_book/chapters/01-one.html"
    probe = """<script>addEventListener('load', () => {
      navigator.clipboard.writeText = async (text) => { document.title = JSON.stringify(text); };
      document.querySelector('.copy').click();
    });</script>"""
    page.write_text(page.read_text().replace("</body>", f"{probe}</body>"))
    assert r'<title>"x = 1\ny = 2"</title>' in opened(page, tmp_path / "profile")
