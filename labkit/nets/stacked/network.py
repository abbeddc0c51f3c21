"""M networks of one shape as one."""

import copy
from collections.abc import Hashable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from labkit.nets.stacked.counterparts import counterpart, layers_of, why_no_counterpart
from labkit.nets.stacked.layers import Layer, Masks

EVALUATION_NUMBERS = 2**20
"""Numbers a layer may hold at once when many rows are evaluated (4 MB in float32)."""


class Weights(NamedTuple):
    """What a network has learned.

    ``parameters`` has the order of ``module.parameters()``, each flattened; ``buffers`` are the
    running means and variances of its batch normalisations, in order.
    """

    parameters: Tensor
    buffers: list[Tensor]


class StackedMLP:
    """M networks of one shape: a row of ``parameters`` each.

    Parameters
    ----------
    template : Sequential
        A network of that shape; its weights are not used.
    parameters : Tensor, shape (n_models, count_parameters(template))
        In the order of ``template.parameters()``, each flattened.
    buffers : list of Tensor, each (n_models, width)
        Running mean and running variance of each batch normalisation, in order.

    Notes
    -----
    **Shape.** Input ``(batch, n_inputs)``, the same for all, or ``(n_models, batch, n_inputs)``;
    output ``(n_models, batch, n_outputs)``.

    Slices of a stack, ``stack[2:5]``, share its memory.

    Examples
    --------
    >>> from labkit.nets.mlp import MLP
    >>> stack = StackedMLP.from_modules([MLP(8, 6, hidden_sizes=(32, 16)) for _ in range(3)])
    >>> stack.outputs(torch.zeros(5, 8)).shape
    torch.Size([3, 5, 6])
    """

    def __init__(self, template: nn.Module, parameters: Tensor, buffers: list[Tensor]):
        self.template = template
        self.parameters = parameters
        self.buffers = buffers
        self._layers: list[Layer] = []
        self._gradient = torch.empty_like(parameters)
        sizes = [p.shape for p in template.parameters()]
        ends = [0, *accumulate(size.numel() for size in sizes)]
        views = [
            parameters[:, start:stop].unflatten(1, size)
            for (start, stop), size in zip(pairwise(ends), sizes, strict=True)
        ]
        running = list(buffers)
        for layer in layers_of(template):
            own = [views.pop(0) for _ in layer.parameters()]
            stats = [running.pop(0) for _ in _running(layer)]
            make = counterpart(layer, is_first=not self._layers)
            if make is None:
                raise TypeError(why_no_counterpart(template))
            self._layers.append(make(own, stats))

    @classmethod
    def from_modules(
        cls, modules: Sequence[nn.Module], device: str | torch.device = "cpu"
    ) -> "StackedMLP":
        """Stack networks; they are copied.

        Raises
        ------
        ValueError
            When there are none, or their layers differ. Dropout rates may.
        TypeError
            When one is more than layers that have a stacked counterpart.
        """
        if not modules:
            raise ValueError("there are no networks to stack")
        first = shape_of(modules[0])
        for i, module in enumerate(modules):
            reason = why_no_counterpart(module)
            if reason is not None:
                raise TypeError(reason)
            if shape_of(module) != first:
                raise ValueError(
                    f"only networks of one shape can be stacked; network 0 is {modules[0]}, "
                    f"network {i} is {module}"
                )
        return cls.from_weights(modules[0], list(map(weights_of, modules)), device)

    def __len__(self) -> int:
        return len(self.parameters)

    def __getitem__(self, models: slice) -> "StackedMLP":
        return StackedMLP(
            self.template, self.parameters[models], [buffer[models] for buffer in self.buffers]
        )

    def select(self, models: Tensor) -> "StackedMLP":
        """A stack with copies of some of the networks, by their numbers."""
        return StackedMLP(
            self.template, self.parameters[models], [buffer[models] for buffer in self.buffers]
        )

    @property
    def n_inputs(self) -> int:
        """Features that the networks take."""
        return self._layers[0].n_inputs

    @property
    def n_outputs(self) -> int:
        """Numbers that the networks give for each row."""
        return self._layers[-1].width

    @property
    def numbers_per_row(self) -> int:
        """Numbers that the layers of one network hold for a row of its batch, in one direction."""
        return sum(layer.held for layer in self._layers)

    @classmethod
    def from_weights(
        cls,
        template: nn.Module,
        weights: Sequence[Weights],
        device: str | torch.device = "cpu",
    ) -> "StackedMLP":
        """Stack weights of networks of one shape; they are copied."""
        parameters = torch.stack([own.parameters for own in weights]).to(device)
        buffers = zip(*(own.buffers for own in weights), strict=True)
        return cls(template, parameters, [torch.stack(same).to(device) for same in buffers])

    def weights(self, i: int) -> Weights:
        """A copy of what network ``i`` has learned, on the CPU."""
        buffers = [buffer[i].to("cpu", copy=True) for buffer in self.buffers]
        return Weights(self.parameters[i].to("cpu", copy=True), buffers)

    def member(self, i: int) -> nn.Module:
        """Network ``i`` as an ordinary module."""
        return module_of(self.template, self.weights(i))

    def to_modules(self) -> list[nn.Module]:
        """Every network as an ordinary module."""
        return [self.member(i) for i in range(len(self))]

    def forward(self, x: Tensor, masks: Masks | None = None, training: bool = False) -> Tensor:
        """Map ``(n_models, n_inputs, batch)`` to ``(n_models, n_outputs, batch)``.

        The outputs lie in memory that the next call overwrites.
        """
        for layer in self._layers:
            x = layer.forward(x, masks, training)
        return x

    def backward(self, d: Tensor) -> Tensor:
        """The gradient, laid out as ``parameters``, after a forward pass with ``training=True``.

        ``d`` is the derivative of each network's loss by its outputs, ``(n_models, n_outputs,
        batch)``.
        """
        gradients: list[Tensor] = []
        towards: Tensor | None = d
        for layer in reversed(self._layers):
            assert towards is not None, "only the first layer passes nothing back"
            own, towards = layer.backward(towards)
            gradients[:0] = [gradient.flatten(1) for gradient in own]
        return torch.cat(gradients, dim=1, out=self._gradient)

    @torch.no_grad()
    def outputs(self, X: Tensor) -> Tensor:
        """What the networks give when they are used; many rows are taken a part at a time."""
        # The next forward pass overwrites the outputs of the one before.
        return torch.cat([self.forward(x).clone() for x in self._parts(X)], dim=2).mT

    def _parts(self, X: Tensor) -> Iterator[Tensor]:
        widest = max(layer.held for layer in self._layers)
        rows = max(1, EVALUATION_NUMBERS // (len(self) * widest))
        for part in X.split(rows, dim=-2):
            yield part.mT.expand(len(self), -1, -1)


@torch.no_grad()
def weights_of(module: nn.Module) -> Weights:
    """The weights of an ordinary module, not copied where that can be avoided."""
    running = [buffer for layer in layers_of(module) for buffer in _running(layer)]
    return Weights(parameters_to_vector(module.parameters()), running)


@torch.no_grad()
def module_of(template: nn.Module, weights: Weights) -> nn.Module:
    """A copy of ``template`` with other weights."""
    module = copy.deepcopy(template)
    vector_to_parameters(weights.parameters.clone(), module.parameters())
    running = [buffer for layer in layers_of(module) for buffer in _running(layer)]
    for own, learned in zip(running, weights.buffers, strict=True):
        own.copy_(learned)
    return module


_OF_EVERY_MODULE = frozenset(vars(nn.Module()))


def shape_of(module: nn.Module) -> tuple[Hashable, ...]:
    """What networks of one stack have in common: types, settings and sizes of all their parts.

    Dropout rates are not among the settings: they may differ.
    """
    return tuple(
        (name, type(part), _settings(part), *((p.shape, p.dtype) for p in part.parameters(False)))
        for name, part in module.named_modules()
    )


def _settings(part: nn.Module) -> tuple[Hashable, ...]:
    free = {"p"} if type(part) is nn.Dropout else set()
    settings = vars(part).keys() - _OF_EVERY_MODULE - free
    return tuple((name, repr(vars(part)[name])) for name in sorted(settings))


def _running(layer: nn.Module) -> list[Tensor]:
    if not isinstance(layer, nn.BatchNorm1d):
        return []
    return [s for s in (layer.running_mean, layer.running_var) if s is not None]
