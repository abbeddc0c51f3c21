"""A network drawn from its modules: what goes in, what each layer makes of it, what comes out."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import nn

from labkit.nets.mlp import count_parameters
from labkit.report.sentence import counted, number
from labkit.report.theme import OKABE_ITO, figure

MOST_DRAWN = 7
"""Units of a layer that are drawn one by one; of more, the first and last, with dots between."""

WORDS = {
    nn.ReLU: "ReLU",
    nn.SiLU: "SiLU",
    nn.GELU: "GELU",
    nn.Tanh: "tanh",
    nn.Dropout: "dropout",
    nn.BatchNorm1d: "batch norm",
}
"""Modules between linear layers, as people write them."""


@dataclass
class Column:
    """One column of units: how many, what follows on them, parameters of the step to them."""

    size: int
    parameters: int = 0
    then: list[str] = field(default_factory=list)


def columns(model: nn.Sequential) -> list[Column]:
    """The columns of a network: its inputs, and the units of every linear layer.

    Parameters of other modules, such as batch normalisation's, count with the units they work on.

    >>> from labkit.nets.mlp import MLP
    >>> [(own.size, own.parameters, own.then) for own in columns(MLP(3, 1, hidden_sizes=(8,)))]
    [(3, 0, []), (8, 32, ['ReLU']), (1, 9, [])]
    """
    return list(_columns(model))


def _columns(model: nn.Sequential) -> Iterator[Column]:
    own: Column | None = None
    for layer in model:
        if isinstance(layer, nn.Linear):
            yield own or Column(layer.in_features)
            own = Column(layer.out_features, count_parameters(layer))
        elif own is not None:
            own.parameters += count_parameters(layer)
            own.then.append(WORDS.get(type(layer), type(layer).__name__))
    if own is not None:
        yield own


def network(model: nn.Sequential, *, inputs: str, outputs: str) -> Figure:
    """Draw a network of linear layers and what stands between them.

    Parameters
    ----------
    model : Sequential
        Such as an `labkit.nets.mlp.MLP` without embeddings.
    inputs, outputs : str
        What goes in and comes out, such as "features" and "log volatility".
    """
    drawn = columns(model)
    fig, axis = figure(height=3.2)
    for i, (before, after) in enumerate(pairwise(drawn)):
        _connect(axis, i, before.size, after.size)
    for i, own in enumerate(drawn):
        places = _places(own.size)
        axis.scatter(
            [i] * len(places), places, s=90, zorder=3, edgecolor="white",
            color=OKABE_ITO[1 if i == len(drawn) - 1 else 0 if i else 5],
        )  # fmt: skip
        if own.size > MOST_DRAWN:
            axis.text(i, 0, "⋮", ha="center", va="center", fontsize=13)
        words = [number(own.size), *own.then]
        if own.parameters:
            words.append(counted(own.parameters, "parameter"))
        head = inputs if i == 0 else outputs if i == len(drawn) - 1 else f"hidden layer {i}"
        axis.text(i, 4.0, head, ha="center", va="bottom", weight="bold", fontsize=9)
        axis.text(i, -4.0, "\n".join(words), ha="center", va="top", fontsize=8.5)
    axis.set(xlim=(-0.6, len(drawn) - 0.4), ylim=(-6.6, 4.7))
    axis.set_title(f"{counted(count_parameters(model), 'parameter')} in all")
    axis.axis("off")
    return fig


def _places(size: int) -> list[float]:
    """Heights of the units that are drawn, about zero; room for dots in the middle of many."""
    if size <= MOST_DRAWN:
        return [i - (size - 1) / 2 for i in range(size)]
    return [3.0, 2.0, 1.0, -1.0, -2.0, -3.0]


def _connect(axis: Axes, column: int, before: int, after: int) -> None:
    for y in _places(before):
        for z in _places(after):
            axis.plot([column, column + 1], [y, z], color="#c9d2dc", lw=0.5, zorder=1)
