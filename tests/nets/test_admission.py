"""What a stack does not know it refuses, by name, and never trains as something else."""

import dataclasses
import re
import subprocess
import sys

import pytest
import torch
from rtdl_num_embeddings import PeriodicEmbeddings
from torch import nn
from torch.nn.utils import parametrizations

from labkit.nets import membership
from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.membership import why_alone
from labkit.nets.mlp import ACTIVATIONS, MLP
from labkit.nets.stacked import (
    Member,
    StackedMLP,
    admission,
    shape_of,
    train_stacked,
    why_not_minimised,
    why_not_stacked,
    why_not_stacked_each,
    why_not_trained_so,
)
from labkit.nets.training import OPTIMIZERS, TrainingConfig
from labkit.place import ROOT


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden_sizes", [(), (8,), (8, 4)])
@pytest.mark.parametrize(
    "options", [{}, {"batch_norm": True}, {"dropout": 0.3}, {"embedding_scale": 0.5}], ids=str
)
def test_every_network_of_today_is_admitted(activation, hidden_sizes, options):
    model = MLP(5, 3, hidden_sizes=hidden_sizes, activation=activation, **options)
    assert why_not_stacked(model) is None


def test_a_usual_training_is_admitted_without_loading_pytorchs_compiler():
    program = (
        "import sys\n"
        "from labkit.nets.stacked import why_not_trained_so\n"
        "from labkit.nets.training import OPTIMIZERS, TrainingConfig\n"
        "for name in OPTIMIZERS:\n"
        "    assert why_not_trained_so(TrainingConfig(optimizer=name, weight_decay=0.1)) is None\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"


def between(*layers):
    return nn.Sequential(nn.Linear(5, 4), *layers, nn.Linear(4, 3))


class Residual(MLP):
    def forward(self, x):
        return x[:, :3] + super().forward(x)


class Helped(MLP):
    """Builds its layers with a method of its own, and does nothing else differently."""

    def __init__(self, n_inputs, n_outputs, *, factor=2, **options):
        super().__init__(n_inputs, n_outputs, hidden_sizes=self.sizes(factor), **options)

    def sizes(self, factor):
        return (2 * factor, factor)


class Frozen(MLP):
    def train(self, mode=True):
        return super().train(False)


class Doubling(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Other(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = between(nn.ReLU())

    def forward(self, x):
        return self.layers(x)


def tied():
    shared = nn.Linear(5, 5)
    return nn.Sequential(shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(5, 3))


def hooked():
    model = between(nn.ReLU())
    model[1].register_forward_hook(lambda layer, x, y: 2 * y)
    return model


def replaced():
    model = between(nn.ReLU())
    model[1].forward = lambda x: 2 * x
    return model


def frozen():
    model = between(nn.ReLU())
    model[0].weight.requires_grad_(False)
    return model


def mixed():
    model = between(nn.ReLU())
    model[2].double()
    return model


def watched_gradient():
    model = between(nn.ReLU())
    model[0].weight.register_hook(lambda gradient: gradient / 2)
    return model


class Scaling(MLP):
    """Has a parameter that belongs to no layer."""

    def __init__(self, n_inputs, n_outputs):
        super().__init__(n_inputs, n_outputs)
        self.scale = nn.Parameter(torch.ones(1))


def embedded(*, flat=True, **options):
    layer = PeriodicEmbeddings(5, 4, n_frequencies=3, frequency_init_scale=0.5, **options)
    return nn.Sequential(layer, *[nn.Flatten()] * flat, nn.Linear(20 if flat else 4, 3))


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (between(nn.ELU()), r"no stacked counterpart of the layer ELU\(alpha=1.0\)"),
        (between(nn.LayerNorm(4), nn.ReLU()), r"the layer LayerNorm\(\(4,\)"),
        (between(nn.GELU(approximate="tanh")), r"the layer GELU\(approximate='tanh'\)"),
        (between(nn.BatchNorm1d(4, momentum=None)), "the layer BatchNorm1d"),
        (between(nn.BatchNorm1d(4, affine=False)), "the layer BatchNorm1d"),
        (between(nn.BatchNorm1d(4, track_running_stats=False)), "the layer BatchNorm1d"),
        (between(nn.AlphaDropout(0.1)), "the layer AlphaDropout"),
        (between(nn.Dropout(1.0)), r"the layer Dropout\(p=1.0"),
        (between(Doubling(4, 4)), "the layer Doubling"),
        (between(parametrizations.weight_norm(nn.Linear(4, 4))), "the layer ParametrizedLinear"),
        (nn.Sequential(nn.ReLU(), nn.Linear(5, 3)), "the layer ReLU"),
        (nn.Sequential(nn.Dropout(), nn.Linear(5, 3)), "the layer Dropout"),
        (nn.Sequential(nn.Linear(5, 3), nn.ReLU()), "does not end with a linear layer"),
        (nn.Sequential(), "does not end with a linear layer"),
        (between(nn.Tanh(), nn.Tanh()), "does not do what Sequential does"),
        (embedded(lite=True), "the layer PeriodicEmbeddings"),
        (embedded(lite=False, activation=False), "the layer PeriodicEmbeddings"),
        (embedded(lite=False, flat=False), "a stack of Sequential fails"),
        (Residual(5, 3), "Residual has a method forward of its own"),
        (Frozen(5, 3), "Frozen has a method train of its own"),
        (Other(), "Other is no sequence of layers"),
        (tied(), "has parameters that layers share, or that belong to none"),
        (Scaling(5, 3), "has parameters that layers share, or that belong to none"),
        (watched_gradient(), "hooks change the gradients of Sequential"),
        (hooked(), "hooks change what ReLU does"),
        (replaced(), "hooks change what ReLU does"),
        (frozen(), "frozen"),
        (mixed(), "differ in dtype"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_differs_is_refused_by_its_name(module, reason):
    found = why_not_stacked(module)
    assert found is not None and "\n" not in found
    assert re.search(reason, found)
    X, y = torch.randn(6, 5), torch.zeros(6, 3)
    with pytest.raises(TypeError, match=reason):
        member = Member(model=module, config=TrainingConfig(epochs=1))
        train_stacked([member], X, y, loss="squared_error")


def test_a_subclass_that_only_builds_otherwise_is_admitted():
    model = Helped(5, 3, factor=3, activation="tanh")
    assert why_not_stacked(model) is None
    X = torch.randn(6, 5)
    torch.testing.assert_close(StackedMLP.from_modules([model]).outputs(X)[0], model.eval()(X))


def test_a_forward_pass_that_was_changed_in_place_is_noticed(monkeypatch):
    monkeypatch.setattr(MLP, "forward", lambda self, x: 2 * nn.Sequential.forward(self, x))
    assert why_not_stacked(MLP(5, 3)) == "a stack of MLP does not do what MLP does"


def test_a_network_of_zeros_hides_no_difference(monkeypatch):
    monkeypatch.setattr(MLP, "forward", lambda self, x: 2 * nn.Sequential.forward(self, x))
    model = MLP(5, 3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    assert why_not_stacked(model) is not None


def test_asking_changes_neither_the_network_nor_the_random_state():
    model = MLP(5, 3, batch_norm=True, dropout=0.4)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    why_not_stacked(model)
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert model.training and model[3].p == 0.4


def test_many_are_answered_in_order_and_one_of_a_shape_is_tried(monkeypatch):
    tried = []
    monkeypatch.setattr(
        "labkit.nets.stacked.admission._why_unlike_its_stack", lambda model: tried.append(model)
    )
    one, other, strange = MLP(5, 3), MLP(5, 3), between(nn.ELU())
    wide = MLP(5, 3, hidden_sizes=(7,))
    answers = why_not_stacked_each([one, strange, other, wide, strange])
    assert [answer is None for answer in answers] == [True, False, True, True, False]
    assert tried == [one, wide]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (between(nn.BatchNorm1d(4)), between(nn.BatchNorm1d(4, eps=1e-3))),
        (between(nn.BatchNorm1d(4)), between(nn.BatchNorm1d(4, momentum=0.2))),
        (between(nn.GELU()), between(nn.GELU(approximate="tanh"))),
        (between(nn.ELU()), between(nn.ELU(alpha=2.0))),
        (between(nn.ReLU()), between(nn.Tanh())),
        (between(nn.ReLU()), between(nn.ReLU()).double()),
        (MLP(5, 3), Residual(5, 3)),
        (MLP(5, 3), MLP(4, 3)),
    ],
)
def test_networks_that_differ_in_a_setting_have_another_shape(one, other):
    assert shape_of(one) != shape_of(other)


def test_an_attribute_of_the_network_is_a_setting():
    one, other = MLP(5, 3), MLP(5, 3)
    other.residual = True
    assert shape_of(one) != shape_of(other)


def test_weights_and_dropout_rates_are_no_settings():
    one, other = (MLP(5, 3, dropout=rate, batch_norm=True) for rate in (0.1, 0.5))
    assert shape_of(one) == shape_of(other)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clipped(TrainingConfig):
    clip: float | None = None


def test_a_field_of_the_training_that_a_stack_does_not_know_is_refused_when_switched_on():
    assert why_not_trained_so(Clipped()) is None
    assert why_not_trained_so(Clipped(clip=0.5)) == (
        "no stacked counterpart of training with clip=0.5"
    )
    member = Member(model=MLP(5, 3), config=Clipped(clip=0.5))
    with pytest.raises(TypeError, match="member 0: .*clip=0.5"):
        train_stacked([member], torch.zeros(4, 5), torch.zeros(4, 3), loss="squared_error")


def test_what_stacks_know_is_there():
    assert {field.name for field in dataclasses.fields(TrainingConfig)} >= admission.KNOWN
    assert MLPClassifier().get_params().keys() >= membership.KNOWN


def test_optimizers_are_known_by_what_they_are_and_by_their_options(monkeypatch):
    for name in OPTIMIZERS:
        assert why_not_trained_so(TrainingConfig(optimizer=name)) is None
    monkeypatch.setitem(OPTIMIZERS, "nadam", torch.optim.NAdam)
    reason = "no stacked counterpart of the optimizer 'nadam'"
    assert why_not_trained_so(TrainingConfig(optimizer="nadam")) == reason
    monkeypatch.setitem(OPTIMIZERS, "adam", torch.optim.NAdam)
    assert "'adam'" in why_not_trained_so(TrainingConfig(optimizer="adam"))
    monkeypatch.setattr(
        "labkit.nets.stacked.admission.optimizer_options",
        lambda config: {"lr": 0.1, "weight_decay": 0.0, "nesterov": True},
    )
    reason = "no stacked counterpart of the option nesterov of the optimizer 'sgd'"
    assert why_not_trained_so(TrainingConfig(optimizer="sgd")) == reason


@pytest.mark.parametrize(
    "loss",
    [
        nn.L1Loss(),
        nn.HuberLoss(),
        nn.CrossEntropyLoss(weight=torch.ones(3)),
        nn.CrossEntropyLoss(ignore_index=1),
        type("Own", (nn.MSELoss,), {})(),
    ],
    ids=str,
)
def test_losses_without_a_counterpart_are_refused(loss):
    assert why_not_minimised(loss) == f"no stacked counterpart of the loss {loss!r}"


def test_estimators_as_they_are_may_be_stacked_and_their_subclasses_not():
    assert why_alone(MLPRegressor()) is None
    assert why_alone(MLPClassifier(label_smoothing=0.1, class_weight="balanced")) is None
    own = type("Own", (MLPRegressor,), {})
    assert why_alone(own()) == "Own is none of MLPRegressor and MLPClassifier"


def test_a_parameter_of_an_estimator_that_stacks_do_not_know_keeps_it_out(monkeypatch):
    monkeypatch.setattr("labkit.nets.membership.KNOWN", {"random_state", "dtype", "device"})
    assert why_alone(MLPRegressor()) == "no stacked counterpart of validation_fraction=0.15"


def test_another_loss_of_the_estimator_itself_keeps_it_out(monkeypatch):
    monkeypatch.setattr(MLPRegressor, "loss", lambda self: nn.L1Loss(reduction="none"))
    assert why_alone(MLPRegressor()) == "no stacked counterpart of the loss L1Loss()"
