"""Squared errors of the volatility study's test year, and what differences of them are worth."""

import numpy as np
import pandas as pd

from labkit.report.intervals import Interval, block_bootstrap
from labkit.volatility.final import Final
from labkit.volatility.profile import Profile


def squared_errors(final: Final) -> dict[str, np.ndarray]:
    """Each model's squared error in every row, by stage."""
    test = final.scores[final.scores["set"] == "test"]
    forecasts = zip(test["stage"], final.forecasts["test"], strict=True)
    return {stage: (final.realised["test"] - own) ** 2 for stage, own in forecasts}


def deviations(final: Final) -> np.ndarray:
    """The squared error of the year's mean in every row: what R² is a share of."""
    y = final.realised["test"]
    return (y - y.mean()) ** 2


def in_r2(saved: np.ndarray, final: Final, profile: Profile) -> Interval:
    """A squared error saved, row by row, in R², with its interval over blocks of days."""
    days = pd.Series(final.days["test"])
    return block_bootstrap(
        saved, deviations(final), days, resamples=profile.bootstrap, seed=profile.seed
    )
