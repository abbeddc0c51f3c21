"""One run of a search: prepare the folds, train the stacks, collect the results."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import Bunch
from torch import nn

from labkit.nets.parallel import as_they_come, one_thread
from labkit.nets.private import (
    _check_method_params,
    _fit_and_score,
    _num_samples,
    _safe_split,
)
from labkit.nets.progress import progress
from labkit.nets.search.fitting import Judged, Result, Task, error_scores, needs_rows, run_task
from labkit.nets.search.folds import Fold, prepare
from labkit.nets.search.plan import Fit, Plan, initial_modules, make_plan, make_tasks
from labkit.nets.stacked import why_not_stacked_each

Folds = Mapping[tuple[int, int], Fold]


class Search:
    """One run of a search: prepare the folds, train the stacks, collect the results."""

    def __init__(
        self,
        owner: GridSearchCV,
        base: BaseEstimator,
        X: Any,
        y: Any,
        splits: Sequence[tuple[np.ndarray, np.ndarray]],
        candidates: Sequence[Mapping[str, Any]],
        scorer: Any,
        routed: Bunch,
    ):
        self.owner, self.base, self.X, self.y = owner, base, X, y
        self.splits, self.candidates, self.scorer = splits, candidates, scorer
        self.fit_params: Mapping[str, Any] = routed.estimator.fit
        self.score_params: Mapping[str, Any] = routed.scorer.score
        self.results: dict[tuple[int, int], Result] = {}

    def run(self) -> list[Result]:
        """Results of all candidates and splits, in scikit-learn's order."""
        plan = self._plan()
        n_jobs, pre_dispatch = self.owner.n_jobs, self.owner.pre_dispatch
        total = len(self.candidates) * len(self.splits)
        with progress(total, "Grid search") as bar, Parallel(n_jobs) as parallel:
            folds = self._prepare(plan, parallel)
            for done in as_they_come(self._calls(plan, folds), n_jobs, pre_dispatch):
                for number, split, result in done:
                    self.results[number, split] = result
                bar.advance(len(done), best=self._best())
        order = ((c, s) for c in range(len(self.candidates)) for s in range(len(self.splits)))
        return [self.results[key] for key in order]

    def _plan(self) -> Plan:
        if get_config()["enable_metadata_routing"]:
            reason = "metadata routing is enabled"
            return Plan([], [], dict.fromkeys(range(len(self.candidates)), reason))
        return make_plan(self.base, self.candidates, len(self.splits))

    def _prepare(self, plan: Plan, parallel: Parallel) -> Folds:
        """The folds by preprocessing and split; where it failed, its candidates have failed."""
        keys = [(p, s) for p in range(len(plan.preprocessings)) for s in range(len(self.splits))]
        prepared = parallel(
            delayed(prepare)(
                plan.preprocessings[p],
                self.X,
                self.y,
                *self.splits[s],
                self.fit_params,
                want_train=self.owner.return_train_score,
                reraise=self.owner.error_score == "raise",
            )
            for p, s in keys
        )
        folds = dict(zip(keys, prepared, strict=True))
        for fit in plan.fits:
            error = folds[fit.preprocessing, fit.split]
            if isinstance(error, str):
                scores = error_scores(
                    self.scorer, self.owner.error_score, self.owner.return_train_score
                )
                times = {"fit_time": 0.0, "score_time": 0.0, "n_test_samples": 0}
                for number in fit.candidates:
                    self.results[number, fit.split] = {"fit_error": error, **times, **scores}
        return {key: fold for key, fold in folds.items() if isinstance(fold, Fold)}

    def _calls(self, plan: Plan, folds: Folds) -> list[Any]:
        """What is to be run: stacks, then candidates that must be fitted alone."""
        fits = [fit for fit in plan.fits if (fit.preprocessing, fit.split) in folds]
        modules = initial_modules(fits, folds)
        alone = {**plan.alone, **_unstackable(fits, modules)}
        _warn_alone(alone)
        together = [i for i, fit in enumerate(fits) if not fit.candidates.keys() & alone.keys()]
        judged = {split: self._judged(split) for split in {fits[i].split for i in together}}
        stacks = make_tasks(
            [fits[i] for i in together],
            [modules[i] for i in together],
            n_jobs=effective_n_jobs(self.owner.n_jobs),
            chunk=self.owner.chunk,
        )
        calls = [delayed(run_task)(self._task(stack, folds, judged)) for stack in stacks]
        for number in alone:
            calls += self._alone(number)
        return calls

    def _judged(self, split: int) -> Judged:
        owner, (train, test) = self.owner, self.splits[split]
        X_test, y_test = _safe_split(self.base, self.X, self.y, test, train)
        X_train, y_train = _safe_split(self.base, self.X, self.y, train)
        rows = needs_rows(self.scorer)
        return Judged(
            _num_samples(X_test),
            y_test,
            _check_method_params(self.X, params=self.score_params, indices=test),
            y_train if owner.return_train_score else None,
            _check_method_params(self.X, params=self.score_params, indices=train),
            X_test if rows else None,
            X_train if rows and owner.return_train_score else None,
        )

    def _task(self, stack: Sequence[Fit], folds: Folds, judged: Mapping[int, Judged]) -> Task:
        return Task(
            stack,
            {key: folds[key] for key in {(fit.preprocessing, fit.split) for fit in stack}},
            {split: judged[split] for split in {fit.split for fit in stack}},
            self.scorer,
            self.owner.error_score,
            self.owner.return_train_score,
        )

    def _alone(self, number: int) -> Iterator[Any]:
        """Calls that fit one candidate as ``GridSearchCV`` does."""
        for split, (train, test) in enumerate(self.splits):
            yield delayed(_fit_alone)(
                number,
                split,
                clone(self.base),
                self.X,
                self.y,
                scorer=self.scorer,
                train=train,
                test=test,
                verbose=self.owner.verbose,
                parameters=self.candidates[number],
                fit_params=self.fit_params,
                score_params=self.score_params,
                return_train_score=self.owner.return_train_score,
                return_n_test_samples=True,
                return_times=True,
                error_score=self.owner.error_score,
            )

    def _best(self) -> str | None:
        """The best mean score among the candidates that are through all splits."""
        scores = []
        for number in range(len(self.candidates)):
            own = [(number, split) for split in range(len(self.splits))]
            if self.results.keys() >= set(own):
                done = [self.results[key]["test_scores"] for key in own]
                scores.append(np.mean(list(map(self._headline, done))))
        return f"{np.nanmax(scores):.4g}" if np.isfinite(scores).any() else None

    def _headline(self, scores: Any) -> float:
        """The score that the search is for, of several."""
        if not isinstance(scores, dict):
            return scores
        refit = self.owner.refit
        return scores[refit] if refit in scores else next(iter(scores.values()))


def _fit_alone(
    number: int, split: int, estimator: BaseEstimator, X: Any, y: Any, **how: Any
) -> list[tuple[int, int, Result]]:
    with one_thread():
        return [(number, split, _fit_and_score(estimator, X, y, **how))]


def _unstackable(fits: Sequence[Fit], modules: Sequence[nn.Module | None]) -> dict[int, str]:
    """The candidates that start from a network which no stack can train, and why none can."""
    built = [module for module in modules if module is not None]
    reasons = dict(zip(map(id, built), why_not_stacked_each(built), strict=True))
    return {
        number: reason
        for fit, module in zip(fits, modules, strict=True)
        if (reason := reasons.get(id(module))) is not None
        for number in fit.candidates
    }


def _warn_alone(alone: Mapping[int, str]) -> None:
    for reason in dict.fromkeys(alone.values()):
        n = sum(own == reason for own in alone.values())
        warnings.warn(
            f"{n} candidates cannot be trained in a stack and are fitted one by one, as "
            f"GridSearchCV does: {reason}.",
            UserWarning,
            stacklevel=6,  # the line that called ``fit``
        )
