"""Train the models of a study: as stacks where that can be, spread over the cores."""

import copy
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from joblib import cpu_count
from torch import Tensor, nn

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.membership import member_of, why_alone
from labkit.nets.parallel import Job, spread
from labkit.nets.skorch_net import WeightedMean
from labkit.nets.stacked import (
    Member,
    Trained,
    cut_into_stacks,
    name_of_loss,
    train_stacked,
    trains_compiled,
    why_not_stacked_each,
)
from labkit.nets.stacked.training import STACKS_PER_JOB
from labkit.nets.training import History, Watched, train


@dataclass(frozen=True, eq=False)
class TrainedAlone:
    """A network that the plain loop has trained; to be read as `Trained` is."""

    model: nn.Module
    history: History


def train_members(
    estimators: Sequence[MLPRegressor | MLPClassifier],
    X: Tensor,
    y: Tensor,
    *,
    n_outputs: int,
    loss: str,
    watch: Mapping[str, Watched],
) -> list[Trained | TrainedAlone]:
    """Train one network for each estimator, all on the same rows.

    What no stack can train the plain loop trains, and a warning says so.

    Parameters
    ----------
    estimators : sequence
        Unfitted; their parameters say what to build and how to train. Early stopping watches the
        set named ``validation``, not rows taken from ``X``.
    X : Tensor, shape (rows, features)
    y : Tensor, shape (rows, 1) or (rows,)
    n_outputs : int
    loss : {"squared_error", "cross_entropy"}
        What the estimators minimise. One that is trained alone may have a loss of its own.
    watch : mapping of str to Watched

    Raises
    ------
    ValueError
        When an estimator minimises another loss.
    """
    kinds = [getattr(estimator, "class_weight", None) for estimator in estimators]
    weights = {repr(kind): class_weights(kind, y, n_outputs) for kind in kinds}
    members = [
        _member(estimator, X.shape[1], n_outputs, class_weight=weights[repr(kind)])
        for estimator, kind in zip(estimators, kinds, strict=True)
    ]
    alone = _alone(estimators, members, loss)
    jobs = [
        Job(stack, _train_stack, ([members[i] for i in stack], X, y, loss, watch))
        for stack in _stacks(members, [len(X)] * len(members), alone)
    ]
    jobs += [Job([i], _train_alone, (members[i], X, y, estimators[i].loss(), watch)) for i in alone]
    return spread(jobs, "Training", "networks", prefer=_preferred(alone))


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


@dataclass(frozen=True, eq=False)
class TrainedCase:
    """What a case's network gave.

    ``probabilities`` are ``(rows to predict, n_classes)``; ``weights`` the network's state, by the
    names of its parameters.
    """

    probabilities: np.ndarray
    weights: dict[str, Tensor]


def predict_cases(cases: Sequence[Case], n_classes: int) -> list[np.ndarray]:
    """Class probabilities ``(rows to predict, n_classes)`` of each case, as `train_cases` does."""
    return [trained.probabilities for trained in train_cases(cases, n_classes)]


def train_cases(cases: Sequence[Case], n_classes: int) -> list[TrainedCase]:
    """Train each case's network and let it predict, in the order given.

    What no stack can train the plain loop trains, and a warning says so.

    Notes
    -----
    The rows of all cases lie below each other in one tensor, from which each network picks its
    own: so networks that were prepared for different folds train in one stack.
    """
    members = [_member(case.estimator, case.X.shape[1], n_classes) for case in cases]
    alone = _alone([case.estimator for case in cases], members, "cross_entropy")
    jobs = [
        Job(stack, _train_cases_stacked, ([cases[i] for i in stack], n_classes))
        for stack in _stacks(members, [len(case.X) for case in cases], alone)
    ]
    jobs += [Job([i], _train_case_alone, (cases[i], n_classes)) for i in alone]
    return spread(jobs, "Training", "networks", prefer=_preferred(alone))


def _train_cases_stacked(cases: Sequence[Case], n_classes: int) -> list[TrainedCase]:
    X, y = _tensors(cases)
    starts = np.cumsum([0, *(len(case.X) for case in cases)])
    members = [_case_member(c, n_classes, start) for c, start in zip(cases, starts, strict=False)]
    trained = _train_stack(members, X, y, "cross_entropy", {})
    return [_used(t.model, case) for t, case in zip(trained, cases, strict=True)]


def _train_case_alone(case: Case, n_classes: int) -> list[TrainedCase]:
    member = _case_member(case, n_classes, start=0)
    (trained,) = _train_alone(member, *_tensors([case]), case.estimator.loss(), {})
    return [_used(trained.model, case)]


def _tensors(cases: Sequence[Case]) -> tuple[Tensor, Tensor]:
    """The rows of cases of one precision below each other."""
    dtype = getattr(torch, cases[0].estimator.dtype)
    X = torch.as_tensor(np.concatenate([case.X for case in cases]), dtype=dtype)
    return X, torch.as_tensor(np.concatenate([case.y for case in cases]).astype(np.int64))


def _case_member(case: Case, n_classes: int, start: int) -> Member:
    """The network of a case whose rows lie in a table from row ``start`` on."""
    seed = case.estimator.seed()
    rows, validation = case.estimator.validation_rows(case.y, len(case.X), seed)
    return _member(
        case.estimator,
        case.X.shape[1],
        n_classes,
        rows=torch.as_tensor(start + rows),
        validation=torch.as_tensor(start + validation) if len(validation) else None,
        class_weight=class_weights(case.estimator.class_weight, case.y, n_classes),
    )


def _used(model: nn.Module, case: Case) -> TrainedCase:
    # What joblib hands to another process may be read-only, which PyTorch warns of.
    X = np.require(case.X_out, requirements="W")
    probabilities = torch.softmax(torch.from_numpy(outputs(model, X)), dim=1).numpy()
    return TrainedCase(probabilities, model.state_dict())


def class_weights(
    class_weight: str | Mapping[int, float] | None, y: np.ndarray | Tensor, n_classes: int
) -> Tensor | None:
    """How much the rows of each class count, ``(n_classes,)``; None for equally.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
        As scikit-learn defines it; a class that is absent counts nothing in the balance.
    y : ndarray or Tensor of int, shape (rows,)
        Class numbers.
    n_classes : int

    Examples
    --------
    >>> class_weights("balanced", np.array([0, 0, 0, 2]), 3)
    tensor([0.6667, 0.0000, 2.0000])
    >>> class_weights({2: 5.0}, np.array([0, 0, 0, 2]), 3)
    tensor([1., 1., 5.])
    """
    if class_weight is None:
        return None
    if isinstance(class_weight, Mapping):
        weights = np.array([class_weight.get(number, 1.0) for number in range(n_classes)])
    else:
        counts = np.bincount(np.asarray(y), minlength=n_classes)
        weights = len(y) / ((counts > 0).sum() * np.maximum(counts, 1)) * (counts > 0)
    return torch.as_tensor(weights, dtype=torch.float32)


def _member(estimator: Any, n_inputs: int, n_outputs: int, **rows: Any) -> Member:
    seed = estimator.seed()
    return member_of(estimator, estimator.initial_module(n_inputs, n_outputs, seed), seed, **rows)


def _alone(estimators: Sequence[Any], members: Sequence[Member], loss: str) -> list[int]:
    """The numbers of those that no stack can train; a warning says how many, and why."""
    networks = why_not_stacked_each([member.model for member in members])
    reasons = [why_alone(e) or reason for e, reason in zip(estimators, networks, strict=True)]
    for estimator, reason in zip(estimators, reasons, strict=True):
        if reason is None and (own := name_of_loss(estimator.loss())) != loss:
            raise ValueError(f"{type(estimator).__name__} minimises {own!r}; loss is {loss!r}")
    alone = [i for i, reason in enumerate(reasons) if reason is not None]
    if alone:
        counts = Counter(reasons[i] for i in alone)
        warnings.warn(
            f"{len(alone)} of {len(members)} networks cannot be trained in a stack and are trained "
            "one by one: " + "; ".join(f"{reason} ({n})" for reason, n in counts.items()),
            UserWarning,
            stacklevel=3,
        )
    return alone


def _preferred(alone: Sequence[int]) -> str | None:
    """What joblib is to spread the work over: the plain loop would hold up other threads."""
    return "threads" if trains_compiled() and not alone else None


def _stacks(
    members: Sequence[Member], n_rows: Sequence[int], alone: Sequence[int]
) -> list[list[int]]:
    """The numbers of the members of each stack: all but those to be trained alone."""
    together = sorted({*range(len(members))} - {*alone})
    # Compiled networks gain nothing from company, and no core need wait for another.
    chunk = -(-len(together) // (STACKS_PER_JOB * cpu_count())) if trains_compiled() else None
    stacks = cut_into_stacks([members[i] for i in together], [n_rows[i] for i in together], chunk)
    return [[together[k] for k in stack] for stack in stacks]


def _train_stack(
    members: Sequence[Member], X: Tensor, y: Tensor, loss: str, watch: Mapping[str, Watched]
) -> list[Trained]:
    return train_stacked(members, X, y, loss=loss, watch=watch)


def _train_alone(
    member: Member, X: Tensor, y: Tensor, loss: nn.Module, watch: Mapping[str, Watched]
) -> list[TrainedAlone]:
    """What a stack would do with a member, by the plain loop; ``loss`` gives one for each row."""
    weighted = WeightedMean(loss)

    def mean_loss(outputs: Tensor, y: Tensor) -> Tensor:
        weight = torch.ones_like(outputs[:, 0])
        if member.class_weight is not None:
            weight = member.class_weight.to(outputs)[y]
        return weighted(outputs, {"target": y, "weight": weight})

    if member.validation is not None:
        watch = {**watch, "validation": Watched(X[member.validation], y[member.validation])}
    rows = slice(None) if member.rows is None else member.rows
    model = copy.deepcopy(member.model)
    history = train(model, X[rows], y[rows], loss=mean_loss, config=member.config, watch=watch)
    return [TrainedAlone(model, history)]


@torch.no_grad()
def outputs(model: nn.Module, X: Tensor | np.ndarray) -> np.ndarray:
    """What the network gives for ``X`` when it is used, ``(rows, n_outputs)``."""
    model.eval()
    return model(torch.as_tensor(X, dtype=next(model.parameters()).dtype)).numpy()


def curves(trained: Sequence[Trained | TrainedAlone], **labels: Sequence[Any]) -> pd.DataFrame:
    """Histories below each other, with a column for every label (one value a member)."""
    parts = []
    for i, member in enumerate(trained):
        own = {name: values[i] for name, values in labels.items()}
        parts.append(member.history.table.assign(**own))
    return pd.concat(parts, ignore_index=True)
