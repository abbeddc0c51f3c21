"""What a network gains over linear models in each of the two tasks."""

from dataclasses import dataclass

from labkit.failures.final import Final as Failures
from labkit.volatility.final import Final as Volatility

SMALL = 0.02
"""A gain in R² or macro-F1 below which a network hardly betters a linear model."""


@dataclass(frozen=True)
class Comparison:
    """Gains of the best MLP, in test R² over ridge, in macro-F1 over logistic regression.

    ``lead`` is its macro-F1 less that of ``rival``, the best of the other classifiers.
    """

    over_ridge: float
    over_logistic: float
    rival: str
    lead: float


def compare(volatility: Volatility, failures: Failures) -> Comparison:
    """Put the two final studies side by side."""
    r2 = volatility.test_r2
    stages = (failures.best, failures.rival, "logistic-tuned")
    best, rival, logistic = (failures.of(stage) for stage in stages)
    return Comparison(
        r2[volatility.best] - r2["ridge"],
        best.macro_f1.value - logistic.macro_f1.value,
        rival.name,
        best.macro_f1.value - rival.macro_f1.value,
    )
