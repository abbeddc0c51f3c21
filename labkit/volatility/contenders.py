"""Every model of the volatility study: the MLP at each stage, and what it is held against."""

from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LinearRegression

from labkit.nets.estimators import MLPRegressor
from labkit.report.models import BASELINE, FLOOR, MLP, Model
from labkit.report.remedies import Cure
from labkit.volatility.panel import FEATURES, HAR_FEATURES
from labkit.volatility.recipe import FIRST, RECIPE, WIDE, ridge
from labkit.volatility.rivals import NARROW, Rivals, chosen
from labkit.volatility.scores import Persistence

RECIPE_MODEL = Model("MLP, recipe", MLP, "recipe")
AVERAGED = Model("MLP, seeds averaged", MLP, "averaged")
"""The mean of networks that are the recipe but for their seeds."""


def mlps(tuned: MLPRegressor, cure: Cure, epochs: int) -> dict[Model, MLPRegressor]:
    """The MLP at each stage of the study: here a further one is added.

    Parameters
    ----------
    tuned : MLPRegressor
        The winner of the grid search.
    cure : Cure
        Of the wide model, by the remedy that did best on validation.
    epochs : int
        Of the first model.
    """
    first = clone(FIRST).set_params(epochs=epochs)
    return {
        Model("MLP, first", MLP, "first"): first,
        Model("MLP, tuned", MLP, "tuned"): tuned,
        Model("MLP, regularized", MLP, "regularized"): clone(WIDE).set_params(**cure.parameters),
        RECIPE_MODEL: RECIPE,
    }


def baselines() -> dict[Model, tuple[BaseEstimator, list[str]]]:
    """What needs no search, each with its features: here a further one is added."""
    return {
        Model("persistence", FLOOR, "persistence"): (Persistence("log_vol_1"), ["log_vol_1"]),
        Model("HAR", BASELINE, "har"): (LinearRegression(), HAR_FEATURES),
        Model("ridge regression", BASELINE, "ridge"): (ridge(), FEATURES),
    }


def tuned_boosting(found: Rivals) -> dict[Model, tuple[BaseEstimator, list[str]]]:
    """Boosting on the same features as the networks, with the parameters found for it."""
    model = Model("gradient boosting", BASELINE, "boosting")
    return {model: (chosen(found, "boosting", NARROW), FEATURES)}
