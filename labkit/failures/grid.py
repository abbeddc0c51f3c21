"""The grid search of the failure study, over the six axes that the lab asks for."""

from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS
from labkit.failures.machines import machines
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST
from labkit.failures.stages import Stage
from labkit.nets.splits import stratified
from labkit.report.confirmation import Drawing, drawing_seeds
from labkit.report.grids import Grid, search_space, searched
from labkit.report.results import study


@study("classification-grid")
def grid(data: Maintenance, profile: Profile) -> Grid:
    """Grid search by macro-F1 on stratified folds of the development rows, and its confirmation."""
    X, y = machines(data, profile.seed).development_rows()
    drawings = [
        Drawing(X, y, list(stratified(profile.folds, 1, seed).split(X, y)), seed)
        for seed in drawing_seeds(profile.seed, profile.confirmations)
    ]
    first = clone(FIRST).set_params(epochs=profile.epochs)
    facts = searched(
        lambda seed: Stage(first, PHYSICS).pipeline(y, seed),
        search_space(profile.learning_rates, profile.grid),
        drawings,
        scoring="f1_macro",
        floor=DummyClassifier(),
    )
    return Grid(profile=profile.name, **facts)
