"""From probabilities to labels, when the score is macro-F1 and not accuracy."""

from itertools import combinations, product

import numpy as np

from labkit.failures.rules import FAILURE_TYPES

FACTORS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
"""Factors that a failure class's probability may be raised by."""


class MacroF1Rule:
    """Predict the class whose probability, times its factor, is largest.

    The most probable class maximises accuracy. Macro-F1 counts rare classes as much as frequent
    ones, so it pays to predict them at probabilities below one half (Lipton et al. 2014, "Optimal
    Thresholding of Classifiers to Maximize F1 Measure"). The factors are those with the highest
    macro-F1 that the probabilities themselves promise, so no labels are needed: with a few dozen
    rows of a class, labels would mostly teach chance. The probabilities must be of rows that did
    not train the model.

    Parameters
    ----------
    label_smoothing : float
        Share of the target probability that was spread evenly over the classes in training, and is
        taken back before anything else: it would promise failures that nobody expects.

    Attributes
    ----------
    factors_ : ndarray, shape (6,)
        In the order of `FAILURE_TYPES`; one for No Failure.
    """

    def __init__(self, label_smoothing: float = 0.0):
        self.label_smoothing = label_smoothing

    def fit(self, probabilities: np.ndarray) -> "MacroF1Rule":
        """Choose the factors, two classes at a time until none changes.

        Two, since classes whose failures look alike hold each other back: raising one alone takes
        rows from the other and seems to pay nothing.

        Parameters
        ----------
        probabilities : array, shape (rows, 6)
            In the order of `FAILURE_TYPES`.
        """
        rows, counts = _contested(unsmoothed(probabilities, self.label_smoothing))
        values = np.array(list(product(FACTORS, repeat=2)))
        factors, before = np.ones(len(FAILURE_TYPES)), None
        while before is None or (factors != before).any():
            before = factors.copy()
            for pair in combinations(range(1, len(FAILURE_TYPES)), 2):
                trials = np.tile(factors, (len(values), 1))
                trials[:, pair] = values
                promised = [expected_macro_f1(rows, trial, counts) for trial in trials]
                factors = trials[np.argmax(promised)]  # the smallest of those that promise the same
        self.factors_ = factors
        return self

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """The probabilities with their factors, scaled to add up to one; ``(rows, 6)``.

        The largest of a row is the class to predict. They are no longer probabilities that one
        would bet on: the log loss of the result is worse.
        """
        raised = unsmoothed(probabilities, self.label_smoothing) * self.factors_
        return raised / raised.sum(axis=1, keepdims=True)


def unsmoothed(probabilities: np.ndarray, label_smoothing: float) -> np.ndarray:
    """Probabilities ``(rows, classes)`` without what label smoothing adds to each class.

    A network that was trained with it promises every class at least its share of it.

    >>> unsmoothed(np.array([[0.95, 0.05]]), label_smoothing=0.1)
    array([[1., 0.]])
    """
    floor = label_smoothing / np.shape(probabilities)[1]
    sharp = np.clip(np.asarray(probabilities, dtype=float) - floor, 0, None)
    return sharp / sharp.sum(axis=1, keepdims=True)


def expected_macro_f1(
    probabilities: np.ndarray, factors: np.ndarray, counts: np.ndarray | None = None
) -> float:
    """The macro-F1 that ``probabilities`` ``(rows, classes)`` promise a decision by ``factors``.

    For each class twice the expected hits over the rows predicted plus the rows expected; a class
    that is neither predicted nor expected counts as zero, as in `sklearn.metrics.f1_score`. A row
    may stand for several: ``counts`` ``(rows,)`` says for how many.

    >>> expected_macro_f1(np.array([[0.75, 0.25], [0.25, 0.75]]), np.ones(2))
    0.75
    """
    n_classes = probabilities.shape[1]
    counts = np.ones(len(probabilities)) if counts is None else counts
    predicted = (probabilities * factors).argmax(axis=1)
    chosen = probabilities[np.arange(len(predicted)), predicted]
    hits = np.bincount(predicted, counts * chosen, minlength=n_classes)
    total = np.bincount(predicted, counts, minlength=n_classes) + counts @ probabilities
    return float(np.mean(2 * hits / np.where(total > 0, total, 1)))


def _contested(probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows whose class some factors could change, and all others as one; and their counts."""
    sure = probabilities[:, 0] > FACTORS[-1] * probabilities[:, 1:].max(axis=1)
    rows, counts = probabilities[~sure], np.ones(len(probabilities) - sure.sum())
    if sure.any():
        rows = np.vstack([rows, probabilities[sure].mean(axis=0)])
        counts = np.append(counts, sure.sum())
    return rows, counts
