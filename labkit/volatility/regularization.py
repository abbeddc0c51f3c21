"""The first model of volatility and each regularization of it, at one dose and at many."""

import pandas as pd
from sklearn.base import clone

from labkit.nets.ensembles import curves
from labkit.report.remedies import REGULARIZATIONS, Doses, Remedies, all_doses, best_doses, weighed
from labkit.report.results import study
from labkit.volatility.data import NYSE
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import FIRST
from labkit.volatility.stocks import (
    constant_losses,
    development_tensors,
    r2_scores,
    stocks,
    train_on,
)


@study("regression-regularization")
def regularization(data: NYSE, profile: Profile) -> Remedies:
    """R² on train and validation with the epochs kept, over several seeds."""
    sets = development_tensors(stocks(data, profile.search_symbols))
    cases = [
        (name, seed)
        for name in REGULARIZATIONS
        for seed in range(profile.seed, profile.seed + profile.n_seeds)
    ]
    members = [
        clone(FIRST).set_params(epochs=profile.epochs, random_state=seed, **REGULARIZATIONS[name])
        for name, seed in cases
    ]
    trained = train_on(sets, members, watched=True)
    scores = pd.DataFrame(
        [
            {
                "regularization": name,
                "seed": seed,
                "epochs": len(member.history.table),
                "best_epoch": member.history.best_epoch,
                **r2_scores(member.model, sets),
            }
            for (name, seed), member in zip(cases, trained, strict=True)
        ]
    )
    names, seeds = zip(*cases, strict=True)
    history = curves(trained, regularization=names, seed=seeds)
    return Remedies(
        profile=profile.name, **weighed(history, scores, constant_losses(sets), metric="r2")
    )


@study("regression-doses")
def doses(data: NYSE, profile: Profile) -> Doses:
    """R² on train and validation at growing doses of dropout and of L2, over seeds."""
    sets = development_tensors(stocks(data, profile.search_symbols))
    mlp = clone(FIRST).set_params(epochs=profile.dose_epochs)
    cases = [
        (remedy, dose, clone(mlp).set_params(**{remedy: dose}, random_state=seed))
        for remedy, dose in all_doses()
        for seed in range(profile.seed, profile.seed + profile.n_seeds)
    ]
    trained = train_on(sets, [case for *_, case in cases], watched=False)
    scores = pd.DataFrame(
        [
            {"remedy": r, "dose": dose, "seed": mlp.random_state, **r2_scores(t.model, sets)}
            for (r, dose, mlp), t in zip(cases, trained, strict=True)
        ]
    )
    return Doses(profile=profile.name, scores=scores, best=best_doses(scores, "r2"))
