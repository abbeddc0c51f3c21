"""The two losses, as gradients by the outputs and as means of each network.

A target is a row of as many numbers as there are outputs: the value itself, or the probability of
every class. So a label, smoothed or not, and a number are the same to the training loop.
Outputs and targets are ``(n_models, n_outputs, batch)``.
"""

import torch
from torch import Tensor, nn


class Loss:
    """What the losses have in common: none keeps anything."""

    @staticmethod
    def check(y: Tensor, n_outputs: int, label_smoothing: float) -> None:
        """Raise ValueError when ``y`` cannot be compared with that many outputs, or smoothed so."""
        raise NotImplementedError

    @staticmethod
    def targets(y: Tensor, n_outputs: int, label_smoothing: float, dtype: torch.dtype) -> Tensor:
        """``y`` as rows of targets, ``(rows, n_outputs)``."""
        raise NotImplementedError

    @staticmethod
    def gradient(outputs: Tensor, targets: Tensor) -> Tensor:
        """The derivative of each row's loss by its outputs."""
        raise NotImplementedError

    @staticmethod
    def values(outputs: Tensor, targets: Tensor) -> Tensor:
        """Each row's loss, ``(n_models, batch)``."""
        raise NotImplementedError


class SquaredError(Loss):
    """``MSELoss``: the targets are ``y`` as it is, ``(rows, n_outputs)``; none can be smoothed."""

    @staticmethod
    def check(y: Tensor, n_outputs: int, label_smoothing: float) -> None:
        if y.ndim != 2 or y.shape[1] != n_outputs:
            raise ValueError(
                f"targets have the shape {tuple(y.shape)}; expected (rows, {n_outputs}), "
                "like the outputs"
            )
        if label_smoothing:
            raise ValueError("label_smoothing is for classes; the loss is a squared error")

    @staticmethod
    def targets(y: Tensor, n_outputs: int, label_smoothing: float, dtype: torch.dtype) -> Tensor:
        return y.to(dtype)

    @staticmethod
    def gradient(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).mul_(2 / outputs.shape[1])

    @staticmethod
    def values(outputs: Tensor, targets: Tensor) -> Tensor:
        return (outputs - targets).square_().mean(1)


class CrossEntropy(Loss):
    """``CrossEntropyLoss`` of logits: the targets are the probabilities of the classes.

    Classes without an output, of rows that are not used, have none.
    """

    @staticmethod
    def check(y: Tensor, n_outputs: int, label_smoothing: float) -> None:
        if y.ndim != 1 or y.is_floating_point():
            raise ValueError(
                f"targets have the shape {tuple(y.shape)} and the type {y.dtype}; expected class "
                "numbers, integers of the shape (rows,)"
            )
        if int(y.min()) < 0 or int(y.max()) >= n_outputs:
            raise ValueError(
                f"targets are class numbers from {int(y.min())} to {int(y.max())}, and there are "
                f"{n_outputs} outputs; expected numbers from 0 to {n_outputs - 1}"
            )
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"label_smoothing is {label_smoothing!r}; expected a share in [0, 1)")

    @staticmethod
    def targets(y: Tensor, n_outputs: int, label_smoothing: float, dtype: torch.dtype) -> Tensor:
        # Rows that the network does not train on may be of further classes.
        n_classes = max(n_outputs, int(y.max()) + 1)
        certain = torch.zeros(len(y), n_classes, dtype=dtype, device=y.device)
        certain.scatter_(1, y.unsqueeze(1), 1.0)
        certain.mul_(1 - label_smoothing).add_(label_smoothing / n_outputs)
        return certain[:, :n_outputs].contiguous()

    @staticmethod
    def gradient(outputs: Tensor, targets: Tensor) -> Tensor:
        return torch.softmax(outputs, 1).sub_(targets)

    @staticmethod
    def values(outputs: Tensor, targets: Tensor) -> Tensor:
        return -(torch.log_softmax(outputs, 1) * targets).sum(1)


LOSSES: dict[str, type[Loss]] = {"squared_error": SquaredError, "cross_entropy": CrossEntropy}


def name_of_loss(loss: nn.Module) -> str:
    """The name in `LOSSES` of what a loss of PyTorch computes.

    The smoothing of labels is left to each member.

    Raises
    ------
    TypeError
        When there is no stacked counterpart.

    >>> name_of_loss(nn.MSELoss(reduction="none"))
    'squared_error'
    """
    if type(loss) is nn.MSELoss:
        return "squared_error"
    if type(loss) is nn.CrossEntropyLoss and loss.weight is None and loss.ignore_index < 0:
        return "cross_entropy"
    raise TypeError(f"no stacked counterpart of the loss {loss!r}")
