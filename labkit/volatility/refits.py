"""Models that are fitted anew as the year goes on, on all that is known by then."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from labkit.volatility.panel import Panel

FitPredict = Callable[[Panel, Panel], np.ndarray]
"""Rows to fit to, rows to forecast without what followed them → a number for each of the latter."""


def quarters(dates, rows: np.ndarray, embargo: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What may be fitted to before each calendar quarter, and what is to be forecast in it.

    Yields the positions of all rows before the quarter's first day, of whatever set, less those of
    the last ``embargo`` trading days (an expanding window), and a mask over ``rows``.

    Parameters
    ----------
    dates : array-like, shape (all rows,)
        Of past and future.
    rows : array of int, shape (n,)
        Positions of the rows to forecast, such as those of a year.
    embargo : int
        Trading days dropped before each quarter; at least the horizon of the targets.

    Raises
    ------
    ValueError
        When there is no row to fit to before a quarter.
    """
    dates = pd.DatetimeIndex(dates)
    days = dates.unique().sort_values()
    quarter = dates[rows].to_period("Q")
    for own in quarter.unique():
        judged = np.asarray(quarter == own)
        start = days.searchsorted(dates[rows[judged]].min())
        past = np.flatnonzero(dates < days[max(0, start - embargo)])
        if len(past) == 0:
            raise ValueError(
                f"no row to fit to before {own}: the panel begins on {days[0]:%Y-%m-%d}, and "
                f"{embargo} trading days are dropped before each quarter"
            )
        yield past, judged


def quarterly(fit_predict: FitPredict, panel: Panel, rows: np.ndarray, embargo: int) -> np.ndarray:
    """Forecasts by a model that is fitted anew at the start of each of the `quarters`.

    The rows to forecast come without what followed them: ``y`` and ``next_return`` are blank, so
    that a model that looks at them fails.

    Parameters
    ----------
    fit_predict : callable
        Fits a model to the first panel and forecasts the rows of the second, ``(rows,)``.
    panel : Panel
        All rows, of past and future.
    rows, embargo
        As `quarters` takes them.

    Returns
    -------
    array, shape (n,)
        In the order of ``rows``.
    """
    rows = np.asarray(rows)
    forecasts = np.empty(len(rows))
    for past, judged in quarters(panel.index["date"], rows, embargo):
        forecasts[judged] = fit_predict(panel.take(past), _to_forecast(panel.take(rows[judged])))
    return forecasts


def _to_forecast(panel: Panel) -> Panel:
    """The rows without what followed them."""
    return replace(panel, y=panel.y * np.nan, next_return=panel.next_return * np.nan)
