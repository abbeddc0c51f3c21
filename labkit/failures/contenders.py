"""Every model of the failure study: families that go through the same stages, and their frame.

A family is a kind of learner. Whatever one family is given, every family that can take it is given
by the same code, stage by stage: the raw measurements; the physics features; a search on those; the
recipe's inputs with a search on those, seeds averaged, and a decision rule. Here a further family
is added.
"""

from dataclasses import dataclass

from catboost import CatBoostClassifier
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid, ParameterSampler

from labkit.failures.features import PHYSICS, RAW, RULES
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST, PARTS, RECIPE, WIDE
from labkit.failures.scores import RuleOracle
from labkit.failures.stages import AVERAGED, DECIDED, SINGLE, Stage
from labkit.report.grids import Space, search_space
from labkit.report.models import BASELINE, CEILING, FLOOR, MLP, Kind, Model
from labkit.report.remedies import Cure

FORM_NAMES = {SINGLE: "", AVERAGED: ", seeds averaged", DECIDED: ", decision rule"}
"""What a table adds to the name of a model for each form in which a stage predicts."""

SEARCHED = {
    "tuned": {"features": PHYSICS},
    "recipe": {"features": RULES, "normal": True},
}
"""The stages whose learner a search chooses, and the inputs it is searched on."""


@dataclass(frozen=True)
class Contender(Model):
    """A model of this study: its family, what that was given, and the form in which it predicts."""

    family: str
    treatment: str = "none"
    form: str = SINGLE

    @property
    def row(self) -> dict[str, str]:
        """Its columns in a table."""
        own = {"family": self.family, "treatment": self.treatment, "form": self.form}
        return {**super().row, **own}


MAJORITY = Contender("majority class", FLOOR, "majority", "majority class")
ORACLE = Contender("rule oracle", CEILING, "oracle", "rule oracle")

NETWORKS = "mlp"
"""The key of our own family."""


@dataclass(frozen=True)
class Family:
    """Learners of one kind.

    Parameters
    ----------
    name : str
        For readers.
    key : str
        By which code asks for it, and its stages begin.
    kind : {"mlp", "baseline"}
    random : bool
        Whether another seed gives another model, so that an average over seeds is worth something.
    first : classifier
        As it is before any search.
    candidates : dict of str to tuple of classifiers
        What is searched at each stage of `SEARCHED`.
    """

    name: str
    key: str
    kind: Kind
    random: bool
    first: BaseEstimator
    candidates: dict[str, tuple[BaseEstimator, ...]]

    def at(self, tier: str, form: str = SINGLE) -> Contender:
        """The family at a stage, in one of the forms in which that predicts."""
        treatment = tier + FORM_NAMES[form]
        stage = f"{self.key}-{tier}" if form == SINGLE else f"{self.key}-{tier}-{form}"
        name = f"{self.name}, {treatment}"
        return Contender(name, self.kind, stage, self.name, treatment, form)


def families(profile: Profile, n_candidates: int) -> list[Family]:
    """All families, each with ``n_candidates`` to search among at every stage."""
    logistic = LogisticRegression(max_iter=2000)
    forest = RandomForestClassifier(profile.forest_trees, random_state=0)
    # At the default rate of 0.1 the loss of the rare classes diverges in some folds. A tree a class
    # and round: half of CatBoost's rounds take as long as all of its.
    boosting = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=profile.boosting_rounds // 2
    )
    catboost = CatBoostClassifier(
        iterations=profile.boosting_rounds,
        depth=4,
        random_state=0,
        thread_count=1,
        verbose=0,
        allow_writing_files=False,
    )
    spaces = [
        (
            "logistic regression",
            "logistic",
            False,
            logistic,
            {"C": [0.1, 1, 10, 100, 1000, 10_000]},
        ),
        (
            "random forest",
            "forest",
            True,
            forest,
            {
                "max_features": [0.3, 0.5, 0.8, 1.0],
                "min_samples_leaf": [1, 2, 4],
                "class_weight": [None, "balanced_subsample"],
            },
        ),
        (
            "gradient boosting",
            "boosting",
            False,
            boosting,
            {
                "learning_rate": [0.02, 0.05, 0.1],
                "max_leaf_nodes": [7, 15, 31],
                "min_samples_leaf": [5, 20, 50],
                "l2_regularization": [0.0, 1.0],
            },
        ),
        (
            "CatBoost",
            "catboost",
            True,
            catboost,
            {
                "depth": [3, 4, 6],
                "learning_rate": [0.05, 0.1, 0.2],
                "l2_leaf_reg": [1, 3, 10],
            },
        ),
    ]
    others = [
        Family(name, key, BASELINE, random, first, dict.fromkeys(SEARCHED, drawn))
        for name, key, random, first, space in spaces
        for drawn in [_drawn(first, space, n_candidates, profile.seed)]
    ]
    return [*others, networks(profile, n_candidates)]


def networks(profile: Profile, n_candidates: int) -> Family:
    """Our own: its search draws from the grid; its recipe may lose one of its parts."""
    first = clone(FIRST).set_params(epochs=profile.epochs)
    space = search_space(profile.learning_rates, profile.grid)
    recipe = clone(RECIPE).set_params(epochs=profile.recipe_epochs)
    without_a_part = (clone(recipe).set_params(**changes) for changes in PARTS.values())
    candidates = {
        "tuned": _drawn(first, space, n_candidates, profile.seed),
        "recipe": (recipe, *without_a_part)[:n_candidates],
    }
    return Family("MLP", NETWORKS, MLP, True, first, candidates)


def _drawn(
    first: BaseEstimator, space: dict | Space, n_candidates: int, seed: int
) -> tuple[BaseEstimator, ...]:
    """The first learner, and others with parameters drawn at random: so the search may keep it."""
    n_drawn = min(n_candidates - 1, len(ParameterGrid(space)))
    points = ParameterSampler(space, n_drawn, random_state=seed)
    return (first, *(clone(first).set_params(**point) for point in points))


def staged(
    family: Family, chosen: dict[str, BaseEstimator], profile: Profile, cure: Cure
) -> dict[str, Stage]:
    """A family at every stage: the stage's name to what it is given there.

    Parameters
    ----------
    family : Family
    chosen : dict of str to classifier
        The winner of the search at each stage of `SEARCHED`.
    profile : Profile
    cure : Cure
        For networks, of the wide one, by the remedy that did best on validation: a stage of its
        own.
    """
    stages = {
        "raw": Stage(family.first, RAW),
        "physics": Stage(family.first, PHYSICS),
        "tuned": Stage(chosen["tuned"], **SEARCHED["tuned"]),
        "recipe": recipe_stage(family, chosen["recipe"], profile),
    }
    if family.kind == MLP:
        regularized = clone(WIDE).set_params(**cure.parameters)
        stages["regularized"] = Stage(regularized, PHYSICS)
    return stages


def recipe_stage(family: Family, learner: BaseEstimator, profile: Profile) -> Stage:
    """All that a family is given: the recipe's inputs, seeds averaged, a decision rule."""
    n_members = profile.ensemble if family.random else 1
    return Stage(learner, n_members=n_members, decides=True, **SEARCHED["recipe"])


def references() -> dict[Contender, BaseEstimator]:
    """What learns nothing, and what knows the rules: the frame of every table."""
    return {MAJORITY: DummyClassifier(strategy="prior"), ORACLE: RuleOracle()}
