"""A search's best candidates trained anew on fresh folds: what is left of the score that won."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from labkit.nets.search import StackedGridSearchCV
from labkit.report.intervals import Interval, folds_interval

FINALISTS = 10
"""The best candidates of a search that are trained anew; the first model is, wherever it came."""

SEED_STEP = 100_000
"""Between the seeds of drawings, which so share none with the repetitions of other studies."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """Rows, the folds that candidates are compared on, and the seed that they are trained with.

    ``folds`` are pairs of row positions, to train on and to judge on.
    """

    X: pd.DataFrame
    y: Any
    folds: Sequence[tuple[np.ndarray, np.ndarray]]
    seed: int

    @property
    def judged_share(self) -> float:
        """Rows judged on for each that is trained on, the mean over the folds."""
        return float(np.mean([len(test) / len(train) for train, test in self.folds]))

    def scores(self, model: BaseEstimator, scoring: str) -> np.ndarray:
        """The score of a model that needs no search on each fold, ``(folds,)``."""
        return cross_val_score(model, self.X, self.y, cv=self.folds, scoring=scoring)


def drawing_seeds(seed: int, n: int) -> list[int]:
    """The seed of the search, and those of ``n`` fresh drawings.

    >>> drawing_seeds(7, 2)
    [7, 100007, 200007]
    """
    return [seed + SEED_STEP * k for k in range(n + 1)]


@dataclass(frozen=True)
class Confirmation:
    """The best candidates of a search and the first model, trained anew.

    Attributes
    ----------
    finalists : DataFrame
        A row each, best on the fresh folds first: the axes, ``layers``; ``place`` in the search,
        1 for its winner; ``search`` and ``fresh``, the mean scores; ``fresh_sd`` over the fresh
        folds; ``change``, fresh less search; whether it is the ``first`` model; and ``lead``, its
        fresh score less the first model's, paired by fold, between ``low`` and ``high``.
    scores : ndarray, shape (fresh folds, finalists)
        In the order of ``finalists``.
    n_drawings : int
        How often folds and seeds were drawn.
    judged_share : float
        As `Drawing` has it, of the fresh drawings.
    """

    finalists: pd.DataFrame
    scores: np.ndarray
    n_drawings: int
    judged_share: float

    @property
    def n_folds(self) -> int:
        """Fresh folds, of all drawings."""
        return len(self.scores)

    @property
    def chosen(self) -> pd.Series:
        """The best on the fresh folds: the search's outcome."""
        return self.finalists.iloc[0]

    @property
    def winner(self) -> pd.Series:
        """The best on the folds of the search."""
        return self.finalists.loc[self.finalists["place"].idxmin()]

    @property
    def first(self) -> pd.Series:
        """The untuned first model."""
        return self.finalists.loc[self.finalists["first"].idxmax()]

    @property
    def best_of_search(self) -> pd.DataFrame:
        """The finalists that the search's scores have put here."""
        return self.finalists[self.finalists["place"] <= FINALISTS]

    @property
    def n_fell(self) -> int:
        """Of the search's best, those whose score changed for the worse more than the first's."""
        return int((self.best_of_search["change"] < self.first["change"]).sum())

    @property
    def gain(self) -> Interval:
        """What the choice is ahead of the first model on the fresh folds."""
        return Interval(*(float(self.chosen[name]) for name in ("lead", "low", "high")))

    def lead_over(self, scores: np.ndarray) -> Interval:
        """What the choice is ahead of another model with these scores on the fresh folds."""
        return folds_interval(self.scores[:, 0] - scores, self.judged_share)


def finalists_of(candidates: pd.DataFrame, first: Mapping[str, Any]) -> pd.DataFrame:
    """The rows of `labkit.report.grids.candidates_of` that are trained anew.

    Parameters
    ----------
    candidates : DataFrame
        Best first.
    first : mapping
        Axis to its value in the first model.

    Raises
    ------
    ValueError
        When the first model is not among the candidates.
    """
    own = np.array([row == first for row in candidates[list(first)].to_dict("records")])
    if not own.any():
        raise ValueError(f"no candidate is the first model, {dict(first)}")
    table = candidates.assign(place=range(1, len(candidates) + 1), first=own)
    shown = [*first, "layers", "place", "first", "mean_test_score"]
    return table.loc[(table["place"] <= FINALISTS) | own, shown].reset_index(drop=True)


def confirm(
    finalists: pd.DataFrame,
    axes: Sequence[str],
    pipeline: Callable[[int], Pipeline],
    drawings: Sequence[Drawing],
    scoring: str,
) -> Confirmation:
    """Train finalists on fresh drawings.

    Parameters
    ----------
    finalists : DataFrame
        As `finalists_of` gives them.
    axes : sequence of str
        The columns that are parameters of the pipeline's last step.
    pipeline : callable
        From a seed, the pipeline that was searched.
    drawings : sequence of Drawing
    scoring : str
    """
    points = [
        {axis: plain(value) for axis, value in row.items()} for _, row in finalists[axes].iterrows()
    ]
    scores = np.concatenate(
        [_fold_scores(pipeline(own.seed), points, own, scoring) for own in drawings]
    )
    share = float(np.mean([own.judged_share for own in drawings]))
    return weighed(finalists, scores, len(drawings), share)


def _fold_scores(
    pipeline: Pipeline, points: Sequence[Mapping], own: Drawing, scoring: str
) -> np.ndarray:
    """Scores ``(folds, points)``."""
    step = pipeline.steps[-1][0]
    search = StackedGridSearchCV(
        pipeline,
        [{f"{step}__{axis}": [value] for axis, value in point.items()} for point in points],
        scoring=scoring,
        cv=own.folds,
        refit=False,
        n_jobs=-1,
    ).fit(own.X, own.y)
    return np.array([search.cv_results_[f"split{k}_test_score"] for k in range(search.n_splits_)])


def weighed(
    finalists: pd.DataFrame, scores: np.ndarray, n_drawings: int, judged_share: float
) -> Confirmation:
    """What fresh scores ``(folds, finalists)`` say of finalists."""
    (first,) = np.flatnonzero(finalists["first"])
    leads = [folds_interval(own - scores[:, first], judged_share) for own in scores.T]
    fresh = scores.mean(axis=0)
    table = finalists.rename(columns={"mean_test_score": "search"}).assign(
        fresh=fresh,
        fresh_sd=scores.std(axis=0, ddof=1),
        change=fresh - finalists["mean_test_score"],
        lead=[own.value for own in leads],
        low=[own.low for own in leads],
        high=[own.high for own in leads],
    )
    order = np.argsort(-fresh, kind="stable")
    return Confirmation(
        table.iloc[order].reset_index(drop=True), scores[:, order], n_drawings, judged_share
    )


def plain(value):
    """A cell of a table as Python's own type, which estimators check for."""
    return value.item() if hasattr(value, "item") else value
