"""Which layers of PyTorch have a stacked counterpart, and which networks are nothing but those."""

from collections.abc import Callable, Iterator

from rtdl_num_embeddings import PeriodicEmbeddings
from torch import Tensor, nn

from labkit.nets.mlp import MLP
from labkit.nets.stacked import layers as stacked

ACTIVATIONS: dict[type[nn.Module], type[stacked.Layer]] = {
    nn.ReLU: stacked.ReLU,
    nn.Tanh: stacked.Tanh,
    nn.GELU: stacked.GELU,
    nn.SiLU: stacked.SiLU,
}

Maker = Callable[[list[Tensor], list[Tensor]], stacked.Layer]
"""Makes a stacked layer of the parameters and the running statistics of all networks."""


def counterpart(layer: nn.Module, is_first: bool) -> Maker | None:
    """What makes the stacked counterpart of a layer; None where there is none.

    Types are taken exactly, since a subclass may do anything, and so are the settings that change
    what a layer does.
    """
    if type(layer) is nn.Linear:
        return lambda parameters, buffers: stacked.Linear(parameters, is_first)
    is_stackable_embedding = (
        type(layer) is PeriodicEmbeddings
        and layer.activation is not None
        and type(layer.linear) is not nn.Linear
    )
    if is_stackable_embedding and is_first:
        return lambda parameters, buffers: stacked.Periodic(parameters)
    if is_first:
        return None  # The others may overwrite what they are given: the features.
    if type(layer) is nn.BatchNorm1d and layer.affine and layer.track_running_stats:
        momentum, eps = layer.momentum, layer.eps
        if momentum is not None:
            return lambda parameters, buffers: stacked.BatchNorm(parameters, buffers, momentum, eps)
    if type(layer) is nn.Dropout and layer.p < 1:
        return lambda parameters, buffers: stacked.Dropout()
    if type(layer) is nn.Flatten and (layer.start_dim, layer.end_dim) == (1, -1):
        return lambda parameters, buffers: stacked.Flat()
    if type(layer) in ACTIVATIONS and getattr(layer, "approximate", "none") == "none":
        return lambda parameters, buffers: ACTIVATIONS[type(layer)]()
    return None


HOOKS = [name for name in vars(nn.Module()) if name.endswith("hooks")]
"""Where a module keeps what is called beside its ``forward``."""


def layers_of(module: nn.Module) -> list[nn.Module]:
    """The layers of a network that is a sequence of them.

    Raises
    ------
    TypeError
        When it is none.
    """
    if not isinstance(module, nn.Sequential):
        raise TypeError(f"{type(module).__name__} is no sequence of layers (nn.Sequential)")
    return list(module)


def why_no_counterpart(module: nn.Module) -> str | None:
    """Why a network is more than layers with counterparts, one after the other; None if it is not.

    This is how it looks; how it behaves is tried by `labkit.nets.stacked.admission`.
    """
    name = type(module).__name__
    try:
        layers = layers_of(module)
    except TypeError as error:
        return str(error)
    for method in _overridden(type(module)):
        return f"{name} has a method {method} of its own"
    for i, layer in enumerate(layers):
        if counterpart(layer, is_first=i == 0) is None:
            return f"no stacked counterpart of the layer {_in_one_line(layer)}"
    if not layers or not isinstance(layers[-1], nn.Linear):
        return f"{name} does not end with a linear layer"
    for part in module.modules():
        if "forward" in vars(part) or any(map(vars(part).get, HOOKS)):
            return f"hooks change what {type(part).__name__} does"
    parameters = [p for layer in layers for p in layer.parameters()]
    if list(map(id, parameters)) != list(map(id, module.parameters())):
        return f"{name} has parameters that layers share, or that belong to none"
    if any(p._backward_hooks or p._post_accumulate_grad_hooks for p in parameters):
        return f"hooks change the gradients of {name}"
    if not all(p.requires_grad for p in parameters):
        return f"parameters of {name} are frozen (requires_grad=False)"
    if len({p.dtype for p in parameters}) > 1:
        return f"parameters of {name} differ in dtype"
    return None


def _overridden(cls: type[nn.Module]) -> Iterator[str]:
    """What a subclass of `MLP` does in its own way, but for its ``__init__``."""
    for base in cls.__mro__:
        if base in (MLP, nn.Sequential):
            return
        for name, value in vars(base).items():
            if name != "__init__" and callable(value) and hasattr(MLP, name):
                yield name


def _in_one_line(layer: nn.Module) -> str:
    return " ".join(repr(layer).split())
