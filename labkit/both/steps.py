"""What each step of either study is worth on rows that chose nothing: tuning, inputs, and so on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.both.tasks import FAILURES, SCORES, VOLATILITY
from labkit.both.test_year import in_r2, squared_errors
from labkit.failures.final import Final as Failures
from labkit.failures.judging import BLOCKS, HELD_OUT
from labkit.failures.profile import Profile as FailureProfile
from labkit.failures.resampling import RowBootstrap
from labkit.report.intervals import Interval
from labkit.volatility.final import Final as Volatility
from labkit.volatility.profile import Profile as VolatilityProfile

INPUTS, TUNING, REMEDY, AVERAGING = "further inputs", "tuning", "regularization", "averaging seeds"

OF_VOLATILITY = {
    INPUTS: ("averaged", "mlp-wide"),
    TUNING: ("first", "tuned"),
    REMEDY: ("first", "regularized"),
    AVERAGING: ("recipe", "averaged"),
}
"""Step to the stages of the model before it and after it, in the volatility study."""

OF_FAILURES = {
    INPUTS: ("mlp-raw", "mlp-physics"),
    TUNING: ("mlp-physics", "mlp-tuned"),
    REMEDY: ("mlp-physics", "mlp-regularized"),
    AVERAGING: ("mlp-recipe", "mlp-recipe-averaged"),
}
"""The same in the failure study."""

TEST_YEAR = "test year"


@dataclass(frozen=True)
class Step:
    """What a step gains before one judge, in R² or macro-F1; models by their names."""

    name: str
    before: str
    after: str
    gain: Interval


@dataclass(frozen=True)
class Steps:
    """The steps of a study before one judge; ``task`` and ``score`` as readers call them."""

    task: str
    judge: str
    score: str
    steps: tuple[Step, ...]

    def of(self, name: str) -> Step:
        """The step of a name."""
        return next(step for step in self.steps if step.name == name)

    @property
    def table(self) -> pd.DataFrame:
        """``step, before, after, gain, low, high``, a row each."""
        rows = [
            {
                "step": own.name,
                "before": own.before,
                "after": own.after,
                "gain": own.gain.value,
                "low": own.gain.low,
                "high": own.gain.high,
            }
            for own in self.steps
        ]
        return pd.DataFrame(rows)


def steps_of_volatility(final: Volatility, profile: VolatilityProfile) -> Steps:
    """R² on the test year, from the forecasts kept; intervals over blocks of days."""
    errors = squared_errors(final)
    gains = {
        name: in_r2(errors[before] - errors[after], final, profile)
        for name, (before, after) in OF_VOLATILITY.items()
    }
    return Steps(
        VOLATILITY, TEST_YEAR, SCORES[VOLATILITY], _named(OF_VOLATILITY, gains, final.names)
    )


def steps_of_failures(final: Failures, profile: FailureProfile) -> tuple[Steps, ...]:
    """Macro-F1 on held-out rows and on blocks of time; intervals over rows and repetitions."""
    return tuple(_before_judge(final, profile, judge) for judge in (HELD_OUT, BLOCKS))


def _before_judge(final: Failures, profile: FailureProfile, judge: str) -> Steps:
    standing = final.standings[final.standings["judge"] == judge]
    predicted = dict(zip(standing["stage"], final.predictions[judge], strict=True))
    truth = final.judged_rows.loc[final.judged_rows["judge"] == judge, "true"]
    n_repeats = len(next(iter(predicted.values())))
    bootstrap = RowBootstrap(truth, n_repeats, profile.resamples, profile.seed)
    stages = dict.fromkeys(stage for pair in OF_FAILURES.values() for stage in pair)
    f1 = {stage: bootstrap.macro_f1(np.asarray(predicted[stage])) for stage in stages}
    gains = {
        name: (f1[after] - f1[before]).interval for name, (before, after) in OF_FAILURES.items()
    }
    names = dict(zip(standing["stage"], standing["model"], strict=True))
    return Steps(FAILURES, judge, SCORES[FAILURES], _named(OF_FAILURES, gains, names))


def _named(
    pairs: Mapping[str, tuple[str, str]], gains: Mapping[str, Interval], names: Mapping[str, str]
) -> tuple[Step, ...]:
    return tuple(
        Step(name, names[before], names[after], gains[name])
        for name, (before, after) in pairs.items()
    )
