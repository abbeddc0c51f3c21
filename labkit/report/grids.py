"""A grid search: what is tried, what it found, what each axis is worth, what was confirmed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, ParameterGrid
from sklearn.pipeline import Pipeline

from labkit.nets.search import StackedGridSearchCV
from labkit.report.confirmation import Confirmation, Drawing, confirm, finalists_of, plain
from labkit.report.facts import Facts

NOTHING = 0.001
"""A score above that of a model without inputs by no more than this is one of nothing learned."""


@dataclass(frozen=True)
class Spread:
    """How far the best scores of an axis's values lie apart."""

    axis: str
    score: float


@dataclass(frozen=True)
class Shapes:
    """The hidden sizes whose best candidate is best and worst, and how far those lie apart."""

    best: str
    worst: str
    gap: float


@dataclass(frozen=True, kw_only=True)
class Grid(Facts):
    """A grid search, and its best candidates trained anew.

    Attributes
    ----------
    candidates : DataFrame
        A row each, best first: as `candidates_of` gives it, and whether it is ``crossed`` with
        others: the first model is not, where it lies outside of all axes.
    effects : DataFrame
        As `axis_effects` gives it.
    spreads : dict of str to float
        As `spreads_of` gives them.
    shapes : Shapes
    floor : float
        Mean score, in the folds of the search, of a model that looks at no input.
    confirmation : Confirmation
        The choice is made here.
    """

    candidates: pd.DataFrame
    effects: pd.DataFrame
    spreads: dict[str, float]
    shapes: Shapes
    floor: float
    confirmation: Confirmation

    @property
    def crossed(self) -> pd.DataFrame:
        """The candidates of which the axes' values can be compared."""
        return self.candidates[self.candidates["crossed"]]

    @property
    def parameters(self) -> dict:
        """What the choice changes in the estimator that was searched."""
        axes = list(dict.fromkeys(self.effects["axis"]))
        return {axis: plain(self.confirmation.chosen[axis]) for axis in axes}

    @property
    def rates(self) -> dict[str, list[float]]:
        """Optimizer to the learning rates that were tried with it."""
        tried = self.crossed.groupby("optimizer")["learning_rate"].unique()
        return {optimizer: sorted(own) for optimizer, own in tried.items()}

    @property
    def edges(self) -> dict[str, str]:
        """Axes of numbers of whose values the choice has the last, and which of those tried."""
        best = self.parameters
        found = {}
        for axis in self.crossed[list(best)].select_dtypes("number"):
            tried = comparable(self.crossed, axis, best.get("optimizer"))[axis]
            low, high = tried.min(), tried.max()
            if low < high and best[axis] in (low, high):
                found[axis] = "smallest" if best[axis] == low else "largest"
        return found

    @property
    def widest(self) -> Spread:
        """The axis that matters most."""
        return Spread(*max(self.spreads.items(), key=lambda own: own[1]))

    @property
    def narrowest(self) -> Spread:
        """The axis that matters least."""
        return Spread(*min(self.spreads.items(), key=lambda own: own[1]))

    @property
    def fold_sd(self) -> float:
        """Standard deviation over the folds of the search of its winner's score."""
        return float(self.candidates["std_test_score"].iloc[0])

    @property
    def faint(self) -> dict[str, float]:
        """Axes between whose values the best score differs by less than ``fold_sd``; how much."""
        return {axis: own for axis, own in self.spreads.items() if own < self.fold_sd}

    @property
    def n_idle(self) -> int:
        """Candidates that learned nothing: they are no better than the floor."""
        return int((self.candidates["mean_test_score"] <= self.floor + NOTHING).sum())


Space = list[dict[str, list]]
"""Grids below each other, as ``GridSearchCV`` takes them."""


def search_space(learning_rates: Mapping[str, list], axes: Mapping[str, list]) -> Space:
    """Every optimizer at learning rates of its own, crossed with all other axes.

    Parameters
    ----------
    learning_rates : mapping of str to list
        Optimizer to the rates that are tried with it.
    axes : mapping of str to list
    """
    return [
        {"learning_rate": rates, "optimizer": [optimizer], **axes}
        for optimizer, rates in learning_rates.items()
    ]


def with_first(space: Space, first: BaseEstimator) -> Space:
    """The space with the first model in it: by itself, where it is no candidate already.

    Examples
    --------
    >>> from labkit.nets.estimators import MLPRegressor
    >>> space = search_space({"sgd": [0.1], "adam": [0.01]}, {"epochs": [1, 9]})
    >>> first = MLPRegressor(optimizer="adam", learning_rate=0.01, epochs=9)
    >>> with_first(space, first) == space
    True
    >>> with_first(space, first.set_params(epochs=20))[-1]
    {'learning_rate': [0.01], 'optimizer': ['adam'], 'epochs': [20]}
    """
    own = _values(first, space)
    if own in list(ParameterGrid(space)):
        return space
    return [*space, {axis: [value] for axis, value in own.items()}]


def _values(first: BaseEstimator, space: Space) -> dict:
    """The first model's values on the axes."""
    given = first.get_params()
    return {axis: given[axis] for axis in space[0]}


def searched(
    pipeline: Callable[[int], Pipeline],
    space: Space,
    drawings: Sequence[Drawing],
    *,
    scoring: str,
    floor: BaseEstimator,
) -> dict:
    """Search a space on the first drawing and train its best anew on the others.

    Parameters
    ----------
    pipeline : callable
        From a seed, a pipeline whose last step is the first model.
    space : list of dict
        As `search_space` gives it.
    drawings : sequence of Drawing
    scoring : str
    floor : estimator
        What learns nothing, scored in the folds of the search.

    Returns
    -------
    dict
        The facts by the names of the fields of `Grid`.
    """
    own, *fresh = drawings
    step, first = pipeline(own.seed).steps[-1]
    grids = with_first(space, first)
    search = StackedGridSearchCV(
        pipeline(own.seed),
        [{f"{step}__{axis}": values for axis, values in grid.items()} for grid in grids],
        scoring=scoring,
        cv=own.folds,
        refit=False,
        n_jobs=-1,
        return_train_score=True,
    ).fit(own.X, own.y)
    candidates, axes = candidates_of(search), axes_of(search)
    finalists = finalists_of(candidates, _values(first, space))
    outside = finalists.loc[finalists["first"], "place"].item() - 1 if grids != space else None
    return {
        **found(candidates.assign(crossed=candidates.index != outside), axes),
        "floor": float(own.scores(floor, scoring).mean()),
        "confirmation": confirm(finalists, axes, pipeline, fresh, scoring),
    }


def found(candidates: pd.DataFrame, axes: list[str]) -> dict:
    """What a finished search says of its candidates, by the names of the fields of `Grid`."""
    crossed = candidates[candidates["crossed"]]
    return {
        "candidates": candidates,
        "effects": axis_effects(crossed, axes),
        "spreads": spreads_of(crossed, axes),
        "shapes": compare_shapes(crossed),
    }


def axes_of(search: GridSearchCV) -> list[str]:
    """The axes of a search, whose grid may be several below each other, in the grid's order."""
    return [name.rpartition("__")[2] for name in _parameters(search)]


def _parameters(search: GridSearchCV) -> list[str]:
    grids = search.param_grid if isinstance(search.param_grid, list) else [search.param_grid]
    return list(dict.fromkeys(name for grid in grids for name in grid))


def candidates_of(search: GridSearchCV) -> pd.DataFrame:
    """One row per candidate of a finished search, best first.

    Columns: the axes in the grid's order, ``layers`` and ``neurons``, ``mean_test_score``,
    ``std_test_score``, ``mean_train_score`` where it was asked for, ``mean_fit_time`` and
    ``rank_test_score``.
    """
    results = search.cv_results_
    table = pd.DataFrame(
        {
            name.rpartition("__")[2]: results[f"param_{name}"].tolist()
            for name in _parameters(search)
        }
    )
    table["layers"] = [len(sizes) for sizes in table["hidden_sizes"]]
    table["neurons"] = [sum(sizes) for sizes in table["hidden_sizes"]]
    for score in ("mean_test_score", "std_test_score", "mean_train_score", "mean_fit_time"):
        if score in results:
            table[score] = results[score]
    table["rank_test_score"] = results["rank_test_score"].astype(int)
    return table.sort_values("rank_test_score", kind="stable", ignore_index=True)


def axis_effects(candidates: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    """For each value of each axis, the best and the median score of the candidates that have it.

    Columns: ``axis``, ``value``, ``best``, ``median``.
    """
    parts = []
    for axis in axes:
        groups = candidates["mean_test_score"].groupby(candidates[axis].map(label), sort=False)
        effects = pd.DataFrame({"best": groups.max(), "median": groups.median()})
        parts.append(effects.rename_axis("value").reset_index().assign(axis=axis))
    return pd.concat(parts, ignore_index=True)[["axis", "value", "best", "median"]]


def comparable(candidates: pd.DataFrame, axis: str, optimizer: str | None) -> pd.DataFrame:
    """The candidates among which the values of an axis are compared.

    Learning rates are compared at one optimizer, since each has rates of its own; all other axes
    are crossed.
    """
    if axis != "learning_rate" or optimizer is None:
        return candidates
    return candidates[candidates["optimizer"] == optimizer]


def spreads_of(candidates: pd.DataFrame, axes: list[str]) -> dict[str, float]:
    """How far the best scores of the values of an axis lie apart, where it has several.

    Those of learning rates are of the winner's optimizer.
    """
    spreads = {}
    for axis in axes:
        optimizer = candidates["optimizer"].iloc[0] if "optimizer" in candidates else None
        own = comparable(candidates, axis, optimizer)
        best = own.groupby(own[axis].map(label))["mean_test_score"].max()
        if len(best) > 1:
            spreads[axis] = float(best.max() - best.min())
    return spreads


def compare_shapes(candidates: pd.DataFrame) -> Shapes:
    """The hidden sizes that a grid prefers, and those that it likes least."""
    shapes = candidates["hidden_sizes"].map(label)
    best = candidates["mean_test_score"].groupby(shapes, sort=False).max()
    return Shapes(best.idxmax(), best.idxmin(), float(best.max() - best.min()))


def label(value: object) -> str:
    """A value of an axis as text; hidden sizes are joined.

    >>> label((64, 32)), label(0.001), label("adam")
    ('64-32', '0.001', 'adam')
    """
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)
