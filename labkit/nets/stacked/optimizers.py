"""PyTorch's optimizers for networks whose step sizes differ.

The update rules are those of ``torch.optim`` with its default constants. Parameters, gradients and
state are matrices ``(n_models, n_parameters)``: a step is a handful of calls for all networks.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

Values = float | Tensor
"""One value for all networks, or a column ``(n_models, 1)``."""


def per_model(values: Sequence[float], like: Tensor) -> Values:
    """Values of each network in the form that is cheapest to compute with."""
    if len(set(values)) == 1:
        return values[0]
    return torch.tensor(values, dtype=torch.float64).to(like).unsqueeze(1)


class StackedOptimizer:
    """What the optimizers share: the weight decay, and the choice of networks.

    Parameters
    ----------
    parameters : Tensor, shape (n_models, n_parameters)
        Changed in place by `step`.
    options : sequence of dict
        Of each network's optimizer, as `labkit.nets.training.optimizer_options` gives them.
    state : list of Tensor or None
        Running averages, shaped as ``parameters``; None for a fresh start.
    steps : int
        Steps taken so far.
    """

    n_averages = 1
    known = frozenset({"lr", "weight_decay"})

    def __init__(
        self,
        parameters: Tensor,
        options: Sequence[Mapping[str, float]],
        state: list[Tensor] | None = None,
        steps: int = 0,
    ):
        self.parameters = parameters
        self.options = options
        if state is None:
            state = [torch.zeros_like(parameters) for _ in range(self.n_averages)]
        self.state = [average.to(parameters) for average in state]
        self.scratch = torch.empty_like(parameters)
        self.steps = steps
        self.rates = per_model([own["lr"] for own in options], parameters)
        self.decay = per_model([own["weight_decay"] for own in options], parameters)
        self.has_decay = any(own["weight_decay"] for own in options)

    def select(self, parameters: Tensor, models: Sequence[int]) -> "StackedOptimizer":
        """The optimizer of some of the networks, which goes on from here.

        ``parameters`` are theirs; ``models`` their numbers among the networks of this one.
        """
        state = [average[models] for average in self.state]
        return type(self)(parameters, [self.options[i] for i in models], state, self.steps)

    def step(self, gradient: Tensor, factors: Tensor | None = None) -> None:
        """Take a step; ``gradient`` is overwritten.

        ``factors`` are the shares ``(n_models, 1)`` of the learning rates that a schedule lets
        through.
        """
        rate = self.rates if factors is None else factors * self.rates
        self.steps += 1
        if self.has_decay:
            self._decay(gradient, rate)
        self._step(gradient, rate)

    def _step(self, gradient: Tensor, rate: Values) -> None:
        raise NotImplementedError

    def _decay(self, gradient: Tensor, rate: Values) -> None:
        gradient.add_(torch.mul(self.parameters, self.decay, out=self.scratch))


class SGD(StackedOptimizer):
    """With momentum."""

    known = StackedOptimizer.known | {"momentum"}

    def __init__(
        self,
        parameters: Tensor,
        options: Sequence[Mapping[str, float]],
        state: list[Tensor] | None = None,
        steps: int = 0,
    ):
        super().__init__(parameters, options, state, steps)
        self.momentum = per_model([own.get("momentum", 0.0) for own in options], parameters)

    def _step(self, gradient: Tensor, rate: Values) -> None:
        (velocity,) = self.state
        velocity.mul_(self.momentum).add_(gradient)
        self.parameters.sub_(torch.mul(velocity, rate, out=gradient))


class RMSprop(StackedOptimizer):
    def _step(self, gradient: Tensor, rate: Values) -> None:
        (square,) = self.state
        square.mul_(0.99).addcmul_(gradient, gradient, value=1 - 0.99)
        gradient.div_(torch.sqrt(square, out=self.scratch).add_(1e-8))
        self.parameters.sub_(gradient.mul_(rate))


class Adam(StackedOptimizer):
    n_averages = 2

    def _step(self, gradient: Tensor, rate: Values) -> None:
        mean, square = self.state
        mean.lerp_(gradient, 1 - 0.9)
        square.mul_(0.999).addcmul_(gradient, gradient, value=1 - 0.999)
        # With m and v the averages: m / (1 - 0.9ᵗ) / (√(v / (1 - 0.999ᵗ)) + ε), times the rate.
        root = (1 - 0.999**self.steps) ** 0.5
        update = torch.sqrt(square, out=gradient).add_(1e-8 * root)
        torch.div(mean, update, out=update)
        self.parameters.sub_(update.mul_(rate * (root / (1 - 0.9**self.steps))))


class AdamW(Adam):
    """Adam with the decay apart from the gradient."""

    def _decay(self, gradient: Tensor, rate: Values) -> None:
        self.parameters.mul_(1 - rate * self.decay)


STACKED_OPTIMIZERS: dict[type[torch.optim.Optimizer], type[StackedOptimizer]] = {
    torch.optim.SGD: SGD,
    torch.optim.Adam: Adam,
    torch.optim.AdamW: AdamW,
    torch.optim.RMSprop: RMSprop,
}
"""By what they are, not by the names that `labkit.nets.training.OPTIMIZERS` gives them."""
