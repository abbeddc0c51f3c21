"""A check that a reader can follow: the cross-entropy is the same however it is computed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS
from labkit.failures.machines import machines
from labkit.failures.preprocessing import machine_preprocessing
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.stages import codes
from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.table import Table
from labkit.report.tables import study_table

N_ROWS = 512
"""Rows of the batch."""


@dataclass(frozen=True, kw_only=True)
class LossCheck(Facts):
    """The loss of an untrained MLP on a batch of development rows.

    Attributes
    ----------
    losses : DataFrame
        ``way`` and ``loss``: from logits and class numbers, from logits and one-hot vectors, and
        from softmax probabilities and one-hot vectors by the formula.
    apart : float
        The largest difference between two of them.
    """

    losses: pd.DataFrame
    apart: float


@study("cross-entropy-three-ways")
def loss_check(data: Maintenance, profile: Profile) -> LossCheck:
    """The cross-entropy in three ways, in double precision."""
    X, y = machines(data, profile.seed).development_rows()
    X, y = X.iloc[:N_ROWS], y.iloc[:N_ROWS]
    prepared = machine_preprocessing(PHYSICS).fit_transform(X)
    inputs = torch.as_tensor(np.asarray(prepared), dtype=torch.float64)
    numbers = torch.as_tensor(codes(y))
    one_hot = nn.functional.one_hot(numbers, len(FAILURE_TYPES)).to(inputs)
    model = FIRST.initial_module(inputs.shape[1], len(FAILURE_TYPES), profile.seed)
    with torch.no_grad():
        logits = model.to(torch.float64)(inputs)
    loss = nn.CrossEntropyLoss()
    by_formula = -(one_hot * torch.softmax(logits, dim=1).log()).sum(dim=1).mean()
    losses = {
        "logits and class numbers": loss(logits, numbers).item(),
        "logits and one-hot vectors": loss(logits, one_hot).item(),
        "softmax and one-hot vectors, by the formula": by_formula.item(),
    }
    return LossCheck(
        profile=profile.name,
        losses=pd.DataFrame({"way": losses.keys(), "loss": losses.values()}),
        apart=max(losses.values()) - min(losses.values()),
    )


def shown(facts: LossCheck) -> Table:
    """The three losses."""
    columns = {"way": "Computed from", "loss": "Cross-entropy"}
    return study_table(facts, facts.losses, columns, formats={"loss": ".6f"})
