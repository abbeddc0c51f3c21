"""Dropout masks that each network would have drawn had it been trained alone."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from labkit.nets.stacked.counterparts import layers_of
from labkit.nets.stacked.layers import Masks


class DropoutMasks:
    """The masks of a stack in training.

    A plain run draws them from PyTorch's global generator, seeded with ``config.seed``, layer by
    layer and batch by batch. Each network gets a generator with that seed and draws in that order,
    so its masks do not depend on the company it trains in. Networks that would draw the same ones
    (the same seed, rates, and rows) share them, which is what makes a grid with dropout cheap.

    Parameters
    ----------
    modules : sequence of Module
        The networks; their ``Dropout`` layers tell the rates.
    seeds, n_rows : sequence of int
        Of each network.
    dtype : torch.dtype
    """

    def __init__(
        self,
        modules: Sequence[nn.Module],
        seeds: Sequence[int],
        n_rows: Sequence[int],
        dtype: torch.dtype,
        device: str | torch.device = "cpu",
    ):
        self.dtype, self.device = dtype, device
        self.keys = [
            (
                seed,
                tuple(layer.p for layer in layers_of(module) if isinstance(layer, nn.Dropout)),
                n,
            )
            for module, seed, n in zip(modules, seeds, n_rows, strict=True)
        ]
        self.generators = {
            key: torch.Generator(device).manual_seed(key[0]) for key in dict.fromkeys(self.keys)
        }

    def state(self, number: int) -> Tensor:
        """Of the generator of a network."""
        return self.generators[self.keys[number]].get_state()

    def resume(self, number: int, state: Tensor) -> None:
        """Go on drawing a network's masks from where its generator stood."""
        self.generators[self.keys[number]].set_state(state)

    def of(self, numbers: Sequence[int]) -> "MaskDrawer | None":
        """What draws the masks of the networks of these numbers; None without dropout."""
        keys = [self.keys[i] for i in numbers]
        if not any(any(rates) for _, rates, _ in keys):
            return None
        distinct = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        which = torch.tensor([distinct[key] for key in keys], device=self.device)
        drawn = [(rates, self.generators[seed, rates, n]) for seed, rates, n in distinct]
        return MaskDrawer(drawn, which, self.dtype)

    def of_batches(self, i: int, sizes: Sequence[int], widths: Sequence[int]) -> Tensor:
        """The next masks of network ``i``, flat: batch by batch, and in each layer by layer.

        ``sizes`` are the rows of the batches, ``widths`` those of the dropout layers.
        """
        rates, generator = self.keys[i][1], self.generators[self.keys[i]]
        drawn = [
            mask((size, width), rate, generator, self.dtype, self.device).flatten()
            for size in sizes
            for rate, width in zip(rates, widths, strict=True)
        ]
        return torch.cat([torch.empty(0, dtype=self.dtype, device=self.device), *drawn])


class MaskDrawer:
    """Draws the masks of some networks.

    Parameters
    ----------
    distinct : list of (rates, generator)
        The rate of each dropout layer, for each network that draws its own masks.
    which : Tensor of int, shape (n_models,)
        The one among them that each network shares its masks with.
    dtype : torch.dtype
    """

    def __init__(
        self,
        distinct: Sequence[tuple[tuple[float, ...], torch.Generator]],
        which: Tensor,
        dtype: torch.dtype,
    ):
        self.distinct, self.which, self.dtype = distinct, which, dtype

    def next_batch(self) -> Masks:
        """The masks of a batch, layer by layer."""
        layers = iter(range(len(self.distinct[0][0])))

        def masks(width: int, batch: int) -> Tensor:
            drawn = torch.stack(list(self._draw(next(layers), (batch, width)))).mT
            return drawn if len(drawn) == len(self.which) else drawn[self.which]

        return masks

    def _draw(self, layer: int, shape: tuple[int, int]) -> Iterator[Tensor]:
        for rates, generator in self.distinct:
            yield mask(shape, rates[layer], generator, self.dtype, self.which.device)


def mask(
    shape: tuple[int, int],
    rate: float,
    generator: torch.Generator,
    dtype: torch.dtype,
    device: str | torch.device,
) -> Tensor:
    """The factors of a batch ``(batch, width)``, drawn as ``nn.Dropout`` draws them."""
    factors = torch.ones(shape, dtype=dtype, device=device)
    if rate > 0:
        factors.bernoulli_(1 - rate, generator=generator).div_(1 - rate)
    return factors
