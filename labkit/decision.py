"""From probabilities to labels, when the score is macro-F1 and not accuracy."""

import numpy as np
from sklearn.metrics import f1_score

from labkit.data import FAILURE_TYPES

MARGIN = 0.003
"""Macro-F1 that a factor must gain: less, on a few dozen rows of a class, may be chance."""

MISSED = 0.5
"""A class whose F1 is below this is mostly missed."""

FACTORS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)
"""Factors that a failure class's probability may be raised by."""


class MacroF1Rule:
    """Predict the class whose probability, times its factor, is largest.

    The most probable class maximises accuracy. Macro-F1 counts rare classes as much as frequent
    ones, so it pays to predict them at probabilities below one half. Only the classes that the most
    probable label mostly misses are raised: for the others there is little to gain and noise to
    fit. Their factors are chosen in turn, from the smallest up, until no change gains more than
    `MARGIN`; on rows that neither trained the model nor are scored later: inner folds.

    Attributes
    ----------
    factors_ : ndarray, shape (6,)
        In the order of `FAILURE_TYPES`; one for No Failure.
    """

    def fit(self, probabilities: np.ndarray, codes: np.ndarray) -> "MacroF1Rule":
        """Choose the factors.

        Parameters
        ----------
        probabilities : array, shape (rows, 6)
            Out-of-fold, in the order of `FAILURE_TYPES`.
        codes : array of int, shape (rows,)
            Class numbers in that order.
        """
        self.factors_ = np.ones(len(FAILURE_TYPES))
        f1 = self._f1(probabilities, codes)
        missed = [k for k in range(1, len(FAILURE_TYPES)) if f1[k] < MISSED]
        best, changed = f1.mean(), True
        while changed:
            changed = False
            for k in missed:
                for factor in FACTORS:
                    kept = self.factors_[k]
                    self.factors_[k] = factor
                    score = self._f1(probabilities, codes).mean()
                    if score > best + MARGIN:
                        best, changed = score, True
                    else:
                        self.factors_[k] = kept
        return self

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """The probabilities with their factors, scaled to add up to one; ``(rows, 6)``.

        The largest of a row is the class to predict. They are no longer probabilities that one
        would bet on: the log loss of the result is worse.
        """
        raised = np.asarray(probabilities) * self.factors_
        return raised / raised.sum(axis=1, keepdims=True)

    def _f1(self, probabilities: np.ndarray, codes: np.ndarray) -> np.ndarray:
        labels = range(len(FAILURE_TYPES))
        predicted = self.apply(probabilities).argmax(axis=1)
        return f1_score(codes, predicted, labels=labels, average=None, zero_division=0)
