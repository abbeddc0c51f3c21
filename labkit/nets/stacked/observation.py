"""Losses and accuracies of many networks after an epoch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from labkit.nets.stacked.network import StackedMLP
from labkit.nets.training import Watched

OUTPUT_NUMBERS = 2**23
"""Outputs held at once while observing, at most (32 MB in float32)."""


@dataclass(frozen=True)
class _Set:
    """Rows that some of the networks are judged on."""

    name: str
    models: list[int]
    X: Tensor
    targets: Tensor
    weights: Tensor | None
    accuracy: Callable[[Tensor], Tensor] | None


class Observer:
    """Judges every member of a stack on the watched sets and on its own validation rows.

    Parameters
    ----------
    members : sequence of Member
    X, y : Tensor
        Rows that the members' validation rows are of.
    loss : a class of `labkit.nets.stacked.losses`
    n_outputs : int
    watch : mapping of str to Watched
    """

    def __init__(self, members: Sequence, X, y, loss, n_outputs: int, watch: Mapping[str, Watched]):
        self.loss = loss
        self.n_models = len(members)
        self.sets: list[_Set] = []
        dtype = next(members[0].model.parameters()).dtype
        for name, (own_X, own_y, accuracy) in watch.items():
            own_X, own_y = own_X.to(X.device), own_y.to(X.device)
            kinds = _kinds(members, lambda m: (m.label_smoothing, id(m.class_weight)))
            for models in kinds:
                member = members[models[0]]
                loss.check(own_y, n_outputs, member.label_smoothing)
                targets = loss.targets(own_y, n_outputs, member.label_smoothing, dtype)
                weights = None
                if member.class_weight is not None:
                    weights = member.class_weight.to(targets)[own_y]
                self.sets.append(_Set(name, models, own_X, targets.mT, weights, accuracy))
        kinds = _kinds(
            members,
            lambda m: (id(m.validation), m.label_smoothing, id(m.class_weight), id(m.weights)),
        )
        for models in kinds:
            member = members[models[0]]
            if member.validation is not None:
                rows = member.validation.to(X.device)
                loss.check(y[rows], n_outputs, member.label_smoothing)
                targets = loss.targets(y[rows], n_outputs, member.label_smoothing, dtype)
                weights = row_weights(member, y, dtype)
                weights = None if weights is None else weights[rows]
                self.sets.append(_Set("validation", models, X[rows], targets.mT, weights, None))

    def keep(self, models: Sequence[int]) -> None:
        """Forget the networks that are not among ``models``."""
        place = {old: new for new, old in enumerate(models)}
        kept = []
        for s in self.sets:
            own = [place[i] for i in s.models if i in place]
            if own:
                kept.append(replace(s, models=own))
        self.sets = kept
        self.n_models = len(models)

    def observe(self, network: StackedMLP) -> list[dict[str, float]]:
        """For each network its losses and accuracies, by the name of the history's column."""
        records: list[dict[str, float]] = [{} for _ in range(self.n_models)]
        for s in self.sets:
            size = max(1, OUTPUT_NUMBERS // s.targets.numel())
            for start in range(0, len(s.models), size):
                models = s.models[start : start + size]
                own = network
                if len(models) < self.n_models:
                    own = network.select(torch.tensor(models, device=s.X.device))
                self._judge(s, own.outputs(s.X), [records[i] for i in models])
        return records

    def _judge(self, s: _Set, outputs: Tensor, records: list[dict[str, float]]) -> None:
        values = self.loss.values(outputs.mT, s.targets)
        if s.weights is None:
            losses = values.mean(1)
        else:
            losses = (values * s.weights).sum(1) / s.weights.sum()
        for record, loss in zip(records, losses.tolist(), strict=True):
            record[f"{s.name}_loss"] = loss
        if s.accuracy is not None:
            for record, share in zip(records, s.accuracy(outputs.cpu()).tolist(), strict=True):
                record[f"{s.name}_accuracy"] = share


def row_weights(member, y: Tensor, dtype: torch.dtype) -> Tensor | None:
    """How much each row counts for a member, ``(rows,)``; None if all count the same."""
    if member.weights is None and member.class_weight is None:
        return None
    weights = torch.ones(len(y), dtype=dtype, device=y.device)
    if member.weights is not None:
        weights = weights * member.weights.to(weights)
    if member.class_weight is not None:
        weights = weights * member.class_weight.to(weights)[y]
    return weights


def _kinds(members: Sequence, key: Callable) -> list[list[int]]:
    """The members' numbers, those with the same key together."""
    groups: dict = {}
    for i, member in enumerate(members):
        groups.setdefault(key(member), []).append(i)
    return list(groups.values())
