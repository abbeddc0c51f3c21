"""Why things came out as they did: every cause that can be told, told where it holds."""

from dataclasses import replace

import pandas as pd
import pytest
from made_up import balanced, failure_standings, failures_final, searched, text

from labkit.failures import reasons
from labkit.failures.rules import FAILURE_TYPES

FINAL = failures_final()


def optimizers(**scores):
    """A grid of two optimizers at two numbers of epochs: their scores at few and at many."""
    rows = [
        (name, n, own)
        for name, pair in scores.items()
        for n, own in zip((5, 50), pair, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["optimizer", "epochs", "mean_test_score"])
    table = table.sort_values("mean_test_score", ascending=False, ignore_index=True)
    grid = searched()
    return replace(grid, candidates=table.assign(crossed=True, std_test_score=0.01))


def said_of(grid):
    return reasons.optimizers(reasons.race(grid))


def test_an_optimizer_that_is_late_is_told_from_one_that_stays_behind():
    late = text(said_of(optimizers(adam=(0.5, 0.6), sgd=(0.2, 0.55))))
    assert "with Adam reaches a macro-F1 of 0.600" in late and "comes last, 0.550" in late
    assert "0.300 after 5 epochs and 0.050 after 50: the slower one is late" in late
    lost = text(said_of(optimizers(adam=(0.5, 0.6), sgd=(0.45, 0.46))))
    assert (
        "0.050 after 5 epochs and 0.140 after 50: longer training does not bring it nearer" in lost
    )


def test_optimizers_within_the_noise_of_the_folds_have_no_loser():
    told = text(said_of(optimizers(adam=(0.5, 0.6), sgd=(0.45, 0.595))))
    assert "no optimizer has lost" in told and "late" not in told


def test_axes_crossed_with_none_other_do_not_enter():
    grid = optimizers(adam=(0.5, 0.6), sgd=(0.2, 0.55))
    alone = pd.DataFrame(
        {"optimizer": ["rmsprop"], "epochs": [7], "mean_test_score": [0.1], "crossed": [False]}
    )
    table = pd.concat([grid.candidates, alone], ignore_index=True)
    assert "RMSprop" not in said_of(replace(grid, candidates=table))


@pytest.mark.parametrize(
    ("chosen", "first", "fresh", "cause"),
    [
        (0.8, 0.6, (0.6, 0.5, 0.4), "the first model had stopped short"),
        (0.6, 0.8, (0.6, 0.5, 0.4), "it learned fewer of those rows by heart"),
    ],
)
def test_why_tuning_helped_is_read_off_the_training_scores(chosen, first, fresh, cause):
    grid = searched(fresh=fresh)
    place = grid.confirmation.first["place"]
    trained = [first if i == place - 1 else chosen for i in range(len(grid.candidates))]
    grid = replace(grid, candidates=grid.candidates.assign(mean_train_score=trained))
    told = text(reasons.tuning(grid, FINAL))
    assert cause in told
    assert f"its macro-F1 is {chosen:.3f}, where the first model has {first:.3f}" in told
    assert "+0.020 out-of-fold, +0.020 on blocks of time and +0.020 on held-out rows" in told


def test_a_first_model_that_stays_was_not_changed():
    grid = searched(fresh=(0.2, 0.3, 0.6))
    assert grid.confirmation.chosen["first"]
    assert "Tuning changed nothing" in reasons.tuning(grid, FINAL)


def test_a_cause_of_what_may_be_chance_is_a_hint():
    sure = searched(fresh=(0.6, 0.5, 0.4))
    finalists = sure.confirmation.finalists.assign(low=-0.1)
    unsure = replace(sure, confirmation=replace(sure.confirmation, finalists=finalists))
    assert "a hint" in reasons.tuning(unsure, FINAL)
    assert "a hint" not in reasons.tuning(sure, FINAL)


def balancing_of(facts):
    return reasons.balancing(reasons.moved(facts))


def by_class(facts, f1):
    """The same facts, with an F1 for each failure, before and after, and halves a tenth off."""
    rows = [
        {"cell": cell, "class": name, "f1": own, "precision": own - 0.1, "recall": own + 0.1}
        for name, pair in f1.items()
        for cell, own in zip((facts.unbalanced.name, facts.best.name), pair, strict=True)
    ]
    return replace(facts, per_class=pd.DataFrame(rows))


def test_balancing_names_who_gains_and_who_loses():
    names = FAILURE_TYPES[1:]
    up, down = dict.fromkeys(names, (0.5, 0.5)), dict.fromkeys(names, (0.5, 0.5))
    facts = balanced(SMOTE=(0.6, 0.5))
    mixed = text(balancing_of(by_class(facts, up | {names[1]: (0.4, 0.7), names[3]: (0.6, 0.2)})))
    assert "SMOTE at 25 % against the rows as they are: power gains most (F1 0.40 to 0.70" in mixed
    assert "precision 0.30 to 0.60, recall 0.50 to 0.80)" in mixed
    assert "tool wear loses most (F1 0.60 to 0.20" in mixed
    lower = {name: (0.5, 0.5 - 0.1 * (i + 1)) for i, name in enumerate(names)}
    assert "heat dissipation loses least" in balancing_of(by_class(facts, down | lower))


def test_what_balancing_comes_to_counts_what_is_sure():
    assert "SMOTE" not in reasons.balancing_in_short(balanced())
    told = text(reasons.balancing_in_short(balanced(none=0.55, SMOTE=(0.65, 0.5))))
    assert told.startswith(
        "Of 12 ways to balance, 1 raises the macro-F1 by more than chance and 11 lower"
    )
    nothing = text(reasons.balancing_in_short(balanced(none=0.5, SMOTE=0.505)))
    assert "none raises" in nothing and "none lowers it" in nothing


@pytest.mark.parametrize(
    ("gain", "said"), [(-0.03, "is behind"), (0.03, "is ahead of"), (0.001, "is level with")]
)
def test_the_outcome_in_short_takes_the_side_of_the_duel(gain, said):
    rival = "random forest, recipe, decision rule"
    final = failures_final(failure_standings(), gains={rival: gain, "rule oracle": -0.04})
    told = text(reasons.outcome_in_short(final))
    assert f"0.520 and {said} {rival}" in told
