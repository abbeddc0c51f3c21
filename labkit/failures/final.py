"""The final tables of the classification: the only study that opens the test rows."""

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.pipeline import make_pipeline

from labkit import config
from labkit.both.regularization import REGULARIZATIONS, best_classification_regularization
from labkit.failures import alarms
from labkit.failures.preprocessing import machine_preprocessing
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import (
    RuleOracle,
    class_probabilities,
    classification_scores,
    most_probable,
    out_of_fold,
    per_class_scores,
)
from labkit.failures.setting import (
    FIRST,
    PHYSICS,
    RAW,
    RULES,
    ClassificationData,
    class_share_loss,
    classification_data,
    maintenance,
    recipe_stage,
    repeated_folds,
    row_tensors,
    stored,
    train_rows,
    tuned_classifier,
)
from labkit.failures.stages import DECIDED, Split, Stage, out_of_fold_stages, predict_stages
from labkit.nets.ensembles import curves
from labkit.nets.splits import contiguous_blocks
from labkit.report.alarms import check_generalisation
from labkit.report.results import Result


def classification_final() -> Result:
    """Every model on train and test, and out-of-fold over all rows.

    Tables: ``out_of_fold`` (model, repeat, scores), ``blocks`` (model, scores) for contiguous
    blocks, ``per_class``, ``confusion`` and ``scores`` (model, set) for the held-out rows,
    ``probabilities`` of the best MLP and the best other learner, ``curves`` of the MLPs with the
    test rows watched, ``constant``.
    """
    return stored("classification-final", _classification_final)


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
            "probabilities": _probabilities(probabilities, scores[~in_blocks], data.y),
            "curves": curves_of_stages,
            "constant": constant,
        }
    )


def _probabilities(found: dict, scores: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
    """Out-of-fold probabilities, first repetition, of the best MLP and the best other learner.

    A decision rule's factors are no probabilities, so stages that decide are left out.
    """
    means = scores.groupby("model")["macro_f1"].mean().drop(["majority class", "rule oracle"])
    means = means[~means.index.str.endswith(DECIDED)]
    is_mlp = means.index.str.startswith("MLP")
    parts = []
    for name in (means[is_mlp].idxmax(), means[~is_mlp].idxmax()):
        own = pd.DataFrame(found[(name, 0)], columns=list(FAILURE_TYPES))
        parts.append(own.assign(model=name, row=np.arange(len(y)), true=y.to_numpy()))
    return pd.concat(parts, ignore_index=True)


def _raise_alarms(data: ClassificationData, scores, held_out: pd.DataFrame) -> None:
    """Stop where a result is too good to be honest."""
    seed = config.profile().seed
    alarms.check_single_features(data.X, data.y, seed)
    means = scores.groupby("model")["macro_f1"].mean()
    alarms.check_macro_f1(means.max(), maintenance().frame, means.idxmax(), seed)
    accuracy = held_out.pivot(index="model", columns="set", values="accuracy")
    for model, row in accuracy.iterrows():
        check_generalisation(row["train"], row["test"], len(data.test), model)


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
    baselines = {name: _seeded(model, seed) for name, model in _baselines().items()}
    found = Parallel(n_jobs=-1)(
        delayed(_fitted_probabilities)(model, X, y, both) for model in baselines.values()
    )
    probabilities = dict(zip(baselines, found, strict=True))
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


def _fitted_probabilities(model, X, y, X_out) -> np.ndarray:
    return class_probabilities(model.fit(X, y), X_out)


def _held_out_curves(data: ClassificationData, stages: dict[str, Stage]):
    """Learning curves of every stage, the test rows watched; and the loss of the class shares."""
    seed = config.profile().seed
    X, y = data.development_rows()
    test = {"test": data.open_test()}
    history, constant = [], {}
    for name, stage in stages.items():
        sets = row_tensors(X, y, test, stage.features, normal=stage.normal)
        # Without early stopping, which would need rows of its own: the whole course is shown.
        mlp = clone(stage.mlp).set_params(random_state=seed, patience=None)
        history.append(curves(train_rows([mlp], sets), model=[name]))
        constant = {s: [class_share_loss(sets["train"].y, rows.y)] for s, rows in sets.items()}
    return pd.concat(history, ignore_index=True), pd.DataFrame(constant)


def final_mlps() -> dict[str, Stage]:
    """The MLP at each stage of the study."""
    first = clone(FIRST).set_params(epochs=config.profile().classification_epochs)
    regularized = clone(first).set_params(**REGULARIZATIONS[best_classification_regularization()])
    return {
        "MLP, first": Stage(first, RAW),
        "MLP, physics features": Stage(first, PHYSICS),
        "MLP, tuned": Stage(tuned_classifier(), PHYSICS),
        "MLP, regularized": Stage(regularized, PHYSICS),
        "MLP, recipe": recipe_stage(),
    }


def _baselines() -> dict:
    def prepared(features, model, normal=False):
        return make_pipeline(machine_preprocessing(features, normal=normal), model)

    forest = RandomForestClassifier(config.profile().forest_trees)
    # At the default rate of 0.1 the loss of the rare classes diverges in some folds.
    boosting = HistGradientBoostingClassifier(learning_rate=0.05)
    return {
        "majority class": DummyClassifier(strategy="prior"),
        "rule oracle": RuleOracle(),
        "logistic regression": prepared(PHYSICS, LogisticRegression(max_iter=2000)),
        "random forest, raw": prepared(RAW, forest),
        "random forest, physics": prepared(PHYSICS, forest),
        "random forest, recipe's inputs": prepared(RULES, forest, normal=True),
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
