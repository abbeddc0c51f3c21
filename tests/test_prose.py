"""The reader of sentences notices what it should, and nothing else."""

import pytest
from prose import faults, sentences

RIGHT = [
    "An R² of 0.5, an MLP, an hour, a one-cycle rate and a unit; a European one.",
    "Rows (of 1 seed), [0.1, 0.2], −1.5 and 2–3 … of 21 days, e.g. these.",
    "None of these is one. scikit-learn writes itself so.",
    "He says that that had had to end. It did: “so be it”.",
]
WRONG = {
    "Two  blanks.": "two blanks",
    "A blank , before.": "a blank before a mark",
    "Nothing () here.": "nothing in brackets",
    "It ends.. Twice.": "two marks",
    "It has ended, ; so.": "a blank before a mark",
    "One ends. another begins.": "a small letter after a full stop",
    "It is is here.": "a word twice",
    "With a increase.": "a before a vowel",
    "With an decrease.": "an before a consonant",
    "Over 1 seeds.": "one of many",
    "The R² is nan.": "what no reader should see",
    "It fell by -0.5.": "a hyphen for a minus",
    "(It is open.": "do not match",
}


@pytest.mark.parametrize("text", RIGHT)
def test_what_is_right_has_no_fault(text):
    assert faults(text) == []


@pytest.mark.parametrize("text", WRONG)
def test_a_fault_is_named(text):
    assert any(WRONG[text] in found for found in faults(text))


def test_a_paragraph_is_cut_into_its_sentences():
    assert sentences("R² is 0.5. That is\nless. “So?” He went.") == [
        "R² is 0.5.", "That is less.", "“So?” He went.",
    ]  # fmt: skip
