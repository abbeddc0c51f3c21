"""The networks and the linear model of this study: the first, the tuned, the recipe; ridge."""

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline

from labkit.nets.estimators import MLPRegressor
from labkit.report.grids import Grid
from labkit.volatility.panel import FEATURES, panel_preprocessing

FIRST = MLPRegressor(hidden_sizes=(64, 32), learning_rate=1e-3, optimizer="adam", batch_size=512)
"""The first model: two hidden layers, Adam with its usual step, no regularization."""

WIDE = clone(FIRST).set_params(hidden_sizes=(128, 128), learning_rate=3e-3)
"""Wider and faster than the first model, for remedies to show what they can: it overfits."""

RECIPE = clone(FIRST).set_params(
    hidden_sizes=(128, 64),
    activation="silu",
    dropout=0.2,
    batch_size=4096,
    learning_rate=3e-3,
    schedule="one_cycle",
    epochs=5,
)
"""A smooth activation, dropout, large batches, and a learning rate that rises and falls.

It comes from the literature on tabular networks and from trials on the validation year.
"""

PARTS = {
    "SiLU (ReLU instead)": {"activation": "relu"},
    "dropout": {"dropout": 0.0},
    "one-cycle schedule (constant rate)": {"schedule": None},
    "width (64-32 instead)": {"hidden_sizes": (64, 32)},
    "large batches (512 instead)": {"batch_size": 512},
}
"""What to change in the recipe to leave one part out."""


N_PENALTIES = 13
"""Penalties that ridge regression on the sixteen features chooses from."""


def tuned(grid: Grid) -> MLPRegressor:
    """The first model with the parameters that the grid search led to, on fresh folds."""
    return clone(FIRST).set_params(**grid.parameters)


def ridge() -> Pipeline:
    """Ridge regression on all features, its penalty chosen by leave-one-out on the fitted rows."""
    return make_pipeline(
        panel_preprocessing(FEATURES), RidgeCV(alphas=np.logspace(-2, 4, N_PENALTIES))
    )
