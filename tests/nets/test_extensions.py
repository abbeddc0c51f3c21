"""What a user adds works in the stacked search and in studies as it does in GridSearchCV.

A parameter trains in stacks. An activation, a layer, a loss, an optimizer, a network that stacks do
not know are trained alone, with a message that names them. Nothing is trained as something else.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from torch import nn

from labkit.nets.ensembles import Case, outputs, predict_cases, train_members
from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.mlp import MLP
from labkit.nets.schedules import SCHEDULES
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.stacked import Trained
from labkit.nets.training import Watched, class_accuracy, train


class Huber(MLPRegressor):
    """Minimises another loss."""

    def loss(self):
        return nn.HuberLoss(reduction="none", delta=0.5)


class Residual(MLP):
    """Adds a linear part to what the layers give."""

    def __init__(self, n_inputs, n_outputs, **options):
        super().__init__(n_inputs, n_outputs, **options)
        self.append(nn.Linear(n_inputs, n_outputs))

    def forward(self, x):
        *layers, linear = self
        return linear(x) + nn.Sequential(*layers)(x)


class ResidualRegressor(MLPRegressor):
    """Another network: a subclass with another ``forward``."""

    network = Residual


class TwoTowers(nn.Module):
    """Another network: no sequence of layers."""

    def __init__(self, n_inputs, n_outputs, *, width=8):
        super().__init__()
        self.one = nn.Sequential(nn.Linear(n_inputs, width), nn.Tanh())
        self.other = nn.Sequential(nn.Linear(n_inputs, width), nn.ReLU())
        self.output = nn.Linear(width, n_outputs)

    def forward(self, x):
        return self.output(self.one(x) * self.other(x))


class TwoTowersClassifier(MLPClassifier):
    network = TwoTowers


SMALL = {"hidden_sizes": (8,), "epochs": 6, "batch_size": 32, "learning_rate": 0.02}
EXACT = {**SMALL, "dtype": "float64"}


@pytest.fixture(autouse=True)
def one_process():
    """What is added here is not known to other processes."""
    with parallel_config(backend="sequential"):
        yield


@pytest.fixture(scope="module")
def measured():
    random = np.random.default_rng(0)
    X = random.normal(size=(150, 4))
    return X, X[:, 0] * X[:, 1] + np.sin(X[:, 2]) + 0.1 * random.normal(size=150)


@pytest.fixture(scope="module")
def labelled(measured):
    X, y = measured
    return X, np.digitize(y, [-0.5, 0.5])


def both_searches(estimator, grid, X, y, *, alone=(), **options):
    """Both searches agree on every score and on the winner; the stacked one is returned.

    Parameters
    ----------
    alone : sequence of str
        What the warnings about candidates fitted alone must say, one each; none must be left over.
    """
    options = {"cv": 3, "return_train_score": True, **options}
    plain = GridSearchCV(clone(estimator), grid, **options).fit(X, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stacked = StackedGridSearchCV(estimator, grid, **options).fit(X, y)
    said = [str(warning.message) for warning in caught]
    assert len(said) == len(alone), said
    for message, expected in zip(said, alone, strict=True):
        assert expected in message
        assert "cannot be trained in a stack and are fitted one by one, as GridSearchCV does:" in (
            message
        )
    for column, values in plain.cv_results_.items():
        if column.startswith("split"):
            np.testing.assert_allclose(
                stacked.cv_results_[column], values, rtol=0, atol=1e-9, err_msg=column
            )
    assert stacked.cv_results_["params"] == plain.cv_results_["params"]
    assert stacked.best_params_ == plain.best_params_
    assert stacked.best_score_ == pytest.approx(plain.best_score_, abs=1e-9)
    return stacked


# A parameter.


def test_a_parameter_of_the_network_is_stacked_and_makes_a_difference(measured, init_gain):
    grid = {"init_gain": [0.01, 1.0, 3.0], "learning_rate": [0.003, 0.02], "epochs": [3, 6]}
    search = both_searches(MLPRegressor(**EXACT), grid, *measured)
    assert len(set(np.round(search.cv_results_["mean_test_score"], 6))) == 12


def test_a_parameter_of_the_network_beside_dropout_and_early_stopping(labelled, init_gain):
    grid = {"init_gain": [0.1, 2.0], "dropout": [0.0, 0.2, 0.3], "patience": [None, 1]}
    both_searches(MLPClassifier(**EXACT), grid, *labelled, scoring="neg_log_loss")


def test_a_schedule_more_is_stacked_as_it_is(measured, monkeypatch):
    monkeypatch.setitem(SCHEDULES, "linear", lambda last, step: 1 - step / last)
    grid = {"schedule": [None, "linear", "cosine"], "epochs": [2, 5]}
    search = both_searches(MLPRegressor(**EXACT), grid, *measured)
    assert len(set(np.round(search.cv_results_["mean_test_score"], 6))) == 6


def test_batches_are_cut_in_one_place(measured, monkeypatch):
    """The stack takes other batches when the plain loop does."""

    def halves(n_rows, batch_size):
        return [(0, n_rows // 2), (n_rows // 2, n_rows)]

    before = MLPRegressor(**EXACT).fit(*measured).predict(measured[0])
    monkeypatch.setattr("labkit.nets.training.cut_into_batches", halves)
    monkeypatch.setattr("labkit.nets.stacked.standing.cut_into_batches", halves)
    assert not np.allclose(MLPRegressor(**EXACT).fit(*measured).predict(measured[0]), before)
    both_searches(MLPRegressor(**EXACT), {"learning_rate": [0.003, 0.02]}, *measured)


# Activations, layers, optimizers.


def test_an_activation_without_counterpart_is_fitted_alone(measured, elu):
    grid = {"activation": ["relu", "elu", "tanh"], "learning_rate": [0.003, 0.02]}
    said = (
        "2 candidates cannot be trained in a stack and are fitted one by one, as GridSearchCV "
        "does: no stacked counterpart of the layer ELU(alpha=1.0)."
    )
    both_searches(MLPRegressor(**EXACT), grid, *measured, alone=[said])


def test_a_layer_without_counterpart_is_fitted_alone(labelled, layer_norm):
    grid = {"layer_norm": [False, True], "hidden_sizes": [(8,), (6, 4)], "epochs": [2, 4]}
    said = ["2 candidates", "2 candidates"]
    search = both_searches(
        MLPClassifier(**EXACT), grid, *labelled, alone=said, scoring="neg_log_loss"
    )
    assert len(set(np.round(search.cv_results_["mean_test_score"], 6))) == 8


def test_an_optimizer_without_counterpart_is_fitted_alone(measured, nadam):
    grid = {"optimizer": ["adam", "nadam"], "weight_decay": [0.0, 0.01]}
    said = ["no stacked counterpart of the optimizer 'nadam'."]
    both_searches(MLPRegressor(**EXACT), grid, *measured, alone=said)


def test_at_the_end_of_a_pipeline_too(measured, elu):
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", MLPRegressor(**EXACT))])
    grid = {"mlp__activation": ["elu", "relu"], "scale": [StandardScaler(), "passthrough"]}
    both_searches(pipeline, grid, *measured, alone=["ELU(alpha=1.0)"])


# Losses and networks of subclasses.


def test_another_loss_is_fitted_alone(measured):
    steps = [("scale", StandardScaler()), ("mlp", MLPRegressor(**EXACT))]
    grid = [{"mlp": [Huber(**EXACT)]}, {"mlp__learning_rate": [0.003, 0.02]}]
    said = "Huber is none of MLPRegressor and MLPClassifier."
    both_searches(Pipeline(steps), grid, *measured, alone=[said])
    both_searches(Huber(**EXACT), {"epochs": [2, 4]}, *measured, alone=["2 candidates"])


def test_a_loss_put_in_the_place_of_another_is_fitted_alone(measured, monkeypatch):
    squared = MLPRegressor(**EXACT).fit(*measured).predict(measured[0])
    monkeypatch.setattr(MLPRegressor, "loss", lambda self: nn.L1Loss(reduction="none"))
    assert not np.allclose(MLPRegressor(**EXACT).fit(*measured).predict(measured[0]), squared)
    said = ["no stacked counterpart of the loss L1Loss()."]
    both_searches(MLPRegressor(**EXACT), {"epochs": [2, 4]}, *measured, alone=said)


def test_another_network_is_fitted_alone(measured, labelled):
    grid = {"learning_rate": [0.003, 0.02]}
    both_searches(ResidualRegressor(**EXACT), grid, *measured, alone=["ResidualRegressor is none"])
    towers = TwoTowersClassifier(epochs=3, dtype="float64")
    both_searches(towers, {"width": [2, 6]}, *labelled, alone=["TwoTowersClassifier is none"])


def test_another_network_in_the_place_of_the_mlp_is_fitted_alone(measured, monkeypatch):
    monkeypatch.setattr(MLPRegressor, "network", ResidualRegressor.network)
    said = ["Residual has a method forward of its own"]
    both_searches(MLPRegressor(**EXACT), {"learning_rate": [0.003, 0.02]}, *measured, alone=said)


def test_a_forward_pass_that_was_changed_is_fitted_alone(measured, monkeypatch):
    monkeypatch.setattr(MLP, "forward", lambda self, x: x[:, :1] + nn.Sequential.forward(self, x))
    said = ["a stack of MLP does not do what MLP does"]
    both_searches(MLPRegressor(**EXACT), {"learning_rate": [0.003, 0.02]}, *measured, alone=said)


# What networks are, not how parameters spell it.


def test_preprocessing_may_change_the_number_of_features(measured):
    pipeline = Pipeline([("select", SelectKBest(f_regression)), ("mlp", MLPRegressor(**EXACT))])
    grid = {"select__k": [1, 2, 4], "mlp__learning_rate": [0.003, 0.02]}
    both_searches(pipeline, grid, *measured)


def test_the_same_network_spelled_otherwise_is_the_same_network(measured):
    grid = {"hidden_sizes": [(8,), [8]], "dropout": [0, 0.0], "batch_size": [32, np.int64(32)]}
    search = StackedGridSearchCV(MLPRegressor(**EXACT), grid, cv=3).fit(*measured)
    assert np.ptp(search.cv_results_["mean_test_score"]) < 1e-12


def test_parameters_that_cannot_be_pickled_are_fitted_alone(measured):
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", MLPRegressor(**EXACT))])
    grid = {"scale": [FunctionTransformer(lambda X: X / 2), StandardScaler()]}
    said = ["1 candidates"]
    both_searches(pipeline, grid, *measured, alone=said)


def test_the_warning_points_at_the_line_that_called_fit(measured, elu):
    search = StackedGridSearchCV(MLPRegressor(**SMALL), {"activation": ["elu"]}, cv=2)
    with pytest.warns(UserWarning, match="ELU") as caught:
        search.fit(*measured)
    assert caught[0].filename == __file__


# Studies.


def plain(estimator, X, y, n_outputs, loss, watch):
    seed = estimator.seed()
    model = estimator.initial_module(X.shape[1], n_outputs, seed)
    return model, train(model, X, y, loss=loss, config=estimator.training_config(seed), watch=watch)


def tensors(X, y):
    X, y = torch.tensor(X), torch.tensor(y)
    return (X, y[:, None]) if y.is_floating_point() else (X, y)


def test_members_of_a_study_that_cannot_be_stacked_are_trained_alone(measured, elu):
    X, y = tensors(*measured)
    watch = {"train": Watched(X, y), "validation": Watched(X[:40], y[:40])}
    estimators = [
        MLPRegressor(**EXACT),
        MLPRegressor(**EXACT, activation="elu", dropout=0.2),
        MLPRegressor(**EXACT, batch_norm=True, random_state=3),
        ResidualRegressor(**{**EXACT, "epochs": 60}, patience=1),
        MLPRegressor(**EXACT, activation="elu", schedule="cosine", optimizer="sgd"),
    ]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trained = train_members(estimators, X, y, n_outputs=1, loss="squared_error", watch=watch)
    (warning,) = caught
    assert str(warning.message) == (
        "3 of 5 networks cannot be trained in a stack and are trained one by one: no stacked "
        "counterpart of the layer ELU(alpha=1.0) (2); ResidualRegressor is none of MLPRegressor "
        "and MLPClassifier (1)"
    )
    assert warning.filename == __file__
    assert [isinstance(t, Trained) for t in trained] == [True, False, True, False, False]
    for estimator, member in zip(estimators, trained, strict=True):
        model, history = plain(estimator, X, y, 1, nn.MSELoss(), watch)
        np.testing.assert_allclose(outputs(member.model, X), outputs(model, X), atol=1e-9)
        pd.testing.assert_frame_equal(member.history.table, history.table, rtol=1e-9)
        assert member.history[1:] == history[1:]
    assert trained[3].history.stopped_early


def test_a_loss_of_its_own_is_minimised_and_watched(measured):
    X, y = tensors(*measured)
    watch = {"train": Watched(X, y)}
    with pytest.warns(UserWarning, match="Huber is none"):
        (member,) = train_members(
            [Huber(**EXACT)], X, y, n_outputs=1, loss="squared_error", watch=watch
        )
    model, history = plain(Huber(**EXACT), X, y, 1, nn.HuberLoss(delta=0.5), watch)
    np.testing.assert_allclose(outputs(member.model, X), outputs(model, X), atol=1e-12)
    pd.testing.assert_frame_equal(member.history.table, history.table)


def test_another_loss_than_the_estimators_is_refused(measured):
    X, y = tensors(*measured)
    with pytest.raises(ValueError, match="MLPRegressor minimises 'squared_error'"):
        train_members([MLPRegressor()], X, y, n_outputs=1, loss="cross_entropy", watch={})


class Twin(MLPClassifier):
    """What `MLPClassifier` does, which a stack cannot know."""


OPTIONS = [
    {},
    {"class_weight": "balanced"},
    {"class_weight": {0: 1.0, 1: 4.0}, "label_smoothing": 0.2},
    {"label_smoothing": 0.1, "dropout": 0.3, "batch_norm": True},
    {"patience": 1, "epochs": 40, "class_weight": "balanced"},
]


@pytest.mark.filterwarnings("ignore:1 of 1 networks:UserWarning")
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_alone_and_in_a_stack_members_train_alike(labelled, options):
    X, y = tensors(*labelled)
    watch = {"train": Watched(X, y, class_accuracy(y)), "validation": Watched(X[:40], y[:40])}
    stacked, alone = (
        train_members(
            [kind(**{**EXACT, **options})], X, y, n_outputs=3, loss="cross_entropy", watch=watch
        )[0]
        for kind in (MLPClassifier, Twin)
    )
    assert isinstance(stacked, Trained) and not isinstance(alone, Trained)
    np.testing.assert_allclose(outputs(stacked.model, X), outputs(alone.model, X), atol=1e-9)
    pd.testing.assert_frame_equal(stacked.history.table, alone.history.table, rtol=1e-9)
    assert stacked.history[1:] == alone.history[1:]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_alone_and_in_a_stack_cases_are_predicted_alike(labelled, options):
    X, y = labelled
    settings = {**EXACT, **options}
    parts = [(slice(0, 100), slice(100, 150)), (slice(30, 150), slice(0, 30))]

    def cases(kind):
        return [Case(kind(**settings), X[rows], y[rows], X[out]) for rows, out in parts]

    stacked = predict_cases(cases(MLPClassifier), 3)
    with pytest.warns(UserWarning, match="2 of 3 networks"):
        mixed = predict_cases([*cases(Twin), cases(MLPClassifier)[0]], 3)
    for one, other in zip([*stacked, stacked[0]], mixed, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_class_weights_count_in_a_study(labelled):
    X, y = tensors(*labelled)
    kinds = [None, "balanced", {2: 50.0}]
    members = [MLPClassifier(**EXACT, class_weight=kind) for kind in kinds]
    trained = train_members(members, X, y, n_outputs=3, loss="cross_entropy", watch={})
    thirds = [(outputs(t.model, X).argmax(1) == 2).mean() for t in trained]
    assert thirds[0] < thirds[1] < thirds[2]


def test_all_of_a_study_may_be_alone(labelled, nadam):
    X, y = labelled
    case = Case(MLPClassifier(**EXACT, optimizer="nadam"), X[:100], y[:100], X[100:])
    with pytest.warns(UserWarning, match="1 of 1 .*optimizer 'nadam'"):
        (probabilities,) = predict_cases([case], 3)
    fitted = MLPClassifier(**EXACT, optimizer="nadam").fit(X[:100], y[:100])
    np.testing.assert_allclose(probabilities, fitted.predict_proba(X[100:]), atol=1e-9)
