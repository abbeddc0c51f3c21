"""A drawn network says of the network what it is."""

import pytest

from labkit.nets.mlp import MLP, count_parameters
from labkit.report.diagram import columns, network


@pytest.mark.parametrize(
    ("options", "sizes", "then"),
    [
        ({"hidden_sizes": ()}, [5, 3], [[], []]),
        ({"hidden_sizes": (20, 4)}, [5, 20, 4, 3], [[], ["ReLU"], ["ReLU"], []]),
        (
            {"hidden_sizes": (8,), "batch_norm": True, "dropout": 0.2, "activation": "silu"},
            [5, 8, 3],
            [[], ["batch norm", "SiLU", "dropout"], []],
        ),
    ],
)
def test_columns_are_the_layers_and_their_parameters_all_there_are(options, sizes, then):
    model = MLP(5, 3, **options)
    found = columns(model)
    assert [own.size for own in found] == sizes
    assert [own.then for own in found] == then
    assert sum(own.parameters for own in found) == count_parameters(model)


def test_the_drawing_names_sizes_and_counts():
    (axis,) = network(MLP(16, 1, hidden_sizes=(64, 32)), inputs="in", outputs="out").axes
    words = "\n".join(text.get_text() for text in axis.texts)
    for each in ("in", "out", "hidden layer 2", "64\nReLU\n1,088 parameters", "32\nReLU\n2,080"):
        assert each in words
    assert axis.get_title(loc="left") == "3,201 parameters in all"


def test_units_beyond_those_drawn_are_dots():
    (axis,) = network(MLP(3, 1, hidden_sizes=(7,)), inputs="in", outputs="out").axes
    assert "⋮" not in [text.get_text() for text in axis.texts]
    (axis,) = network(MLP(3, 1, hidden_sizes=(8,)), inputs="in", outputs="out").axes
    assert [text.get_text() for text in axis.texts].count("⋮") == 1
