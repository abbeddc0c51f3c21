"""The two tasks, as readers call them: what each minimises, and the score it is known by."""

from typing import TypeVar

VOLATILITY, FAILURES = "volatility", "failures"

SCORES = {VOLATILITY: "R²", FAILURES: "macro-F1"}
LOSSES = {VOLATILITY: "mean squared error", FAILURES: "cross-entropy"}

Found = TypeVar("Found")


def by_task(volatility: Found, failures: Found) -> dict[str, Found]:
    """What was found in either task, by its name, volatility first.

    >>> by_task(1, 2)
    {'volatility': 1, 'failures': 2}
    """
    return {VOLATILITY: volatility, FAILURES: failures}
