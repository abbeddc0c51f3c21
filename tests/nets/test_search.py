"""StackedGridSearchCV against GridSearchCV: the same table, faster."""

import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline as ResamplingPipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.search.folds import Capture

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]


def classifier(**params):
    return MLPClassifier(
        **{"hidden_sizes": (8,), "epochs": 4, "batch_size": 32, "dtype": "float64", **params}
    )


FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def assert_same_search(estimator, grid, X, y, *, fit_params=None, **options):
    """Both searches, and that they agree; the stacked one is returned."""
    options = {"cv": FOLDS, "return_train_score": True, **options}
    fit_params = fit_params or {}
    plain = GridSearchCV(clone(estimator), grid, **options).fit(X, y, **fit_params)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # nothing is fitted alone
        stacked = StackedGridSearchCV(estimator, grid, **options).fit(X, y, **fit_params)
    assert list(stacked.cv_results_) == list(plain.cv_results_)
    assert stacked.cv_results_["params"] == plain.cv_results_["params"]
    for column, values in plain.cv_results_.items():
        if column.startswith("rank_"):
            assert (stacked.cv_results_[column] == values).all()
        elif "_test_" in column or "_train_" in column:
            assert np.allclose(stacked.cv_results_[column], values, rtol=0, atol=1e-6), column
        elif column.startswith("param_"):
            assert stacked.cv_results_[column].tolist() == values.tolist()
    for name in ("best_params_", "best_index_", "n_splits_", "multimetric_"):
        assert getattr(stacked, name, None) == getattr(plain, name, None)
    return stacked


def test_all_axes_of_the_lab(labelled):
    grid = {
        "learning_rate": [1e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(8,), (8, 4)],
        "batch_size": [32, 64],
        "epochs": [2, 5],
    }
    X, y = labelled
    search = assert_same_search(classifier(), grid, X.to_numpy(), y)
    assert search.best_estimator_.epochs == search.best_params_["epochs"]
    assert search.predict(X.to_numpy()).shape == y.shape


def test_regularization_axes(labelled):
    X, y = labelled
    grid = [
        {"dropout": [0.0, 0.3], "batch_norm": [False, True], "weight_decay": [0.0, 0.01]},
        {"class_weight": [None, "balanced"], "label_smoothing": [0.0, 0.1]},
        {"schedule": ["one_cycle", "cosine"], "epochs": [2, 4], "optimizer": ["adamw"]},
        {"embedding_scale": [0.3, 1.0], "activation": ["relu", "gelu"]},
    ]
    assert_same_search(classifier(), grid, X.to_numpy(), y, scoring="neg_log_loss")


def test_early_stopping(measured):
    estimator = MLPRegressor(hidden_sizes=(8,), learning_rate=0.03, dtype="float64", batch_size=32)
    grid = [
        {"patience": [1, 3, None], "epochs": [5, 30], "dropout": [0.0, 0.2]},
        {"patience": [3], "epochs": [5], "schedule": ["one_cycle"], "validation_fraction": [0.4]},
    ]
    search = assert_same_search(estimator, grid, *measured, cv=3)
    assert search.best_estimator_.n_iter_ <= 30


@pytest.mark.parametrize("seed", [np.random.RandomState(3), 7])
def test_seeds(measured, seed):
    """A generator gives every fit the same state, as cloning does in GridSearchCV."""
    estimator = MLPRegressor(hidden_sizes=(8,), dtype="float64", random_state=seed)
    assert_same_search(estimator, {"epochs": [1, 2]}, *measured, cv=3)


def test_expanding_folds_of_unequal_size(measured):
    estimator = MLPRegressor(hidden_sizes=(8,), batch_size=16, dtype="float64", batch_norm=True)
    grid = {"learning_rate": [1e-3, 1e-2], "optimizer": ["sgd", "adam"], "epochs": [2, 3]}
    assert_same_search(estimator, grid, *measured, cv=TimeSeriesSplit(4))


def test_pipeline_with_preprocessing_as_an_axis(labelled):
    X, y = labelled
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", classifier())])
    grid = {
        "scale": [StandardScaler(), MinMaxScaler(), "passthrough"],
        "mlp__learning_rate": [1e-3, 1e-2],
        "mlp__epochs": [2, 4],
    }
    assert_same_search(pipeline, grid, X, y, scoring="f1_macro")


@pytest.mark.parametrize(
    "sampler", [SMOTE(random_state=0, k_neighbors=3), RandomUnderSampler(random_state=0)]
)
def test_resampling_changes_training_rows_only(labelled, sampler):
    X, y = labelled
    steps = [("scale", StandardScaler()), ("balance", sampler), ("mlp", classifier())]
    grid = {"mlp__hidden_sizes": [(8,), (4, 4)], "balance": [sampler, "passthrough"]}
    assert_same_search(ResamplingPipeline(steps), grid, X, y, scoring="f1_macro")


def test_preprocessing_is_fitted_once_a_fold(labelled):
    X, y = labelled
    count = []

    class Counting(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            count.append(len(X))
            return super().fit(X, y, sample_weight)

    pipeline = Pipeline([("scale", Counting()), ("mlp", classifier())])
    grid = {"mlp__learning_rate": [1e-3, 1e-2, 2e-2], "mlp__hidden_sizes": [(4,), (8,)]}
    StackedGridSearchCV(pipeline, grid, cv=FOLDS, refit=False).fit(X, y)
    assert count == [160, 160, 160]


def test_several_metrics_and_callables(labelled):
    X, y = labelled
    grid = {"learning_rate": [1e-3, 1e-2], "epochs": [2, 4]}
    assert_same_search(
        classifier(), grid, X, y, scoring=["f1_macro", "neg_log_loss"], refit="f1_macro"
    )
    assert_same_search(classifier(), grid, X, y, scoring=own_scorer)
    assert_same_search(classifier(), grid, X, y, scoring=own_scores, refit="f1")
    assert_same_search(classifier(), grid, X, y, refit=lambda results: 2)


def own_scorer(estimator, X, y):
    return f1_score(y, estimator.predict(X), average="macro")


def own_scores(estimator, X, y):
    predicted = estimator.predict(X)
    return {"f1": f1_score(y, predicted, average="macro"), "hits": float((y == predicted).mean())}


def test_groups(labelled):
    X, y = labelled
    groups = np.arange(len(y)) % 7
    grid = {"learning_rate": [1e-3, 1e-2]}
    assert_same_search(classifier(), grid, X, y, cv=GroupKFold(3), fit_params={"groups": groups})


@pytest.mark.filterwarnings("ignore:The scoring")
def test_sample_weight(labelled):
    X, y = labelled
    weight = np.linspace(0, 2, len(y))
    grid = {"learning_rate": [1e-3, 1e-2], "class_weight": [None, "balanced"]}
    assert_same_search(classifier(), grid, X, y, fit_params={"sample_weight": weight})
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", classifier())])
    grid = {"mlp__learning_rate": [1e-3, 1e-2]}
    assert_same_search(pipeline, grid, X, y, fit_params={"mlp__sample_weight": weight})


def test_a_class_absent_from_a_fold(labelled):
    X, y = labelled
    order = np.argsort(y)
    X, y = X.to_numpy()[order], y[order]
    folds = [(np.arange(60, 240), np.arange(60)), (np.arange(200), np.arange(200, 240))]
    assert len(set(y[200:])) < len(set(y))
    grid = {"learning_rate": [1e-3, 1e-2], "epochs": [2, 3]}
    assert_same_search(classifier(), grid, X, y, cv=folds)


def test_a_diverging_candidate_gets_the_error_score(measured):
    X, y = measured
    estimator = MLPRegressor(hidden_sizes=(8,), optimizer="sgd", epochs=3, dtype="float64")
    grid = {"learning_rate": [1e-3, 1e8, 1e-2]}
    with pytest.warns(FitFailedWarning, match="training diverged"):
        search = StackedGridSearchCV(estimator, grid, cv=3, error_score=-99.0).fit(X, y)
    quiet = {"learning_rate": [1e-3, 1e-2]}
    other = StackedGridSearchCV(estimator, quiet, cv=3).fit(X, y)
    means = search.cv_results_["mean_test_score"]
    assert means[1] == -99
    assert np.allclose(means[[0, 2]], other.cv_results_["mean_test_score"], atol=1e-12)
    assert search.best_params_ == other.best_params_
    with pytest.raises(FloatingPointError, match="training diverged"):
        StackedGridSearchCV(estimator, grid, cv=3, error_score="raise").fit(X, y)


def test_a_candidate_that_cannot_be_built_fails_alone(measured):
    X, y = measured
    estimator = MLPRegressor(hidden_sizes=(8,), epochs=2)
    for bad in (
        {"optimizer": "adagrad"},
        {"hidden_sizes": (0,)},
        {"dropout": "much"},
        {"batch_size": 0},
        {"patience": 0},
    ):
        (name, value), good = *bad.items(), estimator.get_params()
        grid = {name: [good[name], value]}
        with pytest.warns(FitFailedWarning, match=str(name)):
            search = StackedGridSearchCV(estimator, grid, cv=3).fit(X, y)
        assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]


NOT_TO_BE_TRAINED = [
    {"learning_rate": -1},
    {"learning_rate": "0.1"},
    {"learning_rate": float("nan")},
    {"weight_decay": -1},
    {"optimizer": "adamw", "weight_decay": -1},
    {"optimizer": "rmsprop", "learning_rate": -1},
    {"optimizer": "sgd", "momentum": -0.5},
    {"batch_size": 2.5},
    {"batch_size": "32"},
    {"batch_size": None},
    {"epochs": 0},
    {"epochs": 2.5},
    {"epochs": "4"},
    {"patience": 2.5},
    {"label_smoothing": -0.1},
    {"label_smoothing": 1.0},
    {"device": "no such device"},
    {"class_weight": {0: 0, 1: 0, 2: 0}},
    {"class_weight": {0: -1, 1: 1, 2: 1}},
]


@pytest.mark.parametrize("bad", NOT_TO_BE_TRAINED, ids=str)
def test_what_grid_search_fails_is_failed_and_nothing_else(labelled, bad):
    grid = [{"learning_rate": [0.01, 0.02]}, {name: [value] for name, value in bad.items()}]
    with pytest.warns(FitFailedWarning):
        plain = GridSearchCV(classifier(), grid, cv=FOLDS).fit(*labelled)
    with pytest.warns(FitFailedWarning):
        stacked = StackedGridSearchCV(classifier(), grid, cv=FOLDS).fit(*labelled)
    means = [search.cv_results_["mean_test_score"] for search in (plain, stacked)]
    assert np.isnan(means[0]).tolist() == [False, False, True]
    np.testing.assert_allclose(means[1], means[0], rtol=0, atol=1e-6)


def test_metadata_routing_is_left_to_grid_search(measured):
    grid = {"learning_rate": [1e-3, 1e-2]}
    with config_context(enable_metadata_routing=True):
        plain = GridSearchCV(MLPRegressor(epochs=2), grid, cv=3).fit(*measured)
        with pytest.warns(UserWarning, match="2 candidates .* metadata routing is enabled"):
            search = StackedGridSearchCV(MLPRegressor(epochs=2), grid, cv=3).fit(*measured)
    gap = search.cv_results_["mean_test_score"] - plain.cv_results_["mean_test_score"]
    assert np.abs(gap).max() == 0


def test_a_batch_that_cannot_be_normalised_fails_alone(measured):
    X, y = measured
    estimator = MLPRegressor(hidden_sizes=(8,), epochs=2, batch_size=1)
    grid = [{"batch_norm": [True, False]}]
    with pytest.warns(FitFailedWarning, match="more than one row"):
        search = StackedGridSearchCV(estimator, grid, cv=3).fit(X[:30], y[:30])
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [True, False]


def test_preprocessing_that_fails_fails_its_candidates(labelled):
    X, y = labelled
    steps = [("balance", SMOTE(k_neighbors=3)), ("mlp", classifier())]
    grid = {"balance__k_neighbors": [3, 1000]}
    with pytest.warns(FitFailedWarning):
        search = StackedGridSearchCV(ResamplingPipeline(steps), grid, cv=FOLDS).fit(X, y)
    assert np.isnan(search.cv_results_["mean_test_score"]).tolist() == [False, True]


def test_another_estimator_is_fitted_alone_and_a_warning_says_so(labelled):
    X, y = labelled
    pipeline = Pipeline([("scale", StandardScaler()), ("model", classifier())])
    grid = [{"model": [LogisticRegression()]}, {"model__epochs": [2, 3]}]
    plain = GridSearchCV(pipeline, grid, cv=FOLDS).fit(X, y)
    with pytest.warns(UserWarning, match="1 candidates .* one by one.*LogisticRegression"):
        search = StackedGridSearchCV(pipeline, grid, cv=FOLDS).fit(X, y)
    difference = search.cv_results_["mean_test_score"] - plain.cv_results_["mean_test_score"]
    assert np.abs(difference).max() < 1e-6
    assert search.cv_results_["params"] == plain.cv_results_["params"]


def test_bad_grids_are_named(measured):
    X, y = measured
    with pytest.raises(ValueError, match="Invalid parameter 'learning_rat'"):
        StackedGridSearchCV(MLPRegressor(), {"learning_rat": [1]}).fit(X, y)
    with pytest.raises(ValueError, match="need at least one|non-empty"):
        StackedGridSearchCV(MLPRegressor(), {"learning_rate": []}).fit(X, y)
    with pytest.raises(ValueError, match="chunk is 0"):
        StackedGridSearchCV(MLPRegressor(), {"epochs": [1]}, chunk=0).fit(X, y)
    with pytest.raises(MemoryError, match="chunk"):
        wide = MLPRegressor(hidden_sizes=(8,), batch_size=10**12)
        StackedGridSearchCV(wide, {"epochs": [1]}, error_score="raise").fit(X, y)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_more_workers_and_smaller_stacks_change_nothing(labelled, backend):
    X, y = labelled
    grid = {"learning_rate": [1e-3, 3e-3, 1e-2], "optimizer": ["sgd", "adam"], "epochs": [2, 4]}
    options = {"cv": FOLDS, "scoring": "neg_log_loss", "refit": False}
    one = StackedGridSearchCV(classifier(), grid, **options).fit(X, y)
    with joblib.parallel_config(backend=backend):
        two = StackedGridSearchCV(classifier(), grid, n_jobs=2, chunk=4, **options).fit(X, y)
    for column in ("split0_test_score", "split2_test_score", "mean_test_score"):
        assert np.abs(one.cv_results_[column] - two.cv_results_[column]).max() < 1e-12


def test_a_dask_cluster_does_the_work(labelled):
    from distributed import Client, LocalCluster

    X, y = labelled
    grid = {"learning_rate": [1e-3, 1e-2], "hidden_sizes": [(8,), (4,)]}
    options = {"cv": FOLDS, "scoring": "neg_log_loss", "refit": False}
    here = StackedGridSearchCV(classifier(), grid, **options).fit(X, y)
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        there = StackedGridSearchCV(classifier(), grid, **options).fit(X, y)
    gap = here.cv_results_["mean_test_score"] - there.cv_results_["mean_test_score"]
    assert np.abs(gap).max() < 1e-12


def test_a_dask_worker_that_is_killed_costs_no_score(labelled, tmp_path):
    from distributed import Client, LocalCluster

    X, y = labelled
    killed, here = tmp_path / "killed", os.getpid()

    def deadly(estimator, X, y):
        if os.getpid() != here and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return estimator.score(X, y)

    grid = {"learning_rate": [1e-3, 1e-2], "hidden_sizes": [(8,), (4,)]}
    search = StackedGridSearchCV(classifier(), grid, cv=FOLDS, scoring=deadly, refit=False)
    alive = clone(search).fit(X, y).cv_results_["mean_test_score"]
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    with cluster, Client(cluster), joblib.parallel_config(backend="dask"):
        survived = search.fit(X, y).cv_results_["mean_test_score"]
    assert killed.exists()
    assert (survived == alive).all()


def test_contract(labelled):
    """Cloned, pickled, nested: what scikit-learn expects of a search."""
    X, y = labelled
    search = StackedGridSearchCV(classifier(), {"epochs": [1, 2]}, cv=3, chunk=5)
    again = clone(search)
    assert again.get_params()["chunk"] == 5 and again.get_params()["estimator__epochs"] == 4
    assert not hasattr(search, "cv_results_")
    fitted = search.fit(X, y)
    assert list(fitted.feature_names_in_) == list(X)
    copy = pickle.loads(pickle.dumps(fitted))
    assert (copy.predict(X) == fitted.predict(X)).all()
    assert fitted.score(X, y) == (fitted.predict(X) == y).mean()
    assert Capture().fit(X, y).predict(X) is X


@parametrize_with_checks(
    [
        StackedGridSearchCV(
            MLPRegressor(hidden_sizes=(8,), epochs=20, batch_size=16, learning_rate=0.02),
            {"weight_decay": [0.0, 1e-4]},
            cv=2,
        )
    ]
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


def seconds_at_work(process: psutil.Process) -> float:
    return sum(p.cpu_times().user for p in [process, *process.children(recursive=True)])


def test_interrupt_ends_at_once_and_says_what_was_finished(tmp_path):
    script = tmp_path / "search.py"
    script.write_text(
        "import numpy as np, torch\n"
        "from labkit.nets.estimators import MLPRegressor\n"
        "from labkit.nets.search import StackedGridSearchCV\n"
        "if __name__ == '__main__':\n"
        "    X = np.random.default_rng(0).normal(size=(4000, 8))\n"
        "    grid = {'learning_rate': list(np.geomspace(1e-4, 1e-2, 40)), 'epochs': [20000]}\n"
        "    print('started', flush=True)\n"
        "    StackedGridSearchCV(MLPRegressor(), grid, cv=3, n_jobs=2).fit(X, X[:, 0])\n"
    )
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
        # A shell that runs the tests in the background ignores Ctrl-C, and so would the child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout.readline().strip() == "started"
    # By then PyTorch is loaded, the kernel compiled, and threads or processes are training.
    at_work = psutil.Process(process.pid)
    while process.poll() is None and seconds_at_work(at_work) < 30:
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert "of 120 fits finished" in errors
    assert process.returncode != 0
