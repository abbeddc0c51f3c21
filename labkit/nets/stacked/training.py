"""Train many networks, those of one shape and batch size together."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

import psutil
import torch
from torch import Tensor, nn

from labkit.nets.mlp import count_parameters
from labkit.nets.stacked.admission import check_admission
from labkit.nets.stacked.members import Member, Trained, check_members
from labkit.nets.stacked.network import StackedMLP, shape_of
from labkit.nets.stacked.rows import count_rows
from labkit.nets.stacked.stack import Stack
from labkit.nets.training import Watched

Thing = TypeVar("Thing")

CACHE_NUMBERS = 2**20
"""Numbers that a stack keeps at hand in a step, at most: beyond a few megabytes they no longer fit
in a core's share of the cache, and a larger stack is slower per network, not faster."""


STACKS_PER_JOB = 4
"""At least so many, if there are networks enough: the jobs then end at about one time."""


def train_stacked(
    members: Sequence[Member],
    X: Tensor,
    y: Tensor,
    *,
    loss: str,
    watch: Mapping[str, Watched] | None = None,
    chunk: int | None = None,
    device: str | torch.device = "cpu",
    on_epoch: Callable[[int], None] | None = None,
) -> list[Trained]:
    """Train many networks, those of one shape and batch size together.

    Parameters
    ----------
    members : sequence of Member
    X : Tensor, shape (rows, features)
        Rows that members choose theirs from. Members with features of their own (another
        preprocessing, say) choose from rows of their own.
    y : Tensor, shape (rows, n_outputs) or (rows,)
        Numbers, or class numbers.
    loss : {"squared_error", "cross_entropy"}
    watch : mapping of str to Watched, optional
        Sets to record after every epoch for every member.
    chunk : int or None
        Members trained at once, at most; memory grows with it. None chooses what is fast.
    device : str
        Where to train.
    on_epoch : callable, optional
        Called after each epoch of a stack with the number of members that trained.

    Returns
    -------
    list of Trained
        One per member, in the order given.

    Raises
    ------
    ValueError
        On an unknown loss, optimizer or schedule, rows that ``X`` has not, early stopping with
        nothing to watch or from a checkpoint, an observer called ``validation`` beside validation
        rows, or a checkpoint after the last epoch.
    TypeError
        When a network, or the way it is trained, has no stacked counterpart: see
        `labkit.nets.stacked.admission`.
    MemoryError
        When a stack of ``chunk`` members would not fit in memory.

    Notes
    -----
    A member's result depends neither on the other members nor on ``chunk``, except by rounding:
    a loss that is not finite stays with its member.
    """
    watch = dict(watch or {})
    check_members(members, X, y, loss, watch)
    check_admission(members)
    trained: dict[int, Trained] = {}
    X, y = X.to(device), y.to(device)
    for part in cut_into_stacks(members, [count_rows(m, len(X)) for m in members], chunk):
        first = members[part[0]]
        _check_memory(first.model, first.config.batch_size, len(part))
        stack = Stack([members[i] for i in part], X, y, loss, watch, on_epoch)
        trained.update(zip(part, stack.run(), strict=True))
    return [trained[i] for i in range(len(members))]


def cut_into_stacks(
    members: Sequence[Member], n_rows: Sequence[int], chunk: int | None = None
) -> list[list[int]]:
    """The numbers of the members that train together: of one shape, batch size and start.

    Parameters
    ----------
    members : sequence of Member
    n_rows : sequence of int
        Rows that each trains on.
    chunk : int or None
        Members in a stack, at most; None chooses what is fast.
    """
    groups: dict[Hashable, list[int]] = {}
    for i, member in enumerate(members):
        key = (shape_of(member.model), member.config.batch_size, member.epochs_done)
        groups.setdefault(key, []).append(i)
    stacks = []
    for group in groups.values():
        # Members with more rows come first, those of one optimizer beside each other.
        group.sort(key=lambda i: (-n_rows[i], members[i].config.optimizer))
        first = members[group[0]]
        stacks += evenly(group, chunk or chunk_size(first.model, first.config.batch_size))
    return stacks


def evenly(things: list[Thing], most: int) -> list[list[Thing]]:
    """Cut a list into as few parts of ``most`` things as do, of about one size.

    >>> evenly([1, 2, 3, 4, 5], 4)
    [[1, 2, 3], [4, 5]]
    """
    n_parts = -(-len(things) // most)
    size = -(-len(things) // n_parts)
    return [things[start : start + size] for start in range(0, len(things), size)]


def chunk_size(model: nn.Module, batch_size: int) -> int:
    """How many networks of this shape train fastest together."""
    return max(4, CACHE_NUMBERS // _numbers(model, batch_size))


def _numbers(model: nn.Module, batch_size: int) -> int:
    """Numbers that a network keeps at hand in a step: weights, gradient, averages, layers."""
    per_row = StackedMLP.from_modules([model]).numbers_per_row
    return 5 * count_parameters(model) + 2 * batch_size * per_row


def _check_memory(model: nn.Module, batch_size: int, n_models: int) -> None:
    needed = n_models * _numbers(model, batch_size) * next(model.parameters()).element_size()
    available = psutil.virtual_memory().available
    if needed > available:
        raise MemoryError(
            f"a stack of {n_models} networks needs about {needed / 1e9:.1f} GB and "
            f"{available / 1e9:.1f} GB are free; train fewer at once (chunk), in smaller batches "
            f"(batch_size is {batch_size}), or narrower networks"
        )
