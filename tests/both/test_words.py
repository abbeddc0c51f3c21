"""Sentences on both studies, and all that the conclusions compute."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from made_up import (
    balanced,
    failure_standings,
    failures_final,
    judged_remedies,
    regularized,
    searched,
    text,
    volatility_final,
    volatility_scores,
)

from labkit.both import comparison, steps, words
from labkit.failures import words as failure_words
from labkit.failures.data import load_maintenance
from labkit.failures.judging import BLOCKS, HELD_OUT
from labkit.place import ROOT
from labkit.report.intervals import Interval
from labkit.volatility.data import load_nyse
from labkit.volatility.profile import PROFILES


@pytest.mark.parametrize(
    ("r2", "f1", "says"),
    [
        (0.54, 0.6, "cannot draw, even where it is given the products and differences"),
        (0.7, 0.6, "Both signals bend"),
        (0.7, 0.41, "The first signal bends; in the second task a linear model"),
        (0.54, 0.41, "In both tasks a linear model is hard to beat"),
    ],
)
def test_the_tasks_are_compared_by_what_a_network_gains(r2, f1, says):
    tiers = ("raw", "physics", "tuned", "regularized", "recipe_decided")
    mlps = dict.fromkeys([f"mlp_{tier}" for tier in tiers], f1 + 0.01)
    compared = comparison.compare(
        volatility_final(volatility_scores(regularized=r2)),
        failures_final(failure_standings(**mlps, logistic_tuned=0.41)),
    )
    assert says in text(words.tasks_claim(compared))
    sentence = text(words.tasks_compared(compared))
    gain = f"{r2 - 0.53:+.3f}".replace("-", "−")
    assert sentence.startswith("From ridge regression on the few features")
    assert f"the best MLP differs by {gain} in R²" in sentence
    assert f"{0.64 - f1:.3f} behind the best of them, random forest, recipe, decision" in sentence
    assert f"covers {(r2 - 0.2) / (0.74 - 0.2):.0%}".replace("%", " %") in sentence


@pytest.fixture(scope="module")
def provenances():
    return load_nyse("embedded").provenance, load_maintenance("embedded").provenance


def test_the_data_in_use_are_named_with_their_rows_and_profile(provenances):
    sentence = text(words.data_in_use(*provenances, PROFILES["quick"]))
    for used in provenances:
        assert f"{used.title} ({used.rows:,} rows)" in sentence
    assert "*quick*" in sentence and "*full*" not in sentence


def test_limits_follow_the_source_of_the_data(provenances):
    embedded = text(words.limits(*provenances))
    assert "nothing here speaks for the NYSE" in embedded and "simulated anew" in embedded
    nyse, machines = provenances
    real = (replace(nyse, source="kaggle", is_nyse=True), replace(machines, is_real=True))
    from_kaggle = text(words.limits(*real))
    assert "embedded default" not in from_kaggle and "simulated anew" not in from_kaggle


def steps_of(**gains):
    """The same gains before all three judges, a hundredth each way; zero is the same model."""
    made = []
    for task, judge, score in (
        ("volatility", steps.TEST_YEAR, "R²"),
        ("failures", HELD_OUT, "macro-F1"),
        ("failures", BLOCKS, "macro-F1"),
    ):
        by_name = dict.fromkeys(steps.OF_FAILURES, 0.0) | gains
        own = [
            steps.Step(name, "MLP, first", "MLP, second", Interval(g, g - half, g + half))
            for name, g in by_name.items()
            for half in [0.01 if g else 0.0]
        ]
        made.append(steps.Steps(task, judge, score, tuple(own)))
    return made


@pytest.mark.parametrize(
    ("gains", "says"),
    [
        ((0.02, 0.02, 0.02), "Tuning has paid on the test year, on the held-out machine rows and "
                             "on blocks of time."),
        ((0.02, -0.02, 0.005), "Tuning has paid on the test year and has hurt on the held-out "
                               "machine rows; on blocks of time the difference could be chance."),
        ((-0.02, 0.005, 0.005), "Tuning has hurt on the test year; on the held-out machine rows "
                                "and on blocks of time the difference could be chance."),
        ((0.005, 0.004, -0.005), "That tuning is worth anything has not been shown: on the test "
                                 "year, on the held-out machine rows and on blocks of time, the "
                                 "difference could be chance."),
        # Where both models predict the same, there is nothing that chance could explain.
        ((0.005, 0.0, -0.005), "That tuning is worth anything has not been shown: on the test "
                               "year and on blocks of time, the difference could be chance."),
        ((0.0, 0.0, 0.0), "That tuning is worth anything has not been shown: nothing changed."),
    ],
)  # fmt: skip
def test_a_step_has_paid_only_where_its_interval_says_so(gains, says):
    judges = zip(gains, range(3), strict=True)
    found = [steps_of(tuning=gain)[place] for gain, place in judges]
    assert text(words.step_claim(found, steps.TUNING)) == says


def test_further_inputs_are_a_subject_of_their_own():
    told = text(words.step_claim(steps_of(**{steps.INPUTS: 0.02}), steps.INPUTS))
    assert told.startswith("Work on the inputs has paid")


def test_the_evidence_of_a_step_has_every_judge_and_says_where_nothing_changed():
    found = [steps_of(tuning=0.02)[0], *steps_of()[1:]]
    told = text(words.step_evidence(found, steps.TUNING))
    assert "On the test year the R² changes by +0.020 (95 % interval +0.010 to +0.030)" in told
    assert told.count("both models predict the same, and the macro-F1 stays") == 2


@pytest.mark.parametrize(
    ("volatility", "failures", "says"),
    [
        ({"dropout": 0.02}, {"dropout": 0.02}, "in both tasks, by every measure."),
        ({"dropout": 0.02}, {"dropout": 0.0}, "helps by R² (volatility); by the rest"),
        ({"dropout": 0.0}, {"dropout": 0.0}, "on test rows has not been shown."),
        ({"dropout": -0.02}, {"dropout": 0.0}, "does harm, in R² (volatility)."),
    ],
)
def test_regularization_helps_by_the_measures_that_say_so(volatility, failures, says):
    found = judged_remedies(**volatility), judged_remedies(("cross-entropy", "F1"), **failures)
    assert text(words.remedy_claim(*found)).endswith(says) or says in words.remedy_claim(*found)
    told = text(words.remedy_evidence(*found))
    n = "1" if volatility["dropout"] > 0.01 else "none"
    assert f"In R², of 1 remedy {n} gains by more than chance" in told


def test_the_shape_matters_most_only_where_its_axis_is_the_widest():
    by_shape = searched(hidden=((64, 32), (16,), (16,)), scores=(0.5, 0.2, 0.2))
    widest = by_shape.widest.axis
    wider = replace(by_shape, spreads=by_shape.spreads | {"optimizer": 9.0})
    assert "In neither grid is it the shape of the network" in text(
        words.shapes_claim(wider, wider)
    )
    told = text(words.shapes_evidence(wider, wider))
    assert "the widest axis, the optimizer, 9.0000" in told and "64-32 and 16 hidden" in told
    shaped = replace(by_shape, spreads=by_shape.spreads | {"hidden_sizes": 9.0})
    assert "the shape of the network matters most" in text(words.shapes_claim(shaped, shaped))
    assert "matters most for failures" in text(words.shapes_claim(wider, shaped)), widest


def test_the_winner_is_cursed_where_it_loses_more_than_the_first_model():
    cursed = searched(fresh=[0.4, 0.45, 0.2])
    fair = searched(fresh=[0.5, 0.4, 0.1])
    own = searched(first=0)
    assert "in both tasks" in text(words.curse_claim(cursed, cursed))
    assert "for failures it did" in text(words.curse_claim(fair, cursed))
    assert "in neither task" in text(words.curse_claim(fair, own))
    told = text(words.curse_evidence(cursed, own))
    assert "the R² of the winner changed by −0.1000" in told.replace("For", "for")
    assert "for failures the first model won the search itself" in told
    lost = cursed.confirmation.winner["change"] - cursed.confirmation.first["change"]
    assert f"so that its lead shrank by {abs(lost):.4f}" in told and lost < 0
    assert "so that its lead grew by" in text(words.curse_evidence(fair, own))


def test_balancing_is_a_trade_where_recall_is_bought_with_precision():
    better = balanced(none=0.5, SMOTE=0.6)
    assert "raises the macro-F1 by more than chance in 2 of" in text(words.balance_claim(better))
    worse = balanced(none=0.7)
    assert text(words.balance_claim(worse)).startswith("Of 12 forms of balancing, none")
    n = len(worse.worse)
    assert f"{n} are worse by more than chance" in text(words.balance_evidence(worse))
    caught = replace(better.catching, recall=0.9, precision=0.2)
    none = replace(better.unbalanced, recall=0.5, precision=0.8)
    trade = replace(better, catching=caught, unbalanced=none)
    assert "trade precision for recall" in words.balance_claim(trade)
    told = text(words.balance_evidence(trade))
    assert "90 of a hundred failures are found where the rows as they are find 50" in told
    assert "20 of a hundred alarms are right where 80 were" in told


def test_overfitting_is_claimed_of_the_tasks_that_show_it():
    does, calm = regularized(), regularized(rises=False)
    assert text(words.overfit_claim(does, does)).startswith("A network")
    assert "one task, here failures" in text(words.overfit_claim(calm, does))
    assert "in neither task" in text(words.overfit_claim(calm, calm))


def conclusions_of(volatility, failures, grid, remedies, judged, balance, taken, sources):
    """What the hidden cells of the conclusions make, from results of one's own."""
    return {
        "both": words, "steps": steps, "failure_words": failure_words, "taken": taken,
        "grids": (grid, grid), "compared": comparison.compare(volatility, failures),
        "stocks": (SimpleNamespace(provenance=sources[0]), None),
        "machines": (SimpleNamespace(provenance=sources[1]), None),
        "of_failures": failures, "remedies": remedies, "remedies_of_failures": remedies,
        "balanced": balance, "judged": (judged, judged),
    }  # fmt: skip


def test_the_conclusions_say_something_else_of_other_results(provenances):
    """Every computed sentence of the chapter, from two sets of results that disagree."""
    chapter = (ROOT / "chapters/06-conclusions.qmd").read_text()
    expressions = re.findall(r"`\{python\} (.+?)`", chapter)
    assert len(expressions) >= 20
    nyse, machines = provenances
    real = (replace(nyse, source="kaggle", is_nyse=True), replace(machines, is_real=True))
    up, down = [0.02, 0.01, 0.03], [-0.02, -0.01, -0.03]
    one = conclusions_of(
        volatility_final(), failures_final(), searched(fresh=[0.4, 0.45, 0.2]),
        regularized(dropout=up), judged_remedies(dropout=0.02), balanced(none=0.55, SMOTE=0.6),
        steps_of(**dict.fromkeys(steps.OF_FAILURES, 0.02)), real,
    )  # fmt: skip
    above = failure_standings(mlp_tuned=0.5, mlp_regularized=0.65, majority=0.2, mlp_physics=0.5)
    shaped = searched(scores=(0.3, 0.2, 0.7), fresh=[0.8, 0.3, 0.1])
    other = conclusions_of(
        volatility_final(volatility_scores(ridge=0.4, tuned=0.45)),
        failures_final(above.assign(accuracy=0.97)),
        replace(shaped, spreads=shaped.spreads | {"hidden_sizes": 9.0}),
        regularized(dropout=down, train=0.9, rises=False), judged_remedies(dropout=-0.02),
        balanced(none=0.7), steps_of(**dict.fromkeys(steps.OF_FAILURES, -0.02)), provenances,
    )  # fmt: skip
    for expression in expressions:
        first, second = (text(eval(expression, namespace)) for namespace in (one, other))
        assert first != second, expression
        assert len(first) > 20, expression
