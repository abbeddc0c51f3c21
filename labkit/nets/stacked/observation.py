"""Losses and accuracies of many networks after an epoch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from labkit.nets.stacked.losses import Loss
from labkit.nets.stacked.members import Member
from labkit.nets.stacked.network import StackedMLP
from labkit.nets.stacked.rows import kinds, row_weights
from labkit.nets.training import Watched

OUTPUT_NUMBERS = 2**23
"""Outputs held at once while observing, at most (32 MB in float32)."""


@dataclass(frozen=True, eq=False)
class _Set:
    """Rows that some of the members are judged on."""

    name: str
    members: frozenset[int]
    X: Tensor
    targets: Tensor
    weights: Tensor | None
    accuracy: Callable[[Tensor], Tensor] | None


class Observer:
    """Judges the members of a stack on the watched sets and on their own validation rows.

    Parameters
    ----------
    members : sequence of Member
    X, y : Tensor
        Rows that the members' validation rows are of.
    loss : a class of `labkit.nets.stacked.losses`
    n_outputs : int
    dtype : torch.dtype
    watch : mapping of str to Watched
    """

    def __init__(
        self,
        members: Sequence[Member],
        X: Tensor,
        y: Tensor,
        loss: type[Loss],
        n_outputs: int,
        dtype: torch.dtype,
        watch: Mapping[str, Watched],
    ):
        self.loss = loss
        self.sets: list[_Set] = []
        for name, (own_X, own_y, accuracy) in watch.items():
            own_X, own_y = own_X.to(X.device), own_y.to(X.device)
            for numbers in kinds(members, lambda m: (m.label_smoothing, id(m.class_weight))):
                member = members[numbers[0]]
                loss.check(own_y, n_outputs, member.label_smoothing)
                targets = loss.targets(own_y, n_outputs, member.label_smoothing, dtype)
                weights = None
                if member.class_weight is not None:
                    weights = member.class_weight.to(targets)[own_y]
                own = frozenset(numbers)
                self.sets.append(_Set(name, own, own_X, targets.mT, weights, accuracy))
        for numbers in kinds(
            members,
            lambda m: (id(m.validation), m.label_smoothing, id(m.class_weight), id(m.weights)),
        ):
            member = members[numbers[0]]
            if member.validation is not None:
                rows = member.validation.to(X.device)
                loss.check(y[rows], n_outputs, member.label_smoothing)
                targets = loss.targets(y[rows], n_outputs, member.label_smoothing, dtype)
                weights = row_weights(member, y, dtype)
                weights = None if weights is None else weights[rows]
                own = frozenset(numbers)
                self.sets.append(_Set("validation", own, X[rows], targets.mT, weights, None))

    def observe(self, network: StackedMLP, numbers: Sequence[int]) -> list[dict[str, float]]:
        """The losses and accuracies of each network, by the name of the history's column.

        ``numbers`` are those of the members whose networks these are.
        """
        records: list[dict[str, float]] = [{} for _ in numbers]
        for s in self.sets:
            own = [k for k, number in enumerate(numbers) if number in s.members]
            size = max(1, OUTPUT_NUMBERS // s.targets.numel())
            for start in range(0, len(own), size):
                part = own[start : start + size]
                judged = network
                if len(part) < len(numbers):
                    judged = network.select(torch.tensor(part, device=s.X.device))
                self._judge(s, judged.outputs(s.X), [records[k] for k in part])
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
