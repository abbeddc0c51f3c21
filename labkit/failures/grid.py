"""The grid search of the failure study, over the six axes that the lab asks for."""

from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS
from labkit.failures.machines import machines
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST
from labkit.failures.stages import Stage
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.splits import stratified
from labkit.report.grids import Grid, found
from labkit.report.results import study


@study("classification-grid")
def grid(data: Maintenance, profile: Profile) -> Grid:
    """Grid search by macro-F1 on stratified folds of the development rows."""
    X, y = machines(data, profile.seed).development_rows()
    search = StackedGridSearchCV(
        Stage(FIRST, PHYSICS).pipeline(y, profile.seed),
        {f"learner__{name}": values for name, values in profile.grid.items()},
        scoring="f1_macro",
        cv=stratified(profile.folds, 1, profile.seed),
        refit=False,
        n_jobs=-1,
        return_train_score=True,
    ).fit(X, y)
    return Grid(profile=profile.name, **found(search))
