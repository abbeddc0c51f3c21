"""The documented process as knowledge: simulated rows that a learner may train on.

Brief C3 asks for data beyond the rows that there are. SMOTE and its kin make them from neighbours;
here they come from what is known of the machine, `labkit.failures.simulation`, whose constants are
those of the paper. The rows are labelled as the published file was: heat dissipation by the
temperatures' difference in floating point (`labkit.failures.rules.heat_dissipation_rule`).
"""

from functools import lru_cache

import numpy as np
import pandas as pd

from labkit.failures.features import machine_features
from labkit.failures.simulation import simulate

TRAINING_SEED = 777
"""Of the rows to train on: another than that of the embedded data."""

FRESH_SEED = 778
"""Of the rows that a decision rule is chosen on, which train nothing."""

CHOOSING_SEED = 779
"""Of the rows that a learner is chosen on."""

FRESH_ROWS = 20_000
"""How many there are of both."""


@lru_cache(maxsize=2)
def training_rows(n_rows: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Simulated rows to train on: features, with the columns of `machine_features`, and labels."""
    return _labelled(n_rows, TRAINING_SEED)


@lru_cache(maxsize=1)
def fresh_rows() -> pd.DataFrame:
    """Features of other simulated rows, which no model has trained on."""
    return _labelled(FRESH_ROWS, FRESH_SEED)[0]


def choosing_rows() -> tuple[pd.DataFrame, np.ndarray]:
    """Features and labels of further simulated rows, on which learners are chosen."""
    return _labelled(FRESH_ROWS, CHOOSING_SEED)


def _labelled(n_rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    frame = simulate(n_rows, seed, decimals=None)
    return machine_features(frame), frame["failure_type"].to_numpy(dtype=str)
