"""How numbers, counts and lists are written, and where data are said to be from."""

from dataclasses import replace

import pytest

from labkit.failures.data import load_maintenance
from labkit.report import origin
from labkit.report.sentence import Sentence, counted, listing, number, percent


def test_sentences_are_inserted_as_markdown_not_escaped():
    assert Sentence("**bold**")._repr_markdown_() == "**bold**"
    assert isinstance(number(1.5, ".1f"), Sentence)


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (1234567, ",", "1,234,567"),
        (1234.5, ".2f", "1,234.50"),
        (-0.5, "+.1f", "−0.5"),
        (0.5, "+.1f", "+0.5"),
        (-0.0004, ".3f", "0.000"),
        (0.00012345, ".3g", "0.000123"),
        (12.0, ".0f", "12"),
        (float("nan"), ".3f", "–"),
    ],
)
def test_numbers_are_typeset(value, spec, text):
    assert number(value, spec) == text


def test_counts_and_lists_read_as_english():
    assert percent(0.1234, 0) == "12\N{NO-BREAK SPACE}%"
    assert listing([]) == "none"
    assert listing(["a"]) == "a"
    assert counted(1, "entry", "entries") == "1 entry"


def provenance_of(source):
    return replace(load_maintenance("embedded").provenance, source=source)


def test_only_the_embedded_default_disclaims_kaggle():
    made = origin.next_step(provenance_of("embedded"))
    assert "simulation" in made and "LABKIT_DATA" in made and "shivamb" in made
    real = replace(provenance_of("embedded"), is_real=True)
    assert "They are real, but not the data set the lab names" in origin.next_step(real)
    for source in ("environment", "local", "kaggle", "download"):
        assert "nothing on this page" not in origin.next_step(provenance_of(source))


def test_every_source_has_an_opening():
    for source in ("environment", "local", "kaggle", "download", "embedded"):
        text = origin.opening(provenance_of(source))
        assert "10,000 rows" in text and "[@matzka2020ai4i]" in text
