"""The two-part form: which stock, and which day, each forecast by a model of its own.

There are half a million rows and only some 1,200 training days, so a flexible model that is given
the market's inputs can learn the days by heart. One model is fitted to what stocks are above or
below the mean of their day, another, fitted more lightly, to the plain target, and only the mean of
its forecasts over a day is used. The forecast is their sum. Any learner can stand in either place.
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone


def day_means(values: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """The mean of each row's day over what is known, in the shape of ``values``.

    >>> day_means(np.array([1.0, 3.0, np.nan, 5.0]), np.array([1, 1, 2, 2]))
    array([2., 2., 5., 5.])
    """
    means = pd.DataFrame(values).groupby(np.asarray(dates)).transform("mean").to_numpy()
    return means.reshape(np.shape(values))


class TwoParts(RegressorMixin, BaseEstimator):
    """The sum of a cross-section and of the level of the day.

    Parameters
    ----------
    cross : estimator
        Fitted to the target less its mean of the day; its forecast is used less its own mean.
    level : estimator
        Fitted to the target; the mean of its forecast over the day is used.
    """

    def __init__(self, cross, level):
        self.cross = cross
        self.level = level

    def fit(self, X: np.ndarray, y: np.ndarray, dates: np.ndarray) -> "TwoParts":
        """Fit both to ``X`` ``(rows, inputs)`` and to ``y`` ``(rows,)`` or ``(rows, targets)``.

        Parameters
        ----------
        X, y, dates : arrays
        """
        self.cross_ = clone(self.cross).fit(X, y - day_means(y, dates))
        self.level_ = clone(self.level).fit(X, y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X: np.ndarray, dates: np.ndarray) -> np.ndarray:
        """The forecast, shape ``(rows,)``; give every stock of each day.

        A day's means are over the rows given, so a row's forecast depends on which others there
        are: leave none out for what is known only later.
        """
        return joined(self.cross_.predict(X), self.level_.predict(X), dates)


def joined(cross: np.ndarray, level: np.ndarray, dates: np.ndarray) -> np.ndarray:
    """The forecast of the two parts' forecasts, shape ``(rows,)``."""
    return cross - day_means(cross, dates) + day_means(level, dates)
