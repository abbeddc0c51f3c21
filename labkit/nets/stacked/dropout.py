"""Dropout masks that each network would have drawn had it been trained alone."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from labkit.nets.stacked.layers import Masks


class DropoutMasks:
    """The masks of a stack in training.

    A plain run draws them from PyTorch's global generator, seeded with ``config.seed``, layer by
    layer and batch by batch. Each network gets a generator with that seed and draws in that order,
    so its masks do not depend on the company it trains in. Networks that would draw the same ones
    (the same seed, rates, and rows) share them, which is what makes a grid with dropout cheap.

    Parameters
    ----------
    modules : sequence of Sequential
        The networks; their ``Dropout`` layers tell the rates.
    seeds, n_rows : sequence of int
        Of each network.
    """

    def __init__(
        self,
        modules: Sequence[nn.Sequential],
        seeds: Sequence[int],
        n_rows: Sequence[int],
        device: str | torch.device = "cpu",
    ):
        self.device = device
        self.keys = [
            (seed, tuple(layer.p for layer in module if isinstance(layer, nn.Dropout)), n)
            for module, seed, n in zip(modules, seeds, n_rows, strict=True)
        ]
        self.generators = {
            key: torch.Generator(device).manual_seed(key[0]) for key in dict.fromkeys(self.keys)
        }

    def keep(self, models: Sequence[int]) -> None:
        """Forget the networks that are not among ``models``."""
        self.keys = [self.keys[i] for i in models]

    def of(self, models: slice, dtype: torch.dtype) -> Masks | None:
        """The masks of the next batch of some networks; None without dropout."""
        keys = self.keys[models]
        if not any(any(rates) for _, rates, _ in keys):
            return None
        distinct = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        which = torch.tensor([distinct[key] for key in keys], device=self.device)
        layers = iter(range(len(keys[0][1])))

        def masks(width: int, batch: int) -> Tensor:
            layer = next(layers)
            drawn = torch.stack(list(self._draw(distinct, layer, (batch, width), dtype))).mT
            return drawn if len(drawn) == len(keys) else drawn[which]

        return masks

    def _draw(self, keys, layer: int, shape, dtype: torch.dtype) -> Iterator[Tensor]:
        for key in keys:
            rate = key[1][layer]
            factors = torch.ones(shape, dtype=dtype, device=self.device)
            if rate > 0:
                factors.bernoulli_(1 - rate, generator=self.generators[key]).div_(1 - rate)
            yield factors
