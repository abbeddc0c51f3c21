"""The benchmark's own parts: what is compared must be comparable."""

import numpy as np
import torch
from sklearn.metrics import get_scorer
from sklearn.model_selection import ParameterGrid
from skorch.dataset import Dataset

from benchmarks.contenders import N_CLASSES, N_FEATURES, SCORING, SIZES, ReadyBatches, data
from benchmarks.growth import operations


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
    assert operations(64) == 3 * forward - 2 * 8 * 64
