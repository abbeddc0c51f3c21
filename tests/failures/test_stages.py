"""Stages: networks with their inputs and decisions, fold by fold; and the loss in three ways."""

import numpy as np
import pandas as pd
import pytest
from made_up import cells

from labkit.failures import loss_check, stages
from labkit.failures.data import load_maintenance
from labkit.failures.features import PHYSICS, machine_features
from labkit.failures.profile import PROFILES
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.stages import (
    AVERAGED,
    DECIDED,
    SINGLE,
    Split,
    Stage,
    out_of_fold_stages,
    predict_stages,
)
from labkit.nets.estimators import MLPClassifier

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(scope="module")
def failures(machines):
    """All failures and 400 sound rows."""
    failed = machines["failure_type"] != "No Failure"
    few = pd.concat([machines[failed], machines[~failed][:400]]).sort_index()
    few = few.reset_index(drop=True)
    return machine_features(few), few["failure_type"].astype(str)


def test_a_stage_gives_its_first_network_their_mean_and_the_decision(failures):
    X, y = failures
    order = np.random.default_rng(0).permutation(len(X))
    protocols = [
        [Split(np.setdiff1d(order, part), np.sort(part), seed) for part in np.array_split(order, 3)]
        for seed in (0, 1)
    ]
    mlp = MLPClassifier(hidden_sizes=(16,), epochs=5, batch_size=64, learning_rate=0.01)
    plain = Stage(mlp, PHYSICS)
    stages = {"one": plain, "many": Stage(mlp, PHYSICS, n_members=3, decides=True)}
    found = out_of_fold_stages(stages, X, y, protocols)
    forms = {("one", SINGLE), ("many", SINGLE), ("many", AVERAGED), ("many", DECIDED)}
    assert set(found) == {(*form, i) for form in forms for i in (0, 1)}
    for own in found.values():
        assert own.shape == (len(X), 6) and (own.sum(axis=1) > 0).all()
    for own in found.values():
        np.testing.assert_allclose(own.sum(axis=1), 1, rtol=1e-4)
    one, many = found["one", SINGLE, 0], found["many", SINGLE, 0]
    np.testing.assert_allclose(many, one, atol=1e-4)
    spread = np.abs(found["many", AVERAGED, 0] - many).max()
    assert spread > 0.01, "the members are the same network"
    assert np.abs(one - found["one", SINGLE, 1]).max() > 0.01


def test_networks_are_the_same_however_many_are_prepared_at_once(failures, monkeypatch):
    X, y = failures
    mlp = MLPClassifier(hidden_sizes=(8,), epochs=2, batch_size=64)
    stage = {"one": Stage(mlp, PHYSICS, n_members=3, decides=True), "other": Stage(mlp, PHYSICS)}
    rows = np.arange(len(X))
    splits = [Split(rows[rows % 3 != k], rows[rows % 3 == k], k) for k in range(3)]
    at_once = predict_stages(stage, X, y, splits)
    prepared, train = [], stages.train_cases

    def watched(cases, n_classes):
        prepared.append(len(cases))
        return train(cases, n_classes)

    monkeypatch.setattr(stages, "train_cases", watched)
    monkeypatch.setattr(stages, "ROWS_AT_ONCE", 2 * len(splits[0].train) + 1)
    few_by_few = predict_stages(stage, X, y, splits)
    assert sum(prepared) == 3 * (3 + 1 + 1) and 1 < max(prepared) <= 3
    for key, own in at_once.items():
        np.testing.assert_allclose(few_by_few[key], own, atol=1e-4)


def test_a_stage_decides_where_a_class_has_a_single_row_to_train_on(failures):
    X, y = failures
    single = np.flatnonzero(y == "Random Failures")[1:]
    train = np.setdiff1d(np.arange(0, len(X), 2), single)
    train = np.union1d(train, np.flatnonzero(y == "Random Failures")[:1])
    assert (y.iloc[train] == "Random Failures").sum() == 1
    mlp = MLPClassifier(hidden_sizes=(8,), epochs=2, batch_size=64)
    stage = {"one": Stage(mlp, PHYSICS, decides=True)}
    found = predict_stages(stage, X, y, [Split(train, np.arange(1, len(X), 2), seed=0)])
    assert set(found) == {("one", SINGLE, 0), ("one", DECIDED, 0)}


def test_no_network_predicts_the_rows_it_trained_on(failures):
    """Shuffled labels: rows that were trained on would be known by heart."""
    X, y = failures
    shuffled = pd.Series(np.random.default_rng(0).permutation(y), index=y.index)
    mlp = MLPClassifier(hidden_sizes=(256,), epochs=150, batch_size=64, learning_rate=5e-3)
    stage = {"heart": Stage(mlp, PHYSICS)}
    half = np.arange(len(X)) % 2 == 0

    def accuracy(out):
        split = Split(np.flatnonzero(half), out, 0)
        found = out_of_fold_stages(stage, X, shuffled, [[split]])["heart", SINGLE, 0]
        labels = np.array(FAILURE_TYPES)[found.argmax(axis=1)]
        return np.mean(labels[out] == shuffled.to_numpy()[out])

    majority = (shuffled == "No Failure").mean()
    assert accuracy(np.flatnonzero(half)) > majority + 0.2
    assert accuracy(np.flatnonzero(~half)) < majority


# The loss, three ways.


def test_the_cross_entropy_is_the_same_three_ways_and_near_that_of_guessing():
    facts = loss_check.loss_check(load_maintenance("embedded"), PROFILES["quick"])
    losses = facts.losses["loss"]
    assert facts.apart == np.ptp(losses) < 1e-12
    assert losses[0] == pytest.approx(np.log(6), abs=0.4), "an untrained network guesses"
    assert len(set(facts.losses["way"])) == 3
    shown = [row["Cross-entropy"] for row in cells(loss_check.shown(facts))]
    assert shown == [f"{losses[0]:.6f}"] * 3
