"""The stacked grid search beside scikit-learn's: the same answer, sooner."""

import time

import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from labkit import config
from labkit.nets.search import StackedGridSearchCV
from labkit.report.grids import AXES, grid_table
from labkit.report.results import Result
from labkit.volatility.setting import FIRST, search_pipeline, search_rows, stored

GRID = {
    "mlp__learning_rate": [1e-3, 1e-2],
    "mlp__optimizer": ["sgd", "adam"],
    "mlp__hidden_sizes": [(32,)],
    "mlp__batch_size": [1024],
    "mlp__epochs": [1, 2],
}
"""A grid small enough to be searched twice."""


def two_searches() -> Result:
    """Both searches over the same small grid, folds and seed, in double precision.

    Tables: ``candidates``, a row each with the mean R² by both searches; ``seconds``, what each
    search took.
    """
    return stored("regression-two-searches", _two_searches)


def _two_searches() -> Result:
    train, y, folds = search_rows()
    mlp = clone(FIRST).set_params(dtype="float64")
    pipeline = search_pipeline(mlp, config.profile().seed)
    tables, seconds = {}, []
    for name, search in [("scikit-learn", GridSearchCV), ("stacked", StackedGridSearchCV)]:
        start = time.perf_counter()
        done = search(pipeline, GRID, scoring="r2", cv=folds, refit=False).fit(train.X, y)
        seconds.append({"search": name, "seconds": time.perf_counter() - start})
        tables[name] = grid_table(done.cv_results_)
    both = tables["scikit-learn"].assign(
        scikit_learn=tables["scikit-learn"]["mean_test_score"],
        stacked=_in_order_of(tables["scikit-learn"], tables["stacked"]),
    )
    return Result({"candidates": both, "seconds": pd.DataFrame(seconds)})


def _in_order_of(table: pd.DataFrame, other: pd.DataFrame) -> list[float]:
    """Scores of ``other``, candidate by candidate in the order of ``table``."""
    scores = other.set_index(AXES)["mean_test_score"]
    return [scores.loc[tuple(row)] for row in table[AXES].itertuples(index=False)]
