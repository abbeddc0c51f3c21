"""Parameters stand in one place: the network's class, the training's configuration."""

import dataclasses
import inspect
import pickle
import pydoc

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from torch import nn

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.mlp import MLP
from labkit.nets.parameters import keyword_parameters
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.training import TrainingConfig

ESTIMATORS = [MLPRegressor, MLPClassifier]
OWN = {"validation_fraction": 0.15, "random_state": 0, "dtype": "float32", "device": "cpu"}


@pytest.fixture(scope="module")
def rows():
    X = np.random.default_rng(0).normal(size=(60, 3))
    return X, (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_parameters_are_those_of_the_network_of_the_training_and_a_few_own(estimator):
    of_network = {
        name: p.default
        for name, p in inspect.signature(MLP.__init__).parameters.items()
        if p.kind is p.KEYWORD_ONLY
    }
    of_training = {f.name: f.default for f in dataclasses.fields(TrainingConfig)}
    del of_training["seed"]
    own = {**OWN, "class_weight": None, "label_smoothing": 0.0}
    own = own if estimator is MLPClassifier else OWN
    assert estimator().get_params() == {**of_network, **of_training, **own}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_signature_that_editors_and_help_show_is_the_real_one(estimator):
    shown = inspect.signature(estimator)
    assert {name: p.default for name, p in shown.parameters.items()} == estimator().get_params()
    assert "**parameters" not in str(shown)
    page = pydoc.plain(pydoc.render_doc(estimator))
    assert "hidden_sizes: collections.abc.Sequence[int] = (64, 32)" in page.split("\n\n")[1]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_mistake_is_a_type_error_that_names_the_parameter(estimator):
    with pytest.raises(TypeError, match="by name; write hidden_sizes=64, activation='tanh'"):
        estimator(64, "tanh")
    with pytest.raises(TypeError, match="by name; write hidden_sizes"):
        estimator((8,), hidden_sizes=(8,))
    with pytest.raises(TypeError, match=f"{estimator.__name__} .*'hiden_sizes'"):
        estimator(hiden_sizes=(8,))
    with pytest.raises(ValueError, match="Invalid parameter 'hiden_sizes'"):
        estimator().set_params(hiden_sizes=(8,))


def test_the_regressor_has_no_parameters_of_the_classifier():
    with pytest.raises(TypeError, match="'class_weight'"):
        MLPRegressor(class_weight="balanced")


def test_what_is_given_is_built_and_trained(rows):
    options = {"hidden_sizes": (5, 4), "activation": "silu", "dropout": 0.2, "batch_norm": True}
    training = {"optimizer": "sgd", "learning_rate": 0.5, "schedule": "cosine", "epochs": 3}
    model = MLPClassifier(**options, **training)
    assert str(model.initial_module(3, 2, 0)) == str(MLP(3, 2, **options))
    assert model.training_config(7) == TrainingConfig(**training, seed=7)
    fitted = clone(model.set_params(hidden_sizes=(6,))).fit(*rows)
    assert fitted.net_.module_[0].out_features == 6


def test_a_parameter_more_of_the_network_is_one_of_the_estimators(rows, init_gain):
    for estimator in ESTIMATORS:
        assert inspect.signature(estimator).parameters["init_gain"].default == 1.0
        model = estimator(init_gain=3.0, epochs=1)
        assert clone(model).get_params()["init_gain"] == 3.0
        assert "init_gain=3.0" in repr(model)
        module, plain = (m.initial_module(3, 1, 0) for m in (model, estimator()))
        assert module[0].weight.allclose(3 * plain[0].weight)
        assert pickle.loads(pickle.dumps(model.fit(*rows))).init_gain == 3.0


@pytest.mark.parametrize("search", [GridSearchCV, StackedGridSearchCV])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_a_parameter_more_of_the_network_is_an_axis_of_both_searches(
    rows, init_gain, search, estimator
):
    grid = {"init_gain": [1.0, 5.0]}
    done = search(estimator(hidden_sizes=(8,), epochs=1), grid, cv=2, refit=False).fit(*rows)
    assert done.cv_results_["param_init_gain"].tolist() == [1.0, 5.0]


def test_after_the_tests_above_the_network_is_what_it_was():
    assert "init_gain" not in keyword_parameters(MLP)
    assert "init_gain" not in MLPClassifier().get_params()


class Wide(nn.Module):
    """Another network than an `MLP`: one hidden layer, and a parameter of its own."""

    def __init__(self, n_inputs, n_outputs, *, width=16, leak=0.1):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_inputs, width), nn.LeakyReLU(leak), nn.Linear(width, n_outputs)
        )

    def forward(self, x):
        return self.layers(x)


class WideClassifier(MLPClassifier):
    network = Wide


class Scaled(MLP):
    """An `MLP` whose outputs are scaled, with all its parameters and one more."""

    def __init__(self, n_inputs, n_outputs, *, scale=1.0, **parameters):
        super().__init__(n_inputs, n_outputs, **parameters)
        self.scale = scale

    def forward(self, x):
        return self.scale * super().forward(x)


class ScaledRegressor(MLPRegressor):
    network = Scaled


class Patient(MLPRegressor):
    """Adds a parameter of its own."""

    def __init__(self, *, limit=3, **parameters):
        super().__init__(**parameters)
        self.limit = limit


class Fixed(MLPRegressor):
    """Has one parameter, and no others."""

    def __init__(self, epochs=2):
        super().__init__(hidden_sizes=(4,), epochs=epochs)


def test_another_network_brings_its_parameters_and_only_those(rows):
    names = WideClassifier().get_params()
    assert names["width"] == 16 and names["leak"] == 0.1
    assert not names.keys() & keyword_parameters(MLP).keys()
    assert names.keys() >= OWN.keys() | {"epochs", "class_weight"}
    with pytest.raises(TypeError, match="WideClassifier .*'hidden_sizes'"):
        WideClassifier(hidden_sizes=(8,))
    model = clone(WideClassifier(width=5)).set_params(epochs=2).fit(*rows)
    assert model.net_.module_.layers[0].out_features == 5
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(rows[0]), model.predict_proba(rows[0]))
    assert repr(model) == "WideClassifier(epochs=2, width=5)"


def test_a_network_that_hands_parameters_on_has_those_of_its_base_too(rows):
    model = ScaledRegressor(scale=0.0, hidden_sizes=(4,), epochs=1)
    assert model.get_params().keys() == MLPRegressor().get_params().keys() | {"scale"}
    assert not clone(model).fit(*rows).predict(rows[0]).any()


def test_an_estimator_with_a_parameter_more_keeps_the_others():
    model = clone(Patient(limit=9, epochs=2, dropout=0.1))
    assert model.get_params() == {**MLPRegressor(epochs=2, dropout=0.1).get_params(), "limit": 9}
    with pytest.raises(TypeError, match="Patient .*'limmit'"):
        Patient(limmit=1)


def test_an_estimator_may_close_its_list(rows):
    assert clone(Fixed(epochs=1)).get_params() == {"epochs": 1}
    assert Fixed().fit(*rows).net_.module_[0].out_features == 4


def test_two_parameters_of_one_name_are_refused():
    class Clashing(nn.Module):
        def __init__(self, n_inputs, n_outputs, *, dtype="float32", epochs=1):
            super().__init__()

    with pytest.raises(TypeError, match="Clashing: 'epochs' would be two parameters"):
        type("One", (MLPRegressor,), {"network": Clashing})

    class Named(nn.Module):
        def __init__(self, n_inputs, n_outputs, *, dtype="float32"):
            super().__init__()

    with pytest.raises(TypeError, match="Other: 'dtype' would be two parameters"):
        type("Other", (MLPRegressor,), {"network": Named})


def test_a_network_without_a_default_must_be_told():
    class Bare(nn.Module):
        def __init__(self, n_inputs, n_outputs, *, width):
            super().__init__()

    bare = type("BareRegressor", (MLPRegressor,), {"network": Bare})
    with pytest.raises(TypeError, match="BareRegressor needs a value of 'width'"):
        bare()
    assert bare(width=2).width == 2
