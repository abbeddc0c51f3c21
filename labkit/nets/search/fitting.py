"""One task of a search: train a stack of candidates, then score each of them."""

import copy
import numbers
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from traceback import format_exc
from typing import Any

import numpy as np

from labkit.nets.parallel import one_thread
from labkit.nets.private import _BaseScorer, _MultimetricScorer, _PassthroughScorer, _score
from labkit.nets.search.answers import answering
from labkit.nets.search.folds import Fold, with_last_step
from labkit.nets.search.plan import Fit
from labkit.nets.search.table import Part, Table
from labkit.nets.stacked import Snapshot, StackedMLP, Trained, train_stacked


@dataclass(frozen=True, eq=False)
class Judged:
    """The rows of a split that candidates are scored on, as the user gave them.

    ``X_test`` and ``X_train`` are there for scorers that may look at more than predictions;
    ``y_train`` only where training scores are asked for.
    """

    n_test: int
    y_test: Any
    params_test: dict
    y_train: Any = None
    params_train: dict | None = None
    X_test: Any = None
    X_train: Any = None


@dataclass(frozen=True, eq=False)
class Task:
    """What a process needs to train a stack and to score it.

    ``folds`` are by preprocessing and split, ``judged`` by split.
    """

    fits: Sequence[Fit]
    folds: dict[tuple[int, int], Fold]
    judged: dict[int, Judged]
    scorer: Any
    error_score: Any
    want_train: bool


@dataclass(eq=False)
class _Candidate:
    """A candidate on one fold after training: a network, or why there is none."""

    number: int
    split: int
    estimator: Any = None
    part: Part | None = None
    network: Snapshot | None = None
    error: str | None = None


def run_task(task: Task) -> list[tuple[int, int, dict]]:
    """Train and score; ``(candidate, split, result)`` with results as scikit-learn makes them."""
    with one_thread():
        start = time.perf_counter()
        candidates = _train(task)
        fit_time = (time.perf_counter() - start) / len(candidates)
        outputs = _outputs(task, candidates)
        results = []
        for candidate in candidates:
            result = {"fit_error": candidate.error, "fit_time": fit_time, "score_time": 0.0}
            result["n_test_samples"] = task.judged[candidate.split].n_test
            start = time.perf_counter()
            if candidate.error is None:
                result.update(_scores(task, candidate, outputs[id(candidate)]))
                result["score_time"] = time.perf_counter() - start
            else:
                result.update(error_scores(task.scorer, task.error_score, task.want_train))
            results.append((candidate.number, candidate.split, result))
        return results


def needs_rows(scorer) -> bool:
    """Whether a scorer may look at more than an estimator's predictions: a function of the user's
    that is not made by ``make_scorer``."""
    if isinstance(scorer, _MultimetricScorer):
        return any(map(needs_rows, scorer._scorers.values()))
    return not isinstance(scorer, (_BaseScorer, _PassthroughScorer))


def error_scores(scorer, error_score, want_train: bool) -> dict:
    """The scores of a fit that failed."""
    scores = error_score
    if isinstance(scorer, _MultimetricScorer):
        scores = dict.fromkeys(scorer._scorers, error_score)
    sets = ["test_scores", "train_scores"] if want_train else ["test_scores"]
    return {name: copy.copy(scores) for name in sets}


def _train(task: Task) -> list[_Candidate]:
    table, members, errors = Table(task.folds), {}, {}
    for i, fit in enumerate(task.fits):
        try:
            members[i] = table.member(fit)
        except Exception as error:
            errors[i] = _kept(error, task.error_score)
    trained = {}
    if members:
        X, y, weights = table.tensors()
        members = {i: replace(member, weights=weights) for i, member in members.items()}
        options = {"loss": table.loss, "device": task.fits[0].estimator.device}
        try:
            stacked = train_stacked(list(members.values()), X, y, chunk=len(members), **options)
            trained = dict(zip(members, stacked, strict=True))
        except Exception:
            # One of them cannot be trained: find out which, and let the others have their scores.
            for i, member in members.items():
                try:
                    (trained[i],) = train_stacked([member], X, y, **options)
                except Exception as error:
                    errors[i] = _kept(error, task.error_score)
    candidates = []
    for i, fit in enumerate(task.fits):
        for number, epochs in fit.candidates.items():
            if i in errors:
                candidates.append(_Candidate(number, fit.split, error=errors[i]))
            else:
                part = table.part(fit)
                candidates.append(_candidate(task, fit, number, epochs, part, trained[i]))
    return candidates


def _kept(error: Exception, error_score) -> str:
    """The traceback of an error, for the report on failed fits; raised if so asked."""
    if not isinstance(error_score, numbers.Number):
        raise error
    return format_exc()


def _candidate(task, fit: Fit, number: int, epochs: int, part: Part, trained: Trained):
    network, loss, n_iter = trained.final, trained.training_loss, len(trained.history.table)
    if fit.estimator.patience is None:
        network, n_iter = trained.snapshots[epochs], epochs
        loss = network.training_loss
    elif trained.history.stopped_early and not _ends_finite(trained):
        loss = float("nan")
    estimator = part.fitted(fit.estimator).set_params(epochs=epochs)
    estimator.n_iter_ = n_iter
    try:
        estimator.check_training_loss(loss, n_iter)
    except FloatingPointError as error:
        return _Candidate(number, fit.split, error=_kept(error, task.error_score))
    return _Candidate(number, fit.split, estimator, part, network)


def _ends_finite(trained: Trained) -> bool:
    return bool(np.isfinite(trained.history.table.iloc[-1].to_numpy(float)).all())


def _outputs(task: Task, candidates: list[_Candidate]) -> dict[int, list[np.ndarray | None]]:
    """Each candidate's outputs for the test and the training rows, those of a fold at once."""
    outputs: dict[int, list] = {}
    fitted = sorted((c for c in candidates if c.error is None), key=lambda c: id(c.part))
    for _, group in groupby(fitted, key=lambda c: id(c.part)):
        group = list(group)
        part, device = group[0].part, group[0].estimator.device
        weights = [c.network.weights for c in group]
        stack = StackedMLP.from_weights(group[0].network.template, weights, device)
        for X in (part.fold.X_test, part.fold.X_train):
            own = [None] * len(group)
            if X is not None:
                own = stack.outputs(part.features(X).to(device)).cpu().numpy()
            for candidate, output in zip(group, own, strict=True):
                outputs.setdefault(id(candidate), []).append(output)
    return outputs


def _scores(task: Task, candidate: _Candidate, outputs: list) -> dict:
    judged = task.judged[candidate.split]
    sets = [("test_scores", judged.X_test, judged.y_test, judged.params_test)]
    if task.want_train:
        sets.append(("train_scores", judged.X_train, judged.y_train, judged.params_train))
    scores = {}
    for (name, X, y, params), output in zip(sets, outputs, strict=False):
        if needs_rows(task.scorer):
            fitted = copy.copy(candidate.estimator)
            fitted.adopt(candidate.network.model, fitted.n_iter_)
            estimator = with_last_step(copy.copy(candidate.part.fold.pipeline), fitted)
        else:
            estimator = answering(candidate.estimator, output)
        scores[name] = _score(estimator, X, y, task.scorer, params, task.error_score)
    return scores
