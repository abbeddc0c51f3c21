"""``GridSearchCV``, with the candidates trained as stacks."""

import time
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import GridSearchCV, ParameterGrid, check_cv
from sklearn.utils import indexable

from labkit.nets.private import (
    _check_method_params,
    _fit_context,
    _insert_error_scores,
    _MultimetricScorer,
    _warn_or_raise_about_fit_failures,
)
from labkit.nets.search.running import Search


class StackedGridSearchCV(GridSearchCV):
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
        cluster.
    chunk : int or None
        The most networks in a stack. A stack's memory grows with it; None chooses what is fast,
        which is a few megabytes beside the data.

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

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search the grid, then fit the best candidate on all rows, as ``GridSearchCV`` does."""
        if self.chunk is not None and self.chunk < 1:
            raise ValueError(f"chunk is {self.chunk!r}; expected a number of 1 or more, or None")
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = cv.get_n_splits(X, y, **routed.splitter.split)
        splits = list(cv.split(X, y, **routed.splitter.split))
        if len(splits) != self.n_splits_:
            raise ValueError(
                f"cv.split gave {len(splits)} splits, but cv.get_n_splits {self.n_splits_}"
            )
        candidates = list(ParameterGrid(self.param_grid))
        if self.verbose > 0:
            print(
                f"Fitting {self.n_splits_} folds for each of {len(candidates)} candidates, "
                f"totalling {self.n_splits_ * len(candidates)} fits"
            )
        base = clone(self.estimator)
        search = Search(self, base, X, y, splits, candidates, scorers, routed)
        results = search.run()
        _warn_or_raise_about_fit_failures(results, self.error_score)
        if callable(self.scoring):
            _insert_error_scores(results, self.error_score)
        self.cv_results_ = self._format_results(candidates, self.n_splits_, results)
        self._choose(results[0]["test_scores"], refit_metric)
        if self.refit:
            self._refit(base, X, y, routed.estimator.fit)
        multimetric = isinstance(scorers, _MultimetricScorer)
        self.scorer_ = scorers._scorers if multimetric else scorers
        return self

    def _choose(self, first_scores: Any, refit_metric: str) -> None:
        self.multimetric_ = isinstance(first_scores, dict)
        if callable(self.scoring) and self.multimetric_:
            self._check_refit_for_multimetric(first_scores)
            refit_metric = self.refit
        if self.refit or not self.multimetric_:
            results = self.cv_results_
            self.best_index_ = self._select_best_index(self.refit, refit_metric, results)
            if not callable(self.refit):
                self.best_score_ = results[f"mean_test_{refit_metric}"][self.best_index_]
            self.best_params_ = results["params"][self.best_index_]

    def _refit(self, base: BaseEstimator, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        best = clone(self.best_params_, safe=False)
        self.best_estimator_ = clone(base).set_params(**best)
        start = time.time()
        if y is not None:
            self.best_estimator_.fit(X, y, **fit_params)
        else:
            self.best_estimator_.fit(X, **fit_params)
        self.refit_time_ = time.time() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_
