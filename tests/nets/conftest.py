"""Data to search on, and networks as a user may extend them: a parameter, a layer more."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import make_classification
from torch import nn

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.mlp import ACTIVATIONS, MLP
from labkit.nets.parameters import spell_out
from labkit.nets.training import OPTIMIZERS


@pytest.fixture(scope="module")
def labelled():
    """Three classes, one of them rare; labels are words."""
    X, y = make_classification(
        240, 6, n_informative=5, n_redundant=0, n_classes=3, weights=[0.6, 0.3], random_state=0
    )
    return pd.DataFrame(X, columns=list("abcdef")), np.array(["none", "heat", "wear"])[y]


@pytest.fixture(scope="module")
def measured():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    return X, X[:, 0] * X[:, 1] + np.sin(X[:, 2]) + 0.1 * rng.normal(size=200)


def add_parameter(monkeypatch, name: str, default, then) -> None:
    """Give `MLP` one parameter more, as if it stood in ``MLP.__init__`` and nowhere else.

    ``then(model, value)`` is what ``__init__`` does with it, last.
    """
    original = MLP.__init__
    signature = inspect.signature(original)

    def __init__(self, n_inputs, n_outputs, **parameters):
        value = parameters.pop(name, default)
        original(self, n_inputs, n_outputs, **parameters)
        then(self, value)

    more = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
    __init__.__signature__ = signature.replace(parameters=[*signature.parameters.values(), more])
    monkeypatch.setattr(MLP, "__init__", __init__)
    for estimator in (MLPRegressor, MLPClassifier):
        monkeypatch.setattr(estimator, "__init__", estimator.__init__)  # put back afterwards
        spell_out(estimator)


@pytest.fixture
def init_gain(monkeypatch):
    """``init_gain: float = 1.0``, a factor on the initial weights."""

    @torch.no_grad()
    def scale(model, gain):
        for layer in model:
            if isinstance(layer, nn.Linear):
                layer.weight *= gain

    add_parameter(monkeypatch, "init_gain", 1.0, scale)


@pytest.fixture
def layer_norm(monkeypatch):
    """``layer_norm: bool = False``, a layer that no stack knows, before the first activation."""

    def insert(model, switched_on):
        if switched_on:
            model.insert(1, nn.LayerNorm(model[0].out_features))

    add_parameter(monkeypatch, "layer_norm", False, insert)


@pytest.fixture
def elu(monkeypatch):
    """``activation="elu"``, an activation that no stack knows."""
    monkeypatch.setitem(ACTIVATIONS, "elu", nn.ELU)


@pytest.fixture
def nadam(monkeypatch):
    """``optimizer="nadam"``, an optimizer that no stack knows."""
    monkeypatch.setitem(OPTIMIZERS, "nadam", torch.optim.NAdam)
