"""A search at work: prepare the folds, train the stacks, collect the results."""

import sys
import warnings
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.utils import Bunch
from torch import nn

from labkit.nets.parallel import as_they_come, one_thread, tied
from labkit.nets.private import (
    BaseSearchCV,
    _check_method_params,
    _fit_and_score,
    _num_samples,
    _safe_split,
)
from labkit.nets.progress import Progress, progress
from labkit.nets.search.fitting import Result, Task, error_scores, run_task
from labkit.nets.search.folds import Fold, prepare
from labkit.nets.search.judging import Judged, headline, needs_rows
from labkit.nets.search.library import Kept, Library, answer_of
from labkit.nets.search.plan import Fit, Plan, initial_modules, make_plan, make_tasks
from labkit.nets.search.reporting import end_of_fit
from labkit.nets.stacked import Checkpoint, trains_compiled, why_not_stacked_each

Folds = Mapping[tuple[str, int], Fold]


class Search:
    """A search at work: prepare the folds, train the stacks, collect the results.

    It is asked for one set of candidates after the other; folds are prepared once for all of them.
    """

    def __init__(
        self,
        owner: BaseSearchCV,
        base: BaseEstimator,
        X: Any,
        y: Any,
        splits: Sequence[tuple[np.ndarray, np.ndarray]],
        scorer: Any,
        routed: Bunch,
    ):
        self.owner, self.base, self.X, self.y = owner, base, X, y
        self.splits, self.scorer = splits, scorer
        self.fit_params: Mapping[str, Any] = routed.estimator.fit
        self.score_params: Mapping[str, Any] = routed.scorer.score
        self.folds: dict[tuple[str, int], Fold | str] = {}
        self.modules: dict[Hashable, nn.Module | None] = {}
        self.reasons: dict[int, str | None] = {}
        self.judged: dict[int, Judged] = {}
        self.kept: dict[tuple[int, int], Kept] = {}
        self.reached: dict[tuple[str | None, int], Checkpoint] = {}
        self.n_evaluated = 0
        self.candidates: Sequence[Mapping[str, Any]] = []
        self.results: dict[tuple[int, int], Result] = {}
        self.warned: set[int] = set()

    def evaluate(self, candidates: Sequence[Mapping[str, Any]]) -> list[Result]:
        """Results of some candidates on all splits, in scikit-learn's order."""
        total = len(candidates) * len(self.splits)
        if self.owner.verbose > 0:
            print(
                f"Fitting {len(self.splits)} folds for each of {len(candidates)} candidates, "
                f"totalling {total} fits"
            )
        if not total:
            raise ValueError("No fits were performed: there are no candidates, or no folds.")
        self.candidates, self.results, self.warned = candidates, {}, set()
        plan = self._plan()
        with progress(total, "Search") as bar:
            for splits in self._rounds(plan):
                for done in self._on(splits, plan):
                    for number, split, result in done:
                        self._collect(number, split, result, bar)
                    bar.advance(len(done), best=self._best())
        self.n_evaluated += len(candidates)
        self._remember(plan)
        order = ((c, s) for c in range(len(candidates)) for s in range(len(self.splits)))
        return [self.results[key] for key in order]

    def library(self) -> Library:
        """What was kept of all candidates evaluated so far."""
        judged = [self._judged(split) for split in range(len(self.splits))]
        return Library(self.kept, judged, self.scorer, self.owner.refit)

    def _remember(self, plan: Plan) -> None:
        """Keep where the networks stand, and forget those that are no longer candidates."""
        self.reached = {
            (fit.run, fit.split): checkpoint
            for fit in plan.fits
            for number in fit.candidates
            if (checkpoint := self.results[number, fit.split].pop("checkpoint", None)) is not None
        }

    def _collect(self, number: int, split: int, result: Result, bar: Progress) -> None:
        kept = result.pop("kept", None)
        if kept is not None:
            self.kept[self.n_evaluated + number, split] = kept
        self.results[number, split] = result
        if self.owner.verbose > 1:
            bar.say(
                end_of_fit(
                    self.candidates[number],
                    result,
                    split=(split, len(self.splits)),
                    candidate=(number, len(self.candidates)),
                    verbose=self.owner.verbose,
                )
            )

    def _plan(self) -> Plan:
        if get_config()["enable_metadata_routing"]:
            reason = "metadata routing is enabled"
            return Plan([], {}, dict.fromkeys(range(len(self.candidates)), reason))
        return make_plan(self.base, self.candidates, len(self.splits))

    def _rounds(self, plan: Plan) -> list[list[int]]:
        """The splits that are prepared and trained on at a time.

        All of them for stacks of PyTorch's, which are the faster the larger they are. Compiled
        ones gain nothing from that, and one split at a time takes little memory.
        """
        splits = list(range(len(self.splits)))
        in_threads = _preferred(plan.fits, plan.alone) == "threads"
        return [[split] for split in splits] if in_threads else [splits]

    def _on(self, splits: Sequence[int], plan: Plan) -> Iterator[list[tuple[int, int, Result]]]:
        """Results of all candidates on some splits, as they come."""
        n_jobs, pre_dispatch = self.owner.n_jobs, self.owner.pre_dispatch
        fits = [fit for fit in plan.fits if fit.split in splits]
        self._prepare(plan, splits)
        yield self._unprepared(fits)
        tasks, alone = self._tasks(fits, plan.alone)
        calls = [delayed(run_task)(task) for task in tasks]
        calls += [call for number in alone for call in self._alone(number, splits)]
        yield from as_they_come(calls, n_jobs, pre_dispatch, _preferred(fits, alone))
        if not self.owner.goes_on:
            # joblib may keep what it was given, though not in use, until Python looks for garbage.
            self.folds.clear()
            for task in tasks:
                task.folds.clear()

    def _prepare(self, plan: Plan, splits: Sequence[int]) -> None:
        """Fit what comes before the networks, where that has not been done before."""
        new = [(p, s) for p in plan.preprocessings for s in splits if (p, s) not in self.folds]
        n_jobs = self.owner.n_jobs if len(new) > 1 else 1
        calls = (
            delayed(prepare)(
                plan.preprocessings[p],
                self.X,
                self.y,
                *self.splits[s],
                self.fit_params,
                want_train=self.owner.return_train_score,
                reraise=self.owner.error_score == "raise",
            )
            for p, s in new
        )
        prepared = Parallel(n_jobs, prefer=_preferred(plan.fits, plan.alone))(tied(calls))
        self.folds.update(zip(new, prepared, strict=True))

    def _unprepared(self, fits: Sequence[Fit]) -> list[tuple[int, int, Result]]:
        """Where preprocessing failed its candidates have failed."""
        owner = self.owner
        failed: list[tuple[int, int, Result]] = []
        for fit in fits:
            error = self.folds[fit.preprocessing, fit.split]
            if isinstance(error, str):
                scores = error_scores(self.scorer, owner.error_score, owner.return_train_score)
                times = {"fit_time": 0.0, "score_time": 0.0, "n_test_samples": 0}
                result = {"fit_error": error, **times, **scores}
                failed += [(number, fit.split, {**result}) for number in fit.candidates]
        return failed

    def _tasks(
        self, fits: Sequence[Fit], known: Mapping[int, str]
    ) -> tuple[list[Task], dict[int, str]]:
        """Stacks to be run, and the candidates that must be fitted alone.

        ``known`` are those of which that was seen before any fold was.
        """
        folds = {key: fold for key, fold in self.folds.items() if isinstance(fold, Fold)}
        fits = [
            self._from_where_it_stood(fit)
            for fit in fits
            if (fit.preprocessing, fit.split) in folds
        ]
        modules = initial_modules(fits, folds, self.modules)
        alone = {**known, **self._unstackable(fits, modules)}
        _warn_alone({number: alone[number] for number in alone.keys() - self.warned})
        self.warned |= alone.keys()
        together = [i for i, fit in enumerate(fits) if not fit.candidates.keys() & alone.keys()]
        stacks = make_tasks(
            [fits[i] for i in together],
            [modules[i] for i in together],
            n_jobs=effective_n_jobs(self.owner.n_jobs),
            chunk=self.owner.chunk,
        )
        return [self._task(stack, folds) for stack in stacks], alone

    def _unstackable(
        self, fits: Sequence[Fit], modules: Sequence[nn.Module | None]
    ) -> dict[int, str]:
        """The candidates that start from a network which no stack can train, and why none can."""
        new = [m for m in modules if m is not None and id(m) not in self.reasons]
        self.reasons.update(zip(map(id, new), why_not_stacked_each(new), strict=True))
        return {
            number: reason
            for fit, module in zip(fits, modules, strict=True)
            if (reason := self.reasons.get(id(module))) is not None
            for number in fit.candidates
        }

    def _from_where_it_stood(self, fit: Fit) -> Fit:
        start = self.reached.get((fit.run, fit.split))
        if start is None or start.epoch >= min(fit.candidates.values()):
            return fit
        return replace(fit, start=start)

    def _judged(self, split: int) -> Judged:
        if split not in self.judged:
            self.judged[split] = self._rows_to_judge(split)
        return self.judged[split]

    def _rows_to_judge(self, split: int) -> Judged:
        owner, (train, test) = self.owner, self.splits[split]
        of_test, of_train = (
            _check_method_params(self.X, params={"y": self.y, **self.score_params}, indices=rows)
            for rows in (test, train)
        )
        y_test, y_train = of_test.pop("y"), of_train.pop("y")
        X_test = X_train = None
        if needs_rows(self.scorer):
            X_test, _ = _safe_split(self.base, self.X, self.y, test, train)
            if owner.return_train_score:
                X_train, _ = _safe_split(self.base, self.X, self.y, train)
        return Judged(
            len(np.arange(_num_samples(self.X))[test]),
            y_test,
            of_test,
            y_train if owner.return_train_score else None,
            of_train,
            X_test,
            X_train,
        )

    def _task(self, stack: Sequence[Fit], folds: Folds) -> Task:
        return Task(
            stack,
            {key: folds[key] for key in {(fit.preprocessing, fit.split) for fit in stack}},
            {split: self._judged(split) for split in {fit.split for fit in stack}},
            self.scorer,
            self.owner.error_score,
            self.owner.return_train_score,
            self.owner.keep_networks,
            self.owner.goes_on,
        )

    def _alone(self, number: int, splits: Sequence[int]) -> Iterator[Any]:
        """Calls that fit one candidate as ``GridSearchCV`` does."""
        for split in splits:
            train, test = self.splits[split]
            yield delayed(_fit_alone)(
                number,
                split,
                clone(self.base),
                self.X,
                self.y,
                keep=self.owner.keep_networks,
                scorer=self.scorer,
                train=train,
                test=test,
                verbose=0,  # the line at a fit's end is printed where all of them are
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
                scores.append(np.mean([headline(own, self.owner.refit) for own in done]))
        return f"{np.nanmax(scores):.4g}" if np.isfinite(scores).any() else None


def _preferred(fits: Sequence[Fit], alone: Mapping[int, str]) -> str | None:
    """What joblib is to spread the work over: threads, where none holds up the others."""
    compiled = all(trains_compiled(fit.estimator.device) for fit in fits)
    return "threads" if fits and compiled and not alone else None


def _fit_alone(
    number: int, split: int, estimator: BaseEstimator, X: Any, y: Any, *, keep: bool, **how: Any
) -> list[tuple[int, int, Result]]:
    with one_thread():
        result = _fit_and_score(estimator, X, y, return_estimator=True, **how)
        fitted = result.pop("estimator")
        if keep and result["fit_error"] is None:
            X_test, _ = _safe_split(fitted, X, y, how["test"], how["train"])
            result["kept"] = Kept(fitted, answer_of(fitted, X_test))
        return [(number, split, result)]


def _warn_alone(alone: Mapping[int, str]) -> None:
    for reason in dict.fromkeys(alone.values()):
        n = sum(own == reason for own in alone.values())
        warnings.warn(
            f"{n} candidates cannot be trained in a stack and are fitted one by one, as "
            f"GridSearchCV does: {reason}.",
            UserWarning,
            stacklevel=_level_of_the_user(),
        )


def _level_of_the_user() -> int:
    """How far up the line is that called ``fit``, or scikit-learn's function that did."""
    level, frame = 0, sys._getframe()
    while frame.f_back and frame.f_globals["__name__"].startswith(("labkit.nets.", "sklearn.")):
        level, frame = level + 1, frame.f_back
    return level
