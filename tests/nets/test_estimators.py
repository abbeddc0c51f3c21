"""The estimators: the plain loop's weights, scikit-learn's contract, skorch's early stopping."""

import _thread
import pickle
import signal
import threading

import numpy as np
import pytest
import torch
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_imblearn_pipeline
from sklearn.base import clone
from sklearn.datasets import make_classification, make_regression
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.estimator_checks import parametrize_with_checks
from torch import nn

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.training import OPTIMIZERS, Watched, train

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "a row of weight two counts twice in its batch; a row given twice may fall into two "
        "batches: with minibatches the two are not the same training"
    )
}


@parametrize_with_checks(
    [
        MLPRegressor(hidden_sizes=(16,), learning_rate=0.02, epochs=30, batch_size=16),
        MLPClassifier(hidden_sizes=(16,), learning_rate=0.02, epochs=30, batch_size=16),
    ],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def regression():
    X, y = make_regression(150, 5, n_informative=3, noise=5, random_state=0)
    return X, (y - y.mean()) / y.std()


@pytest.fixture(scope="module")
def classification():
    return make_classification(
        200, 6, n_informative=4, n_classes=3, weights=[0.7, 0.2, 0.1], random_state=0
    )


def state(estimator):
    return estimator.net_.module_.state_dict()


def assert_same_weights(one: dict, other: dict, **tolerance):
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], **tolerance)


def plain(estimator, X, y, n_outputs, loss, validation=None):
    """The same training by `labkit.nets.training.train`."""
    seed = estimator.seed()
    model = estimator.initial_module(X.shape[1], n_outputs, seed)
    watch = {"validation": validation} if validation else None
    history = train(model, X, y, loss=loss, config=estimator.training_config(seed), watch=watch)
    return model, history


COMMON = {
    "hidden_sizes": (12, 6), "epochs": 4, "batch_size": 32, "random_state": 3, "dtype": "float64",
    "learning_rate": 0.01,
}  # fmt: skip

VARIANTS = [
    *({"optimizer": name} for name in OPTIMIZERS),
    {"optimizer": "sgd", "momentum": 0.0, "weight_decay": 0.1},
    {"optimizer": "adamw", "weight_decay": 0.1},
    {"schedule": "one_cycle"},
    {"optimizer": "sgd", "schedule": "cosine"},
    {"batch_norm": True},
    {"dropout": 0.3},
    {"embedding_scale": 0.5},
    {"batch_size": 149},  # leaves a single row, which joins the batch before it
    {"activation": "gelu", "schedule": "one_cycle", "dropout": 0.2, "batch_norm": True},
]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_the_regressor_trains_as_the_plain_loop_does(regression, options):
    X, y = regression
    estimator = MLPRegressor(**{**COMMON, **options}).fit(X, y)
    expected, _ = plain(estimator, torch.tensor(X), torch.tensor(y)[:, None], 1, nn.MSELoss())
    assert_same_weights(state(estimator), expected.state_dict(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_the_classifier_trains_as_the_plain_loop_does(classification, options):
    X, y = classification
    estimator = MLPClassifier(**{**COMMON, **options}).fit(X, y)
    expected, _ = plain(estimator, torch.tensor(X), torch.tensor(y), 3, nn.CrossEntropyLoss())
    assert_same_weights(state(estimator), expected.state_dict(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_a_schedule_is_as_long_as_the_training_on_the_rows_that_patience_leaves(
    regression, schedule
):
    X, y = (torch.tensor(part) for part in regression)
    y = y[:, None]
    options = {**COMMON, "schedule": schedule, "patience": 10, "validation_fraction": 0.4}
    estimator = MLPRegressor(**options).fit(*regression)
    rows, watched = estimator.validation_rows(None, len(X), estimator.seed())
    validation = Watched(X[watched], y[watched])
    expected, history = plain(estimator, X[rows], y[rows], 1, nn.MSELoss(), validation)
    assert history.best_epoch == len(history.table), "the best weights are not the last"
    assert_same_weights(state(estimator), expected.state_dict(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 3.0, 2: 0.5}])
def test_class_weights_are_those_of_pytorchs_loss(classification, class_weight):
    X, y = classification
    estimator = MLPClassifier(class_weight=class_weight, **COMMON).fit(X, y)
    weight = compute_class_weight(class_weight, classes=np.unique(y), y=y)
    loss = nn.CrossEntropyLoss(weight=torch.tensor(weight))
    expected, _ = plain(estimator, torch.tensor(X), torch.tensor(y), 3, loss)
    assert_same_weights(state(estimator), expected.state_dict(), rtol=1e-9, atol=1e-11)
    unweighted = MLPClassifier(**COMMON).fit(X, y)
    assert not torch.allclose(state(estimator)["0.weight"], state(unweighted)["0.weight"])


def test_label_smoothing_is_pytorchs(classification):
    X, y = classification
    estimator = MLPClassifier(label_smoothing=0.2, **COMMON).fit(X, y)
    loss = nn.CrossEntropyLoss(label_smoothing=0.2)
    expected, _ = plain(estimator, torch.tensor(X), torch.tensor(y), 3, loss)
    assert_same_weights(state(estimator), expected.state_dict(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_early_stopping_is_the_plain_loops_and_restores_the_best_epoch(regression, batch_norm):
    X, y = regression
    options = {**COMMON, "epochs": 300, "learning_rate": 0.03, "hidden_sizes": (64,)}
    estimator = MLPRegressor(patience=3, batch_norm=batch_norm, **options).fit(X, y)
    losses = np.array(estimator.net_.history[:, "valid_loss"])
    assert estimator.n_iter_ == len(losses) < 300
    assert losses.argmin() == len(losses) - 1 - 3

    fit_rows, held = estimator.validation_rows(None, len(X), 3)
    inputs, targets = torch.tensor(X), torch.tensor(y)[:, None]
    expected, history = plain(
        estimator, inputs[fit_rows], targets[fit_rows], 1, nn.MSELoss(),
        Watched(inputs[held], targets[held]),
    )  # fmt: skip
    assert history.best_epoch == losses.argmin() + 1
    np.testing.assert_allclose(history.table["validation_loss"], losses, rtol=1e-9)
    assert_same_weights(state(estimator), expected.state_dict(), rtol=1e-9, atol=1e-11)
    now = np.mean((estimator.predict(X[held]) - y[held]) ** 2)
    assert now == pytest.approx(losses.min())


def test_early_stopping_never_trains_on_the_rows_it_watches(regression):
    X, y = regression
    estimator = MLPRegressor(patience=2, **COMMON)
    fit_rows, held = estimator.validation_rows(None, len(X), 3)
    assert sorted([*fit_rows, *held]) == list(range(len(X)))
    assert len(held) == np.ceil(0.15 * len(X))
    absurd = y.copy()
    absurd[held] = 1e3
    # Too few epochs to stop: what is watched changes which epoch is kept, not how it was trained.
    one, other = (clone(estimator).set_params(epochs=1).fit(X, t) for t in (y, absurd))
    assert_same_weights(state(one), state(other), rtol=0, atol=0)


def test_early_stopping_of_a_classifier_holds_out_every_class(classification):
    _, y = classification
    _, held = MLPClassifier(patience=2, validation_fraction=0.2).validation_rows(y, len(y), 0)
    np.testing.assert_allclose(np.bincount(y[held]), 0.2 * np.bincount(y), atol=1)
    lonely = np.r_[y[:-1], 3]
    assert len(MLPClassifier(patience=2).validation_rows(lonely, len(y), 0)[1]) == 30


def test_same_seed_same_model_and_the_global_random_state_is_untouched(classification):
    X, y = classification
    model = MLPClassifier(epochs=3, dropout=0.4, patience=2, random_state=1)
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    first = clone(model).fit(X, y)
    assert torch.equal(torch.rand(1), expected)
    assert_same_weights(state(first), state(clone(model).fit(X, y)), rtol=0, atol=0)
    assert_same_weights(state(first), state(first.fit(X, y)), rtol=0, atol=0)
    other = clone(model).set_params(random_state=2).fit(X, y)
    assert not torch.equal(state(first)["0.weight"], state(other)["0.weight"])


def test_a_random_state_that_moves_on_gives_new_models(regression):
    moving = MLPRegressor(epochs=1, random_state=np.random.RandomState(0))
    first = state(moving.fit(*regression))["0.weight"].clone()
    assert not torch.equal(first, state(moving.fit(*regression))["0.weight"])


def test_fitting_again_starts_afresh_and_predicting_changes_nothing(regression):
    X, y = regression
    model = MLPRegressor(dropout=0.5, batch_norm=True, epochs=3).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), model.predict(X))
    # In eval mode each row's prediction is its own, whoever is beside it.
    np.testing.assert_allclose(model.predict(X)[:1], model.predict(X[:1]), rtol=1e-4)


def test_probabilities_are_the_softmax_of_the_logits(classification):
    X, y = classification
    model = MLPClassifier(epochs=5).fit(X, np.array(["c", "a", "b"])[y])
    assert list(model.classes_) == ["a", "b", "c"]
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    logits = model.net_.module_(torch.tensor(X, dtype=torch.float32)).detach().double().numpy()
    by_hand = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, by_hand, rtol=1e-4)
    np.testing.assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])


def test_both_learn(regression, classification):
    X, y = regression
    assert r2_score(y, MLPRegressor(learning_rate=0.01).fit(X, y).predict(X)) > 0.95
    X, y = classification
    assert accuracy_score(y, MLPClassifier(learning_rate=0.01).fit(X, y).predict(X)) > 0.95


@pytest.mark.parametrize(
    ("params", "fit_params", "told"),
    [
        ({"label_smoothing": 1.0}, {}, "label_smoothing is 1.0; expected a share"),
        ({"label_smoothing": -0.1}, {}, "label_smoothing is -0.1; expected a share"),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, {}, "every row has a weight of 0"),
        ({"class_weight": {0: -1, 1: 1, 2: 1}}, {}, "expected weights of 0 or more"),
        ({"batch_size": 2.5}, {}, "batch_size is 2.5; expected a whole number"),
        ({}, {"sample_weight": -1.0}, "[Nn]egative values"),
    ],
)
def test_what_cannot_be_meant_is_refused(classification, params, fit_params, told):
    X, y = classification
    fit_params = {name: np.full(len(y), value) for name, value in fit_params.items()}
    with pytest.raises(ValueError, match=told):
        MLPClassifier(epochs=1, **params).fit(X, y, **fit_params)


def test_sample_weights_weigh(classification):
    """All the weight on two classes: the third is never predicted."""
    X, y = classification
    model = MLPClassifier(epochs=30, learning_rate=0.01).fit(X, y, sample_weight=(y < 2) + 1e-6)
    assert set(model.predict(X)) == {0, 1}


def test_a_row_without_weight_is_no_row(regression):
    X, y = regression
    weight = np.zeros(len(X))
    weight[::10] = 1  # so few that whole batches would have none
    weighted = MLPRegressor(epochs=3, batch_size=8).fit(X, y, sample_weight=weight)
    removed = MLPRegressor(epochs=3, batch_size=8).fit(X[::10], y[::10])
    assert_same_weights(state(weighted), state(removed), rtol=0, atol=0)


def test_they_work_inside_a_pipeline_a_grid_search_and_a_resampling_pipeline(classification):
    X, y = classification
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(epochs=2, batch_size=32))
    grid = {
        "mlpclassifier__optimizer": list(OPTIMIZERS),
        "mlpclassifier__hidden_sizes": [(8,), (8, 4)],
        "mlpclassifier__epochs": [1, 3],
    }
    search = GridSearchCV(pipeline, grid, cv=2, scoring="f1_macro", error_score="raise").fit(X, y)
    assert len(search.cv_results_["params"]) == 16
    assert len(set(search.cv_results_["mean_test_score"])) > 4, "the axes change nothing"
    assert search.best_estimator_.predict(X).shape == y.shape
    balanced = make_imblearn_pipeline(SMOTE(k_neighbors=2), MLPClassifier(epochs=2))
    assert np.isfinite(cross_val_score(balanced, X, y, cv=3, error_score="raise")).all()


@pytest.mark.parametrize("options", [{}, {"schedule": "one_cycle"}, {"patience": 2}], ids=str)
def test_a_fitted_estimator_survives_pickling(regression, options):
    X, y = regression
    model = MLPRegressor(epochs=3, **options).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.get_params() == model.get_params()


def test_a_clone_has_the_parameters_and_none_of_the_weights(regression):
    fitted = MLPRegressor(hidden_sizes=(7,), epochs=1).fit(*regression)
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not hasattr(again, "net_")


def test_the_precision_is_what_was_asked_for(regression):
    X, y = regression
    for dtype in ("float32", "float64"):
        model = MLPRegressor(epochs=1, dtype=dtype).fit(X, y)
        assert model.predict(X).dtype == dtype
        assert state(model)["0.weight"].dtype == getattr(torch, dtype)


def test_divergence_is_an_error_that_tells_what_to_do(regression):
    model = MLPRegressor(optimizer="sgd", learning_rate=1e6, epochs=5)
    with pytest.raises(FloatingPointError, match="Lower learning_rate=1000000.0"):
        model.fit(*regression)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adagrad"}, "'adagrad'; expected one of"),
        ({"schedule": "linear"}, "'linear'; expected None"),
        ({"hidden_sizes": 64}, "expected a sequence"),
        ({"activation": "swish"}, "'swish'"),
        ({"dropout": 1.5}, "dropout is 1.5"),
        ({"epochs": 0}, "epochs is 0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"patience": 0}, "patience is 0"),
        ({"patience": 2, "validation_fraction": 1.5}, "validation_fraction is 1.5"),
    ],
)
def test_nonsense_is_refused_by_name_and_value_when_fitting(regression, options, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**{"epochs": 1, **options}).fit(*regression)


def test_ctrl_c_stops_the_training_and_leaves_no_half_trained_net_to_go_on_with(classification):
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            MLPClassifier(epochs=1_000_000).fit(*classification)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, handler)
