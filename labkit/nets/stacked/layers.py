"""Layers that hold M networks at once, with their gradients written out.

Autograd is not used: a step of a small network is bounded by the number of calls, and the
gradients of the few layers of an MLP fit in a line or two each.

Every layer maps ``(n_models, width, batch)`` to ``(n_models, width, batch)``: the batch comes last,
so that a narrow layer (one output, six classes) still multiplies long rows, which is several times
faster than the usual order of the axes.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

Masks = Callable[[int, int], Tensor]
"""``masks(width, batch)`` gives the factors ``(n_models, width, batch)`` of a dropout layer."""

aten = torch.ops.aten


class Layer:
    """A layer of every network.

    ``width`` is how many numbers it gives for each row, ``held`` how many it keeps at hand in each
    direction; ``n_inputs`` how many it takes, where that is its own to say. ``forward`` keeps what
    ``backward`` needs; ``backward`` maps the loss's derivative by the outputs to those by the
    parameters, in their order, and by the inputs. Both may overwrite what they are given.
    """

    width = 0
    n_inputs = 0

    def __init__(self) -> None:
        self._memory: dict[tuple[str, tuple[int, ...]], Tensor] = {}

    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        raise NotImplementedError

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor | None]:
        raise NotImplementedError

    @property
    def held(self) -> int:
        return self.width

    def hold(self, name: str, *shape: int, like: Tensor) -> Tensor:
        """Memory for a result, the same at every step: fresh pages cost more than the arithmetic.

        What it held at the step before is overwritten.
        """
        key = (name, shape)
        if key not in self._memory:
            self._memory[key] = like.new_empty(shape)
        return self._memory[key]


class Linear(Layer):
    """``y = W x + b`` for each network.

    Parameters
    ----------
    parameters : list of Tensor
        ``W`` ``(n_models, out, in)`` and, unless the layer has no bias, ``b`` ``(n_models, out)``.
    is_first : bool
        Nothing before this layer needs a gradient.
    """

    def __init__(self, parameters: list[Tensor], is_first: bool):
        super().__init__()
        self.weight, *bias = parameters
        self.bias = bias[0].unsqueeze(-1) if bias else None
        self.is_first = is_first
        self.n_models, self.width, self.n_inputs = self.weight.shape

    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.x = x
        y = self.hold("y", self.n_models, self.width, x.shape[-1], like=x)
        if self.bias is None:
            return torch.bmm(self.weight, x, out=y)
        return torch.baddbmm(self.bias, self.weight, x, out=y)

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor | None]:
        # The product whose rows are the longer ones: up to four times faster where one is narrow.
        if self.n_inputs < self.width:
            by_weight = self.hold("by_weight", self.n_models, self.n_inputs, self.width, like=d)
            by_weight = torch.bmm(self.x, d.mT, out=by_weight).mT
        else:
            by_weight = self.hold("by_weight", self.n_models, self.width, self.n_inputs, like=d)
            torch.bmm(d, self.x.mT, out=by_weight)
        gradients = [by_weight] if self.bias is None else [by_weight, d.sum(-1)]
        if self.is_first:
            return gradients, None
        by_x = self.hold("by_x", self.n_models, self.n_inputs, d.shape[-1], like=d)
        return gradients, torch.bmm(self.weight.mT, d, out=by_x)


class BatchNorm(Layer):
    """Batch normalisation, each unit of each network over the batch.

    Parameters
    ----------
    parameters : list of Tensor
        Scale and shift, ``(n_models, width)``.
    buffers : list of Tensor
        Running mean and variance, ``(n_models, width)``; updated in place.
    momentum, eps : float
        As in ``BatchNorm1d``.
    """

    def __init__(
        self, parameters: list[Tensor], buffers: list[Tensor], momentum: float, eps: float
    ):
        super().__init__()
        self.scale, self.shift = parameters
        self.running_mean, self.running_var = buffers
        self.momentum, self.eps = momentum, eps

    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        batch = x.shape[-1]
        y = self.hold("y", *x.shape, like=x)
        if not training:
            factor = self.scale * (self.running_var + self.eps).rsqrt()
            shift = self.shift - self.running_mean * factor
            return torch.mul(x, factor.unsqueeze(-1), out=y).add_(shift.unsqueeze(-1))
        if batch == 1:
            raise ValueError("batch normalisation needs more than one row in a batch")
        mean = x.mean(-1)
        torch.sub(x, mean.unsqueeze(-1), out=y)
        var = torch.linalg.vector_norm(y, dim=-1).square_().div_(batch)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(var * (batch / (batch - 1)), self.momentum)
        inverse = (var + self.eps).rsqrt_()
        self.x, self.mean, self.inverse = x, mean, inverse
        return y.mul_((inverse * self.scale).unsqueeze(-1)).add_(self.shift.unsqueeze(-1))

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        # PyTorch's own kernel: to it, the units of all networks are the channels of one image.
        image = (1, -1, d.shape[-1])
        dx, by_scale, by_shift = aten.native_batch_norm_backward(
            d.reshape(image),
            self.x.view(image),
            self.scale.reshape(-1),
            None,
            None,
            self.mean.view(-1),
            self.inverse.view(-1),
            True,
            self.eps,
            [True, True, True],
        )
        return [by_scale.view_as(self.mean), by_shift.view_as(self.mean)], dx.view_as(d)


class Dropout(Layer):
    """Multiplies by the masks it is given; without any, passes on what it gets."""

    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.mask = masks(*x.shape[1:]) if masks is not None and training else None
        if self.mask is None:
            return x
        return torch.mul(x, self.mask, out=self.hold("y", *x.shape, like=x))

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], d if self.mask is None else d.mul_(self.mask)


class Flat(Layer):
    """Flattening: here every layer gives its numbers in one axis already."""

    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        return x

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], d


class ReLU(Layer):
    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.y = x.relu_()
        return self.y

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], aten.threshold_backward.grad_input(d, self.y, 0, grad_input=d)


class Tanh(Layer):
    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.y = x.tanh_()
        return self.y

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], aten.tanh_backward.grad_input(d, self.y, grad_input=d)


class GELU(Layer):
    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.x = x
        return aten.gelu.out(x, out=self.hold("y", *x.shape, like=x))

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], aten.gelu_backward.grad_input(d, self.x, grad_input=d)


class SiLU(Layer):
    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.x = x
        return aten.silu.out(x, out=self.hold("y", *x.shape, like=x))

    def backward(self, d: Tensor) -> tuple[list[Tensor], Tensor]:
        return [], aten.silu_backward.grad_input(d, self.x, grad_input=d)


class Periodic(Layer):
    """`PeriodicEmbeddings` and the flattening after it.

    A feature ``x`` becomes ``relu(W [cos 2πcx, sin 2πcx] + b)`` with frequencies ``c`` of its own
    (Gorishniy et al. 2022).

    Parameters
    ----------
    parameters : list of Tensor
        ``c`` ``(n_models, features, frequencies)``, ``W`` ``(n_models, features, 2 frequencies,
        size)``, ``b`` ``(n_models, features, size)``.
    """

    def __init__(self, parameters: list[Tensor]):
        super().__init__()
        self.frequencies, self.weight, self.bias = parameters
        self.n_inputs = self.weight.shape[1]
        self.width = self.n_inputs * self.weight.shape[3]

    @property
    def held(self) -> int:
        # Angles, their waves, and on the way back the derivatives by the waves.
        return self.width + 5 * self.frequencies[0].numel() // 2

    def forward(self, x: Tensor, masks: Masks | None, training: bool) -> Tensor:
        self.x = x
        n_models, n_features, n = self.frequencies.shape
        angle = self.hold("angle", n_models, n_features, n, x.shape[-1], like=x)
        factor = (2 * math.pi * self.frequencies).unsqueeze(-1)
        torch.mul(factor, x.unsqueeze(2), out=angle)
        self.waves = self.hold("waves", n_models, n_features, 2 * n, x.shape[-1], like=x)
        torch.cos(angle, out=self.waves[:, :, :n])
        torch.sin(angle, out=self.waves[:, :, n:])
        bias = self.bias.flatten(0, 1).unsqueeze(-1)
        weight = self.weight.flatten(0, 1)
        y = self.hold("y", *weight.shape[::2], x.shape[-1], like=x)
        self.y = torch.baddbmm(bias, weight.mT, self.waves.flatten(0, 1), out=y).relu_()
        return self.y.view(n_models, -1, x.shape[-1])

    def backward(self, d: Tensor) -> tuple[list[Tensor], None]:
        n = self.frequencies.shape[2]
        d = d.view_as(self.y)
        aten.threshold_backward.grad_input(d, self.y, 0, grad_input=d)
        waves = self.waves.flatten(0, 1)
        by_weight = torch.bmm(waves, d.mT).view_as(self.weight)
        by_waves = self.hold("by_waves", *waves.shape, like=d)
        torch.bmm(self.weight.flatten(0, 1), d, out=by_waves)
        # d cos = -sin, d sin = cos.
        by_waves[:, :n].mul_(waves[:, n:])
        by_angle = by_waves[:, n:].mul_(waves[:, :n]).sub_(by_waves[:, :n])
        x = self.x.reshape(len(waves), -1, 1)
        by_frequency = 2 * math.pi * torch.bmm(by_angle, x).view_as(self.frequencies)
        by_bias = d.sum(-1).view_as(self.bias)
        return [by_frequency, by_weight, by_bias], None
