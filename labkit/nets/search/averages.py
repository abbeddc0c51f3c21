"""Fitted estimators whose answers are averaged."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class _Average(BaseEstimator):
    """What both averages share.

    Parameters
    ----------
    estimators : sequence of estimator
        Fitted.
    shares : sequence of float
        What each counts for.

    Attributes
    ----------
    candidates_, scores_, weights_ : ndarray
        How ``ensemble_`` of a search came to it.
    """

    candidates_: np.ndarray
    scores_: np.ndarray
    weights_: np.ndarray

    def __init__(self, estimators: Sequence[Any], shares: Sequence[float]):
        self.estimators = estimators
        self.shares = shares

    def __sklearn_is_fitted__(self) -> bool:
        return True


class AverageRegressor(RegressorMixin, _Average):
    """The weighted mean of predictions.

    Parameters
    ----------
    estimators, shares
        Fitted regressors, and what each counts for.
    """

    def predict(self, X: Any) -> np.ndarray:
        """Predictions, shape ``(rows,)``."""
        return np.average([own.predict(X) for own in self.estimators], axis=0, weights=self.shares)


class AverageClassifier(ClassifierMixin, _Average):
    """The weighted mean of probabilities.

    Parameters
    ----------
    estimators, shares
        Fitted classifiers with ``predict_proba``, and what each counts for. One that has not seen a
        class gives it no probability.
    """

    @property
    def classes_(self) -> np.ndarray:
        """The labels that any of them has seen, sorted; the columns of ``predict_proba``."""
        return classes_of(self.estimators)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, shape ``(rows, classes)``."""
        classes = self.classes_
        answers = [by_class(own.predict_proba(X), own.classes_, classes) for own in self.estimators]
        total = np.average(answers, axis=0, weights=self.shares)
        # Of single precision they add up to one too coarsely for scikit-learn's log loss.
        return total / total.sum(axis=1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row, shape ``(rows,)``."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def classes_of(classifiers: Sequence[Any]) -> np.ndarray:
    """The labels that any of some classifiers has seen, sorted."""
    return np.unique(np.concatenate([own.classes_ for own in classifiers]))


def by_class(probabilities: np.ndarray, own: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Probabilities ``(rows, own classes)`` in the columns of ``classes``, which hold all of them.

    >>> by_class(np.array([[0.25, 0.75]]), np.array(["a", "c"]), np.array(["a", "b", "c"]))
    array([[0.25, 0.  , 0.75]])
    """
    if np.array_equal(own, classes):
        return probabilities
    columns = np.zeros((len(probabilities), len(classes)), probabilities.dtype)
    columns[:, np.searchsorted(classes, own)] = probabilities
    return columns
