"""The compiled kernel against PyTorch's stack and the plain loop: any layers, any training."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import Parallel, delayed
from threadpoolctl import threadpool_info, threadpool_limits
from torch import nn

from labkit.nets.mlp import MLP
from labkit.nets.stacked import Member, compiled, stack, train_stacked
from labkit.nets.training import OPTIMIZERS, TrainingConfig, seeded, train

kernel = pytest.importorskip("labkit.nets.stacked.kernel")

N_ROWS, N_FEATURES, N_CLASSES = 150, 5, 3


members = st.fixed_dictionaries(
    {
        "optimizer": st.sampled_from(list(OPTIMIZERS)),
        "momentum": st.sampled_from([0.0, 0.9]),
        "weight_decay": st.sampled_from([0.0, 0.01]),
        "schedule": st.sampled_from([None, "one_cycle", "cosine"]),
        "batch_size": st.sampled_from([7, 64, 149, 1000]),
        "epochs": st.integers(1, 4),
        "seed": st.integers(0, 3),
    }
)
networks = st.fixed_dictionaries(
    {
        "hidden_sizes": st.sampled_from([(), (1,), (9,), (16, 8), (4, 4, 4)]),
        "activation": st.sampled_from(["relu", "tanh", "silu", "gelu"]),
        "dropout": st.sampled_from([0.0, 0.3]),
        "batch_norm": st.booleans(),
        "embedding_scale": st.sampled_from([None, 0.5]),
    }
)


def data(task, dtype):
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(N_ROWS, N_FEATURES, generator=generator, dtype=torch.float64)
    signal = X[:, :1] * X[:, 1:2] + X[:, 2:3].sin()
    if task == "squared_error":
        return X.to(dtype), signal.to(dtype)
    return X.to(dtype), torch.bucketize(signal.squeeze(1), torch.tensor([-0.5, 0.7]).double())


def by_pytorch(*arguments, **options):
    """`train_stacked` without the kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack, "program_of", lambda *_: None)
        return train_stacked(*arguments, **options)


def gap(one, other):
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max((a.double() - b.double()).abs().max().item() for a, b in pairs)


@pytest.mark.parametrize("task", ["squared_error", "cross_entropy"])
@settings(max_examples=40, deadline=None)
@given(options=networks, configs=st.lists(members, min_size=1, max_size=4), extras=st.booleans())
def test_kernel_stack_and_plain_loop_agree(task, options, configs, extras):
    X, y = data(task, torch.float64)
    n_outputs = 1 if task == "squared_error" else N_CLASSES
    own = []
    for i, config in enumerate(configs):
        with seeded(i):
            model = MLP(N_FEATURES, n_outputs, **options).double()
        own.append(
            Member(
                model=model,
                config=TrainingConfig(**{**config, "learning_rate": 1e-3}),
                rows=torch.arange(N_ROWS - 7 * i),
                weights=torch.linspace(0.5, 2, N_ROWS).double() if extras else None,
                label_smoothing=0.1 if extras and task == "cross_entropy" else 0.0,
                snapshots=(1,),
            )
        )
    compiled_ones = train_stacked(own, X, y, loss=task)
    for member, one, other in zip(
        own, compiled_ones, by_pytorch(own, X, y, loss=task), strict=True
    ):
        assert gap(one.model, other.model) < 1e-9
        assert gap(one.snapshots[1].model, other.snapshots[1].model) < 1e-9
        assert one.training_loss == pytest.approx(other.training_loss, rel=1e-9)
        if not extras:
            model = copy.deepcopy(member.model)
            loss = nn.MSELoss() if task == "squared_error" else nn.CrossEntropyLoss()
            train(model, X[member.rows], y[member.rows], loss=loss, config=member.config)
            assert gap(one.model, model) < 1e-9


@settings(max_examples=30, deadline=None)
@given(options=networks, config=members)
def test_in_single_precision_predictions_agree(options, config):
    """SGD: others divide a gradient by its own size, and one that is all rounding goes anywhere."""
    X, y = data("cross_entropy", torch.float32)
    with seeded(0):
        model = MLP(N_FEATURES, N_CLASSES, **{**options, "activation": "silu"})
    config = TrainingConfig(**{**config, "optimizer": "sgd", "learning_rate": 1e-3})
    [one] = train_stacked([Member(model=model, config=config)], X, y, loss="cross_entropy")
    [other] = by_pytorch([Member(model=model, config=config)], X, y, loss="cross_entropy")
    with torch.no_grad():
        difference = one.model.eval()(X) - other.model.eval()(X)
    assert difference.abs().max() < 1e-4


def test_company_does_not_change_a_bit():
    X, y = data("cross_entropy", torch.float32)
    own = []
    for i in range(5):
        with seeded(i):
            model = MLP(N_FEATURES, N_CLASSES, dropout=0.2)
        own.append(Member(model=model, config=TrainingConfig(epochs=3, seed=i)))
    together = train_stacked(own, X, y, loss="cross_entropy")
    for member, one in zip(own, together, strict=True):
        [alone] = train_stacked([member], X, y, loss="cross_entropy")
        assert gap(one.model, alone.model) == 0


def test_where_features_and_weights_differ_in_type_pytorch_trains():
    X, _ = data("cross_entropy", torch.float64)
    network = stack.StackedMLP.from_modules([MLP(N_FEATURES, N_CLASSES).double()])
    assert compiled.program_of(network, 64, X) is not None
    assert compiled.program_of(network, 64, X.float()) is None


def blas_threads():
    return {own["num_threads"] for own in threadpool_info() if own["user_api"] == "blas"}


def test_blas_gets_its_threads_back_when_the_last_thread_is_done():
    with threadpool_limits(2, user_api="blas"):
        within, before = compiled.ONE_BLAS_THREAD, blas_threads()
        with within:
            with within:
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == before


def test_threads_beside_each_other_train_as_one():
    X, y = data("cross_entropy", torch.float32)
    own = []
    for i in range(16):
        with seeded(i):
            model = MLP(N_FEATURES, N_CLASSES, dropout=0.2, batch_norm=True)
        own.append(Member(model=model, config=TrainingConfig(epochs=3, seed=i)))

    def train_one(member):
        [trained] = train_stacked([member], X, y, loss="cross_entropy")
        return trained

    beside = Parallel(4, prefer="threads")(delayed(train_one)(member) for member in own)
    for one, other in zip(beside, train_stacked(own, X, y, loss="cross_entropy"), strict=True):
        assert gap(one.model, other.model) == 0


def test_what_is_compiled_ahead_is_what_training_calls():
    compiled.compile_ahead("float32")
    X, y = data("cross_entropy", torch.float32)
    train_stacked(
        [
            Member(model=MLP(N_FEATURES, N_CLASSES, dropout=0.1), config=TrainingConfig(epochs=1)),
            Member(
                model=MLP(N_FEATURES, N_CLASSES, batch_norm=True),
                config=TrainingConfig(epochs=1),
                weights=torch.ones(N_ROWS),
                rows=torch.arange(9),
            ),
        ],
        X,
        y,
        loss="cross_entropy",
    )
    singles = [own for own in kernel.train_batches.signatures if "float32" in str(own)]
    assert len(singles) == 1


def test_without_numba_pytorch_trains(monkeypatch):
    monkeypatch.setattr(compiled, "kernel", lambda: None)
    X, y = data("squared_error", torch.float64)
    with seeded(0):
        model = MLP(N_FEATURES, 1).double()
    [one] = train_stacked(
        [Member(model=model, config=TrainingConfig(epochs=2))], X, y, loss="squared_error"
    )
    assert np.isfinite(one.training_loss)


def test_a_diverging_member_is_noticed():
    X, y = data("squared_error", torch.float32)
    with seeded(0):
        model = MLP(N_FEATURES, 1)
    config = TrainingConfig(optimizer="sgd", learning_rate=1e6, epochs=4)
    quiet = dataclasses.replace(config, learning_rate=1e-3)
    wild, tame = train_stacked(
        [Member(model=model, config=c) for c in (config, quiet)], X, y, loss="squared_error"
    )
    assert not np.isfinite(wild.training_loss) and np.isfinite(tame.training_loss)


def test_in_single_precision_it_strays_from_double_precision_no_more_than_pytorch_does():
    """Rounding grows step by step, most of all where Adam divides a small gradient by its size."""
    config = TrainingConfig(epochs=10, learning_rate=3e-3, batch_size=32)
    strayed = {"kernel": [], "pytorch": []}
    for seed in range(8):
        with seeded(seed):
            model = MLP(N_FEATURES, N_CLASSES, hidden_sizes=(64, 64), dropout=0.2)
        exact, exact_y = data("cross_entropy", torch.float64)
        member = Member(model=copy.deepcopy(model).double(), config=config)
        [truth] = train_stacked([member], exact, exact_y, loss="cross_entropy")
        X, y = data("cross_entropy", torch.float32)
        for who, by in (("kernel", train_stacked), ("pytorch", by_pytorch)):
            [one] = by([Member(model=model, config=config)], X, y, loss="cross_entropy")
            strayed[who].append(gap(one.model, truth.model))
    kernels, pytorchs = (np.log(own).mean() for own in strayed.values())
    assert kernels < pytorchs + np.log(2)
