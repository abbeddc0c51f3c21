"""How the time of one stack grows, and how near it comes to the machine's arithmetic."""

import time
from itertools import pairwise

import pandas as pd
import torch

from labkit.nets.mlp import MLP
from labkit.nets.parallel import one_thread
from labkit.nets.stacked import Member, train_stacked
from labkit.nets.training import TrainingConfig, seeded

N_FEATURES, N_CLASSES = 8, 6

BASE = {"networks": 20, "rows": 6400, "epochs": 2, "width": 64, "batch_size": 128}

AXES = {
    "networks": [5, 10, 20, 40, 80],
    "rows": [3200, 6400, 12800, 25600],
    "epochs": [1, 2, 4, 8],
    "width": [16, 32, 64, 128, 256],
    "batch_size": [32, 64, 128, 256, 1024],
}


def growth(repeats: int = 3) -> pd.DataFrame:
    """Time of a stack along one axis after the other, on one thread.

    Columns: ``axis``, ``value``, ``seconds``, ``us_per_row`` (microseconds per network, row and
    epoch), ``gflops``, ``share`` of the measured rate of a large matrix multiplication.
    """
    with one_thread():
        peak = multiplication_rate()
        rows = []
        for axis, values in AXES.items():
            for value in values:
                case = {**BASE, axis: value}
                seconds = min(_seconds(**case) for _ in range(repeats))
                work = case["networks"] * case["rows"] * case["epochs"]
                rate = work * operations(case["width"]) / seconds
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


def multiplication_rate(n: int = 1536) -> float:
    """Floating-point operations a second of one large multiplication in float32."""
    a, b = torch.randn(n, n), torch.randn(n, n)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        times.append(time.perf_counter() - start)
    return 2 * n**3 / min(times)


def operations(width: int) -> int:
    """Of the matrix products of one row's forward and backward pass through width, width / 2."""
    sizes = [N_FEATURES, width, width // 2, N_CLASSES]
    products = [2 * a * b for a, b in pairwise(sizes)]
    return 3 * sum(products) - products[0]  # nothing is passed back to the features


def _seconds(networks: int, rows: int, epochs: int, width: int, batch_size: int) -> float:
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(rows, N_FEATURES, generator=generator)
    y = torch.randint(0, N_CLASSES, (rows,), generator=generator)
    members = []
    for seed in range(networks):
        with seeded(seed):
            model = MLP(N_FEATURES, N_CLASSES, hidden_sizes=(width, width // 2))
        config = TrainingConfig(batch_size=batch_size, epochs=epochs, learning_rate=1e-3)
        members.append(Member(model=model, config=config))
    start = time.perf_counter()
    train_stacked(members, X, y, loss="cross_entropy", chunk=networks)
    return time.perf_counter() - start
