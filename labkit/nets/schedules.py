"""How the learning rate changes, step by step."""

import math
from collections.abc import Callable
from functools import partial


def learning_rate_factor(schedule: str | None, steps: int) -> Callable[[int], float]:
    """The share of the peak learning rate at each step, from 0 to ``steps - 1``.

    ``one_cycle`` rises along a cosine from 1/25 to 1 over the first three tenths of the steps and
    falls to almost nothing (Smith and Topin 2019, in PyTorch's default form, without the cycle of
    the momentum); ``cosine`` only falls.

    >>> factor = learning_rate_factor("one_cycle", 101)
    >>> [round(factor(step), 2) for step in (0, 30, 100)]
    [0.04, 1.0, 0.0]
    """
    if schedule not in SCHEDULES:
        *others, last = map(repr, SCHEDULES)
        raise ValueError(f"schedule is {schedule!r}; expected {', '.join(others)} or {last}")
    # No lambda: a fitted estimator keeps the factor, and must be picklable.
    return partial(SCHEDULES[schedule], max(1, steps - 1))


def _constant(last: int, step: int) -> float:
    return 1.0


def _fall(last: int, step: int) -> float:
    return _cosine(1.0, 0.0, step / last)


def _rise_and_fall(last: int, step: int) -> float:
    peak = 0.3 * last
    if step <= peak:
        return _cosine(1 / 25, 1.0, step / peak)
    return _cosine(1.0, 1 / 25e4, (step - peak) / (last - peak))


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * min(share, 1.0))) / 2


SCHEDULES: dict[str | None, Callable[[int, int], float]] = {
    None: _constant,
    "one_cycle": _rise_and_fall,
    "cosine": _fall,
}
"""By name; each gives the share of the learning rate, of the last step's number and the step's."""
