"""Regularizations of the first model, alone and together, for both tasks."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from labkit import config
from labkit.failures import setting as classification
from labkit.nets.ensembles import curves
from labkit.report.results import Result
from labkit.volatility import setting as regression

REGULARIZATIONS = {
    "none": {},
    "dropout": {"dropout": 0.2},
    "L2": {"weight_decay": 1e-3},
    "batch norm": {"batch_norm": True},
    "early stopping": {"patience": 3},
    "all together": {
        "dropout": 0.2,
        "weight_decay": 1e-3,
        "batch_norm": True,
        "patience": 3,
    },
}
"""Parameters that each regularization changes in an estimator, by name."""


DOSES = {
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "weight_decay": [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
}
"""How much of a remedy is tried, by the estimator's parameter."""


def regression_regularization() -> Result:
    """The first model, and each regularization of it, over several seeds.

    Tables: ``curves``, losses and directional accuracies by epoch; ``scores``, R² on train and
    validation with the epochs kept; ``constant``, the loss of the constant forecast.
    """
    return regression.stored("regression-regularization", _regression_regularization)


def _regression_regularization() -> Result:
    profile = config.profile()
    data = regression.regression_data(profile.search_symbols)
    sets = regression.development_tensors(data)
    names = [name for name in REGULARIZATIONS for _ in range(profile.n_seeds)]
    seeds = [profile.seed + s for _ in REGULARIZATIONS for s in range(profile.n_seeds)]
    members = [
        clone(regression.FIRST).set_params(
            epochs=profile.regression_epochs, random_state=seed, **REGULARIZATIONS[name]
        )
        for name, seed in zip(names, seeds, strict=True)
    ]
    trained = regression.train_panels(members, sets, watched=True)
    r2 = pd.DataFrame([regression.r2_scores(m.model, sets) for m in trained])
    scores = pd.DataFrame(
        {
            "regularization": names,
            "seed": seeds,
            "epochs": [len(m.history.table) for m in trained],
            "best_epoch": [m.history.best_epoch for m in trained],
        }
    ).join(r2)
    return Result(
        {
            "curves": curves(trained, regularization=names, seed=seeds),
            "scores": scores,
            "constant": regression.constant_losses(sets),
        }
    )


def best_regression_regularization() -> str:
    """The regularization with the best mean validation R²."""
    scores = regression_regularization()["scores"]
    return scores.groupby("regularization")["validation_r2"].mean().idxmax()


def classification_regularization() -> Result:
    """The first model, and each regularization of it, over several seeds.

    Each seed splits the development rows anew into train and validation.

    Tables: ``curves``, losses and accuracies by epoch; ``scores``, macro-F1 on train and
    validation with the epochs kept; ``constant``, the loss of the class shares.
    """
    return classification.stored("classification-regularization", _classification_regularization)


def _classification_regularization() -> Result:
    profile = config.profile()
    names = list(REGULARIZATIONS)
    history, scores, constants = [], [], []
    for repeat in range(profile.n_seeds):
        seed = profile.seed + repeat
        sets = _train_and_validation(seed)
        members = [
            clone(classification.FIRST).set_params(
                epochs=profile.classification_epochs, random_state=seed, **REGULARIZATIONS[name]
            )
            for name in names
        ]
        trained = classification.train_rows(members, sets)
        history.append(curves(trained, regularization=names).assign(seed=seed))
        for name, member in zip(names, trained, strict=True):
            f1 = {s: classification.macro_f1(member.model, rows) for s, rows in sets.items()}
            scores.append(
                {
                    "regularization": name,
                    "seed": seed,
                    "epochs": len(member.history.table),
                    "best_epoch": member.history.best_epoch,
                    "train_macro_f1": f1["train"],
                    "validation_macro_f1": f1["validation"],
                }
            )
        constants.append(
            {
                s: classification.class_share_loss(sets["train"].y, rows.y)
                for s, rows in sets.items()
            }
        )
    return Result(
        {
            "curves": pd.concat(history, ignore_index=True),
            "scores": pd.DataFrame(scores),
            "constant": pd.DataFrame(constants).mean().to_frame().T,
        }
    )


def best_classification_regularization() -> str:
    """The regularization with the best mean validation macro-F1."""
    scores = classification_regularization()["scores"]
    return scores.groupby("regularization")["validation_macro_f1"].mean().idxmax()


def regression_doses() -> Result:
    """R² of the first model at growing doses of dropout and of L2, over seeds.

    Table: ``scores`` (remedy, dose, seed, train and validation R²).
    """
    return regression.stored("regression-doses", _regression_doses)


def _regression_doses() -> Result:
    profile = config.profile()
    data = regression.regression_data(profile.search_symbols)
    sets = regression.development_tensors(data)
    seeds = range(profile.seed, profile.seed + profile.n_seeds)
    mlp = clone(regression.FIRST).set_params(epochs=profile.dose_epochs)
    cases = [
        (remedy, dose, clone(mlp).set_params(**{remedy: dose}, random_state=seed))
        for remedy, dose in _doses()
        for seed in seeds
    ]
    trained = regression.train_panels([case for *_, case in cases], sets, watched=False)
    rows = [
        {
            "remedy": remedy,
            "dose": dose,
            "seed": case.random_state,
            **regression.r2_scores(t.model, sets),
        }
        for (remedy, dose, case), t in zip(cases, trained, strict=True)
    ]
    return Result({"scores": pd.DataFrame(rows)})


def classification_doses() -> Result:
    """Macro-F1 of the first model at growing doses of dropout and of L2, over seeds.

    Table: ``scores`` (remedy, dose, seed, train and validation macro-F1).
    """
    return classification.stored("classification-doses", _classification_doses)


def _classification_doses() -> Result:
    profile = config.profile()
    rows = []
    for seed in range(profile.seed, profile.seed + profile.n_seeds):
        sets = _train_and_validation(seed)
        mlp = clone(classification.FIRST).set_params(epochs=profile.classification_epochs)
        cases = [clone(mlp).set_params(**{r: d}, random_state=seed) for r, d in _doses()]
        for (remedy, dose), t in zip(_doses(), classification.train_rows(cases, sets), strict=True):
            f1 = {f"{s}_macro_f1": classification.macro_f1(t.model, x) for s, x in sets.items()}
            rows.append({"remedy": remedy, "dose": dose, "seed": seed, **f1})
    return Result({"scores": pd.DataFrame(rows)})


def _doses() -> list[tuple[str, float]]:
    return [(remedy, dose) for remedy, doses in DOSES.items() for dose in doses]


def _train_and_validation(seed: int) -> dict:
    """The development rows, split anew by ``seed``, as tensors."""
    X, y = classification.classification_data().development_rows()
    fit, judge = train_test_split(
        np.arange(len(X)), test_size=classification.TEST_SHARE, stratify=y, random_state=seed
    )
    judged = {"validation": (X.iloc[judge], y.iloc[judge])}
    return classification.row_tensors(X.iloc[fit], y.iloc[fit], judged)
