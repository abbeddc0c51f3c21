"""What a stack can train as the plain loop would, and why it cannot train the rest.

Whoever hands networks to a stack asks here first, and trains alone what is not admitted. The rules
are strict: what a stack does not know it refuses, and never trains as something else.
"""

import copy
from collections.abc import Hashable, Sequence

import torch
from torch import nn

from labkit.nets.stacked.counterparts import layers_of, why_no_counterpart
from labkit.nets.stacked.losses import name_of_loss
from labkit.nets.stacked.members import Member
from labkit.nets.stacked.network import StackedMLP, shape_of
from labkit.nets.stacked.optimizers import STACKED_OPTIMIZERS
from labkit.nets.training import (
    OPTIMIZERS,
    TrainingConfig,
    make_optimizer,
    optimizer_options,
)

KNOWN = {
    "optimizer", "learning_rate", "momentum", "weight_decay", "batch_size", "epochs", "schedule",
    "patience", "seed",
}  # fmt: skip
"""The fields of `TrainingConfig` that a stack acts on. One that is missing here and switched on
keeps a network out of stacks."""

TRIED_ROWS = 8
"""Rows on which a stack of one network must do what the network does."""


def why_not_stacked(module: nn.Module) -> str | None:
    """Why a stack cannot train a network; None if it can.

    >>> from labkit.nets.mlp import MLP
    >>> why_not_stacked(MLP(8, 6)) is None
    True
    >>> why_not_stacked(nn.Sequential(nn.Linear(8, 4), nn.ELU(), nn.Linear(4, 6)))
    'no stacked counterpart of the layer ELU(alpha=1.0)'
    """
    return why_not_stacked_each([module])[0]


def why_not_stacked_each(modules: Sequence[nn.Module]) -> list[str | None]:
    """`why_not_stacked` of many networks; one of each shape is tried."""
    tried: dict[Hashable, str | None] = {}
    seen: dict[int, str | None] = {}
    for module in modules:
        if id(module) not in seen:
            reason = why_no_counterpart(module)
            if reason is None:
                shape = shape_of(module)
                if shape not in tried:
                    tried[shape] = _why_unlike_its_stack(module)
                reason = tried[shape]
            seen[id(module)] = reason
    return [seen[id(module)] for module in modules]


def why_not_trained_so(config: TrainingConfig) -> str | None:
    """Why a stack cannot train in the way that ``config`` says; None if it can.

    >>> why_not_trained_so(TrainingConfig(optimizer="adam")) is None
    True
    """
    for name, value in vars(config).items():
        if name not in KNOWN and is_switched_on(value):
            return f"no stacked counterpart of training with {name}={value!r}"
    kind = OPTIMIZERS.get(config.optimizer)
    if kind is None:
        return None  # There is no such optimizer, in a stack or alone: training will say so.
    if kind not in STACKED_OPTIMIZERS:
        return f"no stacked counterpart of the optimizer {config.optimizer!r}"
    options = optimizer_options(config)
    for name in options.keys() - STACKED_OPTIMIZERS[kind].known:
        return f"no stacked counterpart of the option {name} of the optimizer {config.optimizer!r}"
    # Numbers of 0 or more PyTorch takes. What else there is it may refuse; to ask for each network
    # would load its compiler, nearly a second in every process.
    if not all(isinstance(value, (int, float)) and value >= 0 for value in options.values()):
        try:
            make_optimizer([nn.Parameter(torch.zeros(1))], config)
        except (TypeError, ValueError) as error:
            return f"the optimizer {config.optimizer!r} refuses it: {error}"
    return None


def is_switched_on(value: object) -> bool:
    """Whether a parameter that a stack does not know may change anything: None, False and 0 do not.

    >>> [is_switched_on(value) for value in (None, False, 0.0, True, 0.5, "mean")]
    [False, False, False, True, True, True]
    """
    return not isinstance(value, (int, float, type(None))) or bool(value)


def check_admission(members: Sequence[Member]) -> None:
    """Raise TypeError for the first member that a stack cannot train."""
    reasons = why_not_stacked_each([member.model for member in members])
    for i, (member, reason) in enumerate(zip(members, reasons, strict=True)):
        reason = reason or why_not_trained_so(member.config)
        if reason is not None:
            raise TypeError(f"member {i}: {reason}")


def why_not_minimised(loss: nn.Module) -> str | None:
    """Why a stack cannot minimise a loss; None if it can.

    >>> why_not_minimised(nn.HuberLoss())
    'no stacked counterpart of the loss HuberLoss()'
    """
    try:
        name_of_loss(loss)
    except TypeError as error:
        return str(error)
    return None


def _why_unlike_its_stack(module: nn.Module) -> str | None:
    """Take a step and then predict: a network by itself, and a stack of that network alone."""
    name = type(module).__name__
    generator = torch.Generator().manual_seed(1)
    try:
        network = _with_other_weights(module)
        stack = StackedMLP.from_modules([network])
        X = torch.randn(TRIED_ROWS, stack.n_inputs, dtype=torch.float64, generator=generator)
        outputs = network.train()(X)
        d = torch.randn(outputs.shape, dtype=torch.float64, generator=generator)
        gradients = torch.autograd.grad(outputs, list(network.parameters()), d)
        gradient = torch.cat([g.flatten() for g in gradients])
        stacked_outputs = stack.forward(X.mT.unsqueeze(0), training=True)[0].mT.clone()
        stacked_gradient = stack.backward(d.mT.unsqueeze(0).clone())[0]
        alone = [outputs, gradient, network.eval()(X)]
        stacked = [stacked_outputs, stacked_gradient, stack.outputs(X)[0]]
    except Exception as error:  # Whatever it is, it need not happen to the network alone.
        return f"a stack of {name} fails: {' '.join(str(error).split())}"
    for one, other in zip(alone, stacked, strict=True):
        if one.shape != other.shape or not torch.allclose(one, other, rtol=1e-6, atol=1e-9):
            return f"a stack of {name} does not do what {name} does"
    return None


@torch.no_grad()
def _with_other_weights(module: nn.Module) -> nn.Module:
    """A copy in double precision, without dropout, whose weights hide no difference by being 0."""
    network = copy.deepcopy(module).double()
    generator = torch.Generator().manual_seed(0)
    for p in network.parameters():
        weights = torch.randn(p.shape, dtype=p.dtype, generator=generator)
        p.copy_(weights / p.shape[-1] ** 0.5)
    for layer in layers_of(network):
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return network
