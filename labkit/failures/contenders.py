"""Every model of the failure study: the MLP at each stage, and what it is held against."""

from collections.abc import Sequence

from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from labkit.failures.features import PHYSICS, RAW, RULES
from labkit.failures.preprocessing import machine_preprocessing
from labkit.failures.profile import Profile
from labkit.failures.scores import RuleOracle
from labkit.failures.stages import AVERAGED, DECIDED, SINGLE, Stage
from labkit.nets.estimators import MLPClassifier
from labkit.report.models import BASELINE, CEILING, FLOOR, MLP, Model
from labkit.report.remedies import REGULARIZATIONS

FORM_NAMES = {SINGLE: "", AVERAGED: ", seeds averaged", DECIDED: ", decision rule"}
"""What a table adds to the name of a model for each form in which a stage predicts."""

MAJORITY = Model("majority class", FLOOR, "majority")
ORACLE = Model("rule oracle", CEILING, "oracle")


def mlps(
    first: MLPClassifier, tuned: MLPClassifier, remedy: str, recipe: Stage
) -> dict[Model, Stage]:
    """The MLP at each stage of the study: here a further one is added.

    Parameters
    ----------
    first : MLPClassifier
        The first model.
    tuned : MLPClassifier
        The winner of the grid search.
    remedy : str
        The regularization that did best on validation.
    recipe : Stage
    """
    regularized = clone(first).set_params(**REGULARIZATIONS[remedy])
    return {
        Model("MLP, first", MLP, "first"): Stage(first, RAW),
        Model("MLP, physics features", MLP, "physics"): Stage(first, PHYSICS),
        Model("MLP, tuned", MLP, "tuned"): Stage(tuned, PHYSICS),
        Model("MLP, regularized", MLP, "regularized"): Stage(regularized, PHYSICS),
        Model("MLP, recipe", MLP, "recipe"): recipe,
    }


def baselines(profile: Profile) -> dict[Model, BaseEstimator]:
    """All that is no MLP: here a further one is added."""
    forest = RandomForestClassifier(profile.forest_trees)
    # At the default rate of 0.1 the loss of the rare classes diverges in some folds.
    boosting = HistGradientBoostingClassifier(learning_rate=0.05)
    logistic = LogisticRegression(max_iter=2000)
    return {
        MAJORITY: DummyClassifier(strategy="prior"),
        ORACLE: RuleOracle(),
        Model("logistic regression", BASELINE, "logistic"): _prepared(PHYSICS, logistic),
        Model("random forest, raw", BASELINE, "forest-raw"): _prepared(RAW, forest),
        Model("random forest, physics", BASELINE, "forest-physics"): _prepared(PHYSICS, forest),
        Model("random forest, recipe's inputs", BASELINE, "forest-recipe"): _prepared(
            RULES, forest, normal=True
        ),
        Model("gradient boosting, raw", BASELINE, "boosting-raw"): _prepared(RAW, boosting),
        Model("gradient boosting, physics", BASELINE, "boosting-physics"): _prepared(
            PHYSICS, boosting
        ),
    }


def _prepared(features: Sequence[str], model: BaseEstimator, *, normal: bool = False) -> Pipeline:
    return make_pipeline(machine_preprocessing(features, normal=normal), model)


def in_form(model: Model, form: str) -> Model:
    """The model as a stage's single network, its average or its decision makes it."""
    if form == SINGLE:
        return model
    return Model(model.name + FORM_NAMES[form], model.kind, f"{model.stage}-{form}")


def seeded(model: BaseEstimator, seed: int) -> BaseEstimator:
    """A clone whose every random step draws from ``seed``."""
    model = clone(model)
    names = [name for name in model.get_params() if name.split("__")[-1] == "random_state"]
    return model.set_params(**dict.fromkeys(names, seed))
