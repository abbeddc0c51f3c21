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

from labkit.report.models import Model

Forecasts = dict[Model, dict[str, np.ndarray]]
"""A number for each row, by model and set, each ``(rows,)``: log volatility, or variance."""


def regression_scores(
    y: np.ndarray, predicted: np.ndarray, today: np.ndarray, variance: np.ndarray
) -> dict[str, float]:
    """The scores of a forecast of log volatility.

    Parameters
    ----------
    y, predicted, today : arrays, shape (rows,)
        Log volatility tomorrow, its forecast, and log volatility today, against which
        ``directional_accuracy`` asks: up or down?
    variance : array, shape (rows,)
        The forecast that QLIKE judges, of `variance_forecast`; ``exp(2·predicted)`` is too low on
        average.

    Returns
    -------
    dict
        ``r2``, ``rmse``, ``mae`` in log units, ``qlike``, ``directional_accuracy``.
    """
    return {
        "r2": r2_score(y, predicted),
        "rmse": root_mean_squared_error(y, predicted),
        "mae": mean_absolute_error(y, predicted),
        "qlike": qlike(2 * np.asarray(y), variance),
        "directional_accuracy": float(np.mean((predicted > today) == (y > today))),
    }


def variance_forecast(log_forecast: np.ndarray, training_residuals: np.ndarray) -> np.ndarray:
    """A forecast of variance, from one of log volatility.

    ``exp(2·f) · mean(exp(2·e))``, with ``e = y − f`` over rows that the model was fitted to: the
    smearing estimate of Duan (1983). ``exp(2·f)`` alone forecasts the variance of a day whose log
    is as expected, and by Jensen's inequality the expected variance is higher. Where ``f`` is the
    expected log volatility and its error ``e`` is distributed alike in all rows, fitted or new,
    ``E[exp(2·y)] = exp(2·f) · E[exp(2·e)]``; no normal distribution is assumed. A model that knows
    its training rows by heart has residuals too small, and stays too low.

    Parameters
    ----------
    log_forecast : array, shape (rows,)
        Log volatility.
    training_residuals : array, shape (training rows,)
        Realised less forecast log volatility of the rows the model was fitted to.

    Returns
    -------
    array, shape (rows,)
        Squared log returns a day.

    >>> variance_forecast(np.log([0.01, 0.02]), np.log([1.0, 3.0])).round(6)
    array([0.0005, 0.002 ])
    """
    return np.exp(2 * np.asarray(log_forecast)) * np.mean(
        np.exp(2 * np.asarray(training_residuals))
    )


def qlike_losses(realised_variance_log: np.ndarray, variance_forecast: np.ndarray) -> np.ndarray:
    """The quasi-likelihood loss of a variance forecast (Patton 2011), row by row, zero at best.

    ``r − log r − 1``, where ``r`` is realised over forecast variance. Its mean ranks forecasts of
    variance rightly even though realised variance is a noisy measure, if it is an unbiased one.

    Parameters
    ----------
    realised_variance_log : array, shape (rows,)
        The logarithm of realised variance: twice the log volatility.
    variance_forecast : array, shape (rows,)
        See the function `variance_forecast`.
    """
    log_ratio = np.asarray(realised_variance_log) - np.log(variance_forecast)
    return np.exp(log_ratio) - log_ratio - 1


def qlike(realised_variance_log: np.ndarray, variance_forecast: np.ndarray) -> float:
    """The mean of `qlike_losses`.

    >>> qlike(np.log([1.0, 4.0]), np.array([1.0, 4.0]))
    0.0
    """
    return float(np.mean(qlike_losses(realised_variance_log, variance_forecast)))


def r2_around(y: np.ndarray, predicted: np.ndarray, centre: np.ndarray) -> float:
    """R² of what is left when a centre, known beforehand, is taken off target and forecast.

    With each stock's mean over the training years as centre, it is the within-stock R²: what is
    forecast beyond how volatile the stock usually is. Like the pooled R², it is measured against
    the mean of the rows, so a year that is calmer than the training years flatters nobody.

    Parameters
    ----------
    y, predicted, centre : arrays, shape (rows,)
        Rows whose centre is missing, such as those of a stock without training years, are left out.
    """
    y, predicted, centre = (np.asarray(values, dtype=float) for values in (y, predicted, centre))
    known = ~np.isnan(centre)
    return r2_score((y - centre)[known], (predicted - centre)[known])


def r2_within(y: np.ndarray, predicted: np.ndarray, group: pd.Series) -> float:
    """R² of target and forecast, each around its own mean in each group.

    With the day as group, it says how well stocks are told apart on a day.

    Parameters
    ----------
    y, predicted : arrays, shape (rows,)
    group : Series, shape (rows,)
    """
    y, predicted = np.asarray(y), np.asarray(predicted)
    return r2_score(y - _group_means(y, group), predicted - _group_means(predicted, group))


def r2_of_means(y: np.ndarray, predicted: np.ndarray, group: pd.Series) -> float:
    """R² of the mean forecast of each group for the group's mean, each group counted once.

    With the day as group, it says how well the level of all stocks is forecast.

    Parameters
    ----------
    y, predicted : arrays, shape (rows,)
    group : Series, shape (rows,)
    """
    rows = pd.DataFrame({"y": np.asarray(y), "predicted": np.asarray(predicted)})
    means = rows.groupby(np.asarray(group)).mean()
    return r2_score(means["y"], means["predicted"])


def share_between(values: np.ndarray, group: pd.Series) -> float:
    """Share of the variance of ``values`` that lies between the means of the groups.

    >>> share_between(np.array([1.0, 1.0, 3.0, 3.0]), pd.Series(["a", "a", "b", "b"]))
    1.0
    """
    return float(np.var(_group_means(values, group)) / np.var(np.asarray(values)))


def _group_means(values: np.ndarray, group: pd.Series) -> np.ndarray:
    """The mean of each row's group, shape ``(rows,)``."""
    return pd.Series(np.asarray(values)).groupby(np.asarray(group)).transform("mean").to_numpy()


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
