"""Sentences on the failure study: two results, two sentences, both true."""

import re

import pandas as pd
import pytest
from made_up import failure_differences, failure_standings, failures_final, text

from labkit.failures import words
from labkit.failures.final import random_failures_found
from labkit.failures.judging import duels

BELOW = failures_final()
ABOVE = failures_final(failure_standings(mlp_regularized=0.7), gains=None)


def test_the_best_are_chosen_out_of_fold_and_judged_elsewhere():
    sentence = text(words.outcome(BELOW))
    assert "the best MLP is **MLP, recipe, decision rule**" in sentence
    assert "best other learner is **random forest, recipe, decision rule**" in sentence
    assert "**MLP, regularized**" in words.outcome(ABOVE)
    judged_better = failure_standings()
    first = (judged_better["stage"] == "mlp-raw") & (judged_better["judge"] != "out-of-fold")
    judged_better.loc[first, "macro_f1"] = 0.9
    assert failures_final(judged_better).best == "mlp-recipe-decided"


@pytest.mark.parametrize(
    ("gain", "outcome"),
    [(-0.03, "it is behind"), (0.03, "it is ahead"), (0.005, "the two are level")],
)
def test_the_outcome_takes_sides_only_where_chance_is_ruled_out(gain, outcome):
    rival = "random forest, recipe, decision rule"
    final = failures_final(gains={rival: gain, "rule oracle": -0.04})
    against = text(words.outcome(final)).partition("Against **rule oracle**")[0]
    assert outcome in against
    assert sum(words.OUTCOMES[other] in against for other in words.OUTCOMES) == 1


def test_judges_that_do_not_agree_are_said_not_to():
    differences = failure_differences("MLP", {"forest": 0.03})
    differences.loc[differences["judge"] == "blocks of time", ["difference", "low", "high"]] *= -1
    ahead, behind = duels(differences, ["forest"])
    assert (ahead.outcome, behind.outcome) == ("ahead", "behind")
    assert "the judges do not agree" in words._judged([ahead, behind])


def test_what_was_given_the_same_stands_above_level_or_below():
    gains = {
        "random forest, recipe, decision rule": -0.03,
        "logistic regression, recipe, decision rule": 0.2,
        "rule oracle": -0.04,
    }
    sentence = text(words.peers(failures_final(gains=gains)))
    held_out = sentence.partition("; ")[0]
    assert "on held-out rows, logistic regression below it and random forest above it" in held_out
    assert "no other family can take" in words.peers(ABOVE)


def test_a_rival_learns_so_neither_floor_nor_ceiling_is_one():
    final = failures_final(failure_standings(oracle=0.9, majority=0.8))
    assert final.of(final.rival).name == "random forest, recipe, decision rule"


def test_the_headline_never_leaves_an_accuracy_alone():
    sentence = text(words.headline(BELOW))
    assert "macro-F1 is 0.610 on held-out rows (95 % interval 0.590 to 0.630)" in sentence
    assert "and 0.520 on blocks of time (95 % interval" in sentence
    assert "yet an accuracy of 0.9650: the network's 0.9800 means little" in sentence
    assert (
        "**random forest, recipe, decision rule**, has 0.640 and 0.550. The network is" in sentence
    )


def test_the_held_out_rows_say_how_few_they_are():
    sentence = text(words.what_the_held_out_rows_can_tell(BELOW))
    assert "hold 5,000 tool wear and 6,000 random failures" in sentence
    assert "from 0.590 to 0.630" in sentence


def test_classes_are_found_or_missed_by_their_f1():
    mixed = failures_final(f1_by_class=[0.99, 0.9, 0.8, 0.5, 0.1, 0.0])
    found, missed = text(words.classes(mixed)).split("; ")
    assert all(f"({score})" in found for score in ("0.99", "0.90", "0.80", "0.50"))
    assert "(0.10)" in missed and "(0.00)" in missed and "(0.50)" not in missed
    assert "none is mostly missed" in text(words.classes(failures_final(f1_by_class=[0.9] * 6)))
    nothing = text(words.classes(failures_final(f1_by_class=[0.1] * 6)))
    assert nothing.startswith("mostly missed") and "found" not in nothing


def test_physics_may_help_the_one_and_harm_the_other():
    sentence = text(words.physics(BELOW))
    assert (
        "a random forest, three features from physics raised the macro-F1 from 0.530 to" in sentence
    )
    assert "for the first MLP, they raised the macro-F1 from 0.560 to 0.580" in sentence
    harmed = text(words.physics(failures_final(failure_standings(mlp_physics=0.5))))
    assert "lowered the macro-F1 from 0.560 to 0.500" in harmed


def test_folds_and_blocks_are_those_of_the_same_model():
    assert "of 0.620 over stratified folds and of 0.520 over" in words.blocks(BELOW)
    assert "of 0.700 over stratified folds and of 0.600 over" in words.blocks(ABOVE)


def test_accuracy_and_macro_f1_disagree_about_the_majority_class():
    sentence = text(words.metrics_disagree(BELOW))
    assert "accuracy of 0.9650" in sentence and "macro-F1 of 0.154" in sentence


def found_by(train, test, model="MLP, raw"):
    """Random failures found of 14 training rows and 4 held-out ones, as a table has them."""
    rows = [("train", train / 14, 14), ("test", test / 4, 4)]
    own = pd.DataFrame(rows, columns=["set", "recall", "rows"])
    return own.assign(**{"model": model, "kind": "mlp", "class": "Random Failures"})


@pytest.mark.parametrize(
    ("train", "test", "said"),
    [
        (13, 0, "finds 13 of the 14 .* and 0 of the 4 held-out ones: it has learned .* by heart"),
        (2, 0, "No MLP has learned random failures by heart"),
        (8, 4, "No MLP has learned"),
    ],
)
def test_random_failures_learned_by_heart_are_told(train, test, said):
    table = pd.concat([found_by(1, 0, "MLP, tuned"), found_by(train, test)])
    found = random_failures_found(table)
    assert found.model == "MLP, raw"
    assert re.search(said, words.by_heart(found))


def test_without_udi_no_block_is_one_of_time():
    assert "that of time" in words.order_of_rows(True)
    unknown = words.order_of_rows(False)
    assert "not known" in unknown and "says nothing of time" in unknown
