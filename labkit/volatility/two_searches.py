"""The stacked grid search beside scikit-learn's: the same answer, sooner."""

import time
from dataclasses import dataclass

import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from labkit.nets.search import StackedGridSearchCV
from labkit.nets.stacked import compile_ahead
from labkit.report.facts import Facts
from labkit.report.grids import candidates_of
from labkit.report.results import study
from labkit.report.sentence import Sentence, counted, number
from labkit.volatility.data import NYSE
from labkit.volatility.grid import search_pipeline, search_rows
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import FIRST

GRID = {
    "mlp__learning_rate": [1e-3, 1e-2],
    "mlp__optimizer": ["sgd", "adam"],
    "mlp__hidden_sizes": [(32,)],
    "mlp__batch_size": [1024],
    "mlp__epochs": [1, 2],
}
"""A grid small enough to be searched twice."""


@dataclass(frozen=True, kw_only=True)
class TwoSearches(Facts):
    """Both searches over the same small grid, folds and seed.

    Attributes
    ----------
    candidates : DataFrame
        A row each, in the order of scikit-learn's search, with the mean R² by both:
        ``scikit_learn`` and ``stacked``.
    seconds : DataFrame
        What each ``search`` took.
    apart : float
        The largest difference between the two scores of a candidate.
    same_winner : bool
    scikit_learn_seconds, stacked_seconds, times_faster : float
    """

    candidates: pd.DataFrame
    seconds: pd.DataFrame
    apart: float
    same_winner: bool
    scikit_learn_seconds: float
    stacked_seconds: float
    times_faster: float


@study("regression-two-searches")
def two_searches(data: NYSE, profile: Profile) -> TwoSearches:
    """Both searches, in double precision, so that rounding does not blur the comparison."""
    train, y, folds = search_rows(data, profile)
    pipeline = search_pipeline(clone(FIRST).set_params(dtype="float64"), profile.seed)
    compile_ahead("float64")  # once for all searches on a machine; no part of the comparison
    tables, seconds = [], []
    for search in (GridSearchCV, StackedGridSearchCV):
        start = time.perf_counter()
        done = search(pipeline, GRID, scoring="r2", cv=folds, refit=False).fit(train.X, y)
        seconds.append(time.perf_counter() - start)
        tables.append(candidates_of(done))
    return TwoSearches(profile=profile.name, **compared(*tables, *seconds))


def compared(
    theirs: pd.DataFrame, ours: pd.DataFrame, their_seconds: float, our_seconds: float
) -> dict:
    """The facts of two tables of the same candidates, by the fields of `TwoSearches`."""
    axes = [name.rpartition("__")[2] for name in GRID]
    scores = ours.set_index(axes)["mean_test_score"]
    both = theirs.assign(
        scikit_learn=theirs["mean_test_score"],
        stacked=[scores.loc[tuple(row)] for row in theirs[axes].itertuples(index=False)],
    )
    seconds = {"scikit-learn": their_seconds, "stacked": our_seconds}
    return {
        "candidates": both,
        "seconds": pd.DataFrame({"search": seconds.keys(), "seconds": seconds.values()}),
        "apart": float((both["scikit_learn"] - both["stacked"]).abs().max()),
        "same_winner": bool(both["scikit_learn"].idxmax() == both["stacked"].idxmax()),
        "scikit_learn_seconds": their_seconds,
        "stacked_seconds": our_seconds,
        "times_faster": their_seconds / our_seconds,
    }


def said(facts: TwoSearches) -> Sentence:
    """How far apart the scores of both searches lie, and how long each took."""
    return Sentence(
        f"Over {counted(len(facts.candidates), 'candidate')}, on all rows and folds of the search, "
        f"the scores differ by at most {number(facts.apart, '.1e')}, and the winner is "
        f"{'the same' if facts.same_winner else 'another'}. On this grid, one process each, "
        f"scikit-learn's search took {number(facts.scikit_learn_seconds, '.1f')} seconds and the "
        f"stacked one {number(facts.stacked_seconds, '.1f')}: a factor of "
        f"{number(facts.times_faster, '.1f')}."
    )
