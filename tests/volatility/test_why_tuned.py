"""Why tuning helped: fit and gap as the search has them, whichever way they went."""

import dataclasses

import pytest
from made_up import searched, text

from labkit.volatility.why_tuned import Standing, WhyTuned, choice_said, optimizer_said, why_tuned


def found(last, noise=0.01):
    by_optimizer = {"adam": Standing(0.6, 0.5), "sgd": last}
    return WhyTuned(
        by_optimizer, noise, Standing(0.9, 0.4), Standing(0.6, 0.5), {"epochs": (4, 20)}
    )


def test_a_grid_is_read_optimizer_by_optimizer_and_beside_the_first_model():
    grid = searched()
    read = why_tuned(grid)
    assert list(read.by_optimizer) == ["adam", "rmsprop", "sgd"], "best first"
    assert read.by_optimizer["sgd"] == Standing(0.6, 0.2)
    assert read.choice == Standing(0.6, 0.5) and read.first == Standing(0.6, 0.2)
    assert read.changed["epochs"] == (8, 2)


def test_the_first_model_as_the_choice_has_changed_nothing():
    read = why_tuned(searched(first=0))
    assert read.changed == {}
    assert "The choice is the first model" in text(choice_said(read))


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (Standing(0.4, 0.3), "has not got as far, and underfits"),
        (Standing(0.8, 0.3), "does not hold later, and it overfits"),
        (Standing(0.6, 0.495), "less than the standard deviation over folds"),
    ],
)
def test_the_last_optimizer_is_told_to_fit_too_little_or_too_much(last, expected):
    assert expected in text(optimizer_said(found(last)))


def test_one_optimizer_is_compared_with_none():
    alone = dataclasses.replace(found(Standing(0.4, 0.3)), by_optimizer={"adam": Standing(1, 1)})
    assert text(optimizer_said(alone)) == "The grid tries one optimizer, Adam."


def test_the_choice_is_told_by_what_it_changed_and_by_its_gap():
    sentence = text(choice_said(found(Standing(0.4, 0.3))))
    assert "differs from the first model in epochs (4, not 20). In the folds" in sentence
    assert "The gap narrows, from 0.500 to 0.100: the tuned network has learned less" in sentence
    wider = dataclasses.replace(found(Standing(0.4, 0.3)), choice=Standing(0.99, 0.41))
    assert "does not narrow" in text(choice_said(wider))
