"""How large the studies of volatility are, profile by profile."""

from dataclasses import dataclass, field, replace

from labkit import config


@dataclass(frozen=True, kw_only=True)
class Profile(config.Profile):
    """The size of every study of volatility.

    Parameters
    ----------
    search_symbols : int
        Symbols of the panel, evenly spaced in the alphabet, that the grid search, the ablation and
        the regularization studies train on.
    study_symbols : int or None
        Symbols that all other studies use; None for all.
    rival_symbols : int
        Symbols that the search for ridge regression and boosting trains on.
    field_symbols : int
        Symbols that the field's models, of which some are fitted stock by stock, are compared on.
    grid : dict
        Parameter name to the values tried, over the six axes the lab asks for.
    boosting : dict
        The same for boosted trees; ``max_iter`` costs nothing but the largest.
    wide_networks : int
        Networks averaged where the inputs are many.
    folds : int
        Folds of the grid search.
    epochs : int
        Epochs of the models trained after the search.
    dose_epochs : int
        Epochs of the models that are given growing doses of a remedy.
    n_seeds : int
        Seeds behind every comparison.
    bootstrap : int
        Resamples behind every bootstrap interval.
    """

    search_symbols: int
    study_symbols: int | None = None
    rival_symbols: int = 250
    field_symbols: int = 50
    grid: dict = field(default_factory=dict)
    boosting: dict = field(
        default_factory=lambda: {
            "max_leaf_nodes": [15, 31, 63],
            "min_samples_leaf": [200],
            "max_iter": [25, 50, 100, 150],
        }
    )
    wide_networks: int = 2
    folds: int = 3
    epochs: int = 20
    dose_epochs: int = 5
    n_seeds: int = 5
    bootstrap: int = 1000


FULL = Profile(
    name="full",
    search_symbols=125,
    grid={
        "learning_rate": [3e-4, 1e-3, 3e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(32,), (64,), (64, 32), (64, 32, 16)],
        "batch_size": [1024, 4096],
        "epochs": [1, 2, 4, 8],
    },
)
"""What the book is meant to be read in: minutes on two cores."""

QUICK = Profile(
    name="quick",
    search_symbols=5,
    study_symbols=10,
    rival_symbols=8,
    field_symbols=5,
    grid={
        "learning_rate": [1e-3, 1e-2],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(16,), (32, 16)],
        "batch_size": [256, 512],
        "epochs": [1, 2],
    },
    boosting={"max_leaf_nodes": [15], "min_samples_leaf": [50], "max_iter": [50, 100]},
    wide_networks=1,
    folds=2,
    epochs=6,
    dose_epochs=3,
    n_seeds=2,
    bootstrap=200,
)
"""Less of everything, to see that all works; its scores mean little."""

THOROUGH = replace(FULL, name="thorough", n_seeds=10, wide_networks=5, bootstrap=5000)
"""More of what narrows an interval, for an evening."""

PROFILES = {profile.name: profile for profile in (FULL, QUICK, THOROUGH)}
