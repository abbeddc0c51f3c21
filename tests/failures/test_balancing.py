"""Balancing strategies at equal strength: the facts, and what is said and shown of them."""

from dataclasses import replace

import numpy as np
import pytest
from made_up import balanced, cells, text

from labkit.failures import balancing
from labkit.failures.features import PHYSICS, machine_features
from labkit.failures.stages import Split, Stage
from labkit.nets.estimators import MLPClassifier
from labkit.report.intervals import Interval


def test_every_strategy_has_the_same_strengths_and_the_rows_as_they_are_none():
    none, *others = balancing.cells((0.25, 1.0))
    assert none == ("none", 0.0)
    by_strategy = {name: [s for own, s in others if own == name] for name, _ in others}
    assert len(by_strategy) == 6 and set(map(tuple, by_strategy.values())) == {(0.25, 1.0)}


def test_balancing_leaves_the_sound_class_out_of_the_failures_means():
    made = cells(balancing.shown(balanced(SMOTE=(0.6, 0.5))))
    by_name = {(row["Strategy"], row["Strength"].replace("\xa0", " ")): row for row in made}
    assert by_name["none", "–"]["Recall"] == "0.400" and by_name["none", "–"]["Gain [95 %]"] == "–"
    assert by_name["SMOTE", "25 %"]["Recall"] == "**0.800**"
    assert by_name["SMOTE", "25 %"]["Gain [95 %]"].startswith("+0.100 [+0.0")
    assert {row["Precision"] for row in made} == {"**0.300**"}
    assert [row["Strength"] for row in made if row["Macro-F1"].startswith("**")] == ["25\xa0%"]


def test_balancing_that_helps_and_balancing_that_does_not():
    better = text(balancing.said(balanced(none=0.55, SMOTE=(0.65, 0.5))))
    assert "Of 12 combinations of strategy and strength, **SMOTE at 25 %** has the best" in better
    assert "0.650 against 0.550" in better and "more than chance does" in better
    assert "raised by SMOTE at 25 %; 11 lower it so" in better
    assert "recall goes from 0.80 to 0.80" in better
    worse = text(balancing.said(balanced(none=0.5, SMOTE=0.505)))
    assert "which chance can do (p = 1.00, adjusted" in worse
    assert "None raises it by more than chance; none lowers it so." in worse


def test_what_is_sure_before_the_adjustment_need_not_be_after_it():
    gain = Interval(0.03, 0.001, 0.06)
    assert balancing.Gain("SMOTE", gain, 0.04).sure
    assert not balancing.Gain("SMOTE", gain, 0.06).sure
    assert not balancing.Gain("SMOTE", Interval(0.03, -0.001, 0.06), 0.04).sure


def test_strategy_and_strength_are_weighed_against_each_other():
    strengths = balanced(**dict.fromkeys(balancing.samplers.STRATEGIES, (0.6, 0.5)) | {"none": 0.5})
    assert strengths.between_strategies == pytest.approx(0)
    assert strengths.between_strengths == pytest.approx(0.05)
    assert strengths.effect_of_strength.value == pytest.approx(-0.1)
    told = text(balancing.strategy_or_strength(strengths))
    assert "the strength matters more than the strategy" in told
    assert "From 25 % to 100 % of the largest class the macro-F1 falls by 0.100" in told
    strategies = balanced(**{"SMOTE": 0.7, "class weights": 0.3})
    told = text(balancing.strategy_or_strength(strategies))
    assert "the strategy matters more" in told and "which includes zero" in told
    surely = replace(strategies, effect_of_strength=Interval(0.1, 0.05, 0.15))
    assert "includes zero" not in text(balancing.strategy_or_strength(surely))


def test_weights_of_any_strength_reach_the_network_of_a_fold(machines):
    """By class number, whatever the labels are called: rare rows count as the share of the rest."""
    X, y = machine_features(machines), machines["failure_type"].astype(str)
    split = Split(np.arange(len(X)), np.arange(5), seed=0)
    case = Stage(MLPClassifier(epochs=1), PHYSICS, "class weights", 0.5).case(X, y, split)
    counts, weights = np.bincount(case.y), case.estimator.class_weight
    totals = np.array([weights[i] * n for i, n in enumerate(counts)])
    np.testing.assert_allclose(totals / totals.max(), np.maximum(counts / counts.max(), 0.5))
