"""A model of failures that overfits, and each remedy of it at every dose."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from labkit.failures.data import Maintenance
from labkit.failures.machines import (
    RowTensors,
    class_share_losses,
    machines,
    macro_f1,
    row_tensors,
    train_on,
)
from labkit.failures.profile import Profile
from labkit.failures.recipe import WIDE
from labkit.report.remedies import CHOOSING, STOPPING, Remedies, Run, Variant, found, variants
from labkit.report.results import study

SHARES = {"train": 0.4, STOPPING: 0.2, CHOOSING: 0.4}
"""What the development rows do here: few train, so that the model overfits, and many choose."""


@study("classification-regularization")
def regularization(data: Maintenance, profile: Profile) -> Remedies:
    """Every remedy at every dose over several seeds, each of which divides the rows anew."""
    X, y = machines(data, profile.seed).development_rows()
    runs, scores, constants = [], [], []
    for seed in range(profile.seed, profile.seed + profile.n_seeds):
        sets = divided(X, y, seed)
        own = trained(sets, variants(), seed, profile)
        runs += own
        scores += [run.scores(lambda model, s, sets=sets: macro_f1(model, sets[s])) for run in own]
        constants.append(class_share_losses(sets))
    constant = pd.DataFrame(constants).mean().to_dict()
    return Remedies(profile=profile.name, **found(runs, scores, constant))


def divided(
    X: pd.DataFrame, y: pd.Series, seed: int, **others: tuple[pd.DataFrame, pd.Series]
) -> dict[str, RowTensors]:
    """Rows in three sets of `SHARES`, drawn by ``seed``, and ``others``, as tensors."""
    fit, rest = _halves(np.arange(len(X)), y, 1 - SHARES["train"], seed)
    stop, choose = _halves(rest, y, SHARES[CHOOSING] / (1 - SHARES["train"]), seed)
    sets = {STOPPING: stop, CHOOSING: choose}
    return row_tensors(
        X.iloc[fit],
        y.iloc[fit],
        {name: (X.iloc[rows], y.iloc[rows]) for name, rows in sets.items()} | others,
    )


def _halves(rows: np.ndarray, y: pd.Series, share: float, seed: int) -> list[np.ndarray]:
    """Some rows, and a share of all, with each class in the same share."""
    return train_test_split(rows, test_size=share, stratify=y.iloc[rows], random_state=seed)


def trained(
    sets: dict[str, RowTensors], which: Sequence[Variant], seed: int, profile: Profile
) -> list[Run]:
    """The wide model with each remedy, trained on ``train``, the other sets of `SHARES` watched."""
    wide = clone(WIDE).set_params(epochs=profile.remedy_epochs, random_state=seed)
    members = [clone(wide).set_params(**variant.changes) for variant in which]
    made = train_on({name: sets[name] for name in SHARES}, members)
    return [Run(variant, seed, own) for variant, own in zip(which, made, strict=True)]
