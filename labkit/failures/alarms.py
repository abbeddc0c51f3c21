"""Results too good to be true stop the render, with the reason.

A leak does not announce itself: it looks like success. Each check here names a limit that an honest
result does not pass, and raises `Alarm` where one does.
"""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import macro_f1_of
from labkit.failures.simulation import failure_probabilities
from labkit.report.alarms import Alarm

SINGLE_FEATURE_LIMITS = {"F1": 0.6, "balanced accuracy": 0.88}
"""Scores for failure against none that no single honest measurement reaches.

The best have an F1 of 0.44 (power) and a balanced accuracy of 0.83 (rotational speed). F1 finds a
feature that is nearly always right; balanced accuracy one that also raises many false alarms, such
as the answer with one label in twenty changed, for failures are rare.
"""


def check_single_features(X: pd.DataFrame, y: pd.Series, seed: int) -> None:
    """No measurement alone tells failure from none; one that does contains the answer.

    Parameters
    ----------
    X : DataFrame, shape (rows, features)
    y : Series of failure types, shape (rows,)
    seed : int
        Of the folds.

    Raises
    ------
    Alarm
        When a small tree on one column is above one of the `SINGLE_FEATURE_LIMITS` out-of-fold.
    """
    failed = (y != "No Failure").to_numpy()
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    tree = DecisionTreeClassifier(max_leaf_nodes=8, random_state=seed)
    fair = clone(tree).set_params(class_weight="balanced")
    for column in X:
        values = X[[column]]
        if not pd.api.types.is_numeric_dtype(values[column]):
            values = pd.get_dummies(values)
        plain, weighted = (cross_val_predict(own, values, failed, cv=folds) for own in (tree, fair))
        scores = {
            "F1": f1_score(failed, plain, zero_division=0),
            "balanced accuracy": balanced_accuracy_score(failed, weighted),
        }
        for name, limit in SINGLE_FEATURE_LIMITS.items():
            if scores[name] > limit:
                raise Alarm(
                    f"{column!r} alone tells failure from none with a score of {scores[name]:.3f} "
                    f"in {name}, above {limit}: it contains the answer, or nearly so. Take it out "
                    "of the features."
                )


def check_macro_f1(macro_f1: float, machines: pd.DataFrame, name: str, seed: int) -> None:
    """No classifier beats the process that made the rows.

    Raises
    ------
    Alarm
        When ``macro_f1`` is above the `macro_f1_ceiling` of these machine rows.
    """
    ceiling = macro_f1_ceiling(machines, seed)
    if macro_f1 > ceiling:
        raise Alarm(
            f"{name} has a macro-F1 of {macro_f1:.3f}, above the {ceiling:.3f} that the generating "
            "process allows: tool wear and random failures come by chance. Look for a leak: "
            "'target' among the features, or rows sampled before the split."
        )


def macro_f1_ceiling(machines: pd.DataFrame, seed: int, draws: int = 200) -> float:
    """The macro-F1 that even the true class probabilities of these rows do not exceed.

    Labels are drawn from the documented process again and again; each time, the classifier that
    knows the probabilities is scored with the tool wear threshold that suits that draw best, which
    no honest classifier can know. The 99th percentile of the scores, and two hundredths for
    rounding in the recorded temperatures, is the ceiling.
    """
    probabilities = failure_probabilities(machines)
    random = np.random.default_rng(seed)
    cumulative = probabilities.cumsum(axis=1)
    candidates = [_decide(probabilities, threshold) for threshold in (0.5, 0.3, 0.2, 0.1, 0.05)]
    best = []
    for _ in range(draws):
        uniform = random.random((len(probabilities), 1)) * cumulative[:, -1:]
        labels = (uniform > cumulative).sum(axis=1)
        best.append(macro_f1_of(np.stack([_confusion(labels, c) for c in candidates])).max())
    return float(np.percentile(best, 99)) + 0.02


def _confusion(labels: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Rows of each true class, by predicted class, ``(6, 6)``."""
    n = len(FAILURE_TYPES)
    return np.bincount(n * labels + predicted, minlength=n * n).reshape(n, n)


def _decide(probabilities: np.ndarray, tool_wear_threshold: float) -> np.ndarray:
    """The most probable class, but tool wear wherever its probability passes the threshold."""
    tool_wear = FAILURE_TYPES.index("Tool Wear Failure")
    certain = probabilities.argmax(axis=1)
    is_worn = (certain == 0) & (probabilities[:, tool_wear] > tool_wear_threshold)
    return np.where(is_worn, tool_wear, certain)
