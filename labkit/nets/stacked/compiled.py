"""Stacks whose members train one after the other in `labkit.nets.stacked.kernel`.

Where numba is not installed, and for layers that the kernel does not know, PyTorch trains the stack
as before: `labkit.nets.stacked.stack` asks here first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import groupby
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
import torch
from rtdl_num_embeddings import PeriodicEmbeddings
from threadpoolctl import ThreadpoolController
from torch import Tensor, nn

from labkit.nets.stacked import optimizers
from labkit.nets.stacked.counterparts import layers_of
from labkit.nets.stacked.dropout import DropoutMasks
from labkit.nets.stacked.losses import CrossEntropy, Loss
from labkit.nets.stacked.network import StackedMLP
from labkit.nets.stacked.rows import Rows
from labkit.nets.stacked.standing import Run, Standing

MASK_NUMBERS = 2**18
"""Dropout factors drawn at once, about: they are read while they are still in the cache."""


@cache
def kernel() -> ModuleType | None:
    """The compiled code; None where numba is not installed."""
    try:
        from labkit.nets.stacked import kernel as compiled_steps
    except ImportError:
        return None
    return compiled_steps


def trains_compiled(device: str | torch.device = "cpu") -> bool:
    """Whether stacks on a device are trained by compiled code, beside which other threads run."""
    return kernel() is not None and torch.device(device).type == "cpu"


def compile_ahead(*dtypes: str) -> None:
    """Compile the kernel for ``float32``, ``float64`` or both; load it where it is kept on disk.

    It takes seconds, which otherwise the first training takes longer.
    """
    k = kernel()
    if k is None:
        return
    for dtype in dtypes:
        row, numbers, nothing = np.zeros((1, 1), dtype), np.zeros((2, 2), dtype), np.empty(0, dtype)
        k.train_batches(
            np.array([[k.LINEAR, 1, 1, 0, 0, 0, 1]]), np.zeros((1, 2)), k.SQUARED_ERROR, k.SGD,
            (0.0, 0.0, 0.0), np.ones(1), 0, numbers[0], numbers[0], numbers[0], nothing,
            row, row, nothing, np.zeros(1, int), np.arange(2), nothing, numbers, numbers[0],
            nothing, numbers, True,
        )  # fmt: skip


class _OneBlasThread:
    """BLAS on one thread for as long as any thread is inside: the setting is the process's."""

    def __init__(self) -> None:
        self.lock, self.inside = Lock(), 0
        self.limits: Any = None

    @cached_property
    def libraries(self) -> ThreadpoolController:
        """All that are loaded; looking for them takes a while."""
        return ThreadpoolController()

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.limits = self.libraries.limit(limits=1, user_api="blas")
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.limits.restore_original_limits()


ONE_BLAS_THREAD = _OneBlasThread()


@dataclass(frozen=True, eq=False)
class Program:
    """What the kernel is told of a network's layers.

    Parameters
    ----------
    layers : ndarray of int, shape (layers, 7)
        See the columns in `labkit.nets.stacked.kernel`.
    constants : ndarray, shape (layers, 2)
    mask_widths : list of int
        Of the dropout layers.
    work, slopes : int
        Numbers that the outputs of all layers take, and the slopes of the widest.
    """

    layers: np.ndarray
    constants: np.ndarray
    mask_widths: list[int]
    work: int
    slopes: int


def program_of(network: StackedMLP, batch: int, X: Tensor) -> Program | None:
    """The program of a stack's networks for batches of so many rows; None for PyTorch's part.

    So it is with a layer unknown here, away from the CPU, and where the features ``X``
    ``(rows, features)`` differ in type from the networks.
    """
    k = kernel()
    if k is None or not trains_compiled(X.device):
        return None
    if X.dtype != network.parameters.dtype or not X.is_contiguous():
        return None
    n_inputs = X.shape[1]
    if not network.buffers:
        batch = min(batch, k.CHUNK)
    simple = {nn.ReLU: k.RELU, nn.Tanh: k.TANH, nn.SiLU: k.SILU, nn.Dropout: k.DROPOUT}
    rows: list[list[int]] = []
    constants: list[tuple[float, float]] = []
    mask_widths: list[int] = []
    width, start, statistics, here, end = n_inputs, 0, 0, 0, n_inputs * batch
    slopes, before = n_inputs, None  # what the layer before is
    for layer in layers_of(network.template):
        constant, own, n_out, room = (0.0, 0.0), 0, width, 0
        shapes = [p.shape for p in layer.parameters()]
        if type(layer) is nn.Linear:
            kind, own, n_out = k.LINEAR, int(layer.bias is not None), layer.out_features
        elif type(layer) is nn.BatchNorm1d:
            kind, own, constant = k.BATCH_NORM, statistics, (layer.momentum or 0.0, layer.eps)
            statistics += 2 * width
        elif type(layer) is PeriodicEmbeddings:
            (_, own), (_, _, size), _ = shapes
            kind, n_out = k.PERIODIC, width * size
            room = 2 * own * width + size
            slopes = max(slopes, 2 * own)
        elif type(layer) in simple:
            kind = simple[type(layer)]
        elif type(layer) is nn.GELU and layer.approximate == "none":
            kind = k.GELU
        elif type(layer) is nn.Flatten:
            continue
        else:
            return None
        if kind == k.DROPOUT:
            own = sum(mask_widths)
            mask_widths.append(width)
        there = end
        if kind in (k.RELU, k.TANH, k.DROPOUT) and before not in (k.TANH, None):
            there = here  # What was there, nothing needs on the way back.
        else:
            end += (n_out + room) * batch
        rows.append([kind, width, n_out, start, own, here, there])
        constants.append(constant)
        start += sum(shape.numel() for shape in shapes)
        width, here, before = n_out, there, kind
        slopes = max(slopes, width)
    return Program(np.array(rows), np.array(constants), mask_widths, end, slopes * batch)


class CompiledSteps:
    """Takes the steps of a stack's members, one member after the other.

    Parameters
    ----------
    program : Program
    rows : Rows
    dropout : DropoutMasks
    loss : a class of `labkit.nets.stacked.losses`
    network : StackedMLP
        With all members: what is needed is its type.
    """

    def __init__(
        self,
        program: Program,
        rows: Rows,
        dropout: DropoutMasks,
        loss: type[Loss],
        network: StackedMLP,
    ):
        self.program, self.rows, self.dropout, self.loss = program, rows, dropout, loss
        dtype = network.parameters.numpy().dtype
        self.gradient = np.empty((2, network.parameters.shape[1]), dtype)
        self.work = np.empty(program.work, dtype)
        self.slopes = np.empty((2, program.slopes), dtype)
        self.moments = np.empty(sum(buffer.shape[1] for buffer in network.buffers), dtype)

    def train_epoch(self, standing: Standing, judged: bool) -> Tensor:
        """Take every batch once; each member's mean loss, not a number if not judged."""
        losses = torch.zeros(len(standing.numbers), dtype=torch.float64)
        with ONE_BLAS_THREAD:
            for _, group in groupby(standing.runs, lambda run: run.n_rows):
                runs = list(group)
                for first, last in self._blocks(runs[0]):
                    masks: dict[Any, np.ndarray] = {}
                    for run, place in [(r, p) for r in runs for p in range(r.start, r.stop)]:
                        number = standing.numbers[place]
                        key = self.dropout.keys[number]
                        if key not in masks:
                            masks[key] = self._masks(number, run.batches[first:last])
                        share = self._train(standing, run, place, (first, last), masks[key], judged)
                        losses[place] += share
                for run in runs:
                    run.optimizer.steps += len(run.batches)
        return losses

    def _blocks(self, run: Run) -> list[tuple[int, int]]:
        """Batches that are taken before another member has its turn: from one to before another."""
        n_batches, size = len(run.batches), len(run.batches)
        if self.program.mask_widths:
            size = max(1, MASK_NUMBERS * n_batches // (run.n_rows * sum(self.program.mask_widths)))
        return [(start, min(start + size, n_batches)) for start in range(0, n_batches, size)]

    def _masks(self, number: int, batches: Sequence[tuple[int, int]]) -> np.ndarray:
        sizes = [stop - start for start, stop in batches]
        return self.dropout.of_batches(number, sizes, self.program.mask_widths).numpy()

    def _train(
        self,
        standing: Standing,
        run: Run,
        place: int,
        block: tuple[int, int],
        masks: np.ndarray,
        judged: bool,
    ) -> float:
        """Train a member with some batches; their part of its mean loss over all rows."""
        k, network, optimizer = kernel(), standing.network, run.optimizer
        assert k is not None, "there is no program without a kernel"
        first, last = block
        own = optimizer.options[place - run.start]
        batches = run.batches[first:last]
        factors = np.ones(len(batches))
        if run.factors is not None:
            taken = slice(optimizer.steps + first, optimizer.steps + last)
            factors = run.factors[taken, place - run.start, 0].double().numpy()
        statistics = np.concatenate([self.moments[:0], *(b[place] for b in network.buffers)])
        order, targets, weights = self.rows.tables(standing.numbers[place])
        total = k.train_batches(
            self.program.layers,
            self.program.constants,
            k.CROSS_ENTROPY if self.loss is CrossEntropy else k.SQUARED_ERROR,
            _rule(optimizer),
            (own["lr"], own["weight_decay"], own.get("momentum", 0.0)),
            factors,
            optimizer.steps + first,
            network.parameters[place].numpy(),
            optimizer.state[0][place - run.start].numpy(),
            optimizer.state[-1][place - run.start].numpy(),
            statistics,
            self.rows.X.numpy(),
            targets.numpy(),
            weights.numpy(),
            order.numpy(),
            np.array([batches[0][0], *(stop for _, stop in batches)]),
            masks,
            self.gradient,
            self.work,
            self.moments,
            self.slopes,
            judged,
        )
        learned = torch.from_numpy(statistics).split([b.shape[1] for b in network.buffers])
        for buffer, values in zip(network.buffers, learned, strict=True):
            buffer[place] = values
        return total / run.n_rows


def _rule(optimizer: optimizers.StackedOptimizer) -> int:
    k = kernel()
    assert k is not None, "there is no program without a kernel"
    rules = {
        optimizers.SGD: k.SGD, optimizers.RMSprop: k.RMSPROP,
        optimizers.Adam: k.ADAM, optimizers.AdamW: k.ADAMW,
    }  # fmt: skip
    return rules[type(optimizer)]
