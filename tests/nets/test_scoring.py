"""Scores of candidates at once against scikit-learn's, one by one: the same to the last digit."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import check_scoring, f1_score, get_scorer, make_scorer

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.private import _score
from labkit.nets.search.answers import answering
from labkit.nets.search.scoring import CLASSIFICATION, REGRESSION, scores_at_once

LABELS = {
    "words": np.array(["heat", "none", "overstrain", "power", "random", "wear"]),
    "numbers": np.array([-3, 0, 1, 7, 8, 20]),
    "many": np.array([f"class {i:02d}" for i in range(23)]),
    "two": np.array(["no", "yes"]),
    "truth values": np.array([False, True]),
}


def fitted(kind, classes=None):
    estimator = MLPRegressor() if kind is MLPRegressor else MLPClassifier()
    estimator.n_features_in_ = 1
    if classes is not None:
        estimator.classes_ = classes
    return estimator


def one_by_one(scorer, estimator, y, outputs):
    """What the search did before: scikit-learn's way for each candidate."""
    answers = [answering(estimator, output) for output in outputs]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [_score(own, np.zeros((len(y), 1)), y, scorer, {}, -99.0) for own in answers]


def assert_same(scorer, estimator, y, outputs):
    """Equal wherever a score is given; which are given is returned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        at_once = scores_at_once(scorer, estimator, y, outputs)
    expected = one_by_one(scorer, estimator, y, outputs)
    for own, theirs in zip(at_once, expected, strict=True):
        assert own is None or own == theirs
    return [own is not None for own in at_once]


def outputs_of(seed, n_candidates, n_rows, n_outputs, dtype, scale=2.0):
    rng = np.random.default_rng(seed)
    drawn = rng.normal(scale=scale, size=(n_candidates, n_outputs, n_rows)).astype(dtype)
    return drawn.transpose(0, 2, 1)  # as a stack leaves them


classification = st.fixed_dictionaries(
    {
        "labels": st.sampled_from(list(LABELS)),
        "missing": st.integers(0, 3),
        "unseen": st.integers(0, 2),
        "n_rows": st.integers(1, 60),
        "n_candidates": st.integers(1, 5),
        "dtype": st.sampled_from(["float32", "float64"]),
        "scale": st.sampled_from([0.0, 0.3, 3.0, 300.0]),
        "seed": st.integers(0, 10**6),
    }
)


@pytest.mark.parametrize("scoring", [*CLASSIFICATION, None])
@settings(max_examples=60, deadline=None)
@given(case=classification)
def test_classes(scoring, case):
    """Classes absent from the truth, from training, from the predictions; few rows; ties."""
    all_labels = LABELS[case["labels"]]
    rng = np.random.default_rng(case["seed"])
    known = rng.permutation(all_labels)[: max(1, len(all_labels) - case["unseen"])]
    present = rng.permutation(all_labels)[: max(1, len(all_labels) - case["missing"])]
    estimator = fitted(MLPClassifier, np.sort(known))
    y = rng.choice(present, case["n_rows"])
    shape = case["n_candidates"], case["n_rows"], len(known)
    outputs = outputs_of(case["seed"], *shape, case["dtype"], case["scale"])
    scorer = check_scoring(estimator, scoring)
    given_scores = assert_same(scorer, estimator, y, outputs)
    if scoring in ("accuracy", "f1_macro", None):
        assert all(given_scores)


@pytest.mark.parametrize("scoring", [*REGRESSION, None])
@settings(max_examples=60, deadline=None)
@given(
    n_rows=st.one_of(st.integers(1, 40), st.integers(100, 3000)),
    dtypes=st.tuples(*[st.sampled_from(["float32", "float64"])] * 2),
    spread=st.sampled_from([0.0, 1e-3, 1.0, 1e6]),
    seed=st.integers(0, 10**6),
)
def test_numbers(scoring, n_rows, dtypes, spread, seed):
    estimator = fitted(MLPRegressor)
    y = np.random.default_rng(seed).normal(5, spread, n_rows).astype(dtypes[0])
    outputs = outputs_of(seed, 4, n_rows, 1, dtypes[1])
    given_scores = assert_same(check_scoring(estimator, scoring), estimator, y, outputs)
    assert all(given_scores) == (n_rows > 1 and (spread > 0 or scoring not in ("r2", None)))


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(["a", "b", "c", "a"] * 5, dtype=object),
        pd.Series(["a", "b", "c", "a"] * 5, dtype="category"),
        pd.Series(["a", "b", "c", "a"] * 5),
        ["a", "b", "c", "a"] * 5,
    ],
)
@pytest.mark.parametrize("scoring", CLASSIFICATION)
def test_labels_however_they_are_kept(scoring, y):
    estimator = fitted(MLPClassifier, np.unique(np.asarray(y)))
    assert all(assert_same(get_scorer(scoring), estimator, y, outputs_of(0, 3, 20, 3, "float32")))


@pytest.mark.parametrize("y", [np.arange(20), pd.Series(np.linspace(0, 1, 20))])
@pytest.mark.parametrize("scoring", REGRESSION)
def test_numbers_however_they_are_kept(scoring, y):
    estimator = fitted(MLPRegressor)
    assert all(assert_same(get_scorer(scoring), estimator, y, outputs_of(0, 3, 20, 1, "float32")))


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("kind", [MLPRegressor, MLPClassifier])
def test_an_output_that_is_no_number_is_left_to_scikit_learn_alone(kind, bad):
    """3e38 is a number, but not its square."""
    outputs = outputs_of(0, 3, 12, 1 if kind is MLPRegressor else 3, "float32")
    outputs[1, 5, 0] = bad
    labels = np.array(["a", "b", "c"])
    y = np.random.default_rng(0).normal(size=12).astype("float32")
    y = y if kind is MLPRegressor else labels[np.arange(12) % 3]
    for scoring in REGRESSION if kind is MLPRegressor else CLASSIFICATION:
        known = assert_same(get_scorer(scoring), fitted(kind, labels), y, outputs)
        assert known[0] and known[2]
        assert not known[1] or bad == 3e38


def test_truths_that_are_no_labels_or_numbers_are_left_to_scikit_learn():
    classes = np.array(["a", "b"])
    for y in (None, np.array([["a"], ["b"]]), np.array(["a", 1.5], dtype=object), [1.5, 2.5]):
        outputs = outputs_of(0, 2, 2, 2, "float32")
        for scoring in CLASSIFICATION:
            scores = scores_at_once(get_scorer(scoring), fitted(MLPClassifier, classes), y, outputs)
            assert scores == [None, None]
    for y in (None, [1.0, 2.0], np.ones((2, 1)), np.array([1, np.nan]), np.array(["a", "b"])):
        outputs = outputs_of(0, 2, 2, 1, "float32")
        for scoring in REGRESSION:
            scores = scores_at_once(get_scorer(scoring), fitted(MLPRegressor), y, outputs)
            assert scores == [None, None]


def test_any_other_scorer_is_asked_itself():
    classes = np.array([0, 1])
    others = [
        get_scorer("f1_weighted"),
        get_scorer("roc_auc"),
        get_scorer("r2"),
        make_scorer(f1_score, average="macro", labels=[0]),
        make_scorer(f1_score, average="macro", greater_is_better=False),
        lambda estimator, X, y: 0.0,
    ]
    y, outputs = np.array([0, 1] * 5), outputs_of(0, 2, 10, 2, "float32")
    for scorer in others:
        assert scores_at_once(scorer, fitted(MLPClassifier, classes), y, outputs) == [None, None]


def test_several_scores_are_given_together_or_not_at_all():
    estimator = fitted(MLPClassifier, np.array(["a", "b", "c"]))
    y, outputs = np.array(["a", "b", "c", "a"] * 3), outputs_of(0, 3, 12, 3, "float64")
    known = check_scoring(estimator, ["f1_macro", "accuracy", "balanced_accuracy"])
    assert all(assert_same(known, estimator, y, outputs))
    half_known = check_scoring(estimator, ["f1_macro", "f1_weighted"])
    assert not any(assert_same(half_known, estimator, y, outputs))
