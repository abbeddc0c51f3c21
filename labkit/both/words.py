"""Sentences of the abstract and the conclusions, built from stored results."""

import pandas as pd

from labkit.config import Profile
from labkit.files.provenance import Provenance
from labkit.report.grids import best_mlp, hidden_label
from labkit.report.results import Result
from labkit.report.sentence import Sentence, listing, number, percent
from labkit.report.words import balancing_effect, best_on_validation, change, regularization_effect

__all__ = ["balancing_effect", "regularization_effect"]


def data_in_use(nyse: Provenance, machines: Provenance, profile: Profile) -> Sentence:
    """Which data and which profile made this rendering."""
    return Sentence(
        f"This rendering was made from {nyse.title} ({nyse.rows:,} rows) and from "
        f"{machines.title} ({machines.rows:,} rows), under the profile *{profile.name}*."
    )


def headline_regression(scores: pd.DataFrame, differences: pd.DataFrame) -> Sentence:
    """The best MLP on the test year beside its baselines."""
    test = scores[scores["set"] == "test"].set_index("model")["r2"]
    best = best_on_validation(scores)
    baselines = test[~test.index.str.startswith("MLP")].sort_values()
    others = listing([f"{name} {number(r2, '.3f')}" for name, r2 in baselines.items()])
    return Sentence(
        f"On the test year the best network ({best}) explains {percent(test[best])} of the "
        f"variance of tomorrow's log volatility (R² = {number(test[best], '.3f')}). The baselines: "
        f"{others}."
    )


def headline_classification(scores: pd.DataFrame) -> Sentence:
    """The best MLP out-of-fold beside floor, rivals and ceiling."""
    means = scores.groupby("model", sort=False)[["macro_f1", "accuracy"]].mean()
    best = best_mlp(scores, "macro_f1")
    rivals = means.drop(index=["majority class", "rule oracle"])["macro_f1"]
    rivals = rivals[~rivals.index.str.startswith("MLP")]
    return Sentence(
        f"Out-of-fold, the best network ({best}) has a macro-F1 of "
        f"{number(means.loc[best, 'macro_f1'], '.3f')}; {rivals.idxmax()}, the best of the other "
        f"learners, has {number(rivals.max(), '.3f')}, the majority class "
        f"{number(means.loc['majority class', 'macro_f1'], '.3f')} and the documented rules "
        f"{number(means.loc['rule oracle', 'macro_f1'], '.3f')}. Its accuracy, "
        f"{number(means.loc[best, 'accuracy'], '.4f')}, means little by itself: never predicting a "
        f"failure already has {number(means.loc['majority class', 'accuracy'], '.4f')}."
    )


def architecture(candidates: pd.DataFrame, score: str, task: str) -> Sentence:
    """Which depth and width the grid preferred, and by how much."""
    by_shape = (
        candidates.assign(shape=candidates["hidden_sizes"].map(hidden_label))
        .groupby("shape", sort=False)["mean_test_score"]
        .max()
    )
    best, worst = by_shape.idxmax(), by_shape.idxmin()
    return Sentence(
        f"For {task}, the grid preferred {best} hidden units; the worst shape, {worst}, "
        f"reached a best {score} lower by {number(by_shape[best] - by_shape[worst], '.4f')}."
    )


def physics(scores: pd.DataFrame) -> Sentence:
    """What the physics features are worth to the forest and to the same MLP."""
    mean = scores.groupby("model")["macro_f1"].mean()
    forest = change(mean["random forest, raw"], mean["random forest, physics"], "macro-F1", ".3f")
    mlp = change(mean["MLP, first"], mean["MLP, physics features"], "macro-F1", ".3f")
    return Sentence(
        f"three features from physics {forest} of a random forest, and {mlp} of the same MLP."
    )


def blocks(scores: pd.DataFrame, in_blocks: pd.DataFrame) -> Sentence:
    """What the choice of folds does to the same model."""
    best = best_mlp(scores, "macro_f1")
    random = scores[scores["model"] == best]["macro_f1"].mean()
    block = in_blocks.set_index("model").loc[best, "macro_f1"]
    return Sentence(
        f"The same MLP has a macro-F1 of {number(random, '.3f')} over stratified folds and of "
        f"{number(block, '.3f')} over blocks of time."
    )


def metrics_disagree(scores: pd.DataFrame) -> Sentence:
    """How far accuracy and macro-F1 lie apart for the majority class."""
    mean = scores[scores["model"] == "majority class"][["accuracy", "macro_f1"]].mean()
    return Sentence(
        f"The majority class has an accuracy of {number(mean['accuracy'], '.4f')} and a macro-F1 "
        f"of {number(mean['macro_f1'], '.3f')}."
    )


def overfitting(regression: Result, classification: Result) -> Sentence:
    """The gap of the unregularized model in both tasks."""
    clauses = []
    for task, study, metric, label in [
        ("volatility", regression, "r2", "R²"),
        ("failures", classification, "macro_f1", "macro-F1"),
    ]:
        plain = study["scores"].query("regularization == 'none'")
        train, validation = plain[f"train_{metric}"].mean(), plain[f"validation_{metric}"].mean()
        clauses.append(
            f"for {task} its {label} is {number(train, '.3f')} on train and "
            f"{number(validation, '.3f')} on validation"
        )
    return Sentence(f"Without regularization, {listing(clauses)}.")


def tuning_regression(scores: pd.DataFrame) -> Sentence:
    """What the grid search changed on the test year."""
    r2 = scores[scores["set"] == "test"].set_index("model")["r2"]
    return Sentence(
        f"For volatility, tuning {change(r2['MLP, first'], r2['MLP, tuned'], 'test R²')}."
    )


def tuning_classification(scores: pd.DataFrame) -> Sentence:
    """What the grid search changed out-of-fold."""
    mean = scores.groupby("model")["macro_f1"].mean()
    moved = change(mean["MLP, physics features"], mean["MLP, tuned"], "out-of-fold macro-F1")
    return Sentence(f"For failures, with the same features, tuning {moved}.")


def tasks_compared(regression: pd.DataFrame, classification: pd.DataFrame) -> Sentence:
    """How far the best MLP is from its simplest strong rival in each task."""
    test = regression[regression["set"] == "test"].set_index("model")["r2"]
    gain = test[best_on_validation(regression)] - test["ridge regression"]
    mean = classification.groupby("model", sort=False)["macro_f1"].mean()
    rivals = mean.drop(index=["majority class", "rule oracle"])
    rivals = rivals[~rivals.index.str.startswith("MLP")]
    mlp = mean[best_mlp(classification, "macro_f1")]
    gain_in_classes = mlp - mean["logistic regression"]
    lead = mlp - rivals.max()
    side = "behind it" if lead > 0 else "ahead of it"
    return Sentence(
        f"In the regression, the best MLP scores {number(gain, '+.3f')} against ridge regression "
        f"in R²; in the classification, {number(gain_in_classes, '+.3f')} against logistic "
        f"regression in macro-F1. {_shape(gain, gain_in_classes)} The best of the other learners "
        f"there, {rivals.idxmax()}, is {number(abs(lead), '.3f')} {side}."
    )


def _shape(gain_regression: float, gain_classification: float) -> str:
    """What a network gains over a linear model, read as the shape of the signal."""
    small = 0.02
    if gain_regression < small <= gain_classification:
        return (
            "The first signal is nearly linear, so depth buys little; the second is cut out by "
            "thresholds on products and differences, which a linear model cannot draw."
        )
    if gain_regression >= small and gain_classification >= small:
        return "Both signals bend in ways that a linear model misses."
    if gain_regression >= small:
        return "The first signal bends; in the second task a linear model is hard to beat."
    return "In both tasks a linear model is hard to beat."


def limits(nyse: Provenance, machines: Provenance) -> Sentence:
    """What the data in use cannot show."""
    notes = []
    if nyse.source == "embedded":
        notes.append(
            "The stock data are the embedded default, a few stocks of one sector, so nothing here "
            "speaks for the NYSE."
        )
    if not machines.is_real:
        notes.append("The machine data are simulated anew, from the published process.")
    else:
        notes.append(
            "The machine data are themselves synthetic, so a rule that was written into them can "
            "be found in them."
        )
    return Sentence(" ".join(notes))
