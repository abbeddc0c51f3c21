"""Ridge regression, boosting and a network on the wide inputs, in three forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone

from labkit.report.checkpoints import Checkpoint
from labkit.report.models import BASELINE, MLP, Kind, Model
from labkit.volatility.data import NYSE
from labkit.volatility.evenings import Bounded, Evenings, evenings
from labkit.volatility.kept import wide_checkpoint
from labkit.volatility.network import WideMLP
from labkit.volatility.panel import Panel
from labkit.volatility.profile import Profile
from labkit.volatility.rivals import CROSS, WIDE, Rivals, chosen
from labkit.volatility.scores import Forecasts
from labkit.volatility.two_parts import TwoParts, joined

CROSS_NETWORK = WideMLP(epochs=5, batch_size=4096)
"""For the cross-section."""

LEVEL_NETWORK = WideMLP(epochs=2, batch_size=8192)
"""For the level of the day: two epochs, before it knows the days by heart."""

SHARING = ("ridge", "mlp")
"""Whose levels the shared one is the mean of.

On 2013, 2014 and 2015, each forecast from the years before, the mean of these two lost less than
the network alone in all but the first, and boosting's level made the mean worse in both that were
tried.
"""

PIECE = 2**16
"""Rows that are forecast at a time."""


@dataclass(frozen=True)
class Learner:
    """A learner for both parts of the form.

    Attributes
    ----------
    name, stage : str
        Of its models, in part.
    kind : Kind
    cross, level : estimator
    helped : bool
        Whether it learns the auxiliary targets too.
    shares : bool
        Whether its level is one of those whose mean the shared level is.
    """

    name: str
    stage: str
    kind: Kind
    cross: BaseEstimator
    level: BaseEstimator
    helped: bool
    shares: bool

    @property
    def models(self) -> tuple[Model, Model, Model]:
        """In one part, by the learner of the level alone; in two; with the shared level."""
        return (
            Model(f"{self.name}, wide", self.kind, f"{self.stage}-wide"),
            Model(f"{self.name}, wide, two parts", self.kind, f"{self.stage}-two-parts"),
            Model(f"{self.name}, wide, shared level", self.kind, f"{self.stage}-shared"),
        )


def learners(found: Rivals, profile: Profile) -> list[Learner]:
    """Who is fitted to the wide inputs: here a further one is added."""
    rivals = [
        Learner(name, family, BASELINE, chosen(found, family, CROSS), chosen(found, family, WIDE),
                helped=False, shares=family in SHARING)
        for name, family in (("ridge regression", "ridge"), ("gradient boosting", "boosting"))
    ]  # fmt: skip
    networks = [
        clone(network).set_params(n_networks=profile.wide_networks, random_state=profile.seed)
        for network in (CROSS_NETWORK, LEVEL_NETWORK)
    ]
    return [*rivals, Learner("MLP", "mlp", MLP, *networks, helped=True, shares="mlp" in SHARING)]


@dataclass(frozen=True, eq=False)
class Wide:
    """What was fitted to the wide inputs, and its forecasts.

    Attributes
    ----------
    forecasts : Forecasts
    networks : dict of str to Checkpoint
        By the stage of the network in two parts.
    """

    forecasts: Forecasts
    networks: dict[str, Checkpoint]


def wide_forecasts(
    data: NYSE, found: Rivals, profile: Profile, panels: Mapping[str, Panel]
) -> Wide:
    """Fit every learner to the set ``train`` and forecast the rows of every set.

    Forecasts are made for all stocks of a day, also those that turn out to have no target, so that
    a day's mean holds nothing that is known only later.
    """
    sets, columns = evenings(data, profile.study_symbols, panels)
    scaling = Bounded().fit(sets["train"].X)
    for s in sets:  # one by one: the inputs as they were are let go of
        sets[s] = replace(sets[s], X=scaling.transform(sets[s].X))
    past = sets["train"].take(sets["train"].rows)
    everyone = learners(found, profile)
    fitted = fit_parts(everyone, past)
    made = in_every_form(everyone, fitted, sets)
    levels = {
        who.stage: own.level_ for who, own in zip(everyone, fitted, strict=True) if who.shares
    }
    return Wide(
        {m: {s: own[sets[s].rows] for s, own in by_set.items()} for m, by_set in made.items()},
        {
            who.models[1].stage: wide_checkpoint(
                scaling,
                columns["input"],
                own,
                [level for stage, level in levels.items() if stage != who.stage],
            )
            for who, own in zip(everyone, fitted, strict=True)
            if who.kind == MLP
        },
    )


def fit_parts(everyone: Sequence[Learner], past: Evenings) -> list[TwoParts]:
    """Each learner in two parts, fitted to evenings whose target is known.

    They are fitted side by side, in threads, which share the inputs: those are large.
    """
    return Parallel(n_jobs=-1, prefer="threads")(
        delayed(TwoParts(who.cross, who.level).fit)(
            past.X, past.Y if who.helped else past.Y[:, 0], past.dates
        )
        for who in everyone
    )


def in_every_form(
    everyone: Sequence[Learner], fitted: Sequence[TwoParts], ahead: Mapping[str, Evenings]
) -> Forecasts:
    """The forecasts of fitted learners in every form, by set.

    Parameters
    ----------
    everyone : sequence of Learner
        At least one of them shares its level.
    fitted : sequence of TwoParts
        As `fit_parts` gives them.
    ahead : mapping of str to Evenings
        With inputs that are standardised.
    """
    parts = [
        tuple(
            {s: _in_pieces(part, own.X) for s, own in ahead.items()}
            for part in (model.cross_, model.level_)
        )
        for model in fitted
    ]
    shared_levels = [own for who, (_, own) in zip(everyone, parts, strict=True) if who.shares]
    forecasts: Forecasts = {}
    for learner, (crosses, levels) in zip(everyone, parts, strict=True):
        one, two, shared = learner.models
        forecasts |= {one: levels, two: {}, shared: {}}
        for s, own in ahead.items():
            mean = np.mean([levels[s] for levels in shared_levels], axis=0)
            forecasts[two][s] = joined(crosses[s], levels[s], own.dates)
            forecasts[shared][s] = joined(crosses[s], mean, own.dates)
    return forecasts


def _in_pieces(fitted: BaseEstimator, X: np.ndarray) -> np.ndarray:
    """Forecasts, shape ``(rows,)``: of some rows at a time, since some learners copy them."""
    pieces = np.array_split(X, np.arange(PIECE, len(X), PIECE))
    return np.concatenate([np.asarray(fitted.predict(piece), dtype=float) for piece in pieces])
