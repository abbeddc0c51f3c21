"""How the time of one stack grows, and how near it comes to the machine's arithmetic."""

import time
from collections.abc import Sequence
from itertools import pairwise

import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from labkit.nets.mlp import MLP
from labkit.nets.parallel import one_thread
from labkit.nets.stacked import Member, train_stacked
from labkit.nets.training import TrainingConfig, seeded

N_FEATURES, N_CLASSES = 8, 6

BASE = {"networks": 20, "rows": 6400, "epochs": 2, "layers": (64, 32), "batch_size": 128}

AXES = {
    "networks": [5, 10, 20, 40, 80],
    "rows": [3200, 6400, 12800, 25600],
    "epochs": [1, 2, 4, 8],
    "layers": [(32,), (64, 32), (64, 32, 16), (128, 64), (256, 128), (512, 512)],
    "batch_size": [32, 64, 128, 256, 1024],
}


def growth(repeats: int = 3) -> pd.DataFrame:
    """Time of a stack along one axis after the other, on one thread.

    Columns: ``axis``, ``value``, ``seconds``, ``us_per_row`` (microseconds per network, row and
    epoch), ``gflops``, ``share`` of the rate of a large product of matrices, the best measured.
    """
    with one_thread():
        peak = max(multiplication_rates().values())
        rows = []
        for axis, values in AXES.items():
            for value in values:
                case = {**BASE, axis: value}
                seconds = min(_seconds(**case) for _ in range(repeats))
                work = case["networks"] * case["rows"] * case["epochs"]
                rate = work * operations(case["layers"]) / seconds
                rows.append(
                    {
                        "axis": axis,
                        "value": value,
                        "seconds": seconds,
                        "us_per_row": 1e6 * seconds / work,
                        "gflops": rate / 1e9,
                        "share": rate / peak,
                    }
                )
        return pd.DataFrame(rows)


def multiplication_rates(n: int = 1536) -> dict[str, float]:
    """Operations a second of a large product of matrices in float32, by library, on one thread."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    libraries = {"PyTorch": (a, b), "NumPy": (a.numpy(), b.numpy())}
    rates = {}
    with one_thread(), threadpool_limits(1):
        for library, (left, right) in libraries.items():
            times = []
            for _ in range(5):
                start = time.perf_counter()
                left @ right
                times.append(time.perf_counter() - start)
            rates[library] = 2 * n**3 / min(times)
    return rates


def operations(layers: Sequence[int]) -> int:
    """Of the matrix products of one row's forward and backward pass through hidden layers."""
    sizes = [N_FEATURES, *layers, N_CLASSES]
    products = [2 * a * b for a, b in pairwise(sizes)]
    return 3 * sum(products) - products[0]  # nothing is passed back to the features


def _seconds(
    networks: int, rows: int, epochs: int, layers: Sequence[int], batch_size: int
) -> float:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(rows, N_FEATURES, generator=generator)
    y = torch.randint(0, N_CLASSES, (rows,), generator=generator)
    members = []
    for seed in range(networks):
        with seeded(seed):
            model = MLP(N_FEATURES, N_CLASSES, hidden_sizes=layers)
        config = TrainingConfig(batch_size=batch_size, epochs=epochs, learning_rate=1e-3)
        members.append(Member(model=model, config=config))
    start = time.perf_counter()
    train_stacked(members, X, y, loss="cross_entropy", chunk=networks)
    return time.perf_counter() - start
