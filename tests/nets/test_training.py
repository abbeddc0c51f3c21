"""The plain loop, against a loop written out here and against known answers."""

import math
import pickle
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from labkit.nets.mlp import MLP
from labkit.nets.schedules import learning_rate_factor
from labkit.nets.training import (
    OPTIMIZERS,
    TrainingConfig,
    Watched,
    batches,
    class_accuracy,
    count_batches,
    directional_accuracy,
    observe,
    seeded,
    train,
)


@pytest.fixture(scope="module")
def data():
    generator = torch.Generator().manual_seed(0)
    X = torch.randn(130, 4, generator=generator, dtype=torch.float64)
    return X, (X[:, :1] * X[:, 1:2] + 0.5 * X[:, 2:3]).sin()


def network(**options):
    with seeded(7):
        return MLP(4, 1, hidden_sizes=(8, 6), **options).double()


def weights(model):
    return torch.cat([p.detach().ravel() for p in model.parameters()])


def fit(data, model=None, watch=None, loss=None, **options):
    model = model or network()
    config = TrainingConfig(**{"epochs": 3, "batch_size": 32, "seed": 5, **options})
    return model, train(model, *data, loss=loss or nn.MSELoss(), config=config, watch=watch)


OPTIONS = {
    "sgd": {"lr": 0.01, "momentum": 0.9},
    "adam": {"lr": 0.01},
    "adamw": {"lr": 0.01},
    "rmsprop": {"lr": 0.01},
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("weight_decay", [0.0, 0.05])
def test_the_loop_is_the_textbooks(data, optimizer, weight_decay):
    X, y = data
    expected = network()
    steps = getattr(torch.optim, {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}.get(
        optimizer, "RMSprop"
    ))(expected.parameters(), weight_decay=weight_decay, **OPTIONS[optimizer])  # fmt: skip
    generator = torch.Generator().manual_seed(5)
    for _ in range(3):
        for rows in torch.randperm(130, generator=generator).split(32):
            steps.zero_grad()
            ((expected(X[rows]) - y[rows]) ** 2).mean().backward()
            steps.step()
    model, _ = fit(data, optimizer=optimizer, learning_rate=0.01, weight_decay=weight_decay)
    torch.testing.assert_close(weights(model), weights(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.3}, {"batch_norm": True}])
def test_the_same_seed_gives_the_same_weights_and_another_does_not(data, options):
    first, again, other = (
        weights(fit(data, network(**options), seed=seed)[0]) for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_training_leaves_the_global_random_state_alone(data):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    fit(data, network(dropout=0.5))
    assert torch.equal(torch.rand(2), expected)


def test_watching_does_not_change_the_training(data):
    plain, _ = fit(data, network(dropout=0.3, batch_norm=True))
    watched, _ = fit(data, network(dropout=0.3, batch_norm=True), watch={"train": Watched(*data)})
    assert torch.equal(weights(plain), weights(watched))


def test_history_records_each_epoch_as_the_model_would_be_used(data):
    X, y = data
    rows = Watched(X, y, directional_accuracy(y, torch.zeros_like(y)))
    model, history = fit(data, network(dropout=0.5), watch={"train": rows, "test": Watched(X, y)})
    assert list(history.table) == ["epoch", "train_loss", "train_accuracy", "test_loss"]
    assert history.table["epoch"].tolist() == [1, 2, 3]
    assert history.best_epoch == 3 and not history.stopped_early
    model.eval()
    last = history.table.iloc[-1]
    with torch.no_grad():
        assert last["train_loss"] == pytest.approx(nn.functional.mse_loss(model(X), y).item())
        assert last["train_accuracy"] == ((model(X) > 0) == (y > 0)).double().mean().item()
    assert last["train_loss"] == last["test_loss"]


def test_it_learns_what_can_be_learned(data):
    X, y = data
    _, history = fit(
        data, watch={"train": Watched(X, y)}, epochs=150, learning_rate=0.01, batch_size=16
    )
    assert history.table["train_loss"].iloc[-1] < 0.05 * y.var().item()


@pytest.fixture(scope="module")
def overfitting():
    """Few noisy rows and a large net: the validation loss falls, then rises."""
    generator = torch.Generator().manual_seed(2)
    X = torch.randn(60, 4, generator=generator, dtype=torch.float64)
    y = X[:, :1] + torch.randn(60, 1, generator=generator, dtype=torch.float64)
    return (X[:30], y[:30]), Watched(X[30:], y[30:])


@pytest.mark.parametrize("options", [{}, {"batch_norm": True}])
def test_early_stopping_restores_the_best_epoch(overfitting, options):
    rows, validation = overfitting
    settings = {"learning_rate": 0.02, "batch_size": 8}

    def run(epochs, patience=None):
        return fit(
            rows, network(**options), {"validation": validation},
            epochs=epochs, patience=patience, **settings,
        )  # fmt: skip

    model, history = run(200, patience=4)
    loss = history.table["validation_loss"]
    assert history.stopped_early
    assert history.best_epoch == history.table.loc[loss.idxmin(), "epoch"] < 196
    assert len(history.table) == history.best_epoch + 4
    # The model is the one that training for `best_epoch` epochs gives, to the last bit.
    expected, _ = run(history.best_epoch)
    for name, value in expected.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name
    assert observe(model, nn.MSELoss(), {"v": validation})["v_loss"] == loss.min()


def test_patience_that_never_runs_out_still_restores_the_best(overfitting):
    rows, validation = overfitting
    model, history = fit(
        rows, watch={"validation": validation}, epochs=40, patience=40,
        learning_rate=0.02, batch_size=8,
    )  # fmt: skip
    assert not history.stopped_early and len(history.table) == 40
    assert history.best_epoch < 40
    final = observe(model, nn.MSELoss(), {"v": validation})["v_loss"]
    assert final == history.table["validation_loss"].min()


def test_early_stopping_needs_a_set_to_watch(data):
    with pytest.raises(ValueError, match="'validation'"):
        fit(data, patience=2, watch={"test": Watched(*data)})


def test_training_ends_at_the_first_loss_that_is_no_number(data):
    _, history = fit(
        data, watch={"train": Watched(*data)}, optimizer="sgd", learning_rate=1e6, epochs=50
    )
    losses = history.table["train_loss"]
    assert not math.isfinite(losses.iloc[-1]) and np.isfinite(losses.iloc[:-1]).all()
    assert len(losses) < 50 and history.stopped_early
    assert history.best_epoch == history.table["epoch"].iloc[-1], "the epoch of the weights it has"


@pytest.mark.parametrize(("n_rows", "batch_size"), [(10, 3), (9, 4), (1, 4), (7, 1), (8, 8)])
def test_batches_visit_every_row_once_and_none_is_a_single_row(n_rows, batch_size):
    parts = list(batches(n_rows, batch_size, torch.Generator().manual_seed(0)))
    assert sorted(torch.cat(parts).tolist()) == list(range(n_rows))
    assert len(parts) == count_batches(n_rows, batch_size)
    if n_rows > 1 < batch_size:
        assert min(map(len, parts)) > 1


def test_a_batch_size_may_be_a_number_of_numpy():
    parts = batches(10, np.int64(4), torch.Generator())
    assert [len(part) for part in parts] == [4, 4, 2]


def test_each_epoch_has_its_own_order():
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.cat(list(batches(50, 50, generator))) for _ in range(2))
    assert not torch.equal(first, second)


def test_batch_norm_survives_a_last_batch_of_one(data):
    X, y = data
    _, history = fit(
        (X[:65], y[:65]), network(batch_norm=True), {"train": Watched(X, y)}, batch_size=32
    )
    assert np.isfinite(history.table["train_loss"]).all()


def test_one_cycle_is_pytorchs_but_for_a_step():
    """PyTorch's peak lies one step earlier than three tenths of the way."""
    steps = 1001
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.3, total_steps=steps, cycle_momentum=False
    )
    factor = learning_rate_factor("one_cycle", steps)
    for step in range(steps):
        assert 0.3 * factor(step) == pytest.approx(optimizer.param_groups[0]["lr"], abs=0.002)
        optimizer.step()
        if step < steps - 1:
            reference.step()
    assert [factor(s) for s in (0, 300, 1000)] == pytest.approx([1 / 25, 1, 1 / 25e4], rel=1e-9)


def test_cosine_falls_from_one_to_nothing():
    factor = learning_rate_factor("cosine", 11)
    rates = [factor(step) for step in range(11)]
    assert rates[0] == 1 and rates[5] == pytest.approx(0.5) and rates[10] == pytest.approx(0)
    assert all(a > b for a, b in pairwise(rates))


@pytest.mark.parametrize("schedule", [None, "cosine", "one_cycle"])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_a_schedule_stays_within_its_peak_and_can_be_pickled(schedule, steps):
    factor = pickle.loads(pickle.dumps(learning_rate_factor(schedule, steps)))
    # One step more than there is: PyTorch asks for the rate after the last.
    assert all(-1e-12 <= factor(step) <= 1 + 1e-12 for step in range(steps + 1))


def test_the_schedule_is_applied_step_by_step(data):
    """A rate of zero at the last step: the last batch changes nothing."""
    one, _ = fit(data, optimizer="sgd", momentum=0.0, schedule="cosine", epochs=1, batch_size=65)
    expected = network()
    X, y = data
    rows = next(iter(batches(130, 65, torch.Generator().manual_seed(5))))
    nn.functional.mse_loss(expected(X[rows]), y[rows]).backward()
    with torch.no_grad():
        for p in expected.parameters():
            p -= 1e-3 * p.grad
    torch.testing.assert_close(weights(one), weights(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "adagrad"}, "'adagrad'; expected one of sgd, adam, adamw, rmsprop"),
        ({"schedule": "linear"}, "'linear'; expected None, 'one_cycle' or 'cosine'"),
        ({"epochs": 0}, "epochs is 0; expected a whole number of 1 or more"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"patience": 0}, "patience is 0"),
    ],
)
def test_nonsense_is_refused_by_name_and_value(data, options, message):
    with pytest.raises(ValueError, match=message):
        fit(data, **options, watch={"validation": Watched(*data)})


def test_class_accuracy_counts_the_largest_logit_for_stacks_too():
    y = torch.tensor([0, 1, 1])
    right = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]])
    stack = torch.stack([right, -right])
    torch.testing.assert_close(class_accuracy(y)(stack), torch.tensor([1.0, 0.0]))


def test_directional_accuracy_asks_on_which_side_of_today():
    y, today = torch.tensor([[2.0], [0.0], [1.0]]), torch.ones(3, 1)
    predicted = torch.tensor([[1.5], [5.0], [0.0]])
    # Up and said up; down and said up; no change, which is not up, and said down.
    assert directional_accuracy(y, today)(predicted).item() == pytest.approx(2 / 3)
    assert directional_accuracy(y, today)(torch.stack([predicted, -predicted])).shape == (2,)


def test_a_loss_that_stays_the_same_is_not_lower(data):
    """A step of zero: the first epoch remains the best, and patience counts from there."""
    model, history = fit(
        data, watch={"validation": Watched(*data)}, patience=3, epochs=20, learning_rate=0.0
    )
    assert history.table["validation_loss"].nunique() == 1
    assert history.best_epoch == 1 and len(history.table) == 4 and history.stopped_early
    assert torch.equal(weights(model), weights(network()))


def test_a_rate_stays_at_its_end_where_a_step_is_asked_for_after_the_last():
    for schedule in ("one_cycle", "cosine"):
        factor = learning_rate_factor(schedule, 6)
        assert factor(6) == factor(9) == factor(5) < 1e-5


def test_one_cycle_rises_for_three_tenths_and_falls_for_the_rest():
    factor = learning_rate_factor("one_cycle", 11)
    assert [round(factor(step), 4) for step in range(5)] == [0.04, 0.28, 0.76, 1.0, 0.9505]
