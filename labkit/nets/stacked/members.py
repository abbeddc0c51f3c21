"""What a stack is made of, and what it leaves: the members before and after training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from torch import Tensor, nn

from labkit.nets.schedules import learning_rate_factor
from labkit.nets.stacked.counterparts import layers_of
from labkit.nets.stacked.losses import LOSSES
from labkit.nets.stacked.network import Weights, module_of
from labkit.nets.training import (
    History,
    TrainingConfig,
    Watched,
    check_optimizer,
)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A network as it was after some epoch.

    Parameters
    ----------
    template : Module
        A network of its shape.
    weights : Weights
        On the CPU.
    n_batches : int
        Batches seen until then.
    training_loss : float
        Mean over the batches of that epoch.
    """

    template: nn.Module
    weights: Weights
    n_batches: int
    training_loss: float

    @cached_property
    def model(self) -> nn.Module:
        """The network as an ordinary module."""
        module = module_of(self.template, self.weights)
        for layer in layers_of(module):
            if isinstance(layer, nn.BatchNorm1d) and layer.num_batches_tracked is not None:
                layer.num_batches_tracked.add_(self.n_batches)
        return module


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where training stands after some epoch: what it takes to go on as if it had not stopped.

    Parameters
    ----------
    epoch : int
    network : Snapshot
    averages : list of Tensor
        The optimizer's, shaped as the network's parameters; on the CPU.
    order, masks : Tensor
        The states of the generators that draw the order of the rows and the dropout masks.
    """

    epoch: int
    network: Snapshot
    averages: list[Tensor]
    order: Tensor
    masks: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """One network of a stack, and how it is trained.

    Parameters
    ----------
    model : Module
        An untrained `MLP`. It is copied, not changed.
    config : TrainingConfig
    rows : Tensor of int or None
        Row numbers to train on; None for all. Members that share them should share the object.
    validation : Tensor of int or None
        Row numbers whose loss early stopping watches; an alternative to a watched set named
        ``validation``.
    weights : Tensor or None
        How much each row of ``X`` counts, shape ``(rows of X,)``; None for equally.
    class_weight : Tensor or None
        How much the rows of each class count, shape ``(classes,)``; in the watched sets too.
    label_smoothing : float
        Share of the target probability spread evenly over the classes.
    snapshots : tuple of int
        Epochs after which to keep a copy of the network.
    start : Checkpoint or None
        Where to go on from, by a member of the same model and rows, trained in the same way for
        fewer epochs; None begins with the model. The history has the new epochs only.
    goes_on : bool
        Whether to leave a checkpoint at the end.
    """

    model: nn.Module
    config: TrainingConfig
    rows: Tensor | None = None
    validation: Tensor | None = None
    weights: Tensor | None = None
    class_weight: Tensor | None = None
    label_smoothing: float = 0.0
    snapshots: tuple[int, ...] = ()
    start: Checkpoint | None = None
    goes_on: bool = False

    @property
    def epochs_done(self) -> int:
        """Epochs that it has behind it before it is trained."""
        return 0 if self.start is None else self.start.epoch


@dataclass(frozen=True, eq=False)
class Trained:
    """A network after training.

    Attributes
    ----------
    final : Snapshot
        What training ends with: the last epoch, or the best where there was a patience.
    history : History
        As the plain loop gives it.
    training_loss : float
        Mean over the batches of the last epoch trained; not a number if that epoch was not to be
        the last (the loss of a watched set was not finite).
    snapshots : dict
        Epoch to the network after it; an epoch that was never reached is not there.
    checkpoint : Checkpoint or None
        Where it stands after its last epoch, if the member asks for it.
    """

    final: Snapshot
    history: History
    training_loss: float
    snapshots: dict[int, Snapshot] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None

    @property
    def model(self) -> nn.Module:
        """The trained network, on the CPU."""
        return self.final.model


def check_members(
    members: Sequence[Member], X: Tensor, y: Tensor, loss: str, watch: Mapping[str, Watched]
) -> None:
    """Raise ValueError for the first thing that cannot be trained; see `train_stacked`."""
    if loss not in LOSSES:
        raise ValueError(f"loss is {loss!r}; expected one of {', '.join(LOSSES)}")
    if X.ndim != 2 or len(X) != len(y):
        raise ValueError(
            f"X has the shape {tuple(X.shape)} and y {tuple(y.shape)}; expected (rows, features) "
            "and as many rows"
        )
    for i, member in enumerate(members):
        check_optimizer(member.config.optimizer)
        if member.class_weight is not None and loss != "cross_entropy":
            raise ValueError(f"member {i}: class_weight is for classes; the loss is {loss!r}")
        learning_rate_factor(member.config.schedule, 1)
        for name in ("rows", "validation"):
            _check_rows(getattr(member, name), len(X), f"member {i}: {name}")
        if member.weights is not None and member.weights.shape != (len(X),):
            raise ValueError(
                f"member {i}: weights have the shape {tuple(member.weights.shape)}; expected a "
                f"weight for each row of X, ({len(X)},)"
            )
        if member.validation is not None and "validation" in watch:
            raise ValueError(
                f"member {i} has validation rows of its own, and a set named 'validation' is "
                "watched too; give one of the two"
            )
        watched = member.validation is not None or "validation" in watch
        if member.config.patience is not None and not watched:
            raise ValueError(
                f"member {i}: early stopping (patience) needs validation rows, or a watched set "
                "named 'validation'"
            )
        if member.start is not None or member.goes_on:
            _check_going_on(member, f"member {i}")


def _check_going_on(member: Member, what: str) -> None:
    if member.config.patience is not None:
        raise ValueError(
            f"{what} has a patience of {member.config.patience}, which ends training with its best "
            "epoch: there is no going on from there; leave out start and goes_on"
        )
    if member.config.epochs <= member.epochs_done:
        raise ValueError(
            f"{what} has {member.epochs_done} epochs behind it; epochs is {member.config.epochs}, "
            "expected more"
        )


def _check_rows(rows: Tensor | None, n_all: int, what: str) -> None:
    if rows is None:
        return
    if not len(rows) or int(rows.min()) < 0 or int(rows.max()) >= n_all:
        found = f"{int(rows.min())} to {int(rows.max())}" if len(rows) else "none"
        raise ValueError(f"{what} are {found}; expected at least one, from 0 to {n_all - 1}")
