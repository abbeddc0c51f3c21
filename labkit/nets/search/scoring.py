"""Scores of all candidates of a fold at once, to the last digit those of scikit-learn.

scikit-learn scores one candidate at a time and checks the labels anew for each: in a grid of small
networks that takes as long as training them. Here is the plain case alone. Whatever is odd about a
scorer, a target or an output is left to scikit-learn, which knows what to say of it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_regressor
from sklearn.metrics import get_scorer
from sklearn.utils.multiclass import type_of_target

from labkit.nets.private import _BaseScorer, _MultimetricScorer, _PassthroughScorer

Score = float | dict[str, float]
"""One score, or several by their names."""


def scores_at_once(scorer: Any, estimator: Any, y: Any, outputs: np.ndarray) -> list[Score | None]:
    """What a scorer gives each candidate; None where it has to be asked itself.

    Parameters
    ----------
    scorer : callable
        As scikit-learn's searches make it of ``scoring``.
    estimator : estimator
        A regressor, or a classifier with ``classes_``: what the candidates have in common.
    y : array-like, shape (rows,)
    outputs : ndarray, shape (n_candidates, rows, n_outputs)
        Predictions; or of each class its probability, or what is largest where that is.
    """
    if isinstance(scorer, _MultimetricScorer):
        of_each = [scores_at_once(own, estimator, y, outputs) for own in scorer._scorers.values()]
        return [
            dict(zip(scorer._scorers, own, strict=True)) if None not in own else None
            for own in zip(*of_each, strict=True)
        ]
    name = _name(scorer, estimator)
    if name is None:
        return [None] * len(outputs)
    kinds = REGRESSION if is_regressor(estimator) else CLASSIFICATION
    with np.errstate(all="ignore"):
        scores = kinds[name](estimator, y, outputs)
    known = np.isfinite(scores) & np.isfinite(outputs).all((1, 2))
    sign = -1 if name.startswith("neg_") else 1
    return [
        sign * float(score) if is_known else None
        for score, is_known in zip(scores, known, strict=True)
    ]


def _name(scorer: Any, estimator: Any) -> str | None:
    """The name of a scorer that is computed here; None of any other."""
    regresses = is_regressor(estimator)
    if isinstance(scorer, _PassthroughScorer):
        return "r2" if regresses else "accuracy"
    if isinstance(scorer, _BaseScorer):
        for name in REGRESSION if regresses else CLASSIFICATION:
            known = get_scorer(name)
            if type(scorer) is type(known) and _what(scorer) == _what(known):
                return name
    return None


def _what(scorer: _BaseScorer) -> tuple[Any, ...]:
    return scorer._score_func, scorer._sign, scorer._kwargs, scorer._response_method


def _unknown(outputs: np.ndarray) -> np.ndarray:
    return np.full(len(outputs), np.nan)


class _Labels(NamedTuple):
    """Labels as numbers: of the truth, of each output, and how many there are in either."""

    truth: np.ndarray
    of_output: np.ndarray
    n: int


def _labels(estimator: Any, y: Any) -> _Labels | None:
    try:
        y = np.asarray(y)
        if y.ndim != 1 or type_of_target(y) not in ("binary", "multiclass"):
            return None
        labels = np.union1d(estimator.classes_, y)
    except (TypeError, ValueError):
        return None
    of_output = np.searchsorted(labels, estimator.classes_)
    return _Labels(np.searchsorted(labels, y), of_output, len(labels))


class _Counts(NamedTuple):
    """Rows by label: right and predicted, ``(n_candidates, labels)``, and true, ``(labels,)``."""

    right: np.ndarray
    predicted: np.ndarray
    true: np.ndarray


def _counts(estimator: Any, y: Any, outputs: np.ndarray) -> _Counts | None:
    labels = _labels(estimator, y)
    if labels is None:
        return None
    # A row of cells for each candidate, a cell for each label.
    shape = (len(outputs), labels.n)
    first = labels.n * np.arange(len(outputs))[:, None]
    cells = first + labels.of_output[outputs.argmax(2)]
    right = cells[cells == first + labels.truth]
    return _Counts(
        np.bincount(right, minlength=shape[0] * shape[1]).reshape(shape),
        np.bincount(cells.ravel(), minlength=shape[0] * shape[1]).reshape(shape),
        np.bincount(labels.truth, minlength=labels.n),
    )


def _accuracy(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    counts = _counts(estimator, y, outputs)
    return _unknown(outputs) if counts is None else counts.right.sum(1) / counts.true.sum()


def _macro_f1(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    counts = _counts(estimator, y, outputs)
    if counts is None:
        return _unknown(outputs)
    both = counts.true + counts.predicted
    f1 = 2.0 * counts.right / both
    # One by one: a sum over other places adds up in another order.
    return np.array([own[there].mean() for own, there in zip(f1, both > 0, strict=True)])


def _balanced_accuracy(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    counts = _counts(estimator, y, outputs)
    if counts is None or np.count_nonzero(counts.true) < 2:
        return _unknown(outputs)
    there = counts.true > 0
    recalls = counts.right[:, there] / counts.true[there]
    means = np.array([own.mean() for own in recalls])
    # scikit-learn warns of predictions that are not among the truth.
    return np.where(counts.predicted[:, ~there].any(1), np.nan, means)


def _errors(y: Any, outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """The truth, and by how much each candidate's predictions miss it, ``(n_candidates, rows)``.

    They are computed in the more precise of the types of both, as scikit-learn does.
    """
    dtype = getattr(y, "dtype", None)
    if np.ndim(y) != 1 or not isinstance(dtype, np.dtype) or dtype.kind not in "fiu":
        return None
    truth = np.asarray(y, np.result_type(dtype, outputs) if dtype.kind == "f" else outputs.dtype)
    if len(truth) < 2 or not np.isfinite(truth).all():
        return None
    return truth, truth - np.ascontiguousarray(outputs[:, :, 0], truth.dtype)


def _mean_squared_error(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    found = _errors(y, outputs)
    return _unknown(outputs) if found is None else (found[1] ** 2).mean(1)


def _root_mean_squared_error(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    return np.sqrt(_mean_squared_error(estimator, y, outputs))


def _mean_absolute_error(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    found = _errors(y, outputs)
    return _unknown(outputs) if found is None else np.abs(found[1]).mean(1)


def _r2(estimator: Any, y: Any, outputs: np.ndarray) -> np.ndarray:
    found = _errors(y, outputs)
    if found is None:
        return _unknown(outputs)
    truth, errors = found
    return 1 - (errors**2).sum(1) / ((truth - truth.mean()) ** 2).sum()


Metric = Callable[[Any, Any, np.ndarray], np.ndarray]
"""A score of each candidate before its sign; not finite where scikit-learn is to be asked."""

CLASSIFICATION: dict[str, Metric] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1_macro": _macro_f1,
}

REGRESSION: dict[str, Metric] = {
    "neg_mean_absolute_error": _mean_absolute_error,
    "neg_mean_squared_error": _mean_squared_error,
    "neg_root_mean_squared_error": _root_mean_squared_error,
    "r2": _r2,
}
"""By scikit-learn's names; what a scorer does is compared with theirs, not what it is called."""
