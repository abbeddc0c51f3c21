"""What one fold looks like to the last step of a pipeline: preprocessed, resampled, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from traceback import format_exc
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from labkit.nets.private import _check_method_params, _safe_split


class Capture(BaseEstimator):
    """A last step that keeps what it is fitted with, and predicts what it is given.

    In the place of a pipeline's last step it shows what the other steps make of the data, by
    whatever route the pipeline sends data, samples and weights.
    """

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """Keep all of it."""
        self.fitted_ = (X, y, fit_params)
        return self

    def predict(self, X: Any) -> Any:
        """``X`` as the steps before have left it."""
        return X


@dataclass(frozen=True, eq=False)
class Fold:
    """One train and test split behind one set of preprocessing parameters.

    ``fit_arguments`` are ``X``, ``y`` and further parameters for the last step's ``fit``;
    ``X_test`` and ``X_train`` the rows to score, preprocessed, the latter None where training
    scores are not asked for.
    """

    fit_arguments: tuple[Any, Any, dict[str, Any]]
    X_test: Any
    X_train: Any
    pipeline: Any


def prepare(
    estimator: BaseEstimator,
    X: Any,
    y: Any,
    train: np.ndarray,
    test: np.ndarray,
    fit_params: Mapping[str, Any],
    want_train: bool,
    reraise: bool,
) -> Fold | str:
    """Fit all steps but the last of a pipeline on the training rows of a split.

    Parameters
    ----------
    estimator : estimator
        A pipeline, or a lone estimator, unfitted.
    train, test : ndarray of int
    fit_params : mapping
        As given to the search's ``fit``; arrays as long as ``X`` are cut to the training rows.
    want_train : bool
        Whether the training rows will be scored.
    reraise : bool
        Whether an error is raised rather than kept.

    Returns
    -------
    Fold, or str
        The traceback where a step failed.
    """
    pipeline = with_last_step(clone(estimator), Capture())
    try:
        X_train, y_train = _safe_split(estimator, X, y, train)
        X_test, _ = _safe_split(estimator, X, y, test, train)
        own = _check_method_params(X, params=fit_params, indices=train)
        pipeline.fit(X_train, y_train, **own)
        return Fold(
            last_step(pipeline).fitted_,
            pipeline.predict(X_test),
            pipeline.predict(X_train) if want_train else None,
            pipeline,
        )
    except Exception:
        if reraise:
            raise
        return format_exc()


def last_step(estimator: BaseEstimator) -> Any:
    """The estimator at the end of a pipeline, or the estimator itself."""
    return estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator


def with_last_step(estimator: BaseEstimator, last: Any) -> Any:
    """The pipeline with another last step; or just that step, without a pipeline."""
    if not isinstance(estimator, Pipeline):
        return last
    estimator.steps = [*estimator.steps[:-1], (estimator.steps[-1][0], last)]
    return estimator


def preprocessing_params(estimator: BaseEstimator, params: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a candidate's parameters that does not belong to the last step."""
    if not isinstance(estimator, Pipeline):
        return {}
    last = estimator.steps[-1][0]
    return {k: v for k, v in params.items() if k != last and not k.startswith(f"{last}__")}
