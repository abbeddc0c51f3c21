"""Which rows each member of a stack takes next, what it should give for them, what they count."""

from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from labkit.nets.stacked.losses import Loss
from labkit.nets.stacked.members import Member


def count_rows(member: Member, n_all: int) -> int:
    """Rows that a member trains on."""
    return n_all if member.rows is None else len(member.rows)


def row_weights(member: Member, y: Tensor, dtype: torch.dtype) -> Tensor | None:
    """How much each row counts for a member, ``(rows,)``; None if all count the same."""
    if member.weights is None and member.class_weight is None:
        return None
    weights = torch.ones(len(y), dtype=dtype, device=y.device)
    if member.weights is not None:
        weights = weights * member.weights.to(weights)
    if member.class_weight is not None:
        weights = weights * member.class_weight.to(weights)[y]
    return weights


class Places(NamedTuple):
    """Where some members find their rows: their streams, and where their tables begin.

    ``stream`` is ``(n_models,)``; ``targets`` and ``weights`` are ``(n_models, 1)``.
    """

    stream: Tensor
    targets: Tensor
    weights: Tensor


class Batch(NamedTuple):
    """A batch of some members.

    ``x`` is ``(n_models, features, batch)``, ``targets`` ``(n_models, n_outputs, batch)``;
    ``share`` is what each row counts for in the mean: ``(n_models, 1, batch)``, or one number.
    """

    x: Tensor
    targets: Tensor
    share: Tensor | float


class Rows:
    """The rows of all members of a stack.

    Members with the same rows and seed go through the same batches, which are drawn once: a stream.
    Targets and weights lie below each other, a table for each kind there is.

    Parameters
    ----------
    members : sequence of Member
    X, y : Tensor
    loss : a class of `labkit.nets.stacked.losses`
    n_outputs : int
    dtype : torch.dtype
        Of the networks.
    """

    def __init__(
        self,
        members: Sequence[Member],
        X: Tensor,
        y: Tensor,
        loss: type[Loss],
        n_outputs: int,
        dtype: torch.dtype,
    ):
        self.X = X
        self.counts = [count_rows(member, len(X)) for member in members]
        for i, *_ in kinds(members, lambda m: (id(m.rows), m.label_smoothing)):
            own = members[i].rows
            labels = y if own is None else y[own.to(y.device)]
            loss.check(labels, n_outputs, members[i].label_smoothing)

        smoothings = kinds(members, lambda m: m.label_smoothing)
        self.targets = torch.cat(
            [loss.targets(y, n_outputs, members[i].label_smoothing, dtype) for i, *_ in smoothings]
        )
        weightings = kinds(members, lambda m: (id(m.weights), id(m.class_weight)))
        tables = [row_weights(members[i], y, dtype) for i, *_ in weightings]
        self.weights: Tensor | None = None
        if any(table is not None for table in tables):
            equal = torch.ones(len(y), dtype=dtype, device=y.device)
            self.weights = torch.cat([equal if table is None else table for table in tables])

        streams = kinds(members, lambda m: (id(m.rows), m.config.seed))
        self._sources = [_source(members[i], len(X)) for i, *_ in streams]
        shape = (len(streams), max(self.counts))
        self._orders = torch.zeros(shape, dtype=torch.long, device=X.device)
        self._places = Places(
            _numbers(streams, X.device),
            _numbers(smoothings, y.device).unsqueeze(1) * len(y),
            _numbers(weightings, y.device).unsqueeze(1) * len(y),
        )

    def places(self, numbers: Sequence[int]) -> Places:
        """Where the members of these numbers find their rows."""
        which = torch.tensor(numbers, device=self.X.device)
        return Places(*(table[which] for table in self._places))

    def state(self, number: int) -> Tensor:
        """Of the generator that draws a member's order."""
        return self._sources[int(self._places.stream[number])][1].get_state()

    def shuffle(self, numbers: Sequence[int]) -> None:
        """Draw the order of the next epoch for these members."""
        for s in self.places(numbers).stream.unique().tolist():
            rows, generator = self._sources[s]
            order = torch.randperm(len(rows), generator=generator)
            self._orders[s, : len(rows)] = rows[order].to(self._orders.device)

    def tables(self, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """A member's order of rows in this epoch, and the targets and weights of all rows.

        There are no weights where all rows count the same.
        """
        stream, targets, weights = (int(table[number]) for table in self._places)
        n = len(self.X)
        own_weights = self.targets.new_empty(0)
        if self.weights is not None:
            own_weights = self.weights[weights : weights + n]
        return self._orders[stream], self.targets[targets : targets + n], own_weights

    def batch(self, places: Places, start: int, stop: int) -> Batch:
        """What the members at ``places`` take from ``start`` to ``stop`` in this epoch's order."""
        rows = self._orders[:, start:stop].index_select(0, places.stream)
        n_models, size = rows.shape
        x = self.X.index_select(0, rows.view(-1)).view(n_models, size, -1).mT
        at = (rows + places.targets).view(-1)
        targets = self.targets.index_select(0, at).view(n_models, size, -1).mT
        if self.weights is None:
            return Batch(x, targets, 1 / size)
        weights = self.weights[rows + places.weights]
        return Batch(x, targets, (weights / weights.sum(1, keepdim=True)).unsqueeze(1))


def kinds(members: Sequence[Member], key: Callable[[Member], Hashable]) -> list[list[int]]:
    """The members' numbers, those with the same key together."""
    groups: dict[Hashable, list[int]] = {}
    for i, member in enumerate(members):
        groups.setdefault(key(member), []).append(i)
    return list(groups.values())


def _numbers(groups: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    """The number of each member's group, ``(n_members,)``."""
    of = {i: number for number, group in enumerate(groups) for i in group}
    return torch.tensor([of[i] for i in range(len(of))], device=device)


def _source(member: Member, n_all: int) -> tuple[Tensor, torch.Generator]:
    """The rows of a stream, and what draws their order."""
    rows = torch.arange(n_all) if member.rows is None else member.rows.cpu()
    generator = torch.Generator().manual_seed(member.config.seed)
    if member.start is not None:
        generator.set_state(member.start.order)
    return rows, generator
