"""More than a grid: drawn candidates, halving, ensembles of what was trained, lines that tell."""

import inspect
import pickle
import re
import warnings

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.base import clone, is_classifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score, get_scorer, mean_squared_error
from sklearn.model_selection import (
    GridSearchCV,
    ParameterSampler,
    RandomizedSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.private import HalvingGridSearchCV
from labkit.nets.search import (
    StackedGridSearchCV,
    StackedHalvingSearchCV,
    StackedRandomizedSearchCV,
)
from labkit.nets.search.library import choose_greedily
from labkit.nets.stacked.stack import Stack

FOLDS = StratifiedKFold(3, shuffle=True, random_state=0)


def classifier(**params):
    return MLPClassifier(
        **{"hidden_sizes": (8,), "epochs": 4, "batch_size": 32, "dtype": "float64", **params}
    )


def regressor(**params):
    return MLPRegressor(
        **{"hidden_sizes": (8,), "epochs": 4, "batch_size": 32, "dtype": "float64", **params}
    )


def assert_same_results(stacked, plain):
    """The same columns in the same order; the same candidates, scores and choice."""
    assert list(stacked.cv_results_) == list(plain.cv_results_)
    assert stacked.cv_results_["params"] == plain.cv_results_["params"]
    for column, values in plain.cv_results_.items():
        if "_test_" in column or "_train_" in column:
            assert np.allclose(stacked.cv_results_[column], values, rtol=0, atol=1e-9), column
        elif column in ("iter", "n_resources"):
            assert stacked.cv_results_[column].tolist() == values.tolist()
    for name in ("best_params_", "best_index_", "n_splits_"):
        assert getattr(stacked, name) == getattr(plain, name)
    assert stacked.best_score_ == pytest.approx(plain.best_score_, abs=1e-9)


def quietly(search, X, y):
    """Fit; a candidate that is fitted alone is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return search.fit(X, y)


DRAWN = {
    "learning_rate": loguniform(1e-3, 1e-1),
    "hidden_sizes": [(8,), (4, 4)],
    "epochs": randint(1, 5),
}


def test_the_candidates_drawn_are_scikit_learns(labelled):
    X, y = labelled
    options = {"n_iter": 7, "random_state": 3, "cv": FOLDS, "scoring": "f1_macro"}
    search = quietly(StackedRandomizedSearchCV(classifier(), DRAWN, **options), X, y)
    assert search.cv_results_["params"] == list(ParameterSampler(DRAWN, 7, random_state=3))
    assert_same_results(search, RandomizedSearchCV(classifier(), DRAWN, **options).fit(X, y))


def test_nothing_to_fit_is_refused(measured):
    with pytest.raises(ValueError, match="'n_iter' parameter .* Got 0"):
        StackedRandomizedSearchCV(regressor(), DRAWN, n_iter=0).fit(*measured)
    with pytest.raises(ValueError, match="No fits were performed"):
        StackedRandomizedSearchCV(regressor(), DRAWN, cv=[]).fit(*measured)


HALVED = {"learning_rate": [1e-4, 1e-3, 1e-2, 3e-2], "hidden_sizes": [(8,), (4, 4)]}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"factor": 3},
        {"min_resources": 2, "max_resources": 5},
        {"min_resources": "smallest"},
        {"min_resources": 4, "aggressive_elimination": True},
    ],
    ids=str,
)
def test_halving_keeps_whom_scikit_learn_keeps(measured, options):
    X, y = measured
    options = {"cv": 3, "factor": 2, "max_resources": 8, **options}
    plain = HalvingGridSearchCV(regressor(), HALVED, resource="epochs", **options).fit(X, y)
    search = quietly(StackedHalvingSearchCV(regressor(), HALVED, **options), X, y)
    assert len(search.n_candidates_) > 1
    assert_same_results(search, plain)
    for name in (
        "n_resources_", "n_candidates_", "n_iterations_", "n_required_iterations_",
        "n_possible_iterations_", "n_remaining_candidates_", "min_resources_", "max_resources_",
    ):  # fmt: skip
        assert getattr(search, name) == getattr(plain, name), name


@pytest.mark.parametrize("more", [{"schedule": "one_cycle"}, {"patience": 1}, {"dropout": 0.2}])
def test_halving_is_the_same_whatever_depends_on_the_last_epoch(labelled, more):
    X, y = labelled
    model = make_pipeline(StandardScaler(), classifier(**more))
    grid = {
        "mlpclassifier__learning_rate": [1e-3, 1e-2, 3e-2],
        "mlpclassifier__optimizer": ["adam"],
    }
    options = {"cv": FOLDS, "factor": 2, "max_resources": 6, "resource": "mlpclassifier__epochs"}
    plain = HalvingGridSearchCV(model, grid, **options).fit(X, y)
    assert_same_results(quietly(StackedHalvingSearchCV(model, grid, **options), X, y), plain)


def epochs_trained(monkeypatch, search, X, y):
    """Epochs that networks train in the course of a search, each network's counted."""
    count = []
    train_epoch = Stack._train_epoch

    def counting(stack, judged):
        count.append(len(stack.standing.numbers))
        return train_epoch(stack, judged)

    monkeypatch.setattr(Stack, "_train_epoch", counting)
    search.fit(X, y)
    return sum(count)


@pytest.mark.parametrize("seed", [0, np.random.RandomState(1)])
def test_who_stays_in_a_halving_goes_on_from_where_training_stood(measured, monkeypatch, seed):
    model = regressor(epochs=8, dropout=0.1, random_state=seed)
    halving = StackedHalvingSearchCV(model, HALVED, cv=3)
    trained = epochs_trained(monkeypatch, halving, *measured)
    assert halving.n_candidates_ == [8, 4, 2, 1] and halving.n_resources_ == [1, 2, 4, 8]
    assert trained == 3 * (8 * 1 + 4 * 1 + 2 * 2 + 1 * 4)


@pytest.mark.parametrize("other", [{"schedule": "cosine"}, {"random_state": None}])
def test_what_more_epochs_train_in_another_way_begins_anew(measured, monkeypatch, other):
    halving = StackedHalvingSearchCV(regressor(epochs=8, **other), HALVED, cv=3)
    trained = epochs_trained(monkeypatch, halving, *measured)
    assert trained == 3 * (8 * 1 + 4 * 2 + 2 * 4 + 1 * 8)


def test_processes_hand_on_where_training_stood(measured):
    options = {"cv": 3, "max_resources": 8}
    one = StackedHalvingSearchCV(regressor(dropout=0.1), HALVED, **options).fit(*measured)
    two = StackedHalvingSearchCV(regressor(dropout=0.1), HALVED, n_jobs=2, chunk=5, **options)
    assert_same_results(two.fit(*measured), one)


def test_halving_ends_with_the_epochs_of_the_estimator_and_keeps_one_half(measured):
    search = StackedHalvingSearchCV(regressor(epochs=16), HALVED, cv=3).fit(*measured)
    assert search.n_candidates_ == [8, 4, 2, 1]
    assert search.n_resources_ == [2, 4, 8, 16]
    assert search.best_estimator_.epochs == search.best_params_["epochs"] == 16
    alone = cross_val_score(clone(search.best_estimator_), *measured, cv=3).mean()
    assert search.best_score_ == pytest.approx(alone, abs=1e-9)


def test_preprocessing_is_fitted_once_a_fold_for_all_iterations(measured):
    count = []

    class Counting(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            count.append(len(X))
            return super().fit(X, y, sample_weight)

    model = Pipeline([("scale", Counting()), ("mlp", regressor())])
    grid = {"mlp__learning_rate": [1e-3, 1e-2, 3e-2]}
    search = StackedHalvingSearchCV(
        model, grid, resource="mlp__epochs", max_resources=4, cv=2, refit=False
    )
    search.fit(*measured)
    assert search.n_iterations_ == 2 and count == [100, 100]


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (regressor(), {"resource": "n_samples"}, "'n_samples', which is no parameter of MLPReg"),
        (
            make_pipeline(regressor()),
            {},
            "no parameter of Pipeline; expected 'mlpregressor__epochs'",
        ),
        (regressor(), {"factor": 1}, "factor is 1; expected more than 1"),
        (regressor(), {"min_resources": 5}, "min_resources is 5, more than the 4 of max_resources"),
        (regressor(epochs=None), {}, "epochs is None; expected a number to stop at"),
        (regressor(), {"param_grid": {"epochs": [1, 2]}}, "part of the searched parameters"),
        (regressor(), {"chunk": 0}, "chunk is 0"),
    ],
)
def test_what_cannot_be_halved_is_named(measured, model, options, said):
    options = {"param_grid": {}, **options}
    with pytest.raises(ValueError, match=re.escape(said)):
        StackedHalvingSearchCV(model, cv=2, **options).fit(*measured)


def test_a_warning_points_at_the_line_that_called_fit(measured):
    class Other(MLPRegressor):
        pass

    for kind in (StackedGridSearchCV, StackedHalvingSearchCV):
        search = kind(Other(epochs=2), {"learning_rate": [1e-3, 1e-2]}, cv=2)
        for fit in (search.fit, make_pipeline(search).fit):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fit(*measured)
            told = [w for w in caught if "2 candidates cannot be" in str(w.message)]
            assert [w.filename for w in told] == [__file__]


def parameters_of(search):
    return dict(inspect.signature(search).parameters)


@pytest.mark.parametrize(
    ("stacked", "plain", "other"),
    [
        (StackedGridSearchCV, GridSearchCV, {}),
        (StackedRandomizedSearchCV, RandomizedSearchCV, {}),
        (StackedHalvingSearchCV, HalvingGridSearchCV, {"factor": 2, "resource": "epochs"}),
    ],
)
def test_their_parameters_are_scikit_learns_and_two_more(stacked, plain, other):
    own, theirs = parameters_of(stacked), parameters_of(plain)
    assert own.pop("chunk").default is None and own.pop("keep_networks").default is False
    if plain is HalvingGridSearchCV:
        theirs.pop("random_state")  # it draws rows
    assert list(own) == list(theirs)
    for name, parameter in theirs.items():
        default = other.get(name, parameter.default)
        assert own[name].default is default or own[name].default == default, name


@parametrize_with_checks(
    [
        StackedRandomizedSearchCV(
            regressor(epochs=20, batch_size=16, learning_rate=0.02, dtype="float32"),
            {"weight_decay": [0.0, 1e-4]},
            n_iter=2,
            cv=2,
        ),
        StackedHalvingSearchCV(
            regressor(epochs=20, batch_size=16, learning_rate=0.02, dtype="float32"),
            {"weight_decay": [0.0, 1e-4]},
            cv=2,
        ),
    ]
)
def test_scikit_learns_contract(estimator, check):
    check(estimator)


def lines_of(capsys):
    """What was printed, in alphabetical order and without the times."""
    told = capsys.readouterr().out.splitlines()
    return sorted(re.sub(r"\.\.+|\d+\.\d+(s|min)", "", line).replace("   ", " ") for line in told)


@pytest.mark.parametrize("verbose", [1, 2, 3, 10])
@pytest.mark.parametrize(
    "more",
    [{}, {"return_train_score": True}, {"scoring": ["r2", "neg_max_error"], "refit": False}],
    ids=str,
)
def test_what_verbose_prints_is_scikit_learns(measured, capsys, verbose, more):
    grid = {"learning_rate": [1e-3, 1e-2], "dropout": [0.0]}
    options = {"cv": 2, "verbose": verbose, **more}
    GridSearchCV(regressor(), grid, **options).fit(*measured)
    expected = [line for line in lines_of(capsys) if "START" not in line]
    StackedGridSearchCV(regressor(), grid, **options).fit(*measured)
    assert lines_of(capsys) == expected
    assert len(expected) == (1 if verbose == 1 else 5)


def test_halving_prints_its_iterations(measured, capsys):
    StackedHalvingSearchCV(regressor(), {"dropout": [0.0, 0.1]}, cv=2, verbose=1).fit(*measured)
    told = capsys.readouterr().out
    assert "iter: 1\nn_candidates: 1\nn_resources: 4" in told
    assert "Fitting 2 folds for each of 2 candidates, totalling 4 fits" in told


def by_brute_force(answers, score, n):
    """Greedy selection as it is defined, average by average."""
    chosen, scores = [], []
    for _ in range(n):
        tried = [
            np.mean([score(s, np.mean(own[[*chosen, c]], axis=0)) for s, own in enumerate(answers)])
            for c in range(len(answers[0]))
        ]
        chosen.append(int(np.argmax(tried)))
        scores.append(max(tried))
    return chosen, scores


def test_greedy_selection_is_what_brute_force_finds():
    rng = np.random.default_rng(0)
    truth = [rng.normal(size=(n, 1)) for n in (20, 31)]
    answers = [own + rng.normal(size=(6, *own.shape)) for own in truth]

    def score(split, average):
        return -float(np.square(average - truth[split]).mean())

    chosen = choose_greedily(
        answers, lambda split, own: np.array([score(split, average) for average in own]), 12
    )
    candidates, scores = by_brute_force(answers, score, 12)
    assert chosen.candidates.tolist() == candidates
    assert len(set(candidates)) > 2 and len(set(candidates)) < 12, "with replacement"
    assert np.allclose(chosen.scores, scores)


def test_of_equals_the_first_is_chosen():
    twice = np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    chosen = choose_greedily([twice], lambda split, own: -np.abs(own[:, 0, 0]), 2)
    assert chosen.candidates.tolist() == [1, 1]


GRID = {"learning_rate": [3e-3, 3e-2], "hidden_sizes": [(8,), (4, 4)], "epochs": [2, 6]}


def out_of_fold(search, X, y):
    """Of each split the truth and the candidates' answers, from networks trained one by one."""
    splits = list(search.cv.split(X, y))
    truth, answers = [y[test] for _, test in splits], []
    for train, test in splits:
        fitted = [
            clone(search.estimator).set_params(**params).fit(X[train], y[train])
            for params in search.cv_results_["params"]
        ]
        if is_classifier(search):
            answers.append(np.array([own.predict_proba(X[test]) for own in fitted]))
        else:
            answers.append(np.array([own.predict(X[test])[:, None] for own in fitted]))
    return truth, answers


@pytest.mark.parametrize("scoring", ["neg_mean_squared_error", "neg_max_error", None])
def test_an_ensemble_of_regressors_is_that_of_networks_trained_one_by_one(measured, scoring):
    X, y = measured
    cv = ShuffleSplit(3, random_state=0)  # rows that no fold tests, and rows that two do
    search = StackedGridSearchCV(regressor(), GRID, cv=cv, scoring=scoring, keep_networks=True)
    ensemble = search.fit(X, y).ensemble_(5)
    truth, answers = out_of_fold(search, X, y)
    function = get_scorer(scoring or "r2")

    def score(split, average):
        return function._sign * function._score_func(truth[split], average[:, 0])

    candidates, scores = by_brute_force(answers, score, 5)
    assert ensemble.candidates_.tolist() == candidates
    assert np.allclose(ensemble.scores_, scores, rtol=0, atol=1e-9)
    assert ensemble.candidates_[0] == search.best_index_
    assert ensemble.scores_[0] == pytest.approx(search.best_score_, abs=1e-12)
    assert (search.ensemble_(2).candidates_ == ensemble.candidates_[:2]).all()
    assert np.allclose(ensemble.weights_, np.bincount(candidates, minlength=8) / 5)


@pytest.mark.parametrize("scoring", ["f1_macro", "neg_log_loss"])
def test_an_ensemble_of_classifiers_averages_probabilities(labelled, scoring):
    X, y = labelled[0].to_numpy(), labelled[1]
    search = StackedGridSearchCV(classifier(), GRID, cv=FOLDS, scoring=scoring, keep_networks=True)
    ensemble = search.fit(X, y).ensemble_(4)
    truth, answers = out_of_fold(search, X, y)

    def score(split, average):
        if scoring == "f1_macro":
            return f1_score(truth[split], np.unique(y)[average.argmax(1)], average="macro")
        rows = np.arange(len(average)), np.searchsorted(np.unique(y), truth[split])
        return np.log(average[rows]).mean()

    candidates, scores = by_brute_force(answers, score, 4)
    assert ensemble.candidates_.tolist() == candidates
    assert np.allclose(ensemble.scores_, scores, rtol=0, atol=1e-9)


def test_an_ensemble_predicts_by_the_networks_of_all_folds(labelled):
    """Behind their own preprocessing, and nothing is trained for it."""
    X, y = labelled
    model = make_pipeline(StandardScaler(), classifier())
    grid = {"mlpclassifier__learning_rate": [3e-3, 3e-2], "mlpclassifier__epochs": [3, 6]}
    search = StackedGridSearchCV(model, grid, cv=FOLDS, keep_networks=True, refit=False).fit(X, y)
    ensemble = search.ensemble_(3)
    expected = np.zeros((len(X), 3))
    for candidate in ensemble.candidates_:
        own = clone(model).set_params(**search.cv_results_["params"][candidate])
        for train, _ in FOLDS.split(X, y):
            expected += own.fit(X.iloc[train], y[train]).predict_proba(X) / 9
    assert np.allclose(ensemble.predict_proba(X), expected, rtol=0, atol=1e-9)
    assert (ensemble.predict(X) == ensemble.classes_[expected.argmax(1)]).all()
    assert ensemble.score(X, y) == (ensemble.predict(X) == y).mean()
    assert get_scorer("neg_log_loss")(ensemble, X, y) < 0
    again = pickle.loads(pickle.dumps(search)).ensemble_(3)
    assert (again.predict_proba(X) == ensemble.predict_proba(X)).all()


@pytest.mark.filterwarnings("error")
def test_probabilities_add_up_to_one_in_single_precision(labelled):
    X, y = labelled[0].to_numpy("float32"), labelled[1]
    model = classifier(dtype="float32")
    search = StackedGridSearchCV(model, GRID, cv=FOLDS, scoring="neg_log_loss", keep_networks=True)
    ensemble = search.fit(X, y).ensemble_(3)
    assert ensemble.scores_[0] == pytest.approx(search.best_score_, abs=1e-6)
    assert get_scorer("neg_log_loss")(ensemble, X, y) < 0


def test_the_networks_of_all_iterations_of_a_halving_may_be_chosen(measured):
    search = StackedHalvingSearchCV(regressor(), HALVED, cv=3, max_resources=8, keep_networks=True)
    ensemble = search.fit(*measured).ensemble_(4)
    assert len(ensemble.weights_) == sum(search.n_candidates_)
    means = search.cv_results_["mean_test_score"]
    assert ensemble.scores_[0] == pytest.approx(means.max(), abs=1e-12)
    assert ensemble.candidates_[0] == means.argmax()
    assert mean_squared_error(measured[1], ensemble.predict(measured[0])) < measured[1].var()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_candidates_fitted_alone_are_in_the_library_if_they_have_probabilities(labelled, n_jobs):
    X, y = labelled
    pipeline = Pipeline([("scale", StandardScaler()), ("model", classifier())])
    forest = RandomForestClassifier(20, random_state=0)
    grid = [{"model": [RidgeClassifier(), forest, LogisticRegression()]}, {"model__epochs": [2]}]
    search = StackedGridSearchCV(pipeline, grid, cv=FOLDS, keep_networks=True, n_jobs=n_jobs)
    with pytest.warns(UserWarning, match="one by one"):
        search.fit(X, y)
    means = search.cv_results_["mean_test_score"]
    ensemble = search.ensemble_(3)
    assert ensemble.candidates_[0] == 1 + np.argmax(means[1:])
    assert ensemble.weights_[0] == 0
    assert (ensemble.predict(X) == y).mean() > means[1]


def test_a_class_absent_from_a_fold_gets_no_probability(labelled):
    X, y = labelled[0].to_numpy(), labelled[1]
    order = np.argsort(y)
    X, y = X[order], y[order]
    folds = [(np.arange(60, 240), np.arange(60)), (np.arange(200), np.arange(200, 240))]
    grid = {"learning_rate": [1e-3, 1e-2]}
    search = StackedGridSearchCV(classifier(), grid, cv=folds, keep_networks=True).fit(X, y)
    ensemble = search.ensemble_(1)
    assert list(ensemble.classes_) == ["heat", "none", "wear"]
    first, second = ensemble.estimators
    probabilities = ensemble.predict_proba(X)
    assert np.allclose(probabilities.sum(1), 1)
    (lost,) = {*ensemble.classes_} - {*first.classes_} or {*ensemble.classes_} - {*second.classes_}
    whole = second if lost in second.classes_ else first
    column = list(ensemble.classes_).index(lost)
    own = list(whole.classes_).index(lost)
    assert np.allclose(probabilities[:, column], whole.predict_proba(X)[:, own] / 2)


def test_of_several_scores_refit_names_the_one_that_chooses(measured):
    options = {"scoring": ["r2", "neg_max_error"], "cv": 3, "keep_networks": True}
    search = StackedGridSearchCV(regressor(), GRID, refit="neg_max_error", **options)
    ensemble = search.fit(*measured).ensemble_(1)
    assert ensemble.scores_[0] == search.cv_results_["mean_test_neg_max_error"].max()
    search = StackedGridSearchCV(regressor(), GRID, refit=False, **options).fit(*measured)
    with pytest.raises(ValueError, match="refit is False; set it to the name"):
        search.ensemble_(1)


def own_scores(estimator, X, y):
    """A function that asks for rows, and gives several scores."""
    assert len(X) == len(y)
    errors = np.abs(estimator.predict(X) - y)
    return {"mean": -errors.mean(), "max": -errors.max()}


def test_a_score_of_the_users_chooses(measured):
    search = StackedGridSearchCV(
        regressor(), GRID, scoring=own_scores, refit="max", cv=3, keep_networks=True
    )
    ensemble = search.fit(*measured).ensemble_(3)
    assert ensemble.scores_[0] == pytest.approx(search.cv_results_["mean_test_max"].max())
    assert (np.diff(ensemble.scores_) > -0.5).all()


@pytest.mark.parametrize("scoring", ["f1_macro", "neg_log_loss"])
def test_rows_count_for_an_ensemble_what_they_count_for_its_search(labelled, scoring):
    X, y = labelled
    search = StackedGridSearchCV(classifier(), GRID, cv=FOLDS, scoring=scoring, keep_networks=True)
    ensemble = search.fit(X, y, sample_weight=np.linspace(0, 2, len(y))).ensemble_(2)
    assert ensemble.scores_[0] == pytest.approx(search.best_score_, abs=1e-12)


def test_a_candidate_that_failed_is_left_out(measured):
    grid = {"learning_rate": [1e8, 1e-2], "optimizer": ["sgd"]}
    search = StackedGridSearchCV(
        regressor(), grid, cv=3, error_score=99.0, keep_networks=True, refit=False
    )
    with pytest.warns(FitFailedWarning, match="training diverged"):
        search.fit(*measured)
    assert search.best_index_ == 0, "by its error score"
    assert search.ensemble_(2).candidates_.tolist() == [1, 1]


def fussy(estimator, X, y):
    """A score that some answers do not get."""
    if estimator.predict(X).std() < 0.2:
        raise ValueError("too flat")
    return 1.0


def test_a_candidate_without_a_score_is_not_chosen(measured):
    grid = {"learning_rate": [1e-5, 3e-2], "epochs": [20]}
    search = StackedGridSearchCV(
        regressor(), grid, scoring=fussy, cv=2, error_score=9.0, keep_networks=True, refit=False
    )
    with pytest.warns(UserWarning, match="Scoring failed"):
        search.fit(*measured)
    assert search.cv_results_["mean_test_score"].tolist() == [9, 1]
    with pytest.warns(UserWarning, match="Scoring failed"):
        assert search.ensemble_(1).candidates_.tolist() == [1]
    search.set_params(param_grid={"learning_rate": [1e-5]})
    with pytest.warns(UserWarning, match="Scoring failed"):
        search.fit(*measured)
    with (
        pytest.warns(UserWarning, match="Scoring failed"),
        pytest.raises(ValueError, match="no average of candidates has a score"),
    ):
        search.ensemble_(1)


def test_bad_ensembles_are_named(measured):
    search = StackedGridSearchCV(regressor(), {"epochs": [1]}, cv=2)
    with pytest.raises(ValueError, match="not fitted yet"):
        search.ensemble_(1)
    search.fit(*measured)
    with pytest.raises(ValueError, match="set keep_networks=True and fit again"):
        search.ensemble_(1)
    search.set_params(keep_networks=True).fit(*measured)
    for n in (0, 1.5, None):
        with pytest.raises(ValueError, match=re.escape(f"n is {n!r}; expected a number")):
            search.ensemble_(n)
    assert search.ensemble_(1).weights_.tolist() == [1]
    model = Pipeline([("model", RidgeClassifier())])
    alone = StackedGridSearchCV(model, {"model__alpha": [1.0]}, cv=2, keep_networks=True)
    with pytest.warns(UserWarning, match="one by one"):
        alone.fit(measured[0], measured[1] > 0)
    with pytest.raises(ValueError, match="there is nothing to average"):
        alone.ensemble_(1)
