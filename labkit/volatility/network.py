"""The network for many inputs: a perceptron beside a linear model, with targets to help it."""

import numpy as np
import torch
from sklearn.base import BaseEstimator, RegressorMixin
from torch import Tensor, nn

from labkit.nets.mlp import MLP
from labkit.nets.training import Loss, TrainingConfig, seeded, train

FAR = 6.0
"""Standard deviations at which an auxiliary target is cut off."""


class WideAndDeep(nn.Module):
    """The sum of an `MLP` and of a linear map of the inputs, which starts as zero.

    What is linear in the inputs needs no hidden units (Cheng et al. 2016).

    Parameters
    ----------
    n_inputs, n_outputs : int
    hidden_sizes : sequence of int
    dropout : float
    """

    def __init__(self, n_inputs: int, n_outputs: int, hidden_sizes, dropout: float):
        super().__init__()
        self.deep = MLP(
            n_inputs, n_outputs, hidden_sizes=hidden_sizes, activation="silu", dropout=dropout
        )
        self.wide = nn.Linear(n_inputs, n_outputs, bias=False)
        nn.init.zeros_(self.wide.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, n_inputs)`` to ``(batch, n_outputs)``."""
        return self.deep(x) + self.wide(x)


def known_squares(weights: Tensor) -> Loss:
    """The squared error of each output, weighted, a missing target counting as no error.

    The function returned maps ``(batch, outputs)`` twice to a number.

    >>> loss = known_squares(torch.tensor([1.0, 0.5]))
    >>> loss(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, float("nan")]]))
    tensor(1.)
    """

    def loss(outputs: Tensor, targets: Tensor) -> Tensor:
        error = torch.where(torch.isnan(targets), 0.0, outputs - targets.nan_to_num())
        return (error**2 @ weights).mean()

    return loss


class WideMLP(RegressorMixin, BaseEstimator):
    """Networks that learn the first target and, beside it, the others; their mean forecast.

    Parameters
    ----------
    epochs, batch_size : int
    hidden_sizes : tuple of int
    dropout, learning_rate : float
        The learning rate is the peak of one cycle.
    auxiliary_weight : float
        Of each further target's squared error; the first has one.
    n_networks : int
        Alike but for their seeds.
    random_state : int
        Seed of the first.
    """

    def __init__(
        self, epochs=5, batch_size=4096, hidden_sizes=(128, 64), dropout=0.2, learning_rate=3e-3,
        auxiliary_weight=0.3, n_networks=1, random_state=0,
    ):  # fmt: skip
        self.epochs = epochs
        self.batch_size = batch_size
        self.hidden_sizes = hidden_sizes
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.auxiliary_weight = auxiliary_weight
        self.n_networks = n_networks
        self.random_state = random_state

    def fit(self, X: np.ndarray, Y: np.ndarray) -> "WideMLP":
        """Train on ``X`` ``(rows, inputs)`` and ``Y`` ``(rows,)`` or ``(rows, targets)``.

        What is missing in ``Y`` is not learned.
        """
        Y = np.asarray(Y, dtype=np.float32).reshape(len(Y), -1)
        centre, scale = np.nanmean(Y, axis=0), np.nanstd(Y, axis=0)
        self.centre_, self.scale_ = float(centre[0]), float(scale[0])
        Y = (Y - centre) / scale
        np.clip(Y[:, 1:], -FAR, FAR, out=Y[:, 1:])
        weights = torch.ones(Y.shape[1])
        weights[1:] = self.auxiliary_weight
        inputs, targets = torch.as_tensor(X, dtype=torch.float32), torch.as_tensor(Y)
        self.networks_ = []
        for seed in range(self.random_state, self.random_state + self.n_networks):
            with seeded(seed):
                network = WideAndDeep(X.shape[1], Y.shape[1], self.hidden_sizes, self.dropout)
            config = TrainingConfig(
                learning_rate=self.learning_rate, batch_size=self.batch_size, epochs=self.epochs,
                schedule="one_cycle", seed=seed,
            )  # fmt: skip
            train(network, inputs, targets, loss=known_squares(weights), config=config)
            self.networks_.append(network.eval())
        self.n_features_in_ = X.shape[1]
        return self

    @torch.no_grad()
    def predict(self, X: np.ndarray) -> np.ndarray:
        """The first target, shape ``(rows,)``."""
        inputs = torch.as_tensor(X, dtype=torch.float32)
        made = torch.stack([network(inputs)[:, 0] for network in self.networks_])
        return made.mean(dim=0).numpy().astype(float) * self.scale_ + self.centre_
