"""The classification experiments: machine measurements → type of failure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from labkit import config
from labkit.failures import balancing as imbalance
from labkit.failures.data import Maintenance, load_maintenance
from labkit.failures.features import (
    MACHINE_FEATURES,
    PHYSICS_FEATURES,
    RULE_QUANTITIES,
    machine_features,
)
from labkit.failures.preprocessing import machine_preprocessing, scaling
from labkit.failures.recipe import CLASSIFICATION_PARTS, CLASSIFICATION_RECIPE
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable, per_class_scores
from labkit.failures.stages import Split, Stage, codes, out_of_fold_stages
from labkit.files.provenance import Provenance
from labkit.nets.ensembles import outputs, train_members
from labkit.nets.estimators import MLPClassifier
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.splits import stratified
from labkit.nets.training import Watched, class_accuracy
from labkit.report import results
from labkit.report.grids import grid_table
from labkit.report.results import Result

TEST_SHARE = 0.2
"""Share of the machine rows that is held out for the final table."""

RAW = MACHINE_FEATURES
PHYSICS = MACHINE_FEATURES + PHYSICS_FEATURES
RULES = RULE_QUANTITIES


ABLATION_MEMBERS = 3
"""Networks that the whole recipe averages in its ablation: enough to see what that is worth."""

FIRST = MLPClassifier(hidden_sizes=(64, 32), learning_rate=1e-3, optimizer="adam", batch_size=128)
"""The first model: two hidden layers, Adam with its usual step, no regularization."""


@dataclass(frozen=True)
class ClassificationData:
    """The machine rows: the development part, and a test part that stays closed.

    ``X`` has the columns of `labkit.failures.features.machine_features`, physics included; ``y``
    the failure types. ``development`` and ``test`` are row positions, every class in the same
    share.
    """

    provenance: Provenance
    X: pd.DataFrame
    y: pd.Series
    development: np.ndarray
    test: np.ndarray

    def development_rows(self) -> tuple[pd.DataFrame, pd.Series]:
        """Rows that models are fitted to and choices are made on."""
        return self.X.iloc[self.development], self.y.iloc[self.development]

    def open_test(self) -> tuple[pd.DataFrame, pd.Series]:
        """Rows that judge. Only the final table may call this."""
        return self.X.iloc[self.test], self.y.iloc[self.test]


@cache
def maintenance() -> Maintenance:
    """The maintenance data, read once."""
    return load_maintenance()


@cache
def classification_data() -> ClassificationData:
    """Features, labels and the hold-out split of the machine rows."""
    data = maintenance()
    X = machine_features(data.frame)
    y = data.frame["failure_type"].astype(str)
    development, test = train_test_split(
        np.arange(len(X)), test_size=TEST_SHARE, stratify=y, random_state=config.profile().seed
    )
    return ClassificationData(data.provenance, X, y, np.sort(development), np.sort(test))


def classification_grid() -> Result:
    """Grid search over the six axes, stratified folds of the development rows, by macro-F1.

    Tables: ``candidates``, best first; ``best``.
    """
    return stored("classification-grid", _classification_grid)


def _classification_grid() -> Result:
    profile = config.profile()
    X, y = classification_data().development_rows()
    search = StackedGridSearchCV(
        Stage(FIRST, PHYSICS).pipeline(profile.seed),
        {f"mlp__{name}": values for name, values in profile.classification_grid.items()},
        scoring="f1_macro",
        cv=stratified(profile.classification_folds, 1, profile.seed),
        refit=False,
        n_jobs=-1,
        return_train_score=True,
    ).fit(X, y)
    candidates = grid_table(search.cv_results_)
    return Result({"candidates": candidates, "best": candidates.head(1)})


def tuned_classifier() -> MLPClassifier:
    """The first model with the parameters that won the grid search."""
    best = classification_grid()["best"].iloc[0]
    return clone(FIRST).set_params(
        **{name: best[name] for name in ("learning_rate", "optimizer", "hidden_sizes")},
        batch_size=int(best["batch_size"]),
        epochs=int(best["epochs"]),
    )


def balancing() -> Result:
    """Every balancing strategy with the tuned model, out-of-fold over repeated folds.

    Tables: ``scores`` (strategy, repeat, scores), ``per_class`` (strategy, repeat, class, scores),
    ``counts`` (strategy, class, training rows of one fold).
    """
    return stored("balancing", _balancing)


def repeated_folds(X: pd.DataFrame, y: pd.Series, n_repeats: int) -> list[list[Split]]:
    """Stratified folds, drawn anew for every repetition, each with its own seed."""
    profile = config.profile()
    return [
        [
            Split(train, out, seed)
            for train, out in stratified(profile.classification_folds, 1, seed).split(X, y)
        ]
        for seed in range(profile.seed, profile.seed + n_repeats)
    ]


def _balancing() -> Result:
    profile = config.profile()
    X, y = classification_data().development_rows()
    protocols = repeated_folds(X, y, profile.n_seeds)
    stages = {name: Stage(tuned_classifier(), PHYSICS, name) for name in imbalance.STRATEGIES}
    probabilities = out_of_fold_stages(stages, X, y, protocols)
    scores, per_class = [], []
    for (strategy, repeat), own in probabilities.items():
        label = {"strategy": strategy, "repeat": repeat}
        predicted = most_probable(own)
        scores.append({**label, **classification_scores(y, predicted, own)})
        per_class.append(per_class_scores(y, predicted).assign(**label))
    train = protocols[0][0].train
    X_fold, y_fold = X.iloc[train], y.iloc[train]
    counts = [_resampled_counts(X_fold, y_fold, name, profile.seed) for name in stages]
    return Result(
        {
            "scores": pd.DataFrame(scores),
            "per_class": pd.concat(per_class, ignore_index=True),
            "counts": pd.concat(counts, ignore_index=True),
        }
    )


def resampled(strategy: str) -> tuple[pd.DataFrame, np.ndarray]:
    """The development rows, scaled, as a strategy leaves them: what its picture shows."""
    X, y = classification_data().development_rows()
    return _resample(X, y, strategy, config.profile().seed)


def _resample(X, y, strategy: str, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    scaled = scaling(PHYSICS).fit_transform(X)
    sampler = imbalance.sampler(strategy, seed)
    if sampler == "passthrough":
        return scaled, np.asarray(y)
    return sampler.fit_resample(scaled, np.asarray(y))


def _resampled_counts(X, y, strategy: str, seed: int) -> pd.DataFrame:
    _, labels = _resample(X, y, strategy, seed)
    counts = pd.Series(labels).value_counts().reindex(FAILURE_TYPES, fill_value=0)
    return counts.rename_axis("class").rename("rows").reset_index().assign(strategy=strategy)


def recipe_stage(**changes) -> Stage:
    """The `CLASSIFICATION_RECIPE` with ``changes``, averaged over seeds, with a decision rule."""
    profile = config.profile()
    recipe = {**CLASSIFICATION_RECIPE, "epochs": profile.recipe_epochs, **changes}
    mlp = clone(FIRST).set_params(**recipe)
    return Stage(mlp, RULES, normal=True, n_members=profile.ensemble, decides=True)


def classification_ablation() -> Result:
    """What each part of the recipe is worth: macro-F1 without it, out-of-fold on development rows.

    Table: ``scores`` (left out, repeat, macro-F1, log loss); ``nothing`` is the whole recipe.
    """
    return stored("classification-ablation", _classification_ablation)


def _classification_ablation() -> Result:
    X, y = classification_data().development_rows()
    folds = repeated_folds(X, y, n_repeats=2)
    whole = replace(recipe_stage(), decides=False, n_members=ABLATION_MEMBERS)
    mlp = whole.mlp
    stages = {
        "nothing": whole,
        "physics features": Stage(mlp, RAW, normal=True),
        "choice of features (all instead)": Stage(mlp, PHYSICS, normal=True),
        "normal quantiles (standardised instead)": Stage(mlp, RULES),
    }
    stages |= {
        part: Stage(clone(mlp).set_params(**changes), RULES, normal=True)
        for part, changes in CLASSIFICATION_PARTS.items()
    }
    probabilities = out_of_fold_stages(stages, X, y, folds)
    scores = [
        {"left_out": name, "repeat": i, **classification_scores(y, most_probable(own), own)}
        for (name, i), own in probabilities.items()
    ]
    return Result({"scores": pd.DataFrame(scores)})


@dataclass(frozen=True)
class RowTensors:
    """Machine rows as a network sees them: ``X`` ``(rows, features)``, ``y`` ``(rows,)`` codes."""

    X: Tensor
    y: Tensor

    @property
    def watched(self) -> Watched:
        """With the share of rows classified rightly."""
        return Watched(self.X, self.y, class_accuracy(self.y))


def row_tensors(
    X, y, others: dict, features: list[str] = PHYSICS, *, normal: bool = False
) -> dict[str, RowTensors]:
    """Training rows, and other sets prepared by what was learned on them, as tensors."""
    preprocessing = machine_preprocessing(features, normal=normal).fit(X)
    sets = {"train": (X, y), **others}
    return {
        name: RowTensors(
            torch.as_tensor(np.asarray(preprocessing.transform(X_s)), dtype=torch.float32),
            torch.as_tensor(codes(y_s)),
        )
        for name, (X_s, y_s) in sets.items()
    }


def train_rows(members: list[MLPClassifier], sets: dict[str, RowTensors]) -> list:
    """Train on the set ``train``, all sets watched."""
    return train_members(
        members,
        sets["train"].X,
        sets["train"].y,
        n_outputs=len(FAILURE_TYPES),
        loss="cross_entropy",
        watch={name: rows.watched for name, rows in sets.items()},
    )


def macro_f1(model: nn.Module, rows: RowTensors) -> float:
    """Macro-F1 of a network on machine rows."""
    labels = np.array(FAILURE_TYPES)
    predicted = labels[outputs(model, rows.X).argmax(axis=1)]
    return classification_scores(labels[rows.y.numpy()], predicted)["macro_f1"]


def class_share_loss(y_train: Tensor, y: Tensor) -> float:
    """Cross-entropy on ``y`` of the training rows' class shares."""
    shares = torch.bincount(y_train, minlength=len(FAILURE_TYPES)) / len(y_train)
    return float(-shares.clamp_min(1e-12).log()[y].mean())


def stored(study: str, make: Callable[[], Result]) -> Result:
    """`labkit.report.results.stored` for these data and this profile."""
    fingerprint = maintenance().provenance.fingerprint
    return results.stored(study, make, data=fingerprint, profile=config.profile())
