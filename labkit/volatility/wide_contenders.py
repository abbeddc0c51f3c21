"""Ridge regression, boosting and a network on the wide inputs, in one part and in two."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator, clone

from labkit.report.models import BASELINE, MLP, Kind, Model
from labkit.volatility.data import NYSE
from labkit.volatility.evenings import Bounded, evenings
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
    """

    name: str
    stage: str
    kind: Kind
    cross: BaseEstimator
    level: BaseEstimator
    helped: bool

    @property
    def models(self) -> tuple[Model, Model]:
        """In one part, by the learner of the level alone, and in two."""
        return (
            Model(f"{self.name}, wide", self.kind, f"{self.stage}-wide"),
            Model(f"{self.name}, wide, two parts", self.kind, f"{self.stage}-two-parts"),
        )


def learners(found: Rivals, profile: Profile) -> list[Learner]:
    """Who is fitted to the wide inputs: here a further one is added."""
    rivals = [
        Learner(name, family, BASELINE, chosen(found, family, CROSS), chosen(found, family, WIDE),
                helped=False)
        for name, family in (("ridge regression", "ridge"), ("gradient boosting", "boosting"))
    ]  # fmt: skip
    networks = [
        clone(network).set_params(n_networks=profile.wide_networks, random_state=profile.seed)
        for network in (CROSS_NETWORK, LEVEL_NETWORK)
    ]
    return [*rivals, Learner("MLP", "mlp", MLP, *networks, helped=True)]


def wide_forecasts(
    data: NYSE, found: Rivals, profile: Profile, panels: Mapping[str, Panel]
) -> Forecasts:
    """Fit every learner to the set ``train`` and forecast the rows of every set.

    Forecasts are made for all stocks of a day, also those that turn out to have no target, so that
    a day's mean holds nothing that is known only later.
    """
    sets, _ = evenings(data, profile.study_symbols, panels)
    scaling = Bounded().fit(sets["train"].X)
    X = {s: scaling.transform(own.X) for s, own in sets.items()}
    fit = sets["train"].rows
    X_fit, Y, dates = X["train"][fit], sets["train"].Y[fit], sets["train"].dates[fit]
    forecasts: Forecasts = {}
    for learner in learners(found, profile):
        model = TwoParts(learner.cross, learner.level)
        model.fit(X_fit, Y if learner.helped else Y[:, 0], dates)
        one, two = learner.models
        forecasts |= {one: {}, two: {}}
        for s, own in sets.items():
            cross, level = (part.predict(X[s]) for part in (model.cross_, model.level_))
            forecasts[one][s] = np.asarray(level[own.rows], dtype=float)
            forecasts[two][s] = joined(cross, level, own.dates)[own.rows].astype(float)
    return forecasts
