"""What a network gains over linear models in each of the two tasks."""

from dataclasses import dataclass

from labkit.failures.contenders import MAJORITY, ORACLE
from labkit.failures.final import Final as Failures
from labkit.volatility.final import Final as Volatility

SMALL = 0.02
"""A gain in R² or macro-F1 below which a network hardly betters a linear model."""


@dataclass(frozen=True)
class Comparison:
    """Gains of the best MLP, in test R² over ridge, in macro-F1 over logistic regression.

    ``lead`` is its macro-F1 less that of ``rival``, the best of the other classifiers. The ways are
    the shares of the distance from the floor to the ceiling that the best MLP of a task covers.
    """

    over_ridge: float
    over_logistic: float
    rival: str
    lead: float
    way_of_volatility: float
    way_of_failures: float


def compare(volatility: Volatility, failures: Failures) -> Comparison:
    """Put the two final studies side by side."""
    r2 = volatility.test_r2
    stages = (failures.best, failures.rival, "logistic-tuned")
    best, rival, logistic = (failures.of(stage) for stage in stages)
    floor, ceiling = (failures.of(model.stage).macro_f1.value for model in (MAJORITY, ORACLE))
    return Comparison(
        over_ridge=r2[volatility.best] - r2["ridge"],
        over_logistic=best.macro_f1.value - logistic.macro_f1.value,
        rival=rival.name,
        lead=best.macro_f1.value - rival.macro_f1.value,
        way_of_volatility=_way(r2[volatility.best], r2["persistence"], volatility.ceilings["test"]),
        way_of_failures=_way(best.macro_f1.value, floor, ceiling),
    )


def _way(score: float, floor: float, ceiling: float) -> float:
    return (score - floor) / (ceiling - floor)
