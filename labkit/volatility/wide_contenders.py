"""Ridge regression, boosting and a network on the wide inputs, in three forms."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sklearn.base import BaseEstimator, clone

from labkit.report.models import BASELINE, MLP, Kind, Model
from labkit.volatility.data import NYSE
from labkit.volatility.evenings import Bounded, Evenings, evenings
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


def wide_forecasts(
    data: NYSE, found: Rivals, profile: Profile, panels: Mapping[str, Panel]
) -> Forecasts:
    """Fit every learner to the set ``train`` and forecast the rows of every set.

    Forecasts are made for all stocks of a day, also those that turn out to have no target, so that
    a day's mean holds nothing that is known only later.
    """
    sets, _ = evenings(data, profile.study_symbols, panels)
    scaling = Bounded().fit(sets["train"].X)
    for s in sets:  # one by one: the inputs as they were are let go of
        sets[s] = replace(sets[s], X=scaling.transform(sets[s].X))
    past = sets["train"].take(sets["train"].rows)
    made = in_every_form(learners(found, profile), past, sets)
    return {m: {s: own[sets[s].rows] for s, own in by_set.items()} for m, by_set in made.items()}


def in_every_form(
    everyone: Sequence[Learner], past: Evenings, ahead: Mapping[str, Evenings]
) -> Forecasts:
    """Fit learners to evenings whose target is known; their forecasts of all others, by set.

    Parameters
    ----------
    everyone : sequence of Learner
        At least one of them shares its level.
    past, ahead : Evenings
        With inputs that are standardised.
    """
    parts = [_parts(learner, past, ahead) for learner in everyone]
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


def _parts(
    learner: Learner, past: Evenings, ahead: Mapping[str, Evenings]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A learner's forecasts for the cross-section and for the level, by set."""
    Y = past.Y if learner.helped else past.Y[:, 0]
    model = TwoParts(learner.cross, learner.level).fit(past.X, Y, past.dates)
    cross, level = (
        {s: _in_pieces(part, own.X) for s, own in ahead.items()}
        for part in (model.cross_, model.level_)
    )
    return cross, level


def _in_pieces(fitted: BaseEstimator, X: np.ndarray) -> np.ndarray:
    """Forecasts, shape ``(rows,)``: of some rows at a time, since some learners copy them."""
    pieces = np.array_split(X, np.arange(PIECE, len(X), PIECE))
    return np.concatenate([np.asarray(fitted.predict(piece), dtype=float) for piece in pieces])
