"""Sentences on the volatility study: two results, two sentences, both true."""

import dataclasses

import pandas as pd
import pytest
from made_up import searched, targets, text, volatility_final, volatility_scores

from labkit.report.intervals import Interval
from labkit.volatility import duels, textbook, two_searches, words
from labkit.volatility.grid import VolatilityGrid

WINS = volatility_final()
LOSES = volatility_final(volatility_scores(ridge=0.6, tuned=0.45))


def test_the_textbook_target_is_weighed_by_what_was_found():
    usual = text(textbook.said(targets()))
    assert "R² of 0.9900, and least squares 0.9999" in usual
    assert "0.0010, next to nothing" in usual
    assert "today's value has 0.200 and the better model 0.500: here is something" in usual
    strange = text(textbook.said(targets(ret=0.2, vol=0.01)))
    assert "0.2000, which is more than one should believe" in strange
    assert "hardly anything to learn" in strange


def test_the_better_model_is_a_model_and_not_todays_value():
    sentence = text(textbook.said(targets(vol=0.3, naive=0.4)))
    assert "today's value has 0.400 and the better model 0.300" in sentence
    lesson = text(textbook.lesson(targets(ret=-0.02)))
    assert "the best model has −0.0200 on the next return and 0.500 on the next" in lesson


def test_two_searches_are_compared_candidate_by_candidate():
    theirs = searched(scores=(0.5, 0.2, 0.45)).candidates
    same = two_searches.compared(theirs, theirs[::-1], 10.0, 2.0)
    facts = two_searches.TwoSearches(profile="full", **same)
    sentence = text(two_searches.said(facts))
    assert "at most 0.0e+00, and the winner is the same" in sentence
    assert "a factor of 5.0" in sentence
    other = theirs.assign(mean_test_score=[0.5, 0.45, 0.7])
    facts = two_searches.TwoSearches(
        profile="full", **two_searches.compared(theirs, other, 10.0, 2.0)
    )
    assert "at most 5.0e−01, and the winner is another" in two_searches.said(facts)


def test_the_outcome_is_the_margin_to_the_best_of_the_others():
    wins = text(words.outcome(WINS))
    assert "**MLP, regularized** did best on the validation year; on the test" in wins
    assert "it has an R² of 0.5400" in wins
    assert "+0.010 against ridge regression (−0.010 to +0.030, an interval that inc" in wins
    assert "−0.060 against ridge regression (−0.080 to −0.040)" in text(words.outcome(LOSES))
    assert "Knowing tomorrow's true volatility would score 0.74" in wins


def test_who_is_ahead_on_the_same_inputs_is_said_only_where_chance_is_ruled_out():
    sentence = text(duels.said(WINS.duels))
    assert (
        "16 inputs: ahead of persistence" in sentence and "level with ridge regression" in sentence
    )
    assert "level with persistence" in duels.said(WINS.duels.assign(holm=0.2))
    behind = WINS.duels.assign(difference=-WINS.duels["difference"])
    assert "behind persistence" in duels.said(behind)


def test_the_mlp_presented_is_chosen_on_validation_even_where_another_tests_better():
    final = volatility_final(volatility_scores(validation={"first": 0.8}))
    assert final.best == "first"
    sentence = text(words.outcome(final))
    assert "**MLP, first**" in sentence and "R² of 0.4900" in sentence


def test_the_best_of_the_others_is_chosen_on_validation_too():
    final = volatility_final(volatility_scores(validation={"har": 0.7}))
    assert text(words.best_models(final)) == (
        "the network that did best on validation, MLP, regularized, has an R² of 0.5400, and HAR, "
        "the best of the other learners there, 0.5000"
    )


def test_the_headline_holds_the_best_network_its_rival_and_the_last():
    sentence = text(words.headline(WINS))
    assert "validation year is **MLP, regularized**" in sentence and "explains 54.0 %" in sentence
    assert "level with **ridge regression**" in sentence and "the difference is +0.010" in sentence
    assert "Last of all other models is persistence, with 0.200" in sentence
    assert "would score 0.740" in sentence
    assert sentence != words.headline(LOSES)


def with_ridge(above, lead):
    """A grid of three, and ridge regression, which so many are above in the search."""
    ridge = pd.DataFrame({"model": ["ridge"], "search": 0.46, "fresh": 0.43, "above": above})
    return VolatilityGrid(**vars(searched()), reference=ridge, lead=lead)


@pytest.mark.parametrize(
    ("above", "place"),
    [(0, "above all 3 candidates"), (1, "below 1 of the 3 candidates"), (3, "below all 3")],
)
def test_ridge_has_its_place_among_the_candidates(above, place):
    assert f"0.4600, {place}" in text(words.ridge_beside(with_ridge(above, Interval(0, -1, 1))))


@pytest.mark.parametrize(
    ("lead", "says"),
    [
        (Interval(-0.002, -0.005, 0.001), "the choice is level with it (difference −0.0020, 95"),
        (Interval(-0.002, -0.003, -0.001), "behind it"),
        (Interval(0.002, 0.001, 0.003), "ahead of it"),
    ],
)
def test_the_choice_is_beside_ridge_as_its_interval_says(lead, says):
    sentence = text(words.ridge_beside(with_ridge(0, lead)))
    assert "On the fresh folds it has 0.4300" in sentence and says in sentence


def test_the_shared_level_is_told_on_both_years_also_where_it_did_not_help():
    rows = [
        {"stage": stage, "set": s, "r2": r2}
        for s, pair in {"validation": (0.464, 0.466), "test": (0.559, 0.558)}.items()
        for stage, r2 in zip(("mlp-two-parts", "mlp-shared"), pair, strict=True)
    ]
    sentence = text(words.shared_level(dataclasses.replace(WINS, scores=pd.DataFrame(rows))))
    assert "validation year the network in two parts has an R² of 0.4640 with its own" in sentence
    assert "and 0.4660 with the shared one; on the test year, 0.5590 with its own" in sentence
    assert sentence.endswith("and 0.5580 with the shared one.")


def test_scores_are_shares_of_what_can_be_known():
    sentence = text(words.of_what_can_be_known(WINS))
    assert "MLP, regularized explains 73 %, ridge regression explains 72 %" in sentence
    assert "and HAR 68 %: a straight line through three means of the past has 93 % of" in sentence
