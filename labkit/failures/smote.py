"""A mistake made once, on purpose: SMOTE before the split, and what it does to the score."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from sklearn.base import clone

from labkit import config
from labkit.failures import balancing as imbalance
from labkit.failures.preprocessing import encoding, scaling
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.setting import FIRST, PHYSICS, classification_data, stored
from labkit.failures.stages import Split, Stage, codes, out_of_fold_stages
from labkit.nets.ensembles import Case, predict_cases
from labkit.nets.estimators import MLPClassifier
from labkit.nets.splits import stratified
from labkit.report.results import Result

BEFORE = "SMOTE before the split"
INSIDE = "SMOTE inside the folds"


def smote_before_split() -> Result:
    """The first model under both protocols, out-of-fold on the development rows.

    Table: ``scores`` (protocol, macro-F1, accuracy).
    """
    return stored("smote-before-split", _smote_before_split)


def _smote_before_split() -> Result:
    profile = config.profile()
    X, y = classification_data().development_rows()
    mlp = clone(FIRST).set_params(epochs=profile.classification_epochs // 2)
    return Result({"scores": smote_scores(mlp, X, y, profile.classification_folds, profile.seed)})


def smote_scores(
    mlp: MLPClassifier, X: pd.DataFrame, y: pd.Series, n_folds: int, seed: int
) -> pd.DataFrame:
    """The same network scored in the wrong way and in the right one.

    Parameters
    ----------
    mlp : MLPClassifier
    X : DataFrame
        Columns of `labkit.failures.features.machine_features`.
    y : Series
        Failure types.
    n_folds : int
    seed : int

    Returns
    -------
    DataFrame
        Columns protocol, macro_f1, accuracy.
    """
    scores = {
        BEFORE: _before(mlp, X, y, n_folds, seed),
        INSIDE: _inside(mlp, X, y, n_folds, seed),
    }
    return pd.DataFrame(
        [
            {"protocol": name, **{score: own[score] for score in ("macro_f1", "accuracy")}}
            for name, own in scores.items()
        ]
    )


def _before(mlp, X, y, n_folds: int, seed: int) -> dict[str, float]:
    """All rows resampled, then split: rows made from a test row train, and made rows are scored."""
    rows, labels = imbalance.sampler("SMOTE", seed).fit_resample(
        scaling(PHYSICS).fit_transform(X), np.asarray(y)
    )
    inputs = np.asarray(encoding().fit_transform(rows))
    folds = list(stratified(n_folds, 1, seed).split(inputs, labels))
    seeded = clone(mlp).set_params(random_state=seed)
    cases = [
        Case(clone(seeded), inputs[train], codes(labels[train]), inputs[out])
        for train, out in folds
    ]
    return _scores(labels, [out for _, out in folds], predict_cases(cases, len(FAILURE_TYPES)))


def _inside(mlp, X, y, n_folds: int, seed: int) -> dict[str, float]:
    """Split, then each training fold resampled: the rows that are scored are rows of the data."""
    protocol = [Split(train, out, seed) for train, out in stratified(n_folds, 1, seed).split(X, y)]
    stage = Stage(mlp, PHYSICS, strategy="SMOTE")
    probabilities = out_of_fold_stages({INSIDE: stage}, X, y, [protocol])[(INSIDE, 0)]
    return classification_scores(y, most_probable(probabilities))


def _scores(labels, outs: Iterable[np.ndarray], predicted: Iterable[np.ndarray]) -> dict:
    probabilities = np.zeros((len(labels), len(FAILURE_TYPES)))
    for out, own in zip(outs, predicted, strict=True):
        probabilities[out] = own
    return classification_scores(labels, most_probable(probabilities))
