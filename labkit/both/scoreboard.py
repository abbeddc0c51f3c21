"""Who stands where in either task, with intervals: floor, other learners, MLPs, ceiling."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.both.steps import TEST_YEAR
from labkit.both.tasks import FAILURES, SCORES, VOLATILITY
from labkit.both.test_year import deviations, in_r2, squared_errors
from labkit.failures.final import Final as Failures
from labkit.failures.judging import HELD_OUT
from labkit.report.intervals import Interval
from labkit.report.models import CEILING, FLOOR, MLP
from labkit.volatility.final import Final as Volatility
from labkit.volatility.profile import Profile

OF_VOLATILITY = ("har", "ridge", "boosting", "first", "tuned", "regularized")
OF_FAILURES = (
    "logistic-tuned", "forest-tuned", "boosting-tuned", "catboost-tuned",
    "mlp-raw", "mlp-tuned", "mlp-regularized",
)  # fmt: skip
"""Stages shown of each study, beside floors, ceilings, the best MLP and the best other learner."""


@dataclass(frozen=True, eq=False)
class Scoreboard:
    """Models of a task before a judge.

    ``table`` has ``model, kind, score, low, high``, floors first and ceilings last, others by their
    score; ``nan`` where there is no interval.
    """

    task: str
    score: str
    judge: str
    table: pd.DataFrame


def of_volatility(final: Volatility, profile: Profile) -> Scoreboard:
    """R² on the test year, with intervals over blocks of days."""
    test = final.scores[final.scores["set"] == "test"].reset_index(drop=True)
    shown = _shown(test, {*OF_VOLATILITY, final.best, final.rival})
    errors, total = squared_errors(final), deviations(final)
    intervals = [in_r2(total - errors[stage], final, profile) for stage in test["stage"][shown]]
    ceiling = {"model": "tomorrow's volatility, known", "kind": CEILING}
    ceiling |= {"score": final.ceilings["test"], "low": np.nan, "high": np.nan}
    own = _with(test[shown], "r2", intervals)
    table = pd.concat([own, pd.DataFrame([ceiling])], ignore_index=True)
    return Scoreboard(VOLATILITY, SCORES[VOLATILITY], TEST_YEAR, _ordered(table))


def of_failures(final: Failures) -> Scoreboard:
    """Macro-F1 on the held-out rows, with intervals over rows and repetitions."""
    own = final.standings[final.standings["judge"] == HELD_OUT]
    own = own[_shown(own, {*OF_FAILURES, final.best, final.rival})]
    intervals = [Interval(row.macro_f1, row.low, row.high) for row in own.itertuples()]
    return Scoreboard(
        FAILURES, SCORES[FAILURES], HELD_OUT, _ordered(_with(own, "macro_f1", intervals))
    )


def _shown(models: pd.DataFrame, stages: Collection[str]) -> pd.Series:
    return models["stage"].isin(stages) | models["kind"].isin([FLOOR, CEILING])


def _with(models: pd.DataFrame, score: str, intervals: list[Interval]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": models["model"].to_numpy(),
            "kind": models["kind"].to_numpy(),
            "score": models[score].to_numpy(),
            "low": [own.low for own in intervals],
            "high": [own.high for own in intervals],
        }
    )


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    """Floors, other learners, MLPs, ceilings; each kind by its score, the lowest first."""
    place = table["kind"].map({FLOOR: 0, MLP: 2, CEILING: 3}).fillna(1)
    by_score = table.assign(place=place).sort_values(["place", "score"], kind="stable")
    return by_score.drop(columns="place").reset_index(drop=True)
