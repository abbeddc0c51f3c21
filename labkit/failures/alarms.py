"""Results too good to be true stop the render, with the reason.

A leak does not announce itself: it looks like success. Each check here names a limit that an honest
result does not pass, and raises `Alarm` where one does.
"""

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.simulation import failure_probabilities
from labkit.report.alarms import Alarm

SINGLE_FEATURE_LIMIT = 0.8
"""F1 for failure against none that no single honest measurement reaches."""


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
        When a small tree on one column reaches `SINGLE_FEATURE_LIMIT` out-of-fold.
    """
    failed = (y != "No Failure").to_numpy()
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    tree = DecisionTreeClassifier(max_leaf_nodes=8, random_state=seed)
    for column in X:
        values = X[[column]]
        if not pd.api.types.is_numeric_dtype(values[column]):
            values = pd.get_dummies(values)
        f1 = f1_score(failed, cross_val_predict(tree, values, failed, cv=folds), zero_division=0)
        if f1 > SINGLE_FEATURE_LIMIT:
            raise Alarm(
                f"{column!r} alone tells failure from none with an F1 of {f1:.3f}, above "
                f"{SINGLE_FEATURE_LIMIT}: it contains the answer. Take it out of the features."
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
    codes = range(len(FAILURE_TYPES))
    best = []
    for _ in range(draws):
        uniform = random.random((len(probabilities), 1)) * cumulative[:, -1:]
        labels = (uniform > cumulative).sum(axis=1)
        scores = [
            f1_score(labels, c, labels=codes, average="macro", zero_division=0) for c in candidates
        ]
        best.append(max(scores))
    return float(np.percentile(best, 99)) + 0.02


def _decide(probabilities: np.ndarray, tool_wear_threshold: float) -> np.ndarray:
    """The most probable class, but tool wear wherever its probability passes the threshold."""
    tool_wear = FAILURE_TYPES.index("Tool Wear Failure")
    certain = probabilities.argmax(axis=1)
    is_worn = (certain == 0) & (probabilities[:, tool_wear] > tool_wear_threshold)
    return np.where(is_worn, tool_wear, certain)
