"""How good a prediction is: metrics, and the documented rules as a classifier."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    precision_recall_fscore_support,
    precision_score,
    recall_score,
)
from sklearn.utils.validation import check_is_fitted

from labkit.failures.rules import (
    FAILURE_TYPES,
    LABEL_PRIORITY,
    heat_dissipation_rule,
    overstrain_rule,
    power_rule,
)


def classification_scores(
    y: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray | None = None
) -> dict[str, float]:
    """Accuracy, macro-averaged scores over all `FAILURE_TYPES`, and log loss.

    Parameters
    ----------
    y, predicted : arrays of labels, shape (rows,)
    probabilities : array, shape (rows, 6), optional
        In the order of `FAILURE_TYPES`; without it there is no ``log_loss``.

    Raises
    ------
    ValueError
        When a label is not one of `FAILURE_TYPES`.
    """
    average = {"average": "macro", "labels": FAILURE_TYPES, "zero_division": 0}
    unknown = sorted(set(map(str, y)) - set(FAILURE_TYPES))
    if unknown:
        raise ValueError(f"{unknown[0]!r} is none of the classes: {', '.join(FAILURE_TYPES)}")
    scores = {
        "accuracy": accuracy_score(y, predicted),
        "macro_precision": precision_score(y, predicted, **average),
        "macro_recall": recall_score(y, predicted, **average),
        "macro_f1": f1_score(y, predicted, **average),
        "weighted_f1": f1_score(y, predicted, average="weighted", zero_division=0),
    }
    if probabilities is not None:
        columns = pd.Index(FAILURE_TYPES).get_indexer(np.asarray(y))
        own = np.asarray(probabilities)[np.arange(len(columns)), columns]
        scores["log_loss"] = float(-np.mean(np.log(np.clip(own, 1e-12, 1))))
    return scores


def macro_f1_of(confusion: np.ndarray) -> np.ndarray:
    """Macro-F1 of confusion matrices ``(..., classes, classes)``, true class by predicted class.

    As `sklearn.metrics.f1_score` with ``zero_division=0``, for many matrices at once.

    >>> float(macro_f1_of(np.array([[3, 1], [1, 3]])))
    0.75
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    total = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    return (2 * hits / np.where(total > 0, total, 1)).mean(axis=-1)


def per_class_scores(y: np.ndarray, predicted: np.ndarray) -> pd.DataFrame:
    """Precision, recall, F1 and number of rows, a row per class of `FAILURE_TYPES`."""
    precision, recall, f1, rows = precision_recall_fscore_support(
        y, predicted, labels=FAILURE_TYPES, zero_division=0
    )
    return pd.DataFrame(
        {"class": FAILURE_TYPES, "precision": precision, "recall": recall, "f1": f1, "rows": rows}
    )


class RuleOracle(ClassifierMixin, BaseEstimator):
    """The documented failure rules as a classifier: what knowing the process is worth.

    Power, heat dissipation and overstrain follow their rules, in the order in which Kaggle's file
    labels a row that meets several (`labkit.failures.rules.LABEL_PRIORITY`). Tool wear failures
    come at a random time and random failures by chance: no rule predicts them.
    """

    def fit(self, X: pd.DataFrame, y=None) -> "RuleOracle":
        """Nothing to learn."""
        self.classes_ = np.array(FAILURE_TYPES)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Labels, shape ``(rows,)``, from the columns of the machine rows."""
        check_is_fitted(self)
        rules = {
            "Power Failure": power_rule(X),
            "Heat Dissipation Failure": heat_dissipation_rule(X, decimals=None),
            "Overstrain Failure": overstrain_rule(X),
        }
        ordered = [label for label in LABEL_PRIORITY if label in rules]
        holds = [np.asarray(rules[label]) for label in ordered]
        return np.select(holds, ordered, default="No Failure")


def class_probabilities(model, X: pd.DataFrame) -> np.ndarray:
    """Probabilities of the `FAILURE_TYPES`, shape ``(rows, 6)``, from any fitted classifier."""
    if not hasattr(model, "predict_proba"):
        return (model.predict(X)[:, None] == np.array(FAILURE_TYPES)).astype(float)
    given = pd.DataFrame(model.predict_proba(X), columns=model.classes_)
    return given.reindex(columns=FAILURE_TYPES, fill_value=0.0).to_numpy()


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """Labels, shape ``(rows,)``, of the largest of each row's probabilities ``(rows, 6)``."""
    return np.array(FAILURE_TYPES)[np.asarray(probabilities).argmax(axis=1)]
