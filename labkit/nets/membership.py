"""From an estimator to a member of a stack, or to the reason why it has to be trained alone."""

from typing import Any

import torch
from torch import nn

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.parameters import TRAINING, keyword_parameters
from labkit.nets.stacked import Member, is_switched_on, why_not_minimised, why_not_trained_so

Estimator = MLPRegressor | MLPClassifier

KNOWN = {
    "validation_fraction", "random_state", "dtype", "device", "class_weight", "label_smoothing",
}  # fmt: skip
"""The estimators' own parameters that stacks act on. One that is missing here and switched on keeps
an estimator out of stacks."""


def why_alone(estimator: Any) -> str | None:
    """Why an estimator cannot train in a stack, whatever network it builds; None if it can.

    >>> from sklearn.linear_model import LogisticRegression
    >>> why_alone(LogisticRegression())
    'LogisticRegression is none of MLPRegressor and MLPClassifier'
    """
    if type(estimator) not in (MLPRegressor, MLPClassifier):
        return f"{type(estimator).__name__} is none of MLPRegressor and MLPClassifier"
    elsewhere = {*keyword_parameters(estimator.network), *TRAINING, *KNOWN}
    for name, value in estimator.get_params(deep=False).items():
        if name not in elsewhere and is_switched_on(value):
            return f"no stacked counterpart of {name}={value!r}"
    try:
        config, loss = estimator.training_config(seed=0), estimator.loss()
        torch.device(estimator.device)
    except (RuntimeError, TypeError, ValueError) as error:
        return str(error)  # It cannot train alone either: training will say so.
    return why_not_minimised(loss) or why_not_trained_so(config)


def member_of(estimator: Estimator, model: nn.Module, seed: int, **rows: Any) -> Member:
    """An estimator's network as a member of a stack.

    Parameters
    ----------
    estimator : MLPRegressor or MLPClassifier
        Or a subclass.
    model : Module
        The network that it starts from.
    seed : int
        Of its training.
    **rows
        What else a `Member` has: which rows it is trained on, how much they count, …
    """
    return Member(
        model=model,
        config=estimator.training_config(seed),
        label_smoothing=getattr(estimator.loss(), "label_smoothing", 0.0),
        **rows,
    )
