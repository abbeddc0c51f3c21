"""The multilayer perceptron: linear layers with a nonlinearity between them."""

from collections.abc import Sequence

from rtdl_num_embeddings import PeriodicEmbeddings
from torch import Tensor, nn

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
}

EMBEDDING_SIZE = 8
"""Numbers that an embedding makes of each feature."""

N_FREQUENCIES = 16
"""Sines, and as many cosines, behind the embedding of each feature."""


class MLP(nn.Sequential):
    """Input layer, hidden layers, output layer.

    Each hidden layer is ``Linear → [BatchNorm1d] → activation → [Dropout]``; the output layer is
    linear, so that a regression reads it as it is and a classification as logits: the softmax is
    part of ``CrossEntropyLoss``.

    Parameters
    ----------
    n_inputs, n_outputs : int
        Number of features; number of targets or classes.
    hidden_sizes : sequence of int
        Units of each hidden layer. An empty sequence makes a linear model.
    activation : str
        A name in `ACTIVATIONS`.
    dropout : float
        Probability with which a hidden unit is set to zero while training, in [0, 1).
    batch_norm : bool
        Whether hidden layers normalise their pre-activations over the batch.
    embedding_scale : float or None
        Embed each feature by sines and cosines of learned frequencies before the first layer
        (Gorishniy et al. 2022, "On Embeddings for Numerical Features in Tabular Deep Learning");
        the frequencies start as normal numbers with this standard deviation, in periods per unit
        of the feature. None feeds the features as they are.

    Raises
    ------
    ValueError
        On a size below one, an unknown activation, a dropout outside [0, 1), or a scale that is
        not positive.

    Notes
    -----
    **Shape.** Input ``(batch, n_inputs)``, output ``(batch, n_outputs)``.

    Examples
    --------
    >>> import torch
    >>> MLP(8, 6, hidden_sizes=(32, 16))(torch.zeros(5, 8)).shape
    torch.Size([5, 6])
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        *,
        hidden_sizes: Sequence[int] = (64, 32),
        activation: str = "relu",
        dropout: float = 0.0,
        batch_norm: bool = False,
        embedding_scale: float | None = None,
    ):
        _check(n_inputs, n_outputs, hidden_sizes, activation, dropout)
        layers, width = _embedding(n_inputs, embedding_scale)
        for size in hidden_sizes:
            layers += hidden_layer(width, size, activation, dropout, batch_norm)
            width = size
        layers.append(nn.Linear(width, n_outputs))
        super().__init__(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, n_inputs)`` to ``(batch, n_outputs)``."""
        for layer in self:
            x = layer(x)
        return x


def hidden_layer(
    n_inputs: int, size: int, activation: str, dropout: float, batch_norm: bool
) -> list[nn.Module]:
    """The modules of one hidden layer of ``size`` units.

    >>> hidden_layer(8, 32, "relu", dropout=0.2, batch_norm=False)
    [Linear(in_features=8, out_features=32, bias=True), ReLU(), Dropout(p=0.2, inplace=False)]
    """
    # Batch normalisation takes out what a bias adds, and has a shift of its own.
    layers: list[nn.Module] = [nn.Linear(n_inputs, size, bias=not batch_norm)]
    if batch_norm:
        layers.append(nn.BatchNorm1d(size))
    layers.append(ACTIVATIONS[activation]())
    if dropout > 0:
        layers.append(nn.Dropout(dropout))
    return layers


def _embedding(n_inputs: int, scale: float | None) -> tuple[list[nn.Module], int]:
    """The layers before the first linear one, and how many numbers they hand to it."""
    if scale is None:
        return [], n_inputs
    if not scale > 0:
        raise ValueError(f"embedding_scale is {scale!r}; expected a positive number, or None")
    embed = PeriodicEmbeddings(
        n_inputs,
        EMBEDDING_SIZE,
        n_frequencies=N_FREQUENCIES,
        frequency_init_scale=scale,
        lite=False,
    )
    return [embed, nn.Flatten()], n_inputs * EMBEDDING_SIZE


def count_parameters(model: nn.Module) -> int:
    """The number of weights that training changes.

    >>> count_parameters(MLP(8, 6, hidden_sizes=(32,)))
    486
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _check(
    n_inputs: int, n_outputs: int, hidden_sizes: Sequence[int], activation: str, dropout: float
) -> None:
    for name, size in [("n_inputs", n_inputs), ("n_outputs", n_outputs)]:
        if size < 1:
            raise ValueError(f"{name} is {size!r}; a layer needs at least one unit")
    if isinstance(hidden_sizes, int) or any(size < 1 for size in hidden_sizes):
        raise ValueError(
            f"hidden_sizes is {hidden_sizes!r}; expected a sequence of positive integers, "
            "such as (64, 32)"
        )
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation is {activation!r}; expected one of {', '.join(sorted(ACTIVATIONS))}"
        )
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}; expected a probability in [0, 1)")
