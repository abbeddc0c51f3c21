"""skorch's net as the estimators use it: fed by slices of tensors, stopped by Ctrl-C.

skorch's default iterator, a ``DataLoader``, collates row by row, which takes several times as long
as the training itself when rows are short.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Self

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import EarlyStopping
from torch import Tensor, nn
from torch.utils.data import Subset

from labkit.nets.training import batches, count_batches


class TensorSlices:
    """skorch's iterator over a data set, a batch being a slice of its shuffled tensors.

    Parameters
    ----------
    dataset : skorch Dataset, or a torch Subset of one
        ``X`` is ``(rows, features)``; ``y`` a dict with ``target`` and ``weight``, or None.
    batch_size : int
    generator : torch.Generator or None
        Draws the order of the rows; None keeps them as they are.
    """

    def __init__(self, dataset: Any, batch_size: int, generator: torch.Generator | None = None):
        rows: Any = slice(None)
        if isinstance(dataset, Subset):
            dataset, rows = dataset.dataset, dataset.indices
        self.X = torch.as_tensor(np.require(dataset.X[rows], requirements="W"))
        y = dataset.y or {"target": np.zeros(len(self.X))}
        self.y = {name: torch.as_tensor(values[rows]) for name, values in y.items()}
        self.batch_size = batch_size
        self.generator = generator

    def __len__(self) -> int:
        return count_batches(len(self.X), self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, dict[str, Tensor]]]:
        order: Iterable[Tensor]
        if self.generator is None:
            order = torch.arange(len(self.X)).split(self.batch_size)
        else:
            order = batches(len(self.X), self.batch_size, self.generator)
        for rows in order:
            yield self.X[rows], {name: values[rows] for name, values in self.y.items()}


class FixedSplit:
    """skorch's ``train_split``: rows chosen beforehand."""

    def __init__(self, train_rows: Any, validation_rows: Any):
        self.train_rows = train_rows
        self.validation_rows = validation_rows

    def __call__(self, dataset: Any, y: Any = None, **fit_params: Any) -> tuple[Any, Any]:
        """The rows to train on, and those to watch."""
        return Subset(dataset, self.train_rows), Subset(dataset, self.validation_rows)


class WeightedMean(nn.Module):
    """The mean of a loss over rows that count by their weights.

    With each row's class weight it equals ``CrossEntropyLoss(weight=...)``.
    """

    def __init__(self, loss: nn.Module):
        super().__init__()
        self.loss = loss

    def forward(self, outputs: Tensor, y: dict[str, Tensor]) -> Tensor:
        """``outputs`` is ``(batch, n_outputs)``; ``y["weight"]`` is ``(batch,)``."""
        losses = self.loss(outputs, y["target"]).reshape(len(outputs), -1).mean(1)
        return (losses * y["weight"]).sum() / y["weight"].sum()


class InterruptibleNet(NeuralNet):
    """skorch's net, which Ctrl-C stops: skorch itself would go on with what is half trained."""

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> Self:
        """As skorch's, but Ctrl-C raises KeyboardInterrupt."""
        self.interrupted = False
        super().fit(X, y, **fit_params)
        if self.interrupted:
            raise KeyboardInterrupt
        return self

    def fit_loop(self, *args: Any, **kwargs: Any) -> Self:
        """As skorch's, and keeps in mind who stopped it: the user, or early stopping."""
        self.stopped_early = False
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self.interrupted = not self.stopped_early
            raise


class Patience(EarlyStopping):
    """skorch's early stopping. It ends the loop by a KeyboardInterrupt of its own, and says so.

    What it did is read from ``n_iter_``, not from the terminal.
    """

    def __init__(self, patience: int):
        super().__init__(patience=patience, threshold=0, load_best=True, sink=_no_message)

    def on_epoch_end(self, net: InterruptibleNet, **kwargs: Any) -> None:
        """As skorch's, but tells the net who ends the loop."""
        try:
            super().on_epoch_end(net, **kwargs)
        except KeyboardInterrupt:
            net.stopped_early = True
            raise


def _no_message(text: str) -> None:
    pass
