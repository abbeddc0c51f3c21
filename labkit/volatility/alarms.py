"""Forecasts of stocks that are too good to be honest."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from labkit.report.alarms import Alarm

RETURN_R2_LIMIT = 0.02
"""R² of a next-day return forecast above which a look into the future is the likelier cause."""


def check_return_forecast(r2: float) -> None:
    """Tomorrow's return is close to unpredictable: a good R² is a leak.

    Raises
    ------
    Alarm
        When ``r2`` is above `RETURN_R2_LIMIT`.
    """
    if r2 > RETURN_R2_LIMIT:
        raise Alarm(
            f"the R² of the next-day return is {r2:.4f}, above {RETURN_R2_LIMIT}: a feature looks "
            "into the future. Check that every feature of day t is made of days up to t."
        )


def check_order_of_time(
    dates: pd.Series, folds: Iterable[tuple[np.ndarray, np.ndarray]], embargo: int
) -> None:
    """No fold is trained on days after, among, or right before those that it is judged on.

    Parameters
    ----------
    dates : Series, shape (rows,)
    folds : iterable of (train, test) row positions
    embargo : int
        Days that must lie between.

    Raises
    ------
    Alarm
        When there are fewer.
    """
    day, days = pd.factorize(dates, sort=True)
    for train, test in folds:
        last, first = day[train].max(), day[test].min()
        if first - last <= embargo:
            raise Alarm(
                f"a fold is trained on {days[last]:%Y-%m-%d} and judged from "
                f"{days[first]:%Y-%m-%d} on: fewer than {embargo} days lie between, and neighbours "
                "in time know each other's answers. Use folds that follow the dates, such as "
                "DateSeriesSplit."
            )
