"""Train the models of a study as stacks, spread over the cores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from joblib import cpu_count, delayed
from torch import Tensor, nn

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.parallel import as_they_come, one_thread
from labkit.nets.progress import progress
from labkit.nets.stacked import Member, Trained, cut_into_stacks, train_stacked
from labkit.nets.training import Watched


def train_members(
    estimators: Sequence[MLPRegressor | MLPClassifier],
    X: Tensor,
    y: Tensor,
    *,
    n_outputs: int,
    loss: str,
    watch: Mapping[str, Watched],
) -> list[Trained]:
    """Train one network for each estimator, all on the same rows.

    Parameters
    ----------
    estimators : sequence
        Unfitted; their parameters say what to build and how to train. Early stopping watches the
        set named ``validation``, not rows taken from ``X``.
    X : Tensor, shape (rows, features)
    y : Tensor, shape (rows, 1) or (rows,)
    n_outputs : int
    loss : {"squared_error", "cross_entropy"}
    watch : mapping of str to Watched
    """
    members = [_member(estimator, X.shape[1], n_outputs) for estimator in estimators]
    stacks = cut_into_stacks(members, [len(X)] * len(members))
    return _spread(
        _train, [([members[i] for i in stack], X, y, loss, watch) for stack in stacks], stacks
    )


@dataclass(frozen=True)
class Case:
    """A classifier to train on rows of its own, and rows to predict.

    ``X`` is ``(rows, features)`` and ``y`` ``(rows,)`` class numbers, both ready for a network;
    ``X_out`` is ``(rows to predict, features)``.
    """

    estimator: MLPClassifier
    X: np.ndarray
    y: np.ndarray
    X_out: np.ndarray


def predict_cases(cases: Sequence[Case], n_classes: int) -> list[np.ndarray]:
    """Class probabilities ``(rows to predict, n_classes)`` of each case, in the order given.

    Notes
    -----
    The rows of all cases lie below each other in one tensor, from which each network picks its
    own: so networks that were prepared for different folds train in one stack.
    """
    members = [_member(case.estimator, case.X.shape[1], n_classes) for case in cases]
    stacks = cut_into_stacks(members, [len(case.X) for case in cases])
    return _spread(_predict, [([cases[i] for i in stack], n_classes) for stack in stacks], stacks)


def _predict(cases: Sequence[Case], n_classes: int) -> list[np.ndarray]:
    X = torch.as_tensor(np.concatenate([case.X for case in cases]), dtype=torch.float32)
    y = torch.as_tensor(np.concatenate([case.y for case in cases]).astype(np.int64))
    starts = np.cumsum([0, *(len(case.X) for case in cases)])
    members = []
    for case, start in zip(cases, starts, strict=False):
        seed = case.estimator.seed()
        rows, validation = case.estimator.validation_rows(case.y, len(case.X), seed)
        members.append(
            _member(
                case.estimator,
                X.shape[1],
                n_classes,
                rows=torch.as_tensor(start + rows),
                validation=torch.as_tensor(start + validation) if len(validation) else None,
                class_weight=_class_weight(case, n_classes),
            )
        )
    trained = _train(members, X, y, "cross_entropy", {})
    return [
        torch.softmax(torch.from_numpy(outputs(t.model, case.X_out)), dim=1).numpy()
        for t, case in zip(trained, cases, strict=True)
    ]


def _class_weight(case: Case, n_classes: int) -> Tensor | None:
    """scikit-learn's balanced weights; a class that is absent counts nothing."""
    if case.estimator.class_weight is None:
        return None
    counts = np.bincount(case.y, minlength=n_classes)
    weights = len(case.y) / ((counts > 0).sum() * np.maximum(counts, 1)) * (counts > 0)
    return torch.as_tensor(weights, dtype=torch.float32)


def _member(estimator, n_inputs: int, n_outputs: int, **rows) -> Member:
    seed = estimator.seed()
    return Member(
        model=estimator.initial_module(n_inputs, n_outputs, seed),
        config=estimator.training_config(seed),
        label_smoothing=getattr(estimator, "label_smoothing", 0.0),
        **rows,
    )


def _train(members, X: Tensor, y: Tensor, loss: str, watch) -> list[Trained]:
    return train_stacked(members, X, y, loss=loss, watch=watch)


def _spread(work, calls: Sequence[tuple], stacks: Sequence[Sequence[int]]) -> list:
    """Train stacks, as many at a time as there are cores; what each member gave, in their order.

    Parameters
    ----------
    work : callable
        Takes the arguments of a call; gives a result for each member of its stack.
    calls : sequence of tuple
        The arguments for each stack.
    stacks : sequence of sequences of int
        The numbers of the members in each stack.
    """
    results: list = [None] * sum(map(len, stacks))
    jobs = [delayed(_on_one_thread)(k, work, call) for k, call in enumerate(calls)]
    with progress(len(results), "Training", "networks") as bar:
        for k, done in as_they_come(jobs, min(cpu_count(), len(jobs))):
            for i, result in zip(stacks[k], done, strict=True):
                results[i] = result
            bar.advance(len(done))
    return results


def _on_one_thread(k: int, work, arguments):
    """One thread a process and one process a core: small networks are slower on two threads."""
    with one_thread():
        return k, work(*arguments)


@torch.no_grad()
def outputs(model: nn.Module, X: Tensor | np.ndarray) -> np.ndarray:
    """What the network gives for ``X`` when it is used, ``(rows, n_outputs)``."""
    model.eval()
    return model(torch.as_tensor(X, dtype=torch.float32)).numpy()


def curves(trained: Sequence[Trained], **labels: Sequence) -> pd.DataFrame:
    """Histories below each other, with a column for every label (one value a member)."""
    parts = []
    for i, member in enumerate(trained):
        own = {name: values[i] for name, values in labels.items()}
        parts.append(member.history.table.assign(**own))
    return pd.concat(parts, ignore_index=True)
