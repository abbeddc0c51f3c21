"""How good a forecast of volatility is, and the forecast that knows nothing."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import (
    mean_absolute_error,
    r2_score,
    root_mean_squared_error,
)
from sklearn.utils.validation import check_is_fitted


def regression_scores(y: np.ndarray, predicted: np.ndarray, today: np.ndarray) -> dict[str, float]:
    """The scores of a forecast of log volatility.

    Parameters
    ----------
    y, predicted, today : arrays, shape (rows,)
        Log volatility tomorrow, its forecast, and log volatility today, against which
        ``directional_accuracy`` asks: up or down?

    Returns
    -------
    dict
        ``r2``, ``rmse``, ``mae`` in log units, ``qlike``, ``directional_accuracy``.
    """
    return {
        "r2": r2_score(y, predicted),
        "rmse": root_mean_squared_error(y, predicted),
        "mae": mean_absolute_error(y, predicted),
        "qlike": qlike(y, predicted),
        "directional_accuracy": float(np.mean((predicted > today) == (y > today))),
    }


def qlike(log_vol: np.ndarray, predicted: np.ndarray) -> float:
    """The quasi-likelihood loss of a variance forecast (Patton 2011), zero at best.

    Mean of ``r − log r − 1``, where ``r = exp(2·(log_vol − predicted))`` is realised over forecast
    variance. It ranks forecasts rightly even though realised variance is a noisy measure.

    >>> qlike(np.zeros(3), np.zeros(3))
    0.0
    """
    log_ratio = 2 * (np.asarray(log_vol) - np.asarray(predicted))
    return float(np.mean(np.exp(log_ratio) - log_ratio - 1))


class Persistence(RegressorMixin, BaseEstimator):
    """Forecast tomorrow's value by today's, one of the columns of ``X``.

    Parameters
    ----------
    column : str
    """

    def __init__(self, column: str):
        self.column = column

    def fit(self, X: pd.DataFrame, y=None) -> "Persistence":
        """Nothing to learn; the column must be there."""
        self.n_features_in_ = X[[self.column]].shape[1]
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """Today's value, shape ``(rows,)``."""
        check_is_fitted(self)
        return X[self.column].to_numpy()
