"""Whether a probability of failure can be taken at its word."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.failures.decision import unsmoothed
from labkit.failures.rules import NO_FAILURE

N_BINS = 20
"""Bins, equal in rows, behind the expected calibration error."""

CALIBRATED = 0.005
"""An expected calibration error up to here is called small: half a percentage point."""


@dataclass(frozen=True)
class Reliability:
    """A model's probability of any failure, held against what happened; shares of rows.

    ``expected`` failures, by the mean probability; those that ``failed``; the expected calibration
    ``error``; and how many would be ``expected_unsmoothed``, without what label smoothing adds.
    """

    model: str
    expected: float
    failed: float
    error: float
    expected_unsmoothed: float

    @property
    def is_small(self) -> bool:
        """Whether the error is no more than `CALIBRATED`."""
        return self.error <= CALIBRATED

    @property
    def lean(self) -> str | None:
        """Whether the probabilities are on the whole too high or too low; None if neither."""
        bias = self.expected - self.failed
        if abs(bias) < self.error / 2:
            return None
        return "too high" if bias > 0 else "too low"

    @property
    def is_raised_by_smoothing(self) -> bool:
        """Whether label smoothing makes half or more of what is expected too much."""
        raised = self.expected - self.expected_unsmoothed
        return self.lean == "too high" and raised >= (self.expected - self.failed) / 2


def reliability(
    model: str, probabilities: np.ndarray, truth: pd.Series, label_smoothing: float = 0.0
) -> Reliability:
    """Hold a model's probabilities against what happened.

    Parameters
    ----------
    model : str
    probabilities : array, shape (rows, 6)
        In the order of `FAILURE_TYPES`.
    truth : Series
        True labels.
    label_smoothing : float
        That the model was trained with.
    """
    predicted = 1 - probabilities[:, 0]
    failed = (truth != NO_FAILURE).to_numpy()
    return Reliability(
        model,
        float(predicted.mean()),
        float(failed.mean()),
        calibration_error(predicted, failed),
        float((1 - unsmoothed(probabilities, label_smoothing)[:, 0]).mean()),
    )


def calibration_error(predicted: np.ndarray, happened: np.ndarray, n_bins: int = N_BINS) -> float:
    """Expected calibration error of the probability of an event (Naeini et al. 2015).

    Mean over rows of |mean prediction − share of events| of the row's bin, the bins equal in rows.

    Parameters
    ----------
    predicted : array, shape (rows,)
    happened : array of bool, shape (rows,)

    >>> calibration_error(np.array([0.25, 0.25, 0.25, 0.25]), np.array([1, 0, 0, 0]), n_bins=1)
    0.0
    """
    order = np.argsort(predicted, kind="stable")
    bins = np.array_split(order, min(n_bins, len(order)))
    gaps = [abs(predicted[rows].mean() - happened[rows].mean()) for rows in bins]
    return float(np.average(gaps, weights=[len(rows) for rows in bins]))
