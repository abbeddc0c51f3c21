"""How large a run is: the profiles, the seed, the threads. Every other room reads it from here.

The profile is chosen by the environment variable ``LABKIT_PROFILE``. Results made under one
profile are never mistaken for those of another: the profile is part of their key.
"""

import os
from dataclasses import dataclass, field, replace

from labkit import bootstrap

ROOT = bootstrap.ROOT
"""The project's root: where ``_quarto.yml`` lies and ``results/`` is made. Where labkit is
installed apart from the project, the current folder."""


@dataclass(frozen=True)
class Profile:
    """The size of every study in one run of the book.

    Parameters
    ----------
    name : str
        ``full``, ``quick`` or ``thorough``.
    seed : int
        The one seed that all others are derived from.
    search_symbols : int
        Symbols of the NYSE panel, evenly spaced in the alphabet, that the grid search, the
        ablation and the regularization studies train on.
    study_symbols : int or None
        Symbols that all other regression studies use; None for all.
    regression_grid, classification_grid : dict
        Parameter name to the values tried, over the six axes the lab asks for.
    regression_folds, classification_folds : int
        Folds of each grid search.
    regression_epochs, classification_epochs : int
        Epochs of the models trained after the search.
    dose_epochs : int
        Epochs of the volatility models that are given growing doses of a remedy.
    recipe_epochs : int
        Epochs of the best classification recipe.
    ensemble : int
        Networks that the best classification recipe averages.
    ceiling_rows : tuple of int
        Sizes of the simulated training sets that are compared with the best possible classifier.
    ceiling_test_rows : int
        Simulated rows that they are judged on.
    n_seeds : int
        Seeds, and drawings of the folds, behind every study but the last.
    n_repeats : int
        Drawings of the folds behind the final classification table.
    forest_trees : int
        Trees of the random forest.
    bootstrap : int
        Resamples behind every bootstrap interval.
    """

    name: str
    seed: int = 2024
    search_symbols: int = 0
    study_symbols: int | None = None
    regression_grid: dict = field(default_factory=dict)
    classification_grid: dict = field(default_factory=dict)
    regression_folds: int = 3
    classification_folds: int = 5
    regression_epochs: int = 20
    classification_epochs: int = 60
    dose_epochs: int = 5
    recipe_epochs: int = 60
    ensemble: int = 8
    n_seeds: int = 5
    n_repeats: int = 3
    forest_trees: int = 200
    ceiling_rows: tuple[int, ...] = (1_000, 3_000, 10_000, 30_000)
    ceiling_test_rows: int = 20_000
    bootstrap: int = 1000


FULL = Profile(
    name="full",
    search_symbols=125,
    regression_grid={
        "learning_rate": [3e-4, 1e-3, 3e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(32,), (64,), (64, 32), (64, 32, 16)],
        "batch_size": [1024, 4096],
        "epochs": [1, 2, 4, 8],
    },
    classification_grid={
        "learning_rate": [3e-4, 1e-3, 3e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(32,), (64,), (64, 32), (64, 32, 16)],
        "batch_size": [128, 256],
        "epochs": [5, 10, 20, 40],
    },
)
"""What the book is meant to be read in: minutes on two cores."""

QUICK = Profile(
    name="quick",
    search_symbols=5,
    study_symbols=10,
    regression_grid={
        "learning_rate": [1e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(16,), (32, 16)],
        "batch_size": [256, 512],
        "epochs": [1, 2],
    },
    classification_grid={
        "learning_rate": [1e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(16,), (32, 16)],
        "batch_size": [128, 512],
        "epochs": [5, 10],
    },
    regression_folds=2,
    classification_folds=3,
    regression_epochs=6,
    dose_epochs=3,
    classification_epochs=20,
    recipe_epochs=5,
    ensemble=2,
    n_seeds=2,
    n_repeats=2,
    ceiling_rows=(1_000, 3_000),
    forest_trees=50,
    ceiling_test_rows=5_000,
    bootstrap=200,
)
"""Less of everything, to see that all works; its scores mean little."""

THOROUGH = replace(
    FULL,
    name="thorough",
    recipe_epochs=200,
    ensemble=16,
    n_seeds=10,
    n_repeats=10,
    forest_trees=1000,
    ceiling_rows=(1_000, 3_000, 10_000, 30_000, 100_000),
    ceiling_test_rows=100_000,
    bootstrap=5000,
)
"""More of what narrows an interval, for an evening: longer training, more seeds and repetitions."""

PROFILES = {profile.name: profile for profile in (FULL, QUICK, THOROUGH)}


def profile() -> Profile:
    """The profile that ``LABKIT_PROFILE`` names; ``full`` when it is unset.

    Raises
    ------
    ValueError
        When the name is not one of `PROFILES`.
    """
    name = os.environ.get("LABKIT_PROFILE") or "full"
    if name not in PROFILES:
        raise ValueError(
            f"there is no profile {name!r}; LABKIT_PROFILE and --profile take one of "
            f"{', '.join(PROFILES)}"
        )
    return PROFILES[name]
