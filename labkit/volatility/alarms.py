"""Forecasts of stocks that are too good to be honest."""

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
