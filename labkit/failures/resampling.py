"""Scores of classifiers on resampled rows: how sure they are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import macro_f1_of
from labkit.failures.stages import codes
from labkit.report.intervals import Resampled, drawn_repetitions

PIECE = 2**24
"""Numbers of the resamples that are worked on at a time."""


class RowBootstrap:
    """Scores of models on the same resampled rows, so that their differences are paired.

    Each resample draws as many rows as there are, with replacement, and repeats as
    `labkit.report.intervals.drawn_repetitions` does: so the intervals hold what other rows and
    other training seeds would change.

    Parameters
    ----------
    y : Series
        True classes of the rows that judge.
    n_repeats : int
    resamples : int
    seed : int
    """

    def __init__(self, y: pd.Series, n_repeats: int, resamples: int, seed: int):
        random = np.random.default_rng(seed)
        self.truth = codes(y)
        n_rows = len(y)
        # A byte each: of a million rows, two thousand resamples are two gigabytes.
        self.times = np.empty((resamples, n_rows), dtype=np.uint8)
        for times in self.times:
            times[:] = np.bincount(random.integers(n_rows, size=n_rows), minlength=n_rows)
        self.repeats = drawn_repetitions(n_repeats, resamples, random)

    def macro_f1(self, probabilities: Sequence[np.ndarray]) -> Resampled:
        """Macro-F1 of a model, from its probabilities in each repeat."""
        return self._resampled([self._cells(own) for own in probabilities], _macro_f1_of_cells)

    def log_loss(self, probabilities: Sequence[np.ndarray]) -> Resampled:
        """Log loss of a model, from its probabilities in each repeat."""
        losses = [self._losses(own)[:, None] for own in probabilities]
        return self._resampled(losses, lambda sums: sums[..., 0] / len(self.truth))

    def _cells(self, probabilities: np.ndarray) -> sparse.csr_array:
        """Which cell of the confusion matrix each row falls in: ``(rows, 36)`` indicators."""
        n_classes = len(FAILURE_TYPES)
        cells = self.truth * n_classes + np.asarray(probabilities).argmax(axis=1)
        ones = np.ones(len(cells), dtype=np.float32)
        shape = (len(cells), n_classes**2)
        return sparse.csr_array((ones, (np.arange(len(cells)), cells)), shape=shape)

    def _losses(self, probabilities: np.ndarray) -> np.ndarray:
        own = np.asarray(probabilities, dtype=float)[np.arange(len(self.truth)), self.truth]
        return -np.log(np.clip(own, 1e-12, 1)).astype(np.float32)

    def _resampled(self, values: Sequence, score) -> Resampled:
        everything = np.ones((1, len(self.truth)), dtype=np.float32)
        point = np.mean([score(everything @ own) for own in values])
        pieces = np.array_split(self.times, -(-self.times.size // PIECE))
        drawn = (piece.astype(np.float32) for piece in pieces)
        draws = np.concatenate(
            [np.stack([score(times @ own) for own in values], axis=1) for times in drawn]
        )
        return Resampled(float(point), (draws * self.repeats).sum(axis=1))


def _macro_f1_of_cells(cells: np.ndarray) -> np.ndarray:
    n_classes = len(FAILURE_TYPES)
    return macro_f1_of(cells.reshape(*cells.shape[:-1], n_classes, n_classes))
