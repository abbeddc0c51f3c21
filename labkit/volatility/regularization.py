"""A model of volatility that overfits, and each remedy of it at every dose."""

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.base import clone

from labkit.nets.ensembles import outputs
from labkit.report.remedies import CHOOSING, STOPPING, Remedies, Run, Variant, found, variants
from labkit.report.results import study
from labkit.volatility.data import NYSE
from labkit.volatility.panel import Panel
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import WIDE
from labkit.volatility.stocks import (
    EMBARGO,
    PanelTensors,
    Stocks,
    constant_losses,
    r2_of,
    stocks,
    tensors,
    train_on,
)

STOPPING_SHARE = 0.2
"""Share of the training days, the last of them, that early stopping watches and none trains on."""


@study("regression-regularization")
def regularization(data: NYSE, profile: Profile) -> Remedies:
    """Every remedy at every dose over several seeds, on a few stocks."""
    own = stocks(data, profile.remedy_symbols)
    sets = tensors(own, divided(own))
    runs = trained(sets, variants(), profile)
    scores = [
        run.scores(lambda model, s: r2_of(outputs(model, sets[s].X), sets[s])) for run in runs
    ]
    constant = constant_losses(sets).iloc[0]
    return Remedies(profile=profile.name, **found(runs, scores, constant))


def divided(own: Stocks) -> dict[str, Panel]:
    """The training days but the last, those that early stopping watches, and the validation year.

    Between the first two lies an embargo, as between the sets of the other studies.
    """
    train, dates = own.train, own.train.index["date"]
    days = np.sort(dates.unique())
    start = round((1 - STOPPING_SHARE) * len(days))
    return {
        "train": train.take(np.flatnonzero(dates < days[start - EMBARGO])),
        STOPPING: train.take(np.flatnonzero(dates >= days[start])),
        CHOOSING: own.validation,
    }


def trained(
    sets: Mapping[str, PanelTensors], which: Sequence[Variant], profile: Profile
) -> list[Run]:
    """The wide model with each remedy at each seed, trained on ``train``, all sets watched."""
    wide = clone(WIDE).set_params(epochs=profile.remedy_epochs)
    seeds = range(profile.seed, profile.seed + profile.n_seeds)
    cases = [(variant, seed) for variant in which for seed in seeds]
    members = [clone(wide).set_params(random_state=s, **v.changes) for v, s in cases]
    made = train_on(sets, members, watched=True)
    return [Run(*case, own) for case, own in zip(cases, made, strict=True)]
