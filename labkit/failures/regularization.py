"""The first model of failures and each regularization of it, at one dose and at many."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from labkit.failures.data import Maintenance
from labkit.failures.machines import (
    TEST_SHARE,
    RowTensors,
    class_share_losses,
    machines,
    macro_f1,
    row_tensors,
    train_on,
)
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST
from labkit.nets.ensembles import curves
from labkit.report.remedies import REGULARIZATIONS, Doses, Remedies, all_doses, best_doses, weighed
from labkit.report.results import study


@study("classification-regularization")
def regularization(data: Maintenance, profile: Profile) -> Remedies:
    """Macro-F1 on train and validation with the epochs kept, over several seeds.

    Each seed splits the development rows anew into train and validation.
    """
    history, scores, constants = [], [], []
    for seed in range(profile.seed, profile.seed + profile.n_seeds):
        sets = _train_and_validation(data, profile, seed)
        members = [
            clone(FIRST).set_params(epochs=profile.epochs, random_state=seed, **changes)
            for changes in REGULARIZATIONS.values()
        ]
        trained = train_on(sets, members)
        history.append(curves(trained, regularization=list(REGULARIZATIONS)).assign(seed=seed))
        scores += [
            {
                "regularization": name,
                "seed": seed,
                "epochs": len(member.history.table),
                "best_epoch": member.history.best_epoch,
                **_scores(member.model, sets),
            }
            for name, member in zip(REGULARIZATIONS, trained, strict=True)
        ]
        constants.append(class_share_losses(sets))
    found = weighed(
        pd.concat(history, ignore_index=True),
        pd.DataFrame(scores),
        pd.DataFrame(constants).mean().to_frame().T,
        metric="macro_f1",
    )
    return Remedies(profile=profile.name, **found)


@study("classification-doses")
def doses(data: Maintenance, profile: Profile) -> Doses:
    """Macro-F1 on train and validation at growing doses of dropout and of L2, over seeds."""
    rows = []
    for seed in range(profile.seed, profile.seed + profile.n_seeds):
        sets = _train_and_validation(data, profile, seed)
        mlp = clone(FIRST).set_params(epochs=profile.epochs, random_state=seed)
        cases = [clone(mlp).set_params(**{remedy: dose}) for remedy, dose in all_doses()]
        rows += [
            {"remedy": remedy, "dose": dose, "seed": seed, **_scores(t.model, sets)}
            for (remedy, dose), t in zip(all_doses(), train_on(sets, cases), strict=True)
        ]
    scores = pd.DataFrame(rows)
    return Doses(profile=profile.name, scores=scores, best=best_doses(scores, "macro_f1"))


def _scores(model, sets: dict[str, RowTensors]) -> dict[str, float]:
    return {f"{name}_macro_f1": macro_f1(model, rows) for name, rows in sets.items()}


def _train_and_validation(data: Maintenance, profile: Profile, seed: int) -> dict[str, RowTensors]:
    """The development rows, split anew by ``seed``, as tensors."""
    X, y = machines(data, profile.seed).development_rows()
    fit, judge = train_test_split(
        np.arange(len(X)), test_size=TEST_SHARE, stratify=y, random_state=seed
    )
    judged = {"validation": (X.iloc[judge], y.iloc[judge])}
    return row_tensors(X.iloc[fit], y.iloc[fit], judged)
