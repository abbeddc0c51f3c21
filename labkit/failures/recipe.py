"""The networks of this study: the first, the tuned, the recipe, and what the recipe is made of."""

from dataclasses import replace

from sklearn.base import clone

from labkit.failures.features import PHYSICS, RAW, RULES
from labkit.failures.profile import Profile
from labkit.failures.stages import Stage
from labkit.nets.estimators import MLPClassifier
from labkit.report.grids import Grid

FIRST = MLPClassifier(hidden_sizes=(64, 32), learning_rate=1e-3, optimizer="adam", batch_size=128)
"""The first model: two hidden layers, Adam with its usual step, no regularization."""

WIDE = clone(FIRST).set_params(hidden_sizes=(128, 128), learning_rate=3e-3)
"""Wider and faster than the first model, for remedies to show what they can: it overfits."""

RECIPE = clone(FIRST).set_params(
    hidden_sizes=(64, 64),
    embedding_scale=0.5,
    batch_size=256,
    learning_rate=1e-2,
    schedule="one_cycle",
    label_smoothing=0.02,
)
"""Periodic embeddings of the numbers, label smoothing, a rate that rises high and falls.

The profile sets the epochs. The features are the `labkit.failures.features.RULES`, mapped to normal
quantiles. It comes from the literature on tabular networks and from trials on development rows.
"""

PARTS = {
    "periodic embeddings": {"embedding_scale": None},
    "one-cycle schedule (constant rate)": {"schedule": None},
    "label smoothing": {"label_smoothing": 0.0},
    "long training (10 epochs instead)": {"epochs": 10},
    "width (32-32 instead)": {"hidden_sizes": (32, 32)},
}
"""What to change in the recipe's network to leave one part out."""

INPUTS = {
    "physics features": {"features": RAW},
    "choice of features (all instead)": {"features": PHYSICS},
    "normal quantiles (standardised instead)": {"normal": False},
}
"""What to change in the recipe's inputs to leave one part out."""


def tuned(grid: Grid) -> MLPClassifier:
    """The first model with the parameters that the grid search led to, on fresh folds."""
    return clone(FIRST).set_params(**grid.parameters)


def recipe(profile: Profile) -> Stage:
    """The `RECIPE`, averaged over seeds, with a decision rule."""
    mlp = clone(RECIPE).set_params(epochs=profile.recipe_epochs)
    return Stage(mlp, RULES, normal=True, n_members=profile.ensemble, decides=True)


def without(stage: Stage) -> dict[str, Stage]:
    """A stage without one of its parts at a time, by the part."""
    networks = {
        part: replace(stage, learner=clone(stage.learner).set_params(**changes))
        for part, changes in PARTS.items()
    }
    inputs = {part: replace(stage, **changes) for part, changes in INPUTS.items()}
    return {**inputs, **networks}
