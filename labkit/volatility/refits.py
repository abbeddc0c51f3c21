"""Models that are fitted anew as the year goes on, on all that is known by then."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from labkit.volatility.panel import Panel

FitPredict = Callable[[Panel, Panel], np.ndarray]
"""Rows to fit to, rows to forecast without what followed them → a number for each of the latter."""


def quarterly(fit_predict: FitPredict, panel: Panel, rows: np.ndarray, embargo: int) -> np.ndarray:
    """Forecasts by a model that is fitted anew at the start of each calendar quarter.

    Each quarter of ``rows`` is forecast by the model fitted to all rows of the panel before its
    first day, of whatever set, less those of the last ``embargo`` trading days (an expanding
    window). The rows to forecast come without what followed them: ``y`` and ``next_return`` are
    blank, so that a model that looks at them fails.

    Parameters
    ----------
    fit_predict : callable
        Fits a model to the first panel and forecasts the rows of the second, ``(rows,)``.
    panel : Panel
        All rows, of past and future.
    rows : array of int, shape (n,)
        Positions in the panel of the rows to forecast, such as those of a year.
    embargo : int
        Trading days dropped before each quarter; at least the horizon of the target.

    Returns
    -------
    array, shape (n,)
        In the order of ``rows``.

    Raises
    ------
    ValueError
        When there is no row to fit to before a quarter.
    """
    dates = pd.DatetimeIndex(panel.index["date"])
    days = dates.unique().sort_values()
    rows = np.asarray(rows)
    quarter = dates[rows].to_period("Q")
    forecasts = np.empty(len(rows))
    for own in quarter.unique():
        judged = quarter == own
        start = days.searchsorted(dates[rows[judged]].min())
        past = np.flatnonzero(dates < days[max(0, start - embargo)])
        if len(past) == 0:
            raise ValueError(
                f"no row to fit to before {own}: the panel begins on {days[0]:%Y-%m-%d}, and "
                f"{embargo} trading days are dropped before each quarter"
            )
        forecasts[judged] = fit_predict(panel.take(past), _to_forecast(panel.take(rows[judged])))
    return forecasts


def _to_forecast(panel: Panel) -> Panel:
    """The rows without what followed them."""
    return replace(panel, y=panel.y * np.nan, next_return=panel.next_return * np.nan)
