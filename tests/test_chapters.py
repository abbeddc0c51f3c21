"""The book itself: its conventions, its coverage of the brief, and a render of every chapter."""

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser import BROWSER, Tab, page_faults
from prose import faults, sentences

from labkit.book import lint, render
from labkit.book.project import load
from labkit.both.scored import differing, scored
from labkit.config import SEED
from labkit.errors import LabkitError
from labkit.failures.data import load_maintenance
from labkit.failures.judging import HELD_OUT
from labkit.failures.kept import predict_proba
from labkit.failures.machines import machines
from labkit.report.checkpoints import Checkpoint

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parent.parent

BRIEF = [
    *(f"R{i}" for i in range(1, 6)),
    *(f"C{i}" for i in range(1, 9)),
    *(f"K{i}" for i in range(1, 6)),
    *(f"F{i}" for i in range(1, 7)),
]
"""The ids of the lab brief's rows."""


UNEVALUATED = "#| eval: false\n"
"""What keeps the solutions of exercises from running when the book is rendered."""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A copy of the project, rendered under the quick profile from the embedded data.

    The solutions of its exercises run too.
    """
    home = tmp_path_factory.mktemp("book") / "project"
    home.mkdir()
    for name in ("_quarto.yml", "_environment-quick", "index.qmd", "references.bib"):
        (home / name).write_text((ROOT / name).read_text())
    for name in ("chapters", "labkit", "theme"):
        shutil.copytree(ROOT / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    for chapter in (home / "chapters").glob("*.qmd"):
        chapter.write_text(chapter.read_text().replace(UNEVALUATED, ""))
    environment = {**os.environ, "LABKIT_SOURCE": "embedded", "LABKIT_PROFILE": "quick"}
    code = (
        "from labkit.book import render; "
        f"done = render({str(home)!r}, profile='quick', renderer='labkit', report=str); "
        "print(done.html); print(done.pdf)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=home, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    page, pdf = done.stdout.split()[-2:]
    return Path(page).parent, Path(pdf)


def test_chapters_keep_the_conventions():
    assert [str(problem) for problem in lint(ROOT)] == []


def test_every_row_of_the_brief_links_to_a_section_that_exists():
    coverage = (ROOT / "chapters/a1-coverage.qmd").read_text()
    rows = dict(re.findall(r"^\| ([RCKF]\d) \|(.*)\|$", coverage, flags=re.M))
    assert sorted(rows) == sorted(BRIEF)
    sources = "".join((ROOT / chapter.source).read_text() for chapter in load(ROOT, None).chapters)
    for row, text in rows.items():
        labels = re.findall(r"@(sec-[\w-]+)", text)
        assert labels, f"{row} has no link"
        for label in labels:
            assert f"{{#{label}}}" in sources, f"{row} points to {label}"


def test_pages_show_no_raw_reference_traceback_or_warning(book):
    pages, _ = book
    written = sorted(pages.rglob("*.html"))
    assert len(written) == len(load(ROOT, None).chapters)
    for page in written:
        text = re.sub(r"<(pre|code|script|style).*?</\1>", "", page.read_text(), flags=re.S)
        for trace in ("@fig-", "@tbl-", "@sec-", "@eq-", "?@", "Traceback", "Warning:", ">nan<"):
            assert trace not in text, f"{page.name} shows {trace!r}"
        assert not re.search(r"\bnan\b", re.sub(r"<[^>]+>", " ", text)), f"{page.name} shows nan"


FORMULA = "N1"
"""What stands for a formula or a name in code: a word that may begin a sentence and follow "an"."""


def paragraphs(page: Path) -> list[str]:
    """What a page says outside of code, tables, formulas and lists of works."""
    text = re.sub(r"<(pre|script|style|table|nav|head)\b.*?</\1>", "", page.read_text(), flags=re.S)
    text = re.sub(r"<(math|code)\b.*?</\1>", FORMULA, text, flags=re.S)
    text = text.partition('id="refs"')[0]
    found = re.findall(r"<(p|li|figcaption)\b[^>]*>(.*?)</\1>", text, flags=re.S)
    plain = [html.unescape(re.sub(r"<[^>]+>", "", own)) for _, own in found]
    return [re.sub(r"\s*\n\s*", " ", own.strip()) for own in plain]


def test_no_sentence_of_the_book_has_a_mark_out_of_place(book):
    pages, _ = book
    found = [
        f"{page.name}: {wrong}"
        for page in pages.rglob("*.html")
        for own in paragraphs(page)
        for wrong in faults(own)
    ]
    assert found == []


def test_no_chapter_says_what_another_has_said(book):
    said: dict[str, str] = {}
    for chapter in load(ROOT, None).chapters[1:]:
        page = book[0] / chapter.page
        own = {each for text in paragraphs(page) for each in sentences(text) if len(each) > 70}
        twice = {each: said[each] for each in own & set(said)}
        assert not twice, f"{page.name} repeats {twice}"
        said |= dict.fromkeys(own, page.name)


def test_every_chapter_ends_on_exercises_whose_solutions_show_what_they_find(book):
    for chapter in load(ROOT, None).chapters:
        if not re.match(r"chapters/\d", chapter.source):
            continue
        text = (ROOT / chapter.source).read_text()
        *_, last = re.findall(r"^## (.+?) \{#", text, flags=re.M)
        exercises = re.findall(r"^\*\*Exercise (\d+)\.", text, flags=re.M)
        assert last == "Exercises", chapter.source
        assert 3 <= len(exercises) <= 5, chapter.source
        assert exercises == [str(n + 1) for n in range(len(exercises))], chapter.source
        assert text.count(UNEVALUATED) == len(exercises), chapter.source
        page = (book[0] / chapter.page).read_text()
        shown = page.split("<summary>A solution</summary>")[1:]
        assert len(shown) == len(exercises), chapter.source
        for n, own in enumerate(shown, 1):
            after = own.partition("</details>")[2][:600]
            assert re.search(r'class="output"|<figure|<table|<img', after), f"{chapter.source}, {n}"


def test_every_score_can_be_made_again_from_the_kept_predictions(book):
    kept = book[0].parent / "results"
    table = scored(kept)
    assert set(table["study"]) == {"classification-final", "regression-final"}
    assert len(table) > 300 and differing(table).empty, differing(table).to_string()
    # And a score that was touched is found, by the score and by the file.
    touched = table.assign(kept=table["kept"] + 1e-5 * (table.index == 0))
    assert differing(touched)["model"].tolist() == [table["model"][0]]
    (path,) = (kept / "regression-final").glob("*/scores.csv")
    before = path.read_text()
    path.write_text(before.replace("0", "1", 1))
    with pytest.raises(LabkitError, match=r"scores\.csv is not as it was written"):
        scored(kept)
    path.write_text(before)


def test_kept_networks_predict_once_more_what_their_table_was_scored_on(book):
    """From the files alone: weights and scalers, the held-out rows of the embedded data."""
    home = book[0].parent / "results" / "classification-final"
    facts = json.loads((home / "record.json").read_text())["facts"]
    rows = machines(load_maintenance("embedded"), SEED)
    X, _ = rows.open_test()
    predictions = np.load(home / facts["predictions"][HELD_OUT]["file"])
    standings = pd.read_csv(home / facts["standings"]["file"])
    models = standings[standings["judge"] == HELD_OUT].reset_index(drop=True)
    networks = models[models["kind"] == "mlp"]
    assert set(facts["networks"]) < set(networks["stage"])
    for place, model in networks.iterrows():
        stage = model["stage"].removesuffix(f"-{model['form']}")
        kept = Checkpoint.load(home / facts["networks"][stage]["file"])
        made = predict_proba(kept, X, model["form"])
        np.testing.assert_allclose(made, predictions[place, 0], atol=1e-5, err_msg=model["stage"])


def test_every_figure_has_a_picture_a_number_and_an_alternative_text(book):
    pages, _ = book
    figures = 0
    for page in pages.rglob("*.html"):
        for figure in re.findall(r"<figure.*?</figure>", page.read_text(), flags=re.S):
            if "<img" not in figure:
                continue
            figures += 1
            source = re.search(r'<img[^>]* src="([^"]+)"', figure).group(1)
            assert (page.parent / source).stat().st_size > 5_000, source
            assert re.search(r'alt="[^"]{20,}"', figure), source
            assert re.search(r"Figure(&nbsp;|\s| )[\dA]", figure), source
    assert figures >= 25


@pytest.mark.skipif(not BROWSER, reason="no Chromium here")
def test_nothing_is_wrong_with_the_pages_in_a_browser(book, tmp_path):
    """Each page, light and dark, on a laptop and on a phone; all code unfolded."""
    with Tab(tmp_path) as tab:
        assert page_faults(tab, book[0]) == []


def test_no_study_leaves_a_hole_in_its_tables(book):
    pages, _ = book
    tables = sorted((pages.parent / "results").glob("*/*/*.csv"))
    assert len(tables) > 20
    for path in tables:
        table = pd.read_csv(path, keep_default_na=False, na_values=["", "nan"])
        # A single repetition has no standard deviation.
        holes = table.drop(columns="sd", errors="ignore").isna().sum()
        assert not holes.any(), f"{path.parts[-3]}/{path.name}: {holes[holes > 0].to_dict()}"


def test_the_pdf_is_one_of_many_pages(book):
    _, pdf = book
    content = pdf.read_bytes()
    assert content.startswith(b"%PDF")
    assert len(content) > 200_000


def test_an_unknown_profile_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(ValueError, match="profile"):
        render(ROOT, profile="enormous")
