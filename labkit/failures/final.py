"""The final tables of the failure study: the only study that opens the test rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.metrics import confusion_matrix

from labkit.failures.alarms import check_macro_f1, check_single_features
from labkit.failures.calibration import Reliability, reliability
from labkit.failures.contenders import MAJORITY, baselines, in_form, mlps, seeded
from labkit.failures.data import Maintenance
from labkit.failures.grid import grid
from labkit.failures.machines import (
    Machines,
    class_share_losses,
    machines,
    repeated_folds,
    row_tensors,
    train_on,
)
from labkit.failures.profile import Profile
from labkit.failures.recipe import FIRST, recipe, tuned
from labkit.failures.regularization import regularization
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import (
    class_probabilities,
    classification_scores,
    most_probable,
    out_of_fold,
    per_class_scores,
)
from labkit.failures.stages import (
    DECIDED,
    Split,
    Stage,
    out_of_fold_stages,
    predict_stages,
)
from labkit.nets.diagnostics import Verdict
from labkit.nets.ensembles import curves
from labkit.nets.splits import contiguous_blocks
from labkit.report.alarms import check_copies, check_generalisation, check_relatives
from labkit.report.curves import verdicts_of_models
from labkit.report.facts import Facts
from labkit.report.intervals import Interval, mean_interval, paired_gains
from labkit.report.models import BASELINE, MLP, Model, best, simpler_relatives
from labkit.report.results import study

Probabilities = dict[tuple[Model, int], np.ndarray]
"""Class probabilities ``(rows, 6)`` by model and number of the protocol."""


@dataclass(frozen=True)
class Standing:
    """A model's scores, out-of-fold; macro-F1 with its interval, and on blocks of time."""

    name: str
    accuracy: float
    macro_f1: Interval
    log_loss: float
    blocks_macro_f1: float


@dataclass(frozen=True, kw_only=True)
class Final(Facts):
    """Every model on train and test, and out-of-fold over all rows.

    Attributes
    ----------
    out_of_fold : DataFrame
        ``model, kind, stage, repeat`` and the scores, on stratified folds.
    blocks : DataFrame
        ``model, kind, stage`` and the scores, on contiguous blocks.
    scores, per_class, confusion : DataFrame
        Of the rows trained on and of the held-out rows, by ``model`` and ``set``.
    probabilities : DataFrame
        Out-of-fold class probabilities, first repetition, of the best MLP and the best other
        learner without a decision rule.
    curves : DataFrame
        Losses and accuracies by epoch of the MLPs, the held-out rows watched.
    constant : DataFrame
        The loss of the class shares on each set, in one row.
    standings : DataFrame
        A row for each model: mean ``accuracy``, ``macro_f1`` with ``low`` and ``high``,
        ``log_loss``, and ``block_macro_f1``.
    verdicts : dict of str to Verdict
        What the curves say of train and test, by stage.
    best, rival : str
        Stage of the MLP, and of the other learner, with the highest mean out-of-fold macro-F1.
    lead : Interval
        Macro-F1 of the best MLP less the rival's, over the same folds.
    reliability : Reliability
        Of the MLP in ``probabilities``.
    never_failing_accuracy : float
        Test accuracy of a model that never predicts a failure.
    f1_of_best : dict of str to float
        Class to the best MLP's F1 on the held-out rows.
    """

    out_of_fold: pd.DataFrame
    blocks: pd.DataFrame
    scores: pd.DataFrame
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    probabilities: pd.DataFrame
    curves: pd.DataFrame
    constant: pd.DataFrame
    standings: pd.DataFrame
    verdicts: dict[str, Verdict]
    best: str
    rival: str
    lead: Interval
    reliability: Reliability
    never_failing_accuracy: float
    f1_of_best: dict[str, float]

    def of(self, stage: str) -> Standing:
        """How the model of a stage stands."""
        row = self.standings.set_index("stage").loc[stage]
        f1 = Interval(*row[["macro_f1", "low", "high"]])
        return Standing(row["model"], row["accuracy"], f1, row["log_loss"], row["block_macro_f1"])


@study("classification-final")
def final(data: Maintenance, profile: Profile) -> Final:
    """Fit and score every model.

    Raises
    ------
    Alarm
        When a result is too good to be honest, or an opponent too bad.
    """
    rows = machines(data, profile.seed)
    blocks = contiguous_blocks(profile.folds).split(rows.X)
    protocols = [
        *repeated_folds(rows.X, rows.y, profile, profile.n_repeats),
        [Split(train, out, profile.seed) for train, out in blocks],
    ]
    first = clone(FIRST).set_params(epochs=profile.epochs)
    stages = mlps(
        first, tuned(grid(data, profile)), regularization(data, profile).chosen, recipe(profile)
    )
    found = _baselines_out_of_fold(rows, profile, protocols)
    for (model, form, i), own in out_of_fold_stages(stages, rows.X, rows.y, protocols).items():
        found[in_form(model, form), i] = own
    scores = pd.DataFrame(
        [
            {**m.row, "repeat": i, **classification_scores(rows.y, most_probable(own), own)}
            for (m, i), own in found.items()
        ]
    )
    in_blocks = scores["repeat"] == len(protocols) - 1
    out_of_fold_scores = scores[~in_blocks].reset_index(drop=True)
    held_out = _held_out(rows, profile, stages)
    raise_alarms(data, rows, profile, protocols, out_of_fold_scores, held_out["scores"])
    history, constant = _held_out_curves(rows, profile, stages)
    calibrated = [
        best(_undecided(out_of_fold_scores, stages), "macro_f1", kind) for kind in (MLP, BASELINE)
    ]
    return Final(
        profile=profile.name,
        probabilities=_table_of({model: found[model, 0] for model in calibrated}, rows.y),
        reliability=reliability(calibrated[0].name, found[calibrated[0], 0], rows.y),
        curves=history,
        constant=constant,
        verdicts=verdicts_of_models(history, constant, "test"),
        **weighed(
            out_of_fold_scores,
            scores[in_blocks].drop(columns="repeat").reset_index(drop=True),
            held_out,
        ),
    )


def raise_alarms(
    data: Maintenance,
    rows: Machines,
    profile: Profile,
    protocols: Sequence[Sequence[Split]],
    scores: pd.DataFrame,
    held_out: pd.DataFrame,
) -> None:
    """Stop where a result is too good to be honest, or an opponent too bad.

    Raises
    ------
    Alarm
        Which, against what limit, and why.
    """
    splits = [(split.train, split.out) for protocol in protocols for split in protocol]
    check_copies(rows.X, [(rows.development, rows.test), *splits])
    check_single_features(rows.X, rows.y, profile.seed)
    means = scores.groupby("model")["macro_f1"].mean()
    check_macro_f1(means.max(), data.frame, means.idxmax(), profile.seed)
    accuracy = held_out.pivot(index="model", columns="set", values="accuracy")
    for model, row in accuracy.iterrows():
        check_generalisation(row["train"], row["test"], len(rows.test), model)
    train = held_out[held_out["set"] == "train"].set_index("model")["macro_f1"]
    # On the rows that it was fitted to, a tree needs no particular inputs to outdo a line.
    others = {model: (own, ()) for model, own in baselines(profile).items()}
    check_relatives({m: train[m.name] for m in others}, simpler_relatives(others))


def weighed(
    out_of_fold: pd.DataFrame, blocks: pd.DataFrame, held_out: Mapping[str, pd.DataFrame]
) -> dict:
    """What the scores say, by the names of the fields of `Final`, with the tables."""
    leader, rival = (best(out_of_fold, "macro_f1", kind) for kind in (MLP, BASELINE))
    gains = paired_gains(out_of_fold, "model", "macro_f1", rival.name, by="repeat")
    scores, per_class = held_out["scores"], held_out["per_class"]
    test = scores[scores["set"] == "test"].set_index("model")
    own = per_class[(per_class["model"] == leader.name) & (per_class["set"] == "test")]
    return {
        "out_of_fold": out_of_fold,
        "blocks": blocks,
        **held_out,
        "standings": _standings(out_of_fold, blocks),
        "best": leader.stage,
        "rival": rival.stage,
        "lead": mean_interval(gains[leader.name]),
        "never_failing_accuracy": float(test.loc[MAJORITY.name, "accuracy"]),
        "f1_of_best": own.set_index("class")["f1"].to_dict(),
    }


def _standings(out_of_fold: pd.DataFrame, blocks: pd.DataFrame) -> pd.DataFrame:
    in_blocks = blocks.set_index("model")["macro_f1"]
    rows = []
    for (name, kind, stage), own in out_of_fold.groupby(["model", "kind", "stage"], sort=False):
        f1 = mean_interval(own["macro_f1"])
        rows.append(
            {
                **Model(name, kind, stage).row,
                "accuracy": own["accuracy"].mean(),
                "macro_f1": f1.value,
                "low": f1.low,
                "high": f1.high,
                "log_loss": own["log_loss"].mean(),
                "block_macro_f1": in_blocks[name],
            }
        )
    return pd.DataFrame(rows)


def _undecided(scores: pd.DataFrame, stages: Mapping[Model, Stage]) -> pd.DataFrame:
    """Without the models that decide: a decision rule's factors are no probabilities."""
    decided = {in_form(model, DECIDED).name for model, stage in stages.items() if stage.decides}
    return scores[~scores["model"].isin(decided)]


def _table_of(probabilities: Mapping[Model, np.ndarray], y: pd.Series) -> pd.DataFrame:
    """Probabilities below each other: ``model, row, true`` and a column for each class."""
    parts = [
        pd.DataFrame(own, columns=list(FAILURE_TYPES)).assign(
            **model.row, row=np.arange(len(y)), true=y.to_numpy()
        )
        for model, own in probabilities.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _baselines_out_of_fold(
    rows: Machines, profile: Profile, protocols: Sequence[Sequence[Split]]
) -> Probabilities:
    cases = [
        (model, estimator, i)
        for model, estimator in baselines(profile).items()
        for i in range(len(protocols))
    ]
    found = Parallel(n_jobs=-1)(
        delayed(out_of_fold)(
            seeded(estimator, protocols[i][0].seed),
            rows.X,
            rows.y,
            [(split.train, split.out) for split in protocols[i]],
        )
        for _, estimator, i in cases
    )
    return {(model, i): own for (model, _, i), own in zip(cases, found, strict=True)}


def _held_out(
    rows: Machines, profile: Profile, stages: Mapping[Model, Stage]
) -> dict[str, pd.DataFrame]:
    """Every model on its training rows and on the test rows."""
    X, y = rows.development_rows()
    X_test, y_test = rows.open_test()
    both, labels = pd.concat([X, X_test]), {"train": y, "test": y_test}
    others = {model: seeded(own, profile.seed) for model, own in baselines(profile).items()}
    fitted = Parallel(n_jobs=-1)(
        delayed(_fitted_probabilities)(own, X, y, both) for own in others.values()
    )
    probabilities = dict(zip(others, fitted, strict=True))
    split = Split(rows.development, np.concatenate([rows.development, rows.test]), profile.seed)
    for (model, form, _), own in predict_stages(stages, rows.X, rows.y, [split]).items():
        probabilities[in_form(model, form)] = own
    scores, per_class, confusion = [], [], []
    for model, own in probabilities.items():
        predictions = dict(zip(labels, np.split(most_probable(own), [len(y)]), strict=True))
        for s, predicted in predictions.items():
            label = {**model.row, "set": s}
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


def _held_out_curves(
    rows: Machines, profile: Profile, stages: Mapping[Model, Stage]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Learning curves of every stage, the test rows watched; and the loss of the class shares."""
    X, y = rows.development_rows()
    test = {"test": rows.open_test()}
    history = []
    for model, stage in stages.items():
        sets = row_tensors(X, y, test, stage.features, normal=stage.normal)
        # Without early stopping, which would need rows of its own: the whole course is shown.
        mlp = clone(stage.mlp).set_params(random_state=profile.seed, patience=None)
        history.append(curves(train_on(sets, [mlp])).assign(**model.row))
    return pd.concat(history, ignore_index=True), pd.DataFrame([class_share_losses(sets)])


def _confusion(y, predicted) -> pd.DataFrame:
    """Rows by true and predicted class, long."""
    counts = confusion_matrix(y, predicted, labels=FAILURE_TYPES)
    table = pd.DataFrame(counts, index=FAILURE_TYPES, columns=FAILURE_TYPES)
    return (
        table.rename_axis("true")
        .melt(ignore_index=False, var_name="predicted", value_name="rows")
        .reset_index()
    )
