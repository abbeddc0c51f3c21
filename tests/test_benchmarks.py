"""The benchmark's own parts: what is compared must be comparable."""

import os
import subprocess
import sys

import numpy as np
import torch
from sklearn.metrics import get_scorer
from sklearn.model_selection import ParameterGrid
from skorch.dataset import Dataset

from benchmarks.__main__ import race
from benchmarks.contenders import (
    CONTENDERS,
    N_CLASSES,
    N_FEATURES,
    SCORING,
    SIZES,
    ReadyBatches,
    Size,
    data,
)
from benchmarks.growth import operations
from labkit.place import ROOT


def test_ready_batches_bring_every_row_once():
    X = np.arange(20, dtype="float32").reshape(10, 2)
    batches = list(ReadyBatches(Dataset(X, np.arange(10)), batch_size=4, shuffle=True))
    assert [len(rows) for rows, _ in batches] == [4, 4, 2]
    labels = torch.cat([y for _, y in batches])
    assert sorted(labels.tolist()) == list(range(10))
    assert torch.equal(torch.cat([rows for rows, _ in batches])[:, 0], 2.0 * labels)


def test_data_have_every_class_and_the_size_that_is_named():
    for size in SIZES.values():
        X, y = data(size)
        assert X.shape == (size.rows, N_FEATURES)
        assert set(y) == set(range(N_CLASSES))
        assert f"{len(ParameterGrid(size.grid))} candidates" in size.describe()
    assert get_scorer(SCORING)


def test_operations_are_those_of_three_products_a_layer_but_the_first():
    forward = 2 * (8 * 64 + 64 * 32 + 32 * 6)
    assert operations((64, 32)) == 3 * forward - 2 * 8 * 64


def test_scikit_learns_network_is_compared_on_the_candidates_that_it_knows():
    of = {name: contender.grid(SIZES["small"]) for name, contender in CONTENDERS.items()}
    names = [name for name, grid in of.items() if grid["optimizer"] != ["sgd", "adam", "rmsprop"]]
    assert len(names) == 2
    assert of[names[0]] == of[names[1]]


def test_a_race_is_run_for_equal_fits():
    size = Size(200, {**SIZES["tiny"].grid, "epochs": [1], "learning_rate": [1e-3]})
    table = race(size)
    assert list(table["fits"]) == [15, 15, 15, 15, 10, 10]
    assert table["times faster"].iloc[0] == 1
    assert (table["best macro-F1"].between(0, 1)).all()


def test_a_size_that_there_is_not_is_refused_with_all_that_there_are():
    command = [sys.executable, "-m", "labkit", "bench", "--size", "huge"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "LABKIT_NO_VENV": "1"}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert all(f"'{name}'" in done.stderr for name in SIZES)
