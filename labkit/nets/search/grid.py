"""``GridSearchCV``, with the candidates trained as stacks."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV

from labkit.nets.search.stacked import StackedSearch


class StackedGridSearchCV(GridSearchCV, StackedSearch):
    """`GridSearchCV` for `MLPRegressor` and `MLPClassifier`, alone or at the end of a pipeline.

    Candidates whose networks have the same layers and batch size train as one stack, over all
    folds; candidates that differ in ``epochs`` alone are one network, looked at several times;
    preprocessing and resampling run once a fold. The scores are those of ``GridSearchCV``.

    Parameters
    ----------
    estimator, param_grid, scoring, n_jobs, refit, cv, verbose, pre_dispatch, error_score, \
    return_train_score
        As in ``GridSearchCV``. ``n_jobs`` are processes of one thread each, over which the stacks
        are spread by joblib: within ``joblib.parallel_config(backend="dask")`` they run on that
        cluster. A ``verbose`` above 1 prints scikit-learn's line for the end of every fit; those
        of a stack end together, and there are no lines for their beginning.
    chunk : int or None
        The most networks in a stack. A stack's memory grows with it; None chooses what is fast,
        which is a few megabytes beside the data.
    keep_networks : bool
        Whether every candidate's network of every fold is kept with its answers to the fold's test
        rows, for `ensemble_`. That is memory for all their weights, and for one number (of a
        classifier, one for each class) per candidate and test row, all folds together; about twice
        the latter while `ensemble_` chooses. 500 candidates with 10,000 weights each, on 5 folds of
        10,000 rows in all: 100 MB and 20 MB in single precision.

    Notes
    -----
    A candidate that no stack can train is fitted alone, as ``GridSearchCV`` would, and a warning
    says how many there are, and why: another estimator or loss, a layer or an optimizer without
    stacked counterpart (`labkit.nets.stacked.admission`). The times in ``cv_results_`` are those of
    a stack divided by its candidates.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from labkit.nets.estimators import MLPClassifier
    >>> X, y = make_classification(random_state=0)
    >>> grid = {"learning_rate": [1e-3, 1e-2], "epochs": [5, 10]}
    >>> search = StackedGridSearchCV(MLPClassifier(hidden_sizes=(8,)), grid, cv=3).fit(X, y)
    >>> len(search.cv_results_["params"])
    4
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        param_grid: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        chunk: int | None = None,
        keep_networks: bool = False,
    ):
        super().__init__(
            estimator,
            param_grid,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.chunk = chunk
        self.keep_networks = keep_networks
