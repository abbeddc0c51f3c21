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
        _check_sizes(n_inputs, n_outputs, hidden_sizes)
        _check_activation(activation)
        _check_dropout(dropout)
        _check_embedding_scale(embedding_scale)
        layers: list[nn.Module] = []
        width = n_inputs
        if embedding_scale is not None:
            layers.append(
                PeriodicEmbeddings(
                    n_inputs,
                    EMBEDDING_SIZE,
                    n_frequencies=N_FREQUENCIES,
                    frequency_init_scale=embedding_scale,
                    lite=False,
                )
            )
            layers.append(nn.Flatten())
            width = n_inputs * EMBEDDING_SIZE
        for size in hidden_sizes:
            # Batch normalisation takes out what a bias adds, and has a shift of its own.
            layers.append(nn.Linear(width, size, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm1d(size))
            layers.append(ACTIVATIONS[activation]())
            if dropout > 0:
                layers.append(nn.Dropout(dropout))
            width = size
        layers.append(nn.Linear(width, n_outputs))
        super().__init__(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, n_inputs)`` to ``(batch, n_outputs)``."""
        for layer in self:
            x = layer(x)
        return x


def count_parameters(model: nn.Module) -> int:
    """The number of weights that training changes.

    >>> count_parameters(MLP(8, 6, hidden_sizes=(32,)))
    486
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def _check_sizes(n_inputs: int, n_outputs: int, hidden_sizes: Sequence[int]) -> None:
    for name, size in [("n_inputs", n_inputs), ("n_outputs", n_outputs)]:
        if size < 1:
            raise ValueError(f"{name} is {size!r}; a layer needs at least one unit")
    if isinstance(hidden_sizes, int) or any(size < 1 for size in hidden_sizes):
        raise ValueError(
            f"hidden_sizes is {hidden_sizes!r}; expected a sequence of positive integers, "
            "such as (64, 32)"
        )


def _check_activation(activation: str) -> None:
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation is {activation!r}; expected one of {', '.join(sorted(ACTIVATIONS))}"
        )


def _check_dropout(dropout: float) -> None:
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout is {dropout!r}; expected a probability in [0, 1)")


def _check_embedding_scale(scale: float | None) -> None:
    if scale is not None and not scale > 0:
        raise ValueError(f"embedding_scale is {scale!r}; expected a positive number, or None")
