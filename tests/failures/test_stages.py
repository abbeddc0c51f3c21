"""What studies share: tidy tables, networks trained in stacks, stages, and the loss check."""

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from labkit.failures import loss_check
from labkit.failures import setting as classification
from labkit.failures.features import machine_features
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.stages import (
    AVERAGED,
    DECIDED,
    Split,
    Stage,
    out_of_fold_stages,
    predict_stages,
)
from labkit.nets.ensembles import Case, curves, outputs, predict_cases, train_members
from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.training import Watched, train
from labkit.report.grids import axis_effects, best_mlp, grid_table, mean_scores


@pytest.fixture(autouse=True)
def one_process():
    """These networks are smaller than the start of a process."""
    with parallel_config(backend="sequential"):
        yield


@pytest.fixture(scope="module")
def rows():
    return make_classification(
        240, 5, n_informative=4, n_redundant=0, n_classes=3, weights=[0.6, 0.3], random_state=0
    )


# Tidy tables.


@pytest.fixture(scope="module")
def search(rows):
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(epochs=1))
    grid = {
        "mlpclassifier__learning_rate": [1e-3, 1e-2],
        "mlpclassifier__optimizer": ["adam", "sgd"],
        "mlpclassifier__hidden_sizes": [(8,), (8, 4)],
        "mlpclassifier__batch_size": [32],
        "mlpclassifier__epochs": [1, 3],
    }
    return GridSearchCV(pipeline, grid, cv=2, return_train_score=True, refit=False).fit(*rows)


def test_a_grid_becomes_one_row_a_candidate_best_first(search):
    made = grid_table(search.cv_results_)
    assert len(made) == 16
    assert made["mean_test_score"].is_monotonic_decreasing
    assert made.loc[0, "mean_test_score"] == search.best_score_
    best = search.best_params_
    for axis in ("learning_rate", "optimizer", "hidden_sizes", "epochs"):
        assert made.loc[0, axis] == best[f"mlpclassifier__{axis}"]
    two = made[made["hidden_sizes"] == (8, 4)]
    assert len(two) == 8 and set(two["layers"]) == {2} and set(two["neurons"]) == {12}


def test_effects_are_the_best_and_the_median_of_those_that_share_a_value(search):
    made = grid_table(search.cv_results_)
    effects = axis_effects(made).set_index(["axis", "value"])
    assert len(effects) == 2 + 2 + 2 + 1 + 2
    own = made[made["optimizer"] == "sgd"]["mean_test_score"]
    assert effects.loc[("optimizer", "sgd"), "best"] == own.max()
    assert effects.loc[("optimizer", "sgd"), "median"] == own.median()
    assert ("hidden_sizes", "8-4") in effects.index
    assert effects["best"].max() == search.best_score_


def test_means_come_with_their_interval_in_the_order_given():
    scores = pd.DataFrame(
        {"model": ["MLP, b"] * 2 + ["MLP, a"] * 2 + ["forest"] * 2, "f1": [1, 3, 4, 4, 9, 9]}
    )
    made = mean_scores(scores, "f1").set_index("model")
    assert list(made.index) == ["MLP, b", "MLP, a", "forest"]
    assert made.loc["MLP, b"].tolist() == pytest.approx([2, 2 - 12.7062, 2 + 12.7062], abs=1e-3)
    assert made.loc["MLP, a"].tolist() == [4, 4, 4]
    assert best_mlp(scores, "f1") == "MLP, a", "a forest is no MLP"


# Networks in stacks.


def tensors(rows):
    return torch.tensor(rows[0], dtype=torch.float32), torch.tensor(rows[1])


def test_members_train_as_the_plain_loop_does_and_keep_their_order(rows):
    X, y = tensors(rows)
    watch = {"train": Watched(X, y), "validation": Watched(X[:60], y[:60])}
    base = MLPClassifier(hidden_sizes=(8,), epochs=6, batch_size=32, learning_rate=0.05)
    members = [
        clone(base).set_params(**changes)
        for changes in ({}, {"dropout": 0.3}, {"patience": 1, "optimizer": "sgd"}, {"epochs": 2},
                        {"random_state": 5}, {"weight_decay": 0.1, "batch_norm": True})
    ]  # fmt: skip
    trained = train_members(members, X, y, n_outputs=3, loss="cross_entropy", watch=watch)
    for estimator, member in zip(members, trained, strict=True):
        seed = estimator.seed()
        plain = estimator.initial_module(5, 3, seed)
        history = train(
            plain, X, y, loss=nn.CrossEntropyLoss(), config=estimator.training_config(seed),
            watch=watch,
        )  # fmt: skip
        assert member.history.best_epoch == history.best_epoch
        pd.testing.assert_frame_equal(
            member.history.table[history.table.columns], history.table, rtol=1e-3, check_dtype=False
        )
        np.testing.assert_allclose(outputs(member.model, X), outputs(plain, X), atol=2e-3)


def test_a_regression_member_does_too(rows):
    X = torch.tensor(rows[0], dtype=torch.float32)
    y = X[:, :1] - X[:, 1:2] ** 2
    estimator = MLPRegressor(hidden_sizes=(8,), epochs=3)
    (member,) = train_members(
        [estimator], X, y, n_outputs=1, loss="squared_error", watch={"train": Watched(X, y)}
    )
    plain = estimator.initial_module(5, 1, 0)
    train(plain, X, y, loss=nn.MSELoss(), config=estimator.training_config(0))
    np.testing.assert_allclose(outputs(member.model, X), outputs(plain, X), atol=1e-3)


def test_histories_below_each_other_keep_their_labels(rows):
    X, y = tensors(rows)
    members = [MLPClassifier(epochs=n) for n in (2, 3)]
    trained = train_members(
        members, X, y, n_outputs=3, loss="cross_entropy", watch={"train": Watched(X, y)}
    )
    made = curves(trained, model=["short", "long"])
    assert made["model"].tolist() == ["short"] * 2 + ["long"] * 3
    assert made["epoch"].tolist() == [1, 2, 1, 2, 3]


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_cases_are_predicted_by_a_network_trained_on_their_rows_alone(rows, class_weight):
    """Of several widths, sizes and seeds, in one call; each as if it were alone."""
    X, y = rows
    base = MLPClassifier(
        hidden_sizes=(8,), epochs=4, batch_size=32, learning_rate=0.02, class_weight=class_weight
    )
    cases = [
        Case(clone(base), X[:160], y[:160], X[160:]),
        Case(clone(base).set_params(random_state=3), X[:100, :3], y[:100], X[100:, :3]),
        Case(clone(base).set_params(epochs=2), X[60:], y[60:], X[:60]),
    ]
    for case, given in zip(cases, predict_cases(cases, 3), strict=True):
        seed = case.estimator.seed()
        model = case.estimator.initial_module(case.X.shape[1], 3, seed)
        weight = compute_class_weight(class_weight, classes=np.arange(3), y=case.y)
        loss = nn.CrossEntropyLoss(weight=torch.tensor(weight, dtype=torch.float32))
        inputs, labels = tensors((case.X, case.y))
        train(model, inputs, labels, loss=loss, config=case.estimator.training_config(seed))
        expected = torch.softmax(torch.tensor(outputs(model, case.X_out)), dim=1)
        assert given.shape == (len(case.X_out), 3)
        np.testing.assert_allclose(given, expected, atol=2e-3)


# Stages.


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
    plain = Stage(mlp, classification.PHYSICS)
    stages = {"one": plain, "many": Stage(mlp, classification.PHYSICS, n_members=3, decides=True)}
    found = out_of_fold_stages(stages, X, y, protocols)
    names = {"one", "many", "many" + AVERAGED, "many" + DECIDED}
    assert set(found) == {(name, i) for name in names for i in (0, 1)}
    for own in found.values():
        assert own.shape == (len(X), 6) and (own.sum(axis=1) > 0).all()
    for name in ("one", "many", "many" + AVERAGED):
        np.testing.assert_allclose(found[(name, 0)].sum(axis=1), 1, rtol=1e-4)
    np.testing.assert_allclose(found[("many", 0)], found[("one", 0)], atol=1e-4)
    spread = np.abs(found[("many" + AVERAGED, 0)] - found[("many", 0)]).max()
    assert spread > 0.01, "the members are the same network"
    assert np.abs(found[("one", 0)] - found[("one", 1)]).max() > 0.01


def test_a_stage_decides_where_a_class_has_a_single_row_to_train_on(failures):
    X, y = failures
    single = np.flatnonzero(y == "Random Failures")[1:]
    train = np.setdiff1d(np.arange(0, len(X), 2), single)
    train = np.union1d(train, np.flatnonzero(y == "Random Failures")[:1])
    assert (y.iloc[train] == "Random Failures").sum() == 1
    mlp = MLPClassifier(hidden_sizes=(8,), epochs=2, batch_size=64)
    stage = {"one": Stage(mlp, classification.PHYSICS, decides=True)}
    found = predict_stages(stage, X, y, [Split(train, np.arange(1, len(X), 2), seed=0)])
    assert set(found) == {("one", 0), ("one" + DECIDED, 0)}


def test_no_network_predicts_the_rows_it_trained_on(failures):
    """Shuffled labels: rows that were trained on would be known by heart."""
    X, y = failures
    shuffled = pd.Series(np.random.default_rng(0).permutation(y), index=y.index)
    mlp = MLPClassifier(hidden_sizes=(256,), epochs=150, batch_size=64, learning_rate=5e-3)
    stage = {"heart": Stage(mlp, classification.PHYSICS)}
    half = np.arange(len(X)) % 2 == 0

    def accuracy(out):
        split = Split(np.flatnonzero(half), out, 0)
        found = out_of_fold_stages(stage, X, shuffled, [[split]])[("heart", 0)]
        labels = np.array(FAILURE_TYPES)[found.argmax(axis=1)]
        return np.mean(labels[out] == shuffled.to_numpy()[out])

    majority = (shuffled == "No Failure").mean()
    assert accuracy(np.flatnonzero(half)) > majority + 0.2
    assert accuracy(np.flatnonzero(~half)) < majority


# The loss, three ways.


def test_the_cross_entropy_is_the_same_three_ways_and_near_that_of_guessing(monkeypatch):
    monkeypatch.setenv("LABKIT_SOURCE", "embedded")
    monkeypatch.setenv("LABKIT_PROFILE", "quick")
    classification.maintenance.cache_clear()
    classification.classification_data.cache_clear()
    made = loss_check.cross_entropy_three_ways()
    assert made["loss"].nunique() <= 3 and np.ptp(made["loss"]) < 1e-12
    assert made["loss"][0] == pytest.approx(np.log(6), abs=0.4), "an untrained network guesses"
    assert len(set(made["way"])) == 3
    classification.maintenance.cache_clear()
    classification.classification_data.cache_clear()
