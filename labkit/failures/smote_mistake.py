"""A mistake made once, on purpose: SMOTE before the split, and what it does to the score."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone

from labkit.failures.balancing import resampled
from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS
from labkit.failures.machines import machines
from labkit.failures.preprocessing import encoding
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.stages import SINGLE, Split, Stage, codes, out_of_fold_stages
from labkit.nets.ensembles import Case, predict_cases
from labkit.nets.estimators import MLPClassifier
from labkit.nets.splits import stratified
from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.sentence import Sentence, number
from labkit.report.table import Table
from labkit.report.tables import study_table

BEFORE = "SMOTE before the split"
INSIDE = "SMOTE inside the folds"


@dataclass(frozen=True, kw_only=True)
class SmoteMistake(Facts):
    """One network under both protocols, out-of-fold on the development rows.

    Attributes
    ----------
    scores : DataFrame
        ``protocol``, ``macro_f1``, ``accuracy``.
    before, inside : float
        Macro-F1 where SMOTE ran before the split, and inside the folds.
    inflation : float
        Before less inside.
    """

    scores: pd.DataFrame
    before: float
    inside: float
    inflation: float


@study("smote-before-split")
def smote_mistake(data: Maintenance, profile: Profile) -> SmoteMistake:
    """The first model, trained for half of its epochs, under both protocols."""
    X, y = machines(data, profile.seed).development_rows()
    mlp = clone(FIRST).set_params(epochs=profile.epochs // 2)
    scores = smote_scores(mlp, X, y, profile.folds, profile.seed)
    return SmoteMistake(profile=profile.name, **weighed(scores))


def weighed(scores: pd.DataFrame) -> dict:
    """What the scores say, by the names of the fields of `SmoteMistake`."""
    f1 = scores.set_index("protocol")["macro_f1"]
    before, inside = float(f1[BEFORE]), float(f1[INSIDE])
    return {"scores": scores, "before": before, "inside": inside, "inflation": before - inside}


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
    rows, labels = resampled(X, y, "SMOTE", seed)
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
    probabilities = out_of_fold_stages({INSIDE: stage}, X, y, [protocol])[INSIDE, SINGLE, 0]
    return classification_scores(y, most_probable(probabilities))


def _scores(labels, outs: Iterable[np.ndarray], predicted: Iterable[np.ndarray]) -> dict:
    probabilities = np.zeros((len(labels), len(FAILURE_TYPES)))
    for out, own in zip(outs, predicted, strict=True):
        probabilities[out] = own
    return classification_scores(labels, most_probable(probabilities))


def shown(facts: SmoteMistake) -> Table:
    """The scores under both protocols."""
    columns = {"protocol": "Protocol", "macro_f1": "Macro-F1", "accuracy": "Accuracy"}
    return study_table(facts, facts.scores, columns)


def said(facts: SmoteMistake) -> Sentence:
    """What SMOTE before the split adds to the score."""
    figures = (
        f"The same network has a macro-F1 of {number(facts.before, '.3f')} where SMOTE ran "
        f"before the split and of {number(facts.inside, '.3f')} where it ran inside the "
        "training folds"
    )
    if facts.inflation <= 0:
        return Sentence(f"{figures}: here the mistake does not raise the score.")
    return Sentence(
        f"{figures}: the mistake adds **{number(facts.inflation, '.3f')}**, none of which would be "
        "seen on a new machine. Rows made from a test row have trained the network, and most of "
        "the rare rows that are scored were made, not measured."
    )
