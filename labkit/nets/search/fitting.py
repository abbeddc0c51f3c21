"""One task of a search: train a stack of candidates, then score each of them."""

import copy
import numbers
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from traceback import format_exc
from typing import Any

import numpy as np

from labkit.nets.parallel import one_thread
from labkit.nets.private import _MultimetricScorer, _score
from labkit.nets.search.answers import answering
from labkit.nets.search.folds import Fold, with_last_step
from labkit.nets.search.judging import Judged, needs_rows
from labkit.nets.search.library import Kept, answer_of
from labkit.nets.search.plan import Fit
from labkit.nets.search.scoring import scores_at_once
from labkit.nets.search.table import Part, Table
from labkit.nets.stacked import (
    Checkpoint,
    Member,
    Snapshot,
    StackedMLP,
    Trained,
    train_stacked,
)

Result = dict[str, Any]
"""A candidate's times and scores on one split, as scikit-learn makes them.

Where they are asked for, a `Kept` as ``kept`` and a `Checkpoint` as ``checkpoint``.
"""


@dataclass(frozen=True, eq=False)
class Task:
    """What a process needs to train a stack and to score it.

    ``folds`` are by preprocessing and split, ``judged`` by split.
    """

    fits: Sequence[Fit]
    folds: dict[tuple[str, int], Fold]
    judged: Mapping[int, Judged]
    scorer: Any
    error_score: Any
    want_train: bool
    keep: bool
    goes_on: bool


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A candidate on one fold, trained."""

    estimator: Any
    part: Part
    split: int
    network: Snapshot
    checkpoint: Checkpoint | None


def run_task(task: Task) -> list[tuple[int, int, Result]]:
    """Train and score; ``(candidate, split, result)``."""
    with one_thread():
        start = time.perf_counter()
        candidates = _train(task)
        fit_time = (time.perf_counter() - start) / len(candidates)
        scored = _scored(task, [c for c in candidates.values() if isinstance(c, _Candidate)])
        results = []
        for (number, split), candidate in candidates.items():
            result: Result = {"fit_error": None, "fit_time": fit_time, "score_time": 0.0}
            result["n_test_samples"] = task.judged[split].n_test
            if isinstance(candidate, _Candidate):
                result |= scored[id(candidate)]
                result["checkpoint"] = candidate.checkpoint
            else:
                result |= error_scores(task.scorer, task.error_score, task.want_train)
                result["fit_error"] = candidate
            results.append((number, split, result))
        return results


def error_scores(scorer: Any, error_score: Any, want_train: bool) -> Result:
    """The scores of a fit that failed."""
    scores = error_score
    if isinstance(scorer, _MultimetricScorer):
        scores = dict.fromkeys(scorer._scorers, error_score)
    sets = ["test_scores", "train_scores"] if want_train else ["test_scores"]
    return {name: copy.copy(scores) for name in sets}


def _train(task: Task) -> dict[tuple[int, int], _Candidate | str]:
    """By candidate and split what came of it: a network, or the traceback of an error."""
    table = Table(task.folds)
    members: dict[int, Member] = {}
    found: dict[int, Trained | str] = {}
    for i, fit in enumerate(task.fits):
        try:
            members[i] = table.member(fit, task.goes_on)
        except Exception as error:
            found[i] = _excused(error, task.error_score)
    if members:
        found |= _train_members(table, members, task)
    return {
        (number, fit.split): _candidate(task, table, fit, epochs, found[i])
        for i, fit in enumerate(task.fits)
        for number, epochs in fit.candidates.items()
    }


def _train_members(
    table: Table, members: Mapping[int, Member], task: Task
) -> dict[int, Trained | str]:
    X, y, weights = table.tensors()
    device = task.fits[0].estimator.device
    members = {i: replace(member, weights=weights) for i, member in members.items()}

    def train(own: Sequence[Member]) -> list[Trained]:
        return train_stacked(own, X, y, loss=table.loss, device=device, chunk=len(own))

    try:
        return dict(zip(members, train(list(members.values())), strict=True))
    except Exception:
        # One of them cannot be trained: find out which, and let the others have their scores.
        found: dict[int, Trained | str] = {}
        for i, member in members.items():
            try:
                (found[i],) = train([member])
            except Exception as error:
                found[i] = _excused(error, task.error_score)
        return found


def _excused(error: Exception, error_score: Any) -> str:
    """The traceback of an error, for the report on failed fits; raised if so asked."""
    if not isinstance(error_score, numbers.Number):
        raise error
    return format_exc()


def _candidate(
    task: Task, table: Table, fit: Fit, epochs: int, trained: Trained | str
) -> _Candidate | str:
    """The candidate with so many epochs, of those that one training serves."""
    if isinstance(trained, str):
        return trained
    network, loss, n_iter = trained.final, trained.training_loss, len(trained.history.table)
    if fit.estimator.patience is None:
        network, n_iter = trained.snapshots[epochs], epochs
        loss = network.training_loss
    elif trained.history.stopped_early and not _ends_finite(trained):
        loss = float("nan")
    part = table.part(fit)
    estimator = part.fitted(fit.estimator).set_params(epochs=epochs)
    estimator.n_iter_ = n_iter
    try:
        estimator.check_training_loss(loss, n_iter)
    except FloatingPointError as error:
        return _excused(error, task.error_score)
    return _Candidate(estimator, part, fit.split, network, trained.checkpoint)


def _ends_finite(trained: Trained) -> bool:
    return bool(np.isfinite(trained.history.table.iloc[-1].to_numpy(float)).all())


def _scored(task: Task, candidates: Sequence[_Candidate]) -> dict[int, Result]:
    """The scores of each candidate, by its ``id``; those of a fold are scored at once."""
    of_part: dict[int, list[_Candidate]] = {}
    for candidate in candidates:
        of_part.setdefault(id(candidate.part), []).append(candidate)
    scored: dict[int, Result] = {}
    for group in of_part.values():
        start = time.perf_counter()
        results = _scores(task, group)
        seconds = (time.perf_counter() - start) / len(group)
        for candidate, result in zip(group, results, strict=True):
            scored[id(candidate)] = {"score_time": seconds, **result}
    return scored


def _scores(task: Task, group: Sequence[_Candidate]) -> list[Result]:
    """Of candidates of one fold."""
    part, device = group[0].part, group[0].estimator.device
    judged = task.judged[group[0].split]
    weights = [candidate.network.weights for candidate in group]
    stack = StackedMLP.from_weights(group[0].network.template, weights, device)
    sets = [("test_scores", part.fold.X_test, judged.X_test, judged.y_test, judged.params_test)]
    if task.want_train:
        X, y, params = judged.X_train, judged.y_train, judged.params_train
        sets.append(("train_scores", part.fold.X_train, X, y, params))
    results: list[Result] = [{} for _ in group]
    for name, X_prepared, X, y, params in sets:
        outputs = stack.outputs(part.features(X_prepared).to(device)).cpu().numpy()
        scores: list[Any] = [None] * len(group)
        if not params:
            scores = scores_at_once(task.scorer, group[0].estimator, y, outputs)
        for i, candidate in enumerate(group):
            if scores[i] is None:
                estimator = _answering(task, candidate, outputs[i])
                scores[i] = _score(estimator, X, y, task.scorer, params, task.error_score)
            results[i][name] = scores[i]
            if task.keep and name == "test_scores":
                results[i]["kept"] = _kept(candidate, outputs[i])
    return results


def _kept(candidate: _Candidate, outputs: np.ndarray) -> Kept:
    answer = answer_of(answering(candidate.estimator, outputs), X=None)
    estimator = with_last_step(copy.copy(candidate.part.fold.pipeline), candidate.estimator)
    return Kept(estimator, answer, candidate.network)


def _answering(task: Task, candidate: _Candidate, outputs: np.ndarray) -> Any:
    """What scikit-learn scores a candidate by."""
    if not needs_rows(task.scorer):
        return answering(candidate.estimator, outputs)
    fitted = copy.copy(candidate.estimator)
    fitted.adopt(candidate.network.model, fitted.n_iter_)
    return with_last_step(copy.copy(candidate.part.fold.pipeline), fitted)
