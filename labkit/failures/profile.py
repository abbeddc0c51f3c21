"""How large the studies of failures are, profile by profile."""

from dataclasses import dataclass, field, replace

from labkit import config


@dataclass(frozen=True, kw_only=True)
class Profile(config.Profile):
    """The size of every study of failures.

    Parameters
    ----------
    learning_rates : dict
        Optimizer to the rates tried with it.
    grid : dict
        The other parameters of the six axes that the lab asks for, to the values tried. The first
        model is a candidate whether its values stand here or not.
    confirmations : int
        Drawings of fresh folds and seeds on which the best of the grid are trained anew.
    folds : int
        Folds of the grid search, and of every drawing of folds.
    epochs : int
        Epochs of the models trained after the search.
    remedy_epochs : int
        Epochs of the wide model that remedies against overfitting are tried on.
    recipe_epochs : int
        Epochs of the best recipe.
    ensemble : int
        Models, alike but for their seeds, that a stage averages.
    n_seeds : int
        Seeds, and drawings of the folds, behind every study but the last.
    n_repeats : int
        Trainings, each with seeds (and out-of-fold with folds) of its own, behind the final table.
    strengths : tuple of float
        Shares of the largest class to which balancing raises the others, or lowers the largest.
    forest_trees : int
        Trees of the random forest.
    boosting_rounds : int
        Rounds of CatBoost, and twice those of scikit-learn's gradient boosting.
    candidates, nested_candidates : int
        Learners that a search of each family other than the networks' grid tries at each stage: on
        the development rows, and inside every block of time.
    inner_folds : int
        Folds of the search inside a block's training rows, or another drawing's.
    drawings : int
        Further drawings of the held-out rows.
    resamples : int
        Resamples behind every bootstrap over rows.
    simulated_rows : int
        Rows of the documented process that models are given as knowledge.
    simulated_epochs : int
        Epochs of the networks that train on those.
    ceiling_rows : tuple of int
        Sizes of the simulated training sets that are compared with the best possible classifier.
    ceiling_test_rows : int
        Simulated rows that they are judged on.
    """

    learning_rates: dict = field(default_factory=dict)
    grid: dict = field(default_factory=dict)
    confirmations: int = 3
    folds: int = 5
    epochs: int = 60
    remedy_epochs: int = 60
    recipe_epochs: int = 60
    ensemble: int = 5
    n_seeds: int = 5
    n_repeats: int = 2
    strengths: tuple[float, ...] = (0.25, 0.5, 1.0)
    forest_trees: int = 100
    boosting_rounds: int = 200
    candidates: int = 6
    nested_candidates: int = 3
    inner_folds: int = 3
    drawings: int = 2
    resamples: int = 2000
    simulated_rows: int = 120_000
    simulated_epochs: int = 7
    ceiling_rows: tuple[int, ...] = (1_000, 3_000, 10_000, 30_000)
    ceiling_test_rows: int = 20_000


FULL = Profile(
    name="full",
    learning_rates={
        "sgd": [0.03, 0.1, 0.3],
        "adam": [1e-3, 3e-3, 1e-2, 3e-2],
        "rmsprop": [1e-3, 3e-3, 1e-2],
    },
    grid={
        "hidden_sizes": [(32,), (64, 32), (64, 32, 16)],
        "batch_size": [128, 256, 512],
        "epochs": [20, 40, 60, 80, 100],
    },
)
"""What the book is meant to be read in: half an hour and more on two cores."""

QUICK = Profile(
    name="quick",
    learning_rates={"sgd": [0.1], "adam": [1e-3, 1e-2], "rmsprop": [1e-2]},
    grid={
        "hidden_sizes": [(16,), (32, 16)],
        "batch_size": [128, 512],
        "epochs": [5, 10],
    },
    confirmations=1,
    folds=3,
    epochs=20,
    remedy_epochs=20,
    recipe_epochs=5,
    ensemble=2,
    n_seeds=2,
    n_repeats=1,
    strengths=(0.25, 1.0),
    forest_trees=20,
    boosting_rounds=20,
    candidates=2,
    nested_candidates=1,
    inner_folds=2,
    drawings=1,
    resamples=200,
    simulated_rows=2_000,
    simulated_epochs=5,
    ceiling_rows=(1_000, 3_000),
    ceiling_test_rows=5_000,
)
"""Less of everything, to see that all works; its scores mean little."""

THOROUGH = replace(
    FULL,
    name="thorough",
    confirmations=10,
    recipe_epochs=200,
    ensemble=16,
    n_seeds=10,
    n_repeats=5,
    forest_trees=500,
    candidates=30,
    nested_candidates=8,
    drawings=20,
    resamples=10_000,
    simulated_rows=240_000,
    simulated_epochs=20,
    ceiling_rows=(1_000, 3_000, 10_000, 30_000, 100_000),
    ceiling_test_rows=100_000,
)
"""More of what narrows an interval, for an evening: longer training, more seeds and repetitions."""

PROFILES = {profile.name: profile for profile in (FULL, QUICK, THOROUGH)}
