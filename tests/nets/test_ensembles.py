"""Networks of a study trained in stacks: each as if it were alone."""

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from labkit.nets.ensembles import Case, curves, outputs, predict_cases, train_members
from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.training import Watched, train


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
