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

from labkit.both import comparison, words
from labkit.failures import balancing
from labkit.failures import words as failure_words
from labkit.failures.data import load_maintenance
from labkit.place import ROOT
from labkit.report import words as say
from labkit.volatility import words as volatility_words
from labkit.volatility.data import load_nyse
from labkit.volatility.profile import PROFILES


def test_overfitting_is_told_for_the_model_without_remedies():
    sentence = text(words.overfitting(regularized(dropout=[0.3] * 3), regularized(L2=[0.1] * 3)))
    assert "for volatility its R² is 0.700 on train and 0.490 on validation" in sentence
    assert "for failures its macro-F1 is 0.700 on train" in sentence


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
    sentence = text(words.tasks_compared(compared))
    assert says in sentence
    gain = f"{r2 - 0.53:+.3f}".replace("-", "−")
    assert f"{gain} against ridge regression" in sentence
    assert f"random forest, recipe, decision rule, is {0.64 - f1:.3f} ahead of it" in sentence


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


def conclusions_of(
    volatility, failures, grid, remedies, remedies_of_failures, judged, balance, sources
):
    """What the hidden cells of the conclusions make, from results of one's own."""
    searches = SimpleNamespace(grid=lambda *data: grid)
    return {
        "say": say, "both": words, "comparison": comparison, "balancing": balancing,
        "volatility_words": volatility_words, "failure_words": failure_words,
        "volatility_grid": searches, "failure_grid": searches,
        "stocks": (SimpleNamespace(provenance=sources[0]), None),
        "machines": (SimpleNamespace(provenance=sources[1]), None),
        "of_volatility": volatility, "of_failures": failures, "remedies": remedies,
        "remedies_of_failures": remedies_of_failures, "balanced": balance,
        "judged": judged, "judged_of_failures": judged,
    }  # fmt: skip


def test_the_conclusions_say_something_else_of_other_results(provenances):
    """Every computed sentence of the chapter, from two sets of results that disagree."""
    chapter = (ROOT / "chapters/06-conclusions.qmd").read_text()
    expressions = re.findall(r"`\{python\} (.+?)`", chapter)
    assert len(expressions) >= 12
    nyse, machines = provenances
    real = (replace(nyse, source="kaggle", is_nyse=True), replace(machines, is_real=True))
    up, down = [0.02, 0.01, 0.03], [-0.02, -0.01, -0.03]
    one = conclusions_of(
        volatility_final(), failures_final(), searched(), regularized(dropout=up),
        regularized(dropout=up), judged_remedies(dropout=0.02),
        balanced(none=0.55, SMOTE=0.6), real,
    )  # fmt: skip
    above = failure_standings(mlp_tuned=0.5, mlp_regularized=0.65, majority=0.2, mlp_physics=0.5)
    other = conclusions_of(
        volatility_final(volatility_scores(ridge=0.6, tuned=0.45)),
        failures_final(above.assign(accuracy=0.97)), searched(scores=(0.3, 0.2, 0.7)),
        regularized(dropout=down, train=0.9), regularized(dropout=down, train=0.9),
        judged_remedies(dropout=-0.02), balanced(none=0.7), provenances,
    )  # fmt: skip
    for expression in expressions:
        first, second = (str(eval(expression, namespace)) for namespace in (one, other))
        assert first != second, expression
        assert "nan" not in first + second and len(first) > 20, expression
