"""What a grid search found: its candidates in order, its winner, and what each axis is worth."""

from dataclasses import dataclass

import pandas as pd
from sklearn.model_selection import GridSearchCV

from labkit.report.facts import Facts


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
    """A grid search.

    Attributes
    ----------
    candidates : DataFrame
        A row each, best first: as `candidates_of` gives it.
    best : DataFrame
        The first of them.
    effects : DataFrame
        As `axis_effects` gives it.
    widest, narrowest : Spread
        The axis that matters most, and the one that matters least; axes with one value are none.
    shapes : Shapes
    """

    candidates: pd.DataFrame
    best: pd.DataFrame
    effects: pd.DataFrame
    widest: Spread
    narrowest: Spread
    shapes: Shapes

    @property
    def parameters(self) -> dict:
        """What the winner changes in the estimator that was searched."""
        axes = list(dict.fromkeys(self.effects["axis"]))
        return {axis: _plain(self.best[axis].iloc[0]) for axis in axes}

    @property
    def edges(self) -> dict[str, str]:
        """Axes of numbers whose last value to one side won, and which it is of those tried."""
        best = self.parameters
        tried = self.candidates[list(best)].select_dtypes("number").agg(["min", "max"])
        tried = tried.loc[:, tried.loc["min"] < tried.loc["max"]]
        sides = {"smallest": tried.loc["min"], "largest": tried.loc["max"]}
        return {
            axis: side for axis in tried for side, end in sides.items() if best[axis] == end[axis]
        }

    @property
    def fold_sd(self) -> float:
        """Standard deviation of the winner's score over the folds."""
        return float(self.best["std_test_score"].iloc[0])

    @property
    def faint(self) -> dict[str, float]:
        """Axes between whose values the best score differs by less than ``fold_sd``; how much."""
        spreads = _spreads(self.effects)
        return spreads[spreads < self.fold_sd].to_dict()


def found(search: GridSearchCV) -> dict:
    """The facts of a finished search, by the names of the fields of `Grid`."""
    axes = [name.rpartition("__")[2] for name in search.param_grid]
    candidates = candidates_of(search)
    effects = axis_effects(candidates, axes)
    widest, narrowest = spreads_of(effects)
    return {
        "candidates": candidates,
        "best": candidates.head(1),
        "effects": effects,
        "widest": widest,
        "narrowest": narrowest,
        "shapes": compare_shapes(candidates),
    }


def candidates_of(search: GridSearchCV) -> pd.DataFrame:
    """One row per candidate of a finished search, best first.

    Columns: the axes in the grid's order, ``layers`` and ``neurons``, ``mean_test_score``,
    ``std_test_score``, ``mean_train_score`` where it was asked for, ``mean_fit_time`` and
    ``rank_test_score``.
    """
    results = search.cv_results_
    table = pd.DataFrame(
        {name.rpartition("__")[2]: results[f"param_{name}"].tolist() for name in search.param_grid}
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


def spreads_of(effects: pd.DataFrame) -> tuple[Spread, Spread]:
    """The widest and the narrowest spread of best scores among the axes with several values."""
    spreads = _spreads(effects)
    return (
        Spread(spreads.idxmax(), float(spreads.max())),
        Spread(spreads.idxmin(), float(spreads.min())),
    )


def _spreads(effects: pd.DataFrame) -> pd.Series:
    """How far the best scores of each axis with several values lie apart."""
    tried = effects[effects.groupby("axis")["value"].transform("size") > 1]
    best = tried.groupby("axis", sort=False)["best"]
    return best.max() - best.min()


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


def _plain(value):
    """A cell of a table as Python's own type, which estimators check for."""
    return value.item() if hasattr(value, "item") else value
