"""The stacked engine against the plain loop: what one does, the other does."""

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from labkit.nets.mlp import MLP
from labkit.nets.stacked import Member, StackedMLP, train_stacked
from labkit.nets.training import (
    OPTIMIZERS,
    TrainingConfig,
    Watched,
    class_accuracy,
    directional_accuracy,
    seeded,
    train,
)

N_ROWS, N_FEATURES, N_CLASSES = 330, 5, 3
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4}
# In float32 a rounding error can carry a pre-activation across the kink of a ReLU.
SMOOTH = {torch.float64: "relu", torch.float32: "silu"}


def data(task: str, dtype=torch.float64, n_rows: int = N_ROWS):
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(n_rows, N_FEATURES, generator=generator, dtype=torch.float64)
    signal = X[:, :1] * X[:, 1:2] + X[:, 2:3].sin()
    if task == "squared_error":
        return X.to(dtype), signal.to(dtype)
    y = torch.bucketize(signal.squeeze(1), torch.tensor([-0.5, 0.7], dtype=torch.float64))
    return X.to(dtype), y


def network(task: str, seed: int, dtype=torch.float64, **parameters) -> MLP:
    n_outputs = 1 if task == "squared_error" else N_CLASSES
    with seeded(seed):
        return MLP(N_FEATURES, n_outputs, **{"hidden_sizes": (16, 8), **parameters}).to(dtype)


def plain_loss(task: str, **options):
    return nn.MSELoss() if task == "squared_error" else nn.CrossEntropyLoss(**options)


def difference(one: nn.Module, other: nn.Module) -> float:
    """The largest difference in any weight or buffer."""
    a, b = one.state_dict(), other.state_dict()
    assert a.keys() == b.keys()
    gaps = [(a[name].double() - b[name].double()).abs() for name in a]
    both_nan = [a[name].isnan() & b[name].isnan() for name in a]
    return max(g.masked_fill(nan, 0).max().item() for g, nan in zip(gaps, both_nan, strict=True))


def run_plain(members, X, y, task, watch=None, **options):
    trained = []
    for member in members:
        model = copy.deepcopy(member.model)
        rows = slice(None) if member.rows is None else member.rows
        history = train(
            model,
            X[rows],
            y[rows],
            loss=plain_loss(task, **options),
            config=member.config,
            watch=watch,
        )
        trained.append((model, history))
    return trained


def assert_parity(members, X, y, task, watch=None, **options):
    stacked = train_stacked(members, X, y, loss=task, watch=watch)
    plain = run_plain(members, X, y, task, watch, **options)
    for one, (model, history) in zip(stacked, plain, strict=True):
        assert difference(one.model, model) < TOLERANCE[X.dtype]
        pd.testing.assert_frame_equal(
            one.history.table, history.table, rtol=10 * TOLERANCE[X.dtype], check_exact=False
        )
        assert one.history[1:] == history[1:]
    return stacked


def varied(
    task, optimizer, dtype=torch.float64, *, n=4, epochs=40, model=(), decay=False, schedule=False
):
    """Members that differ in all that those of a stack may; 40 epochs × 5 batches = 200 steps."""
    return [
        Member(
            model=network(task, seed=10 + i, dtype=dtype, **dict(model)),
            config=TrainingConfig(
                optimizer=optimizer,
                learning_rate=[3e-3, 1e-3, 3e-3, 1e-2][i % 4]
                / (5 if optimizer == "rmsprop" else 1),
                momentum=[0.9, 0.0, 0.5, 0.9][i % 4],
                weight_decay=[0.0, 1e-2, 1e-3, 0.0][i % 4] if decay else 0.0,
                batch_size=64,
                epochs=epochs,
                schedule=[None, "one_cycle", "cosine", None][i % 4] if schedule else None,
                seed=20 + i,
            ),
        )
        for i in range(n)
    ]


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("task", ["squared_error", "cross_entropy"])
def test_weights_equal_after_200_steps(task, optimizer, batch_norm, dtype):
    X, y = data(task, dtype)
    model = {"batch_norm": batch_norm, "activation": SMOOTH[dtype]}
    assert_parity(
        varied(task, optimizer, dtype, decay=True, schedule=True, model=model), X, y, task
    )


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "silu"])
def test_every_activation(activation):
    X, y = data("squared_error")
    assert_parity(
        varied("squared_error", "adam", model={"activation": activation}), X, y, "squared_error"
    )


@pytest.mark.parametrize("hidden_sizes", [(), (4,), (8, 16, 8)])
def test_every_depth(hidden_sizes):
    X, y = data("cross_entropy")
    members = varied("cross_entropy", "sgd", model={"hidden_sizes": hidden_sizes})
    assert_parity(members, X, y, "cross_entropy")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch_norm", [False, True])
def test_dropout_draws_the_masks_of_a_plain_run(batch_norm, dtype):
    X, y = data("cross_entropy", dtype)
    model = {"batch_norm": batch_norm, "activation": SMOOTH[dtype]}
    members = [
        Member(
            model=network("cross_entropy", i, dtype, dropout=rate, **model),
            config=TrainingConfig(epochs=40, seed=seed),
        )
        for i, (rate, seed) in enumerate([(0.1, 1), (0.5, 1), (0.5, 1), (0.5, 2)])
    ]
    assert_parity(members, X, y, "cross_entropy")


def test_periodic_embedding():
    X, y = data("cross_entropy")
    members = varied("cross_entropy", "adamw", model={"embedding_scale": 0.5}, decay=True)
    assert_parity(members, X, y, "cross_entropy")


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_class_weights_and_watched_sets(optimizer, dtype):
    X, y = data("cross_entropy", dtype)
    weight = torch.tensor([0.2, 1.0, 3.0], dtype=dtype)
    members = [
        Member(model=m.model, config=m.config, class_weight=weight)
        for m in varied("cross_entropy", optimizer, dtype, model={"activation": SMOOTH[dtype]})
    ]
    watch = {"train": Watched(X, y, class_accuracy(y)), "other": Watched(X[:50], y[:50])}
    assert_parity(members, X, y, "cross_entropy", watch, weight=weight)


def test_label_smoothing_of_each_member():
    X, y = data("cross_entropy")
    members = varied("cross_entropy", "adam", epochs=8)
    shares = [0.0, 0.1, 0.3, 0.0]
    smoothed = [
        Member(model=m.model, config=m.config, label_smoothing=share)
        for m, share in zip(members, shares, strict=True)
    ]
    watch = {"train": Watched(X, y)}
    stacked = train_stacked(smoothed, X, y, loss="cross_entropy", watch=watch)
    for member, share, one in zip(members, shares, stacked, strict=True):
        [(model, history)] = run_plain(
            [member], X, y, "cross_entropy", watch, label_smoothing=share
        )
        assert difference(one.model, model) < 1e-9
        assert np.allclose(one.history.table, history.table, rtol=1e-9)


def test_weights_of_rows_are_repetitions():
    """A row of weight two counts as if it were there twice."""
    X, y = data("squared_error", n_rows=40)
    weights = torch.ones(40, dtype=X.dtype)
    weights[:10] = 2
    twice = torch.cat([torch.arange(40), torch.arange(10)])
    config = TrainingConfig(batch_size=100, epochs=30)
    members = [
        Member(model=network("squared_error", 0), config=config, weights=weights),
        Member(model=network("squared_error", 0), config=config, rows=twice),
        Member(model=network("squared_error", 0), config=config),
    ]
    weighted, repeated, plain = train_stacked(members, X, y, loss="squared_error")
    assert difference(weighted.model, repeated.model) < 1e-9
    assert difference(weighted.model, plain.model) > 1e-4


@pytest.mark.parametrize("batch_norm", [False, True])
def test_folds_of_unequal_size(batch_norm):
    """Also where a last batch of one row joins the one before: 257 = 4 × 64 + 1."""
    X, y = data("cross_entropy")
    rows = [torch.arange(330), torch.arange(257), torch.arange(40, 296), torch.arange(0, 300, 10)]
    members = [
        Member(
            model=network("cross_entropy", i, batch_norm=batch_norm, dropout=0.2),
            config=TrainingConfig(optimizer=name, epochs=6, seed=3, schedule="cosine"),
            rows=own,
        )
        for i, own in enumerate(rows)
        for name in ("sgd", "adam")
    ]
    assert_parity(members, X, y, "cross_entropy", {"all": Watched(X, y)})


def test_the_training_loss_is_a_members_own_whatever_rows_its_company_has():
    X, y = data("squared_error")
    members = [
        Member(
            model=network("squared_error", i),
            config=TrainingConfig(epochs=2, learning_rate=1e-9),
            rows=torch.arange(count),
        )
        for i, count in enumerate([330, 200, 100])
    ]
    trained = train_stacked(members, X, y, loss="squared_error")
    for member, one in zip(members, trained, strict=True):
        loss = nn.functional.mse_loss(member.model(X[member.rows]), y[member.rows])
        assert one.training_loss == pytest.approx(loss.item(), rel=1e-6)


def test_members_of_many_shapes_come_back_in_order():
    X, y = data("squared_error")
    members = [
        Member(
            model=network("squared_error", i, hidden_sizes=sizes),
            config=TrainingConfig(optimizer=name, batch_size=size, epochs=epochs, seed=i),
        )
        for i, (sizes, name, size, epochs) in enumerate(
            [
                ((8,), "adam", 64, 3),
                ((4, 4), "sgd", 64, 2),
                ((8,), "sgd", 32, 4),
                ((8,), "sgd", 64, 5),
            ]
        )
    ]
    assert_parity(members, X, y, "squared_error")


def test_early_stopping_restores_the_best_epoch_of_each():
    X, y = data("squared_error")
    watch = {
        "train": Watched(X[:200], y[:200]),
        "validation": Watched(X[200:], y[200:], directional_accuracy(y[200:], X[200:, :1])),
    }
    members = [
        Member(
            model=network("squared_error", i, batch_norm=i > 3),
            config=TrainingConfig(
                optimizer=["adam", "sgd"][i % 2],
                learning_rate=rate,
                epochs=40,
                seed=i,
                batch_size=32,
                patience=[2, 4, None][i % 3],
            ),
            rows=torch.arange(200),
        )
        for i, rate in enumerate([0.02, 0.05, 0.003, 0.02, 0.03, 0.02])
    ]
    stacked = assert_parity(members, X, y, "squared_error", watch)
    lengths = {len(t.history.table) for t in stacked}
    assert len(lengths) > 2, "the members were meant to stop at different epochs"


def test_own_validation_rows_do_what_a_watched_set_does():
    X, y = data("squared_error")
    rows, validation = torch.arange(200), torch.arange(200, 330)
    config = TrainingConfig(learning_rate=0.02, epochs=40, patience=3)
    member = Member(
        model=network("squared_error", 0), config=config, rows=rows, validation=validation
    )
    [one] = train_stacked([member], X, y, loss="squared_error")
    watch = {"validation": Watched(X[200:], y[200:])}
    [(model, history)] = run_plain([member], X, y, "squared_error", watch)
    assert difference(one.model, model) < 1e-9
    assert one.history.best_epoch == history.best_epoch < 40


def test_snapshots_are_what_a_shorter_run_ends_with():
    X, y = data("cross_entropy")
    long = [
        Member(model=m.model, config=m.config, snapshots=(2, 5))
        for m in varied("cross_entropy", "adam", epochs=8, model={"batch_norm": True})
    ]
    trained = train_stacked(long, X, y, loss="cross_entropy")
    for epochs in (2, 5):
        short = varied("cross_entropy", "adam", epochs=epochs, model={"batch_norm": True})
        for one, (model, _) in zip(trained, run_plain(short, X, y, "cross_entropy"), strict=True):
            snapshot = one.snapshots[epochs]
            assert difference(snapshot.model, model) < 1e-9
            assert math.isfinite(snapshot.training_loss)


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_who_goes_on_from_a_checkpoint_ends_where_one_run_does(optimizer, batch_norm):
    """In other company, on fewer places, after a way through another process."""
    X, y = data("cross_entropy")
    rows = [torch.arange(300), torch.arange(20, 330), torch.arange(300), torch.arange(330)]
    model = {"dropout": 0.3, "batch_norm": batch_norm}
    members = [
        replace(member, rows=own)
        for member, own in zip(
            varied("cross_entropy", optimizer, epochs=12, decay=True, model=model),
            rows,
            strict=True,
        )
    ]
    whole = train_stacked(members, X, y, loss="cross_entropy")
    short = [replace(m, config=replace(m.config, epochs=5), goes_on=True) for m in members]
    first = train_stacked(short, X, y, loss="cross_entropy")
    assert whole[0].checkpoint is None and first[0].checkpoint.epoch == 5
    stands = pickle.loads(pickle.dumps([trained.checkpoint for trained in first]))
    on = [replace(members[i], start=stands[i], snapshots=(7, 12)) for i in (3, 1)]
    second = train_stacked([*on, members[2]], X, y, loss="cross_entropy")
    for trained, i in zip(second, (3, 1, 2), strict=True):
        assert difference(trained.model, whole[i].model) < 1e-12
        assert trained.training_loss == pytest.approx(whole[i].training_loss, abs=1e-12)
    assert second[0].history.table["epoch"].tolist() == list(range(6, 13))
    assert sorted(second[0].snapshots) == [7, 12]


def test_bad_checkpoints_are_named():
    X, y = data("squared_error")
    (member,) = varied("squared_error", "adam", n=1, epochs=2)
    (trained,) = train_stacked([replace(member, goes_on=True)], X, y, loss="squared_error")
    with pytest.raises(ValueError, match="has 2 epochs behind it; epochs is 2, expected more"):
        again = replace(member, start=trained.checkpoint)
        train_stacked([again], X, y, loss="squared_error")
    with pytest.raises(ValueError, match="has a patience of 3.*leave out start and goes_on"):
        patient = replace(member.config, patience=3)
        stopped = replace(member, config=patient, validation=torch.arange(5), goes_on=True)
        train_stacked([stopped], X, y, loss="squared_error")


def test_a_diverging_member_leaves_the_others_untouched():
    X, y = data("squared_error")
    quiet = varied("squared_error", "sgd", epochs=6, model={"batch_norm": False})
    wild = Member(
        model=network("squared_error", 9),
        config=TrainingConfig(optimizer="sgd", learning_rate=1e6, epochs=6),
    )
    alone = train_stacked(quiet, X, y, loss="squared_error")
    together = train_stacked([*quiet[:2], wild, *quiet[2:]], X, y, loss="squared_error")
    diverged = together.pop(2)
    assert not math.isfinite(diverged.training_loss)
    for a, b in zip(alone, together, strict=True):
        assert difference(a.model, b.model) < 1e-12
        assert math.isfinite(b.training_loss)


def test_a_watched_member_stops_where_its_loss_is_not_finite():
    X, y = data("squared_error")
    members = [
        Member(
            model=network("squared_error", 0),
            config=TrainingConfig(optimizer="sgd", learning_rate=rate, epochs=6),
        )
        for rate in (1e-3, 1e6)
    ]
    assert_parity(members, X, y, "squared_error", {"train": Watched(X, y)})


def test_company_and_chunk_do_not_matter():
    X, y = data("cross_entropy")
    members = varied("cross_entropy", "adam", n=7, epochs=5, model={"dropout": 0.3})
    whole = train_stacked(members, X, y, loss="cross_entropy")
    parts = train_stacked(members, X, y, loss="cross_entropy", chunk=3)
    alone = [train_stacked([m], X, y, loss="cross_entropy")[0] for m in members]
    for a, b, c in zip(whole, parts, alone, strict=True):
        assert difference(a.model, b.model) < 1e-12
        assert difference(a.model, c.model) < 1e-12


def test_stacking_and_unstacking_change_nothing():
    modules = [network("cross_entropy", i, batch_norm=True) for i in range(3)]
    X, _ = data("cross_entropy")
    for module in modules:
        module(X)
    stack = StackedMLP.from_modules(modules)
    for module, back in zip(modules, stack.to_modules(), strict=True):
        assert difference(module.eval(), back) < 1e-15 or module[1].num_batches_tracked == 1
    outputs = torch.stack([module.eval()(X) for module in modules])
    assert torch.allclose(stack.outputs(X), outputs, atol=1e-12)
    each = torch.stack([X, 2 * X, 3 * X])
    outputs = torch.stack([module(x) for module, x in zip(modules, each, strict=True)])
    assert torch.allclose(stack.outputs(each), outputs, atol=1e-12)


def test_many_rows_are_evaluated_in_parts(monkeypatch):
    monkeypatch.setattr("labkit.nets.stacked.network.EVALUATION_NUMBERS", 1000)
    modules = [network("cross_entropy", i) for i in range(3)]
    X, _ = data("cross_entropy")
    outputs = torch.stack([module(X) for module in modules])
    assert torch.allclose(StackedMLP.from_modules(modules).outputs(X), outputs, atol=1e-12)


def test_progress_counts_every_epoch_of_every_member():
    X, y = data("squared_error")
    counts = []
    members = varied("squared_error", "adam", epochs=3) + varied("squared_error", "adam", epochs=5)
    train_stacked(members, X, y, loss="squared_error", on_epoch=counts.append)
    assert counts == [8, 8, 8, 4, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": TrainingConfig(optimizer="adagrad")}, "optimizer is 'adagrad'"),
        ({"config": TrainingConfig(schedule="linear")}, "schedule is 'linear'"),
        ({"config": TrainingConfig(patience=2)}, "early stopping"),
        ({"rows": torch.arange(N_ROWS + 1)}, "rows are 0 to 330"),
        ({"rows": torch.arange(0)}, "rows are none"),
        ({"weights": torch.ones(3)}, "weights have the shape"),
        ({"class_weight": torch.ones(3)}, "class_weight is for classes"),
        ({"label_smoothing": 0.1}, "label_smoothing is for classes"),
        ({"model": nn.Sequential(nn.Linear(5, 4), nn.Softsign())}, "no stacked counterpart"),
    ],
)
def test_bad_members_are_named(change, message):
    X, y = data("squared_error")
    parts = {"model": network("squared_error", 0), "config": TrainingConfig(epochs=1), **change}
    with pytest.raises((ValueError, TypeError), match=message):
        train_stacked([Member(**parts)], X, y, loss="squared_error")


def test_bad_targets_and_losses_are_named():
    X, y = data("cross_entropy")
    member = Member(model=network("cross_entropy", 0), config=TrainingConfig(epochs=1))
    with pytest.raises(ValueError, match="loss is 'hinge'"):
        train_stacked([member], X, y, loss="hinge")
    with pytest.raises(ValueError, match="numbers from 0 to 2"):
        train_stacked([member], X, y + 1, loss="cross_entropy")
    with pytest.raises(ValueError, match="one shape"):
        StackedMLP.from_modules([network("cross_entropy", 0), network("squared_error", 0)])
    with pytest.raises(ValueError, match="more than one row"):
        alone = Member(
            model=network("cross_entropy", 0, batch_norm=True),
            config=TrainingConfig(epochs=1, batch_size=1),
        )
        train_stacked([alone], X, y, loss="cross_entropy")
