"""The plain PyTorch training loop, and the history it keeps."""

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from numbers import Integral
from threading import RLock
from typing import Any, NamedTuple

import pandas as pd
import torch
from torch import Tensor, nn

from labkit.nets.schedules import learning_rate_factor

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
}


@dataclass(frozen=True, kw_only=True)
class TrainingConfig:
    """How a model is trained.

    Parameters
    ----------
    optimizer : str
        A name in `OPTIMIZERS`.
    learning_rate : float
        The step size; with a schedule, its peak.
    momentum : float
        Of SGD; the others do not use it.
    weight_decay : float
        The L2 penalty added to the gradient (SGD, Adam, RMSprop), or the decoupled decay (AdamW).
    batch_size, epochs : int
    schedule : str or None
        How the learning rate changes, step by step: a name in
        `labkit.nets.schedules.SCHEDULES`. None keeps it constant.
    patience : int or None
        Stop after this many epochs without a lower validation loss, and restore the weights of
        the best epoch. None never stops early.
    seed : int
        Of the order of the batches.

    Raises
    ------
    ValueError
        When ``batch_size``, ``epochs`` or ``patience`` is no whole number of one or more.
    """

    optimizer: str = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    batch_size: int = 64
    epochs: int = 50
    schedule: str | None = None
    patience: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("batch_size", "epochs", "patience"):
            value = getattr(self, name)
            if name == "patience" and value is None:
                continue
            if not isinstance(value, Integral) or value < 1:
                raise ValueError(f"{name} is {value!r}; expected a whole number of 1 or more")


Loss = Callable[[Tensor, Tensor], Tensor]
"""``loss(outputs, targets)`` gives the mean loss of a batch."""


class Watched(NamedTuple):
    """Rows whose loss, and accuracy if there is one, is recorded after every epoch.

    ``X`` is ``(rows, features)``; ``y`` is ``(rows, 1)`` floats or ``(rows,)`` class numbers;
    ``accuracy`` maps outputs ``(rows, n_outputs)`` to a share between 0 and 1.
    """

    X: Tensor
    y: Tensor
    accuracy: Callable[[Tensor], Tensor] | None = None


class History(NamedTuple):
    """What training left behind.

    ``table`` has a row per epoch: ``epoch``, and for every watched set ``<name>_loss`` and, where
    it has an accuracy, ``<name>_accuracy``. ``best_epoch`` is the epoch whose weights the model
    has now: the last one, or with a patience the one of the lowest validation loss.
    """

    table: pd.DataFrame
    best_epoch: int
    stopped_early: bool


_GENERATOR = RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw PyTorch's random numbers from ``seed`` inside the block, and as before after it.

    There is one generator for all threads of a process: a second thread waits for the first.

    >>> with seeded(1):
    ...     first = torch.rand(2)
    >>> with seeded(1):
    ...     torch.equal(first, torch.rand(2))
    True
    """
    with _GENERATOR, torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def train(
    model: nn.Module,
    X: Tensor,
    y: Tensor,
    *,
    loss: Loss,
    config: TrainingConfig,
    watch: Mapping[str, Watched] | None = None,
) -> History:
    """Fit ``model`` to ``X``, ``y`` in place.

    Parameters
    ----------
    model : Module
        Maps ``(batch, features)`` to ``(batch, n_outputs)``.
    X : Tensor, shape (rows, features)
    y : Tensor, shape (rows, 1) or (rows,)
        Whatever ``loss`` compares outputs with.
    loss : callable
        ``loss(outputs, targets)`` gives the mean loss of a batch.
    config : TrainingConfig
    watch : mapping of str to Watched, optional
        Sets to record after every epoch. Early stopping watches the one named ``validation``.

    Returns
    -------
    History
        Up to the last epoch, the best one plus the patience, or the first whose loss is not
        finite: from there on nothing can be learned.

    Raises
    ------
    ValueError
        When early stopping is asked for and no set named ``validation`` is watched.

    Notes
    -----
    ``config.seed`` fixes the order of the batches and the dropout masks; the initial weights are
    the model's own (see `seeded`).
    """
    watch = watch or {}
    _check_watched(config, watch)
    optimizer = make_optimizer(model.parameters(), config)
    schedule = make_schedule(optimizer, config, len(X))
    generator = torch.Generator().manual_seed(config.seed)
    records, stopping = [], EarlyStopping(config.patience)

    with seeded(config.seed):
        for epoch in range(1, config.epochs + 1):
            model.train()
            for rows in batches(len(X), config.batch_size, generator):
                optimizer.zero_grad()
                loss(model(X[rows]), y[rows]).backward()
                optimizer.step()
                schedule.step()

            records.append({"epoch": epoch, **observe(model, loss, watch)})
            if _diverged(records[-1]) or stopping.ends(model, records[-1]):
                break

    stopping.restore(model)
    best_epoch = stopping.best_epoch or epoch
    return History(pd.DataFrame(records), best_epoch, stopped_early=epoch < config.epochs)


class EarlyStopping:
    """Ends training when the validation loss stays high; keeps the weights of the best epoch.

    Parameters
    ----------
    patience : int or None
        Epochs without a lower loss after which training ends; None never ends it.
    """

    def __init__(self, patience: int | None):
        self.patience = patience
        self.best_loss, self.best_epoch = float("inf"), 0
        self.best_weights: dict[str, Tensor] | None = None

    def ends(self, model: nn.Module, record: Mapping[str, float]) -> bool:
        """Whether training ends with the epoch of ``record``, a row of the history's table."""
        if self.patience is None:
            return False
        epoch = int(record["epoch"])
        if record["validation_loss"] < self.best_loss:
            self.best_loss, self.best_epoch = record["validation_loss"], epoch
            self.best_weights = copy.deepcopy(model.state_dict())
        return epoch - self.best_epoch >= self.patience

    def restore(self, model: nn.Module) -> None:
        """Give ``model`` the weights of the best epoch, if there is one."""
        if self.best_weights is not None:
            model.load_state_dict(self.best_weights)


def _check_watched(config: TrainingConfig, watch: Mapping[str, Watched]) -> None:
    if config.patience is not None and "validation" not in watch:
        raise ValueError("early stopping (patience) needs a watched set named 'validation'")


def _diverged(record: Mapping[str, float]) -> bool:
    return not all(map(math.isfinite, record.values()))


def batches(n_rows: int, batch_size: int, generator: torch.Generator) -> Iterator[Tensor]:
    """The rows of one epoch in random order, a batch at a time."""
    order = torch.randperm(n_rows, generator=generator)
    for start, stop in cut_into_batches(n_rows, batch_size):
        yield order[start:stop]


def cut_into_batches(n_rows: int, batch_size: int) -> list[tuple[int, int]]:
    """Where each batch of an epoch begins and ends.

    A last batch of a single row joins the one before it: batch normalisation has no variance to
    divide by in a batch of one.

    >>> cut_into_batches(10, 4), cut_into_batches(9, 4)
    ([(0, 4), (4, 8), (8, 10)], [(0, 4), (4, 9)])
    """
    starts = list(range(0, n_rows, batch_size)) or [0]
    if len(starts) > 1 and n_rows - starts[-1] == 1 < batch_size:
        starts.pop()
    return list(pairwise([*starts, n_rows]))


def count_batches(n_rows: int, batch_size: int) -> int:
    """How many batches there are in an epoch.

    >>> [count_batches(n, 4) for n in (1, 4, 5, 6, 8, 9)]
    [1, 1, 1, 2, 2, 2]
    """
    return len(cut_into_batches(n_rows, batch_size))


def make_optimizer(
    parameters: Iterable[nn.Parameter], config: TrainingConfig
) -> torch.optim.Optimizer:
    """The optimizer that ``config`` names.

    Raises
    ------
    ValueError
        When the name is not one of `OPTIMIZERS`.
    """
    check_optimizer(config.optimizer)
    return OPTIMIZERS[config.optimizer](parameters, **optimizer_options(config))


def check_optimizer(name: str) -> None:
    """Raise ValueError when ``name`` is not one of `OPTIMIZERS`."""
    if name not in OPTIMIZERS:
        raise ValueError(f"optimizer is {name!r}; expected one of {', '.join(OPTIMIZERS)}")


def optimizer_options(config: TrainingConfig) -> dict[str, Any]:
    """What the optimizer that ``config`` names is made with, besides the parameters."""
    options = {"lr": config.learning_rate, "weight_decay": config.weight_decay}
    if config.optimizer == "sgd":
        options["momentum"] = config.momentum
    return options


def make_schedule(
    optimizer: torch.optim.Optimizer, config: TrainingConfig, n_rows: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate's course over all steps of the training.

    Raises
    ------
    ValueError
        When ``config.schedule`` is unknown.
    """
    steps = config.epochs * count_batches(n_rows, config.batch_size)
    factor = learning_rate_factor(config.schedule, steps)
    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


@torch.no_grad()
def observe(model: nn.Module, loss: Loss, watch: Mapping[str, Watched]) -> dict[str, float]:
    """Loss and accuracy of every watched set, with the model as it would be used."""
    model.eval()
    record = {}
    for name, (X, y, accuracy) in watch.items():
        outputs = model(X)
        record[f"{name}_loss"] = loss(outputs, y).item()
        if accuracy is not None:
            record[f"{name}_accuracy"] = float(accuracy(outputs))
    return record


def class_accuracy(y: Tensor) -> Callable[[Tensor], Tensor]:
    """Share of rows whose largest logit is the true class.

    The function returned maps ``(..., rows, classes)`` to ``(...)``.

    >>> class_accuracy(torch.tensor([0, 1]))(torch.tensor([[2.0, 1.0], [3.0, 0.0]]))
    tensor(0.5000)
    """
    return lambda outputs: (outputs.argmax(-1) == y).to(outputs.dtype).mean(-1)


def directional_accuracy(y: Tensor, reference: Tensor) -> Callable[[Tensor], Tensor]:
    """Share of rows whose prediction lies on the same side of ``reference`` as the truth.

    ``y`` and ``reference`` are ``(rows, 1)``; the function returned maps ``(..., rows, 1)`` to
    ``(...)``. With today's value as the reference it asks: up or down tomorrow?
    """
    up = (y > reference).squeeze(-1)
    level = reference.squeeze(-1)
    return lambda outputs: ((outputs.squeeze(-1) > level) == up).to(outputs.dtype).mean(-1)
