"""Sentences about the ceiling, about SMOTE in the wrong place, and about probabilities."""

import numpy as np
import pandas as pd

from labkit.failures.ceiling import BAYES, MAJORITY, MLP
from labkit.failures.smote import BEFORE, INSIDE
from labkit.report.sentence import Sentence, number, percent

N_BINS = 20
"""Bins, equal in rows, behind the expected calibration error."""

CALIBRATED = 0.005
"""An expected calibration error up to here is called small: half a percentage point."""


def ceiling(scores: pd.DataFrame) -> Sentence:
    """How much of the way from the majority class to the Bayes classifier the MLP goes.

    Parameters
    ----------
    scores : DataFrame
        Columns rows, model ("MLP", "Bayes classifier", "majority class"), macro_f1, log_loss.
    """
    wide = scores.pivot(index="rows", columns="model", values=["macro_f1", "log_loss"])
    few, many = wide.index.min(), wide.index.max()
    f1 = [covered(wide.loc[rows, "macro_f1"]) for rows in (few, many)]
    loss = [covered(wide.loc[rows, "log_loss"]) for rows in (few, many)]
    best = wide.loc[many, "macro_f1"]
    stalled = "" if loss[1] > loss[0] else "; more rows did not bring it nearer in log loss"
    reach = (
        f"With {number(few)} training rows the MLP goes {percent(f1[0], 0)} of the way from the "
        f"majority class to the Bayes classifier in macro-F1 and {percent(loss[0], 0)} in log "
        f"loss; with {number(many)} rows, {percent(f1[1], 0)} and {percent(loss[1], 0)}. "
    )
    return Sentence(
        f"{reach}Its macro-F1 is then {number(best[MLP], '.3f')}, where knowing the process "
        f"gives {number(best[BAYES], '.3f')}{stalled}."
    )


def covered(scores: pd.Series) -> float:
    """Share of the way from the majority class's score to the Bayes classifier's.

    Zero is the majority class, one the Bayes classifier; it may lie outside.

    >>> covered(pd.Series({"MLP": 0.5, "Bayes classifier": 0.6, "majority class": 0.2})).round(2)
    np.float64(0.75)
    """
    start, end = scores[MAJORITY], scores[BAYES]
    return (scores[MLP] - start) / (end - start)


def smote_mistake(scores: pd.DataFrame) -> Sentence:
    """What SMOTE before the split adds to the score.

    Parameters
    ----------
    scores : DataFrame
        Columns protocol ("SMOTE before the split", "SMOTE inside the folds"), macro_f1, accuracy.
    """
    by = scores.set_index("protocol")
    before, inside = by.loc[BEFORE], by.loc[INSIDE]
    inflation = before["macro_f1"] - inside["macro_f1"]
    figures = (
        f"The same network has a macro-F1 of {number(before['macro_f1'], '.3f')} where SMOTE ran "
        f"before the split and of {number(inside['macro_f1'], '.3f')} where it ran inside the "
        "training folds"
    )
    if inflation <= 0:
        return Sentence(f"{figures}: here the mistake does not raise the score.")
    return Sentence(
        f"{figures}: the mistake adds **{number(inflation, '.3f')}**, none of which would be seen "
        "on a new machine. Rows made from a test row have trained the network, and most of the "
        "rare rows that are scored were made, not measured."
    )


def reliability(probabilities: pd.DataFrame, model: str) -> Sentence:
    """Whether a model's probability of failure can be taken at its word.

    Parameters
    ----------
    probabilities : DataFrame
        Columns model, row, true, and one for each class of `labkit.failures.rules.FAILURE_TYPES`.
    model : str
    """
    own = probabilities[probabilities["model"] == model]
    predicted = (1 - own["No Failure"]).to_numpy()
    failed = (own["true"] != "No Failure").to_numpy()
    error, bias = calibration_error(predicted, failed), predicted.mean() - failed.mean()
    size = "small" if error <= CALIBRATED else "not small"
    lean = "too high" if bias > 0 else "too low"
    tendency = "" if abs(bias) < error / 2 else f", and on the whole its probabilities are {lean}"
    return Sentence(
        f"{model} expects failures in {percent(predicted.mean())} of the rows, and "
        f"{percent(failed.mean())} fail. The expected calibration error of its probability of "
        f"failure is {percent(error, 2)}, which is {size}{tendency}."
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
