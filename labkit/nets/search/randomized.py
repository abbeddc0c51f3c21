"""``RandomizedSearchCV``, with the candidates trained as stacks."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import RandomizedSearchCV

from labkit.nets.search.stacked import StackedSearch


class StackedRandomizedSearchCV(RandomizedSearchCV, StackedSearch):
    """`RandomizedSearchCV` as `StackedGridSearchCV` is ``GridSearchCV``.

    The candidates drawn are those of ``RandomizedSearchCV`` with the same ``random_state``, and so
    are their scores.

    Parameters
    ----------
    estimator, param_distributions, n_iter, scoring, n_jobs, refit, cv, verbose, pre_dispatch, \
    random_state, error_score, return_train_score
        As in ``RandomizedSearchCV``: ``param_distributions`` has a list of values or a distribution
        of SciPy's (anything with a method ``rvs``) for each parameter.
    chunk, keep_networks
        As in `StackedGridSearchCV`.

    Notes
    -----
    Stacks are made of networks of one shape and batch size: draw ``hidden_sizes`` and
    ``batch_size`` from short lists, and from distributions what may differ within a stack, as do
    the learning rate, the weight decay and the dropout.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import make_classification
    >>> from labkit.nets.estimators import MLPClassifier
    >>> X, y = make_classification(random_state=0)
    >>> drawn = {"learning_rate": loguniform(1e-4, 1e-1), "hidden_sizes": [(4,), (8,)]}
    >>> model = MLPClassifier(epochs=5)
    >>> search = StackedRandomizedSearchCV(model, drawn, n_iter=6, cv=3, random_state=0).fit(X, y)
    >>> len(search.cv_results_["params"])
    6
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        param_distributions: Any,
        *,
        n_iter: int = 10,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: float | str = np.nan,
        return_train_score: bool = False,
        chunk: int | None = None,
        keep_networks: bool = False,
    ):
        super().__init__(
            estimator,
            param_distributions,
            n_iter=n_iter,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.chunk = chunk
        self.keep_networks = keep_networks
