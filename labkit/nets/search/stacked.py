"""What scikit-learn's searches have in common, with the candidates trained as stacks."""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.validation import check_is_fitted

from labkit.nets.private import (
    BaseSearchCV,
    _check_method_params,
    _fit_context,
    _insert_error_scores,
    _MultimetricScorer,
    _warn_or_raise_about_fit_failures,
)
from labkit.nets.search.averages import AverageClassifier, AverageRegressor
from labkit.nets.search.fitting import Result
from labkit.nets.search.running import Search


class StackedSearch(BaseSearchCV):
    """Stands between a search of scikit-learn's and ``BaseSearchCV``, whose ``fit`` it replaces.

    Which candidates are tried, and what is asked of their scores, is scikit-learn's own code:
    ``_run_search`` of the class before this one in the order of inheritance. How they are trained
    is `Search`.
    """

    goes_on: ClassVar[bool] = False
    """Whether candidates may come back, to be trained for more epochs."""

    chunk: int | None
    keep_networks: bool

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, then fit the best candidate on all rows, as scikit-learn does."""
        if self.chunk is not None and self.chunk < 1:
            raise ValueError(f"chunk is {self.chunk!r}; expected a number of 1 or more, or None")
        scorers, refit_metric = self._get_scorers()
        X, y = indexable(X, y)
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        # Under this name scikit-learn's halving asks for it.
        cv = self._checked_cv_orig = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self._check_input_parameters(X, y, routed.splitter.split)
        self.n_splits_ = cv.get_n_splits(X, y, **routed.splitter.split)
        splits = list(cv.split(X, y, **routed.splitter.split))
        if len(splits) != self.n_splits_:
            raise ValueError(
                f"cv.split gave {len(splits)} splits, but cv.get_n_splits {self.n_splits_}"
            )
        base = clone(self.estimator)
        search = Search(self, base, X, y, splits, scorers, routed)
        tried: list[Mapping[str, Any]] = []
        results: list[Result] = []
        columns: dict[str, list[Any]] = defaultdict(list)

        def evaluate_candidates(
            candidates: Iterable[Mapping[str, Any]],
            cv: Any = None,  # the splits are those of all candidates, made once
            more_results: Mapping[str, list[Any]] | None = None,
            callback_ctx: Any = None,  # a stack tells nothing of its single fits
        ) -> Mapping[str, Any]:
            candidates = list(candidates)
            new = search.evaluate(candidates)
            _warn_or_raise_about_fit_failures(new, self.error_score)
            if callable(self.scoring):
                _insert_error_scores(new, self.error_score)
            tried.extend(candidates)
            results.extend(new)
            for name, values in (more_results or {}).items():
                columns[name].extend(values)
            self.cv_results_ = self._format_results(tried, self.n_splits_, results, columns)
            return self.cv_results_

        context = self._init_callback_context(max_subtasks=1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        self._run_search(evaluate_candidates, callback_ctx=context)
        self._choose(results[0]["test_scores"], refit_metric)
        if self.refit:
            self._refit(base, X, y, routed.estimator.fit)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        self.library_ = search.library() if self.keep_networks else None
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

    def ensemble_(self, n: int) -> AverageRegressor | AverageClassifier:
        """An average of networks that the search has trained, chosen greedily; trains nothing.

        Begins with the best candidate and adds ``n - 1`` times the one whose company scores best,
        which may be one that is in already: selection with replacement. Candidates are judged by
        the mean over the folds of the search's score, of the average of their answers to the
        fold's test rows; of equals the first in ``cv_results_`` is taken.

        Parameters
        ----------
        n : int
            Choices, 1 or more. Each builds on those before: the first k of them are those of
            ``ensemble_(k)``.

        Returns
        -------
        AverageRegressor or AverageClassifier
            Fitted. It averages the chosen candidates' networks of all folds: their predictions, or
            their probabilities. Of each choice it has ``candidates_``, its row in
            ``cv_results_``, and ``scores_``, the score with it; ``weights_`` are the shares of all
            rows of ``cv_results_``. Attributes have the shapes ``(n,)``, ``(n,)`` and
            ``(n_candidates,)``.

        Raises
        ------
        ValueError
            When the networks were not kept, ``n`` is no number of 1 or more, no candidate has
            answered all folds or none has a score, or there are several scores and ``refit`` names
            none.

        Notes
        -----
        ``scores_`` are optimistic, and rise with ``n`` for that reason alone: the rows that judge
        the ensemble are those that chose it. Judge it on rows which the search has not seen.

        A candidate is left out if a fold of it failed, or if it classifies without
        ``predict_proba``.

        References
        ----------
        Caruana, Niculescu-Mizil, Crew and Ksikes (2004), Ensemble selection from libraries of
        models, ICML.

        Examples
        --------
        >>> from sklearn.datasets import make_classification
        >>> from labkit.nets.estimators import MLPClassifier
        >>> from labkit.nets.search import StackedGridSearchCV
        >>> X, y = make_classification(random_state=0)
        >>> grid = {"learning_rate": [1e-3, 1e-2], "hidden_sizes": [(4,), (8,)]}
        >>> search = StackedGridSearchCV(MLPClassifier(epochs=5), grid, cv=3, keep_networks=True)
        >>> ensemble = search.fit(X, y).ensemble_(3)
        >>> ensemble.predict_proba(X).shape, bool(ensemble.scores_[0] == search.best_score_)
        ((100, 2), True)
        """
        check_is_fitted(self, "cv_results_")
        if self.library_ is None:
            raise ValueError(
                "the networks of the folds were not kept; set keep_networks=True and fit again"
            )
        if self.multimetric_ and not isinstance(self.refit, str):
            raise ValueError(
                f"there are several scores and refit is {self.refit!r}; set it to the name of the "
                "score that is to choose and fit again"
            )
        return self.library_.ensemble(n, len(self.cv_results_["params"]))
