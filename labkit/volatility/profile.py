"""How large the studies of volatility are, profile by profile."""

from dataclasses import dataclass, field, replace

from labkit import config


@dataclass(frozen=True, kw_only=True)
class Profile(config.Profile):
    """The size of every study of volatility.

    Parameters
    ----------
    search_symbols : int
        Symbols of the panel, evenly spaced in the alphabet, that the grid search and the
        ablation train on.
    remedy_symbols : int
        The same for the remedies against overfitting: few, so that there is something to cure.
    study_symbols : int or None
        Symbols that all other studies use; None for all.
    rival_symbols : int
        Symbols that the search for ridge regression and boosting trains on.
    field_symbols : int
        Symbols that the field's models, of which some are fitted stock by stock, are compared on.
    learning_rates : dict
        Optimizer to the rates tried with it.
    grid : dict
        The other parameters of the six axes that the lab asks for, to the values tried. The first
        model is a candidate whether its values stand here or not.
    confirmations : int
        Drawings of fresh folds and seeds on which the best of the grid are trained anew.
    boosting : dict
        The same for boosted trees; ``max_iter`` costs nothing but the largest.
    wide_networks : int
        Networks averaged where the inputs are many.
    folds : int
        Folds of the grid search.
    epochs : int
        Epochs of the models trained after the search.
    remedy_epochs : int
        Epochs of the wide model that remedies against overfitting are tried on.
    n_seeds : int
        Seeds behind every comparison.
    bootstrap : int
        Resamples behind every bootstrap interval.
    """

    search_symbols: int
    remedy_symbols: int = 15
    study_symbols: int | None = None
    rival_symbols: int = 250
    field_symbols: int = 50
    learning_rates: dict = field(default_factory=dict)
    grid: dict = field(default_factory=dict)
    confirmations: int = 3
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
    remedy_epochs: int = 20
    n_seeds: int = 5
    bootstrap: int = 1000


FULL = Profile(
    name="full",
    search_symbols=125,
    learning_rates={
        "sgd": [0.003, 0.01, 0.03],
        "adam": [3e-4, 1e-3, 3e-3],
        "rmsprop": [1e-4, 3e-4, 1e-3],
    },
    grid={
        "hidden_sizes": [(32,), (64, 32), (64, 32, 16)],
        "batch_size": [512, 2048, 4096],
        "epochs": [2, 4, 8, 12],
    },
)
"""What the book is meant to be read in: half an hour and more on two cores."""

QUICK = Profile(
    name="quick",
    search_symbols=5,
    remedy_symbols=4,
    study_symbols=10,
    rival_symbols=8,
    field_symbols=5,
    learning_rates={"sgd": [0.03], "adam": [1e-3, 1e-2], "rmsprop": [1e-3]},
    grid={
        "hidden_sizes": [(16,), (32, 16)],
        "batch_size": [256, 512],
        "epochs": [1, 2],
    },
    confirmations=1,
    boosting={"max_leaf_nodes": [15], "min_samples_leaf": [50], "max_iter": [50, 100]},
    wide_networks=1,
    folds=2,
    epochs=6,
    remedy_epochs=10,
    n_seeds=2,
    bootstrap=200,
)
"""Less of everything, to see that all works; its scores mean little."""

THOROUGH = replace(
    FULL, name="thorough", confirmations=10, n_seeds=10, wide_networks=5, bootstrap=5000
)
"""More of what narrows an interval, for an evening."""

PROFILES = {profile.name: profile for profile in (FULL, QUICK, THOROUGH)}
