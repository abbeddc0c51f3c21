"""The network's layers, sizes and refusals."""

import pytest
import torch
from torch import nn

from labkit.nets.mlp import ACTIVATIONS, EMBEDDING_SIZE, MLP, count_parameters


def kinds(model):
    return [type(layer) for layer in model]


def test_layers_stand_in_the_documented_order():
    model = MLP(3, 2, hidden_sizes=(5, 4), dropout=0.1, batch_norm=True, activation="tanh")
    hidden = [nn.Linear, nn.BatchNorm1d, nn.Tanh, nn.Dropout]
    assert kinds(model) == [*hidden, *hidden, nn.Linear]
    assert [(m.in_features, m.out_features) for m in model if isinstance(m, nn.Linear)] == [
        (3, 5), (5, 4), (4, 2),
    ]  # fmt: skip


def test_it_computes_what_plain_pytorch_computes():
    model = MLP(3, 2, hidden_sizes=(5,))
    x = torch.randn(7, 3)
    first, last = model[0], model[2]
    by_hand = torch.relu(x @ first.weight.T + first.bias) @ last.weight.T + last.bias
    torch.testing.assert_close(model(x), by_hand)


def test_no_hidden_layer_is_a_linear_model():
    assert kinds(MLP(3, 2, hidden_sizes=())) == [nn.Linear]


def test_the_output_is_linear_so_logits_may_be_negative_and_large():
    model = MLP(1, 1, hidden_sizes=(4,))
    with torch.no_grad():
        model[-1].bias.fill_(-100.0)
    assert model(torch.zeros(1, 1)).item() < -90


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_bends(activation):
    torch.manual_seed(0)
    model = MLP(1, 1, hidden_sizes=(16,), activation=activation)
    x = torch.tensor([[-2.0], [0.0], [2.0]])
    low, middle, high = model(x).squeeze(1)
    assert not torch.isclose(low + high, 2 * middle)


def test_dropout_acts_in_training_only():
    model = MLP(4, 1, hidden_sizes=(256,), dropout=0.5)
    x = torch.ones(1, 4)
    model.train()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))


@pytest.mark.parametrize("scale", [0.01, 1.0])
def test_the_embedding_widens_the_first_layer_and_bends_by_its_scale(scale):
    torch.manual_seed(0)
    model = MLP(3, 2, hidden_sizes=(5,), embedding_scale=scale)
    first = next(m for m in model if isinstance(m, nn.Linear))
    assert first.in_features == 3 * EMBEDDING_SIZE
    assert model(torch.randn(7, 3)).shape == (7, 2)
    frequencies = next(p for name, p in model.named_parameters() if "periodic" in name)
    assert frequencies.std().item() == pytest.approx(scale, rel=0.2)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_parameters_are_counted_by_hand(batch_norm):
    model = MLP(8, 6, hidden_sizes=(32, 16), batch_norm=batch_norm)
    # Batch normalisation has a shift and a scale, and takes the place of the bias before it.
    per_unit = 2 if batch_norm else 1
    hidden, output = 8 * 32 + 32 * 16 + per_unit * (32 + 16), 16 * 6 + 6
    assert count_parameters(model) == hidden + output
    for parameter in model[-1].parameters():
        parameter.requires_grad_(False)
    assert count_parameters(model) == hidden


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_inputs": 0}, "n_inputs is 0"),
        ({"n_outputs": -1}, "n_outputs is -1"),
        ({"hidden_sizes": (8, 0)}, r"hidden_sizes is \(8, 0\)"),
        ({"hidden_sizes": 64}, "hidden_sizes is 64; expected a sequence"),
        ({"activation": "swish"}, "'swish'; expected one of gelu, relu, silu, tanh"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"embedding_scale": 0.0}, "embedding_scale is 0.0"),
    ],
)
def test_nonsense_is_refused_by_name_and_value(options, message):
    with pytest.raises(ValueError, match=message):
        MLP(**{"n_inputs": 2, "n_outputs": 1, **options})
