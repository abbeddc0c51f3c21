"""What an estimator is made with, none of it listed twice.

The parameters of a network are the keyword-only ones of its class, those of a training the fields
of `TrainingConfig`. An estimator's ``__init__`` names its own and takes all others as
``**parameters``; `spell_out` writes them into its signature, where scikit-learn, ``help`` and
editors look for them.
"""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from inspect import Parameter, Signature, signature, unwrap
from typing import Any

from labkit.nets.training import TrainingConfig


def keyword_parameters(cls: type) -> dict[str, Parameter]:
    """The keyword-only parameters of a class; where it takes ``**``, those of the class above too.

    >>> from labkit.nets.mlp import MLP
    >>> class Residual(MLP):
    ...     def __init__(self, n_inputs, n_outputs, *, scale=1.0, **parameters):
    ...         super().__init__(n_inputs, n_outputs, **parameters)
    >>> list(keyword_parameters(Residual))[:3]
    ['scale', 'hidden_sizes', 'activation']
    """
    return dict(
        _keyword_only(tuple(vars(b)["__init__"] for b in cls.__mro__ if "__init__" in vars(b)))
    )


@cache
def _keyword_only(inits: tuple[Callable[..., None], ...]) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    for init in map(unwrap, inits):
        for parameter in signature(init).parameters.values():
            if parameter.kind is Parameter.KEYWORD_ONLY:
                found.setdefault(parameter.name, parameter)
        if not takes_more(init):
            break
    return found


def takes_more(function: Callable[..., object]) -> bool:
    """Whether a function takes ``**parameters``."""
    kinds = [parameter.kind for parameter in signature(function).parameters.values()]
    return Parameter.VAR_KEYWORD in kinds


TRAINING = {name: p for name, p in keyword_parameters(TrainingConfig).items() if name != "seed"}
"""The parameters of a training. The seed is the estimator's ``random_state``."""


def spell_out(cls: Any) -> None:
    """Write into the signature of an estimator what its ``**parameters`` stand for.

    Parameters
    ----------
    cls : class
        An estimator with a class attribute ``network``. Left as it is if it takes no
        ``**parameters``.

    Raises
    ------
    TypeError
        When two of the network, the training and the estimator have a parameter of one name.
    """
    init = unwrap(cls.__init__)
    if not takes_more(init):
        return
    shared, own = shared_parameters(cls.network), keyword_parameters(cls)
    _check_distinct(cls.__name__, shared, own)
    parameters = [*shared.values(), *own.values()]

    @wraps(init)
    def __init__(self: Any, *positional: Any, **given: Any) -> None:
        if positional:
            # Their order changes with every parameter that is added to the network.
            meant = zip(parameters, positional, strict=False)
            raise TypeError(
                f"{cls.__name__} takes its parameters by name; write "
                + ", ".join(f"{parameter.name}={value!r}" for parameter, value in meant)
            )
        init(self, **given)

    self = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = Signature([self, *parameters])  # type: ignore[attr-defined]
    cls.__init__ = __init__


def shared_parameters(network: type) -> dict[str, Parameter]:
    """The parameters of a network and of its training."""
    own = keyword_parameters(network)
    _check_distinct(network.__name__, own, TRAINING)
    return {**own, **TRAINING}


def shared_values(estimator: Any, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the shared parameters of an estimator: those given, or their defaults.

    Raises
    ------
    TypeError
        When a value is given for a parameter that is not there, or none for one without default.
    """
    parameters = shared_parameters(estimator.network)
    name = type(estimator).__name__
    for unknown in sorted(given.keys() - parameters.keys()):
        raise TypeError(f"{name} has no parameter {unknown!r}; see help({name})")
    values = {name: given.get(name, parameter.default) for name, parameter in parameters.items()}
    for missing in (key for key, value in values.items() if value is Parameter.empty):
        raise TypeError(f"{name} needs a value of {missing!r}")
    return values


def _check_distinct(
    owner: str, one: Mapping[str, Parameter], other: Mapping[str, Parameter]
) -> None:
    for name in sorted(one.keys() & other.keys()):
        raise TypeError(
            f"{owner}: {name!r} would be two parameters; those of a network, of its training and "
            "of an estimator need different names"
        )
