"""The classification experiments: machine measurements → type of failure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from torch import Tensor, nn

from labkit import alarms, config, imbalance, results
from labkit.data import FAILURE_TYPES, Maintenance, Provenance, load_maintenance
from labkit.estimators import MLPClassifier
from labkit.evaluation import (
    RuleOracle,
    class_probabilities,
    classification_scores,
    most_probable,
    out_of_fold,
    per_class_scores,
)
from labkit.features import MACHINE_FEATURES, PHYSICS_FEATURES, machine_features
from labkit.preprocessing import machine_preprocessing, scaling
from labkit.results import Result
from labkit.search import StackedGridSearchCV
from labkit.splits import contiguous_blocks, stratified
from labkit.studies.members import curves, outputs, train_members
from labkit.studies.recipes import CLASSIFICATION_PARTS, CLASSIFICATION_RECIPE
from labkit.studies.regression import REGULARIZATIONS
from labkit.studies.stages import Split, Stage, codes, out_of_fold_stages, predict_stages
from labkit.studies.tidy import grid_table
from labkit.training import Watched, class_accuracy

TEST_SHARE = 0.2
"""Share of the machine rows that is held out for the final table."""

RAW = MACHINE_FEATURES
PHYSICS = MACHINE_FEATURES + PHYSICS_FEATURES

FIRST = MLPClassifier(hidden_sizes=(64, 32), learning_rate=1e-3, optimizer="adam", batch_size=128)
"""The first model: two hidden layers, Adam with its usual step, no regularization."""


@dataclass(frozen=True)
class ClassificationData:
    """The machine rows: the development part, and a test part that stays closed.

    ``X`` has the columns of `labkit.features.machine_features`, physics included; ``y`` the
    failure types. ``development`` and ``test`` are row positions, every class in the same share.
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
    return _stored("classification-grid", _classification_grid)


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
    return _stored("balancing", _balancing)


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


def classification_regularization() -> Result:
    """The first model, and each regularization of it, over several seeds.

    Each seed splits the development rows anew into train and validation.

    Tables: ``curves``, losses and accuracies by epoch; ``scores``, macro-F1 on train and
    validation with the epochs kept; ``constant``, the loss of the class shares.
    """
    return _stored("classification-regularization", _classification_regularization)


def _classification_regularization() -> Result:
    profile = config.profile()
    X, y = classification_data().development_rows()
    names = list(REGULARIZATIONS)
    history, scores, constants = [], [], []
    for repeat in range(profile.n_seeds):
        seed = profile.seed + repeat
        fit, judge = train_test_split(
            np.arange(len(X)), test_size=TEST_SHARE, stratify=y, random_state=seed
        )
        sets = _tensors(X.iloc[fit], y.iloc[fit], {"validation": (X.iloc[judge], y.iloc[judge])})
        members = [
            clone(FIRST).set_params(
                epochs=profile.classification_epochs, random_state=seed, **REGULARIZATIONS[name]
            )
            for name in names
        ]
        trained = _train(members, sets)
        history.append(curves(trained, regularization=names).assign(seed=seed))
        for name, member in zip(names, trained, strict=True):
            f1 = {s: _macro_f1(member.model, rows) for s, rows in sets.items()}
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
        constants.append({s: _entropy(sets["train"].y, rows.y) for s, rows in sets.items()})
    return Result(
        {
            "curves": pd.concat(history, ignore_index=True),
            "scores": pd.DataFrame(scores),
            "constant": pd.DataFrame(constants).mean().to_frame().T,
        }
    )


def best_regularization() -> str:
    """The regularization with the best mean validation macro-F1."""
    scores = classification_regularization()["scores"]
    return scores.groupby("regularization")["validation_macro_f1"].mean().idxmax()


def classification_final() -> Result:
    """Every model on train and test, and out-of-fold over all rows.

    Tables: ``out_of_fold`` (model, repeat, scores), ``blocks`` (model, scores) for contiguous
    blocks, ``per_class``, ``confusion`` and ``scores`` (model, set) for the held-out rows,
    ``curves`` of the MLPs with the test rows watched, ``constant``.
    """
    return _stored("classification-final", _classification_final)


def _classification_final() -> Result:
    profile = config.profile()
    data = classification_data()
    blocks = contiguous_blocks(profile.classification_folds).split(data.X)
    protocols = [
        *repeated_folds(data.X, data.y, profile.n_repeats),
        [Split(train, out, profile.seed) for train, out in blocks],
    ]
    stages = final_mlps()
    probabilities = _baselines_out_of_fold(data, protocols)
    probabilities |= out_of_fold_stages(stages, data.X, data.y, protocols)
    scores = pd.DataFrame(
        [
            {
                "model": model,
                "repeat": i,
                **classification_scores(data.y, most_probable(own), own),
            }
            for (model, i), own in probabilities.items()
        ]
    )
    in_blocks = scores["repeat"] == len(protocols) - 1
    held_out = _held_out_scores(data, stages)
    _raise_alarms(data, scores[~in_blocks], held_out["scores"])
    curves_of_stages, constant = _held_out_curves(data, stages)
    return Result(
        {
            "out_of_fold": scores[~in_blocks].reset_index(drop=True),
            "blocks": scores[in_blocks].drop(columns="repeat").reset_index(drop=True),
            **held_out,
            "curves": curves_of_stages,
            "constant": constant,
        }
    )


def _raise_alarms(data: ClassificationData, out_of_fold, held_out: pd.DataFrame) -> None:
    """Stop where a result is too good to be honest."""
    seed = config.profile().seed
    alarms.check_single_features(data.X, data.y, seed)
    means = out_of_fold.groupby("model")["macro_f1"].mean()
    alarms.check_macro_f1(means.max(), maintenance().frame, means.idxmax(), seed)
    accuracy = held_out.pivot(index="model", columns="set", values="accuracy")
    for model, row in accuracy.iterrows():
        alarms.check_generalisation(row["train"], row["test"], len(data.test), model)


def _baselines_out_of_fold(data: ClassificationData, protocols) -> dict:
    """(model, number of the protocol) → probabilities, of the models that are no MLP."""
    cases = [
        (name, model, i) for name, model in _baselines().items() for i in range(len(protocols))
    ]
    found = Parallel(n_jobs=-1)(
        delayed(out_of_fold)(
            _seeded(model, protocols[i][0].seed),
            data.X,
            data.y,
            [(split.train, split.out) for split in protocols[i]],
        )
        for _, model, i in cases
    )
    return {(name, i): own for (name, _, i), own in zip(cases, found, strict=True)}


def _held_out_scores(data: ClassificationData, stages: dict[str, Stage]) -> dict[str, pd.DataFrame]:
    """Every model on its training rows and on the test rows."""
    seed = config.profile().seed
    X, y = data.development_rows()
    X_test, y_test = data.open_test()
    both, labels = pd.concat([X, X_test]), {"train": y, "test": y_test}
    probabilities = {
        name: class_probabilities(_seeded(model, seed).fit(X, y), both)
        for name, model in _baselines().items()
    }
    split = Split(data.development, np.concatenate([data.development, data.test]), seed)
    found = predict_stages(stages, data.X, data.y, [split])
    probabilities |= {name: own for (name, _), own in found.items()}
    scores, per_class, confusion = [], [], []
    for name, own in probabilities.items():
        predictions = dict(zip(labels, np.split(most_probable(own), [len(y)]), strict=True))
        for s, predicted in predictions.items():
            label = {"model": name, "set": s}
            scores.append({**label, **classification_scores(labels[s], predicted)})
            per_class.append(per_class_scores(labels[s], predicted).assign(**label))
            confusion.append(_confusion(labels[s], predicted).assign(**label))
    return {
        "scores": pd.DataFrame(scores),
        "per_class": pd.concat(per_class, ignore_index=True),
        "confusion": pd.concat(confusion, ignore_index=True),
    }


def _held_out_curves(data: ClassificationData, stages: dict[str, Stage]):
    """Learning curves of every stage, the test rows watched; and the loss of the class shares."""
    seed = config.profile().seed
    X, y = data.development_rows()
    test = {"test": data.open_test()}
    history, constant = [], {}
    for name, stage in stages.items():
        sets = _tensors(X, y, test, stage.features)
        # Without early stopping, which would need rows of its own: the whole course is shown.
        mlp = clone(stage.mlp).set_params(random_state=seed, patience=None)
        history.append(curves(_train([mlp], sets), model=[name]))
        constant = {s: [_entropy(sets["train"].y, rows.y)] for s, rows in sets.items()}
    return pd.concat(history, ignore_index=True), pd.DataFrame(constant)


def final_mlps() -> dict[str, Stage]:
    """The MLP at each stage of the study."""
    first = clone(FIRST).set_params(epochs=config.profile().classification_epochs)
    regularized = clone(first).set_params(**REGULARIZATIONS[best_regularization()])
    return {
        "MLP, first": Stage(first, RAW),
        "MLP, physics features": Stage(first, PHYSICS),
        "MLP, tuned": Stage(tuned_classifier(), PHYSICS),
        "MLP, regularized": Stage(regularized, PHYSICS),
        "MLP, recipe": recipe_stage(),
    }


def recipe_stage(**changes) -> Stage:
    """The `CLASSIFICATION_RECIPE` with ``changes``, averaged over seeds, with a decision rule."""
    profile = config.profile()
    recipe = {**CLASSIFICATION_RECIPE, "epochs": profile.recipe_epochs, **changes}
    mlp = clone(FIRST).set_params(**recipe)
    return Stage(mlp, PHYSICS, n_members=profile.ensemble, decides=True)


def classification_ablation() -> Result:
    """What each part of the recipe is worth: macro-F1 without it, out-of-fold on development rows.

    Table: ``scores`` (left out, repeat, macro-F1, log loss); ``nothing`` is the whole recipe.
    """
    return _stored("classification-ablation", _classification_ablation)


def _classification_ablation() -> Result:
    X, y = classification_data().development_rows()
    folds = repeated_folds(X, y, config.profile().n_repeats)
    whole = replace(recipe_stage(), decides=False)
    mlp = whole.mlp
    stages = {"nothing": whole, "physics features": Stage(mlp, RAW)}
    stages |= {
        part: Stage(clone(mlp).set_params(**changes), PHYSICS)
        for part, changes in CLASSIFICATION_PARTS.items()
    }
    probabilities = out_of_fold_stages(stages, X, y, folds)
    scores = [
        {"left_out": name, "repeat": i, **classification_scores(y, most_probable(own), own)}
        for (name, i), own in probabilities.items()
    ]
    return Result({"scores": pd.DataFrame(scores)})


def _baselines() -> dict:
    def prepared(features, model):
        return make_pipeline(machine_preprocessing(features), model)

    forest = RandomForestClassifier(config.profile().forest_trees)
    # At the default rate of 0.1 the loss of the rare classes diverges in some folds.
    boosting = HistGradientBoostingClassifier(learning_rate=0.05)
    return {
        "majority class": DummyClassifier(strategy="prior"),
        "rule oracle": RuleOracle(),
        "logistic regression": prepared(PHYSICS, LogisticRegression(max_iter=2000)),
        "random forest, raw": prepared(RAW, forest),
        "random forest, physics": prepared(PHYSICS, forest),
        "gradient boosting, raw": prepared(RAW, boosting),
        "gradient boosting, physics": prepared(PHYSICS, boosting),
    }


def _seeded(model, seed: int):
    """A clone whose every random step draws from ``seed``."""
    model = clone(model)
    names = [name for name in model.get_params() if name.split("__")[-1] == "random_state"]
    return model.set_params(**dict.fromkeys(names, seed))


def _confusion(y, predicted) -> pd.DataFrame:
    """Rows by true and predicted class, long."""
    counts = confusion_matrix(y, predicted, labels=FAILURE_TYPES)
    table = pd.DataFrame(counts, index=FAILURE_TYPES, columns=FAILURE_TYPES)
    return (
        table.rename_axis("true")
        .melt(ignore_index=False, var_name="predicted", value_name="rows")
        .reset_index()
    )


@dataclass(frozen=True)
class RowTensors:
    """Machine rows as a network sees them: ``X`` ``(rows, features)``, ``y`` ``(rows,)`` codes."""

    X: Tensor
    y: Tensor

    @property
    def watched(self) -> Watched:
        """With the share of rows classified rightly."""
        return Watched(self.X, self.y, class_accuracy(self.y))


def _tensors(X, y, others: dict, features: list[str] = PHYSICS) -> dict[str, RowTensors]:
    """Training rows, and other sets prepared by what was learned on them, as tensors."""
    preprocessing = machine_preprocessing(features).fit(X)
    sets = {"train": (X, y), **others}
    return {
        name: RowTensors(
            torch.as_tensor(np.asarray(preprocessing.transform(X_s)), dtype=torch.float32),
            torch.as_tensor(codes(y_s)),
        )
        for name, (X_s, y_s) in sets.items()
    }


def _train(members: list[MLPClassifier], sets: dict[str, RowTensors]) -> list:
    return train_members(
        members,
        sets["train"].X,
        sets["train"].y,
        n_outputs=len(FAILURE_TYPES),
        loss="cross_entropy",
        watch={name: rows.watched for name, rows in sets.items()},
    )


def _macro_f1(model: nn.Module, rows: RowTensors) -> float:
    labels = np.array(FAILURE_TYPES)
    predicted = labels[outputs(model, rows.X).argmax(axis=1)]
    return classification_scores(labels[rows.y.numpy()], predicted)["macro_f1"]


def _entropy(y_train: Tensor, y: Tensor) -> float:
    """Cross-entropy on ``y`` of the training rows' class shares."""
    shares = torch.bincount(y_train, minlength=len(FAILURE_TYPES)) / len(y_train)
    return float(-shares.clamp_min(1e-12).log()[y].mean())


def _stored(study: str, make: Callable[[], Result]) -> Result:
    fingerprint = maintenance().provenance.fingerprint
    return results.stored(study, make, data=fingerprint, profile=config.profile())
