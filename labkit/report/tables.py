"""The tables of the modelling chapters, from the studies' results."""

from collections.abc import Mapping

import pandas as pd

from labkit import config
from labkit.both.regularization import REGULARIZATIONS
from labkit.failures.balancing import STRATEGIES
from labkit.report.grids import hidden_label, paired_gains
from labkit.report.intervals import mean_interval
from labkit.report.results import Result
from labkit.report.table import Table, mean_and_spread, table, with_interval
from labkit.volatility.panel import FEATURE_LABELS
from labkit.volatility.setting import RegressionData


def features() -> Table:
    """The features of the panel, with what they are."""
    frame = pd.DataFrame({"name": FEATURE_LABELS.keys(), "what": FEATURE_LABELS.values()})
    frame["name"] = "`" + frame["name"] + "`"
    return table(frame, {"name": "Feature", "what": "What it is"})


def split(data: RegressionData) -> Table:
    """Rows, stocks and days of each set; the test set only by its dates."""
    rows = []
    for name in ("train", "validation", "test"):
        index = data.panel.index.iloc[getattr(data.split, name)]
        rows.append(
            {
                "set": name,
                "from": f"{index['date'].min():%Y-%m-%d}",
                "to": f"{index['date'].max():%Y-%m-%d}",
                "days": index["date"].nunique(),
                "stocks": index["symbol"].nunique(),
                "rows": len(index),
            }
        )
    return table(pd.DataFrame(rows), {c: c.capitalize() for c in rows[0]})


def study_table(frame: pd.DataFrame, columns: Mapping[str, str], **options) -> Table:
    """`labkit.tables.table` of what a study found.

    Its first heading names the profile that made it, where that is not the one the book is meant to
    be read in.
    """
    profile, columns = config.profile(), dict(columns)
    if profile != config.FULL:
        first = next(iter(columns))
        columns[first] += f" (profile {profile.name})"
    return table(frame, columns, **options)


def grid(candidates: pd.DataFrame, score: str) -> Table:
    """The best candidates of a grid search."""
    frame = candidates.assign(
        hidden=candidates["hidden_sizes"].map(hidden_label),
        learning_rate=candidates["learning_rate"].map("{:g}".format),
        batch_size=candidates["batch_size"].astype(int),
        epochs=candidates["epochs"].astype(int),
    )
    return study_table(
        frame,
        {
            "optimizer": "Optimizer",
            "learning_rate": "Learning rate",
            "layers": "Layers",
            "hidden": "Neurons",
            "batch_size": "Batch",
            "epochs": "Epochs",
            "mean_test_score": score,
            "std_test_score": "± sd",
            "mean_train_score": f"{score}, train",
        },
        formats=dict.fromkeys(["mean_test_score", "std_test_score", "mean_train_score"], ".4f"),
        best={"mean_test_score": "max"},
    )


def two_searches(candidates: pd.DataFrame) -> Table:
    """The candidates of a small grid with their mean scores by both searches."""
    frame = candidates.assign(
        learning_rate=candidates["learning_rate"].map("{:g}".format),
        epochs=candidates["epochs"].astype(int),
    )
    return study_table(
        frame,
        {
            "optimizer": "Optimizer",
            "learning_rate": "Learning rate",
            "epochs": "Epochs",
            "scikit_learn": "R², scikit-learn's search",
            "stacked": "R², stacked search",
        },
        formats={"scikit_learn": ".6f", "stacked": ".6f"},
        best={"scikit_learn": "max", "stacked": "max"},
    )


def regression_final(scores: pd.DataFrame) -> Table:
    """All regression models on the test year, with R² on train and validation beside it."""
    test = scores[scores["set"] == "test"].set_index("model")
    r2 = scores.pivot(index="model", columns="set", values="r2")
    frame = test.assign(train=r2["train"], validation=r2["validation"]).reset_index()
    columns = {
        "model": "Model",
        "r2": "R²",
        "rmse": "RMSE",
        "mae": "MAE",
        "qlike": "QLIKE",
        "directional_accuracy": "Direction",
        "train": "R², train",
        "validation": "R², valid.",
    }
    best = {
        "r2": "max", "rmse": "min", "mae": "min", "qlike": "min", "directional_accuracy": "max",
        "train": "max", "validation": "max",
    }  # fmt: skip
    formats = dict.fromkeys(["r2", "rmse", "mae", "train", "validation"], ".4f")
    return study_table(frame, columns, formats=formats, best=best)


def differences(frame: pd.DataFrame) -> Table:
    """Differences in test R², MLPs down, baselines across, each with its interval."""
    cells = frame.assign(
        cell=[
            with_interval(*row, ".3f")
            for row in frame[["difference", "low", "high"]].itertuples(index=False)
        ]
    )
    wide = cells.pivot(index="model", columns="baseline", values="cell")
    wide = wide.loc[frame["model"].unique(), frame["baseline"].unique()].reset_index()
    return study_table(wide, {name: _capital(name) for name in wide})


def out_of_fold(scores: pd.DataFrame, blocks: pd.DataFrame) -> Table:
    """Accuracy and macro-F1 of every classifier: repeated stratified folds, and blocks."""
    rows = []
    for model, own in scores.groupby("model", sort=False):
        block = blocks[blocks["model"] == model].iloc[0]
        rows.append(
            {
                "model": model,
                "accuracy": own["accuracy"].mean(),
                "macro_f1": own["macro_f1"].mean(),
                "interval": with_interval(*mean_interval(own["macro_f1"])),
                "log_loss": own["log_loss"].mean(),
                "block_macro_f1": block["macro_f1"],
            }
        )
    frame = pd.DataFrame(rows)
    best = _bold_best(frame, "macro_f1", "interval")
    return study_table(
        best,
        {
            "model": "Model",
            "accuracy": "Accuracy",
            "interval": "Macro-F1 [95 %]",
            "log_loss": "Log loss",
            "block_macro_f1": "Macro-F1, blocks",
        },
        formats={"accuracy": ".4f"},
        best={"accuracy": "max", "log_loss": "min", "block_macro_f1": "max"},
    )


def _bold_best(frame: pd.DataFrame, by: str, shown: str) -> pd.DataFrame:
    """Set the text ``shown`` in bold in the row whose ``by`` is largest."""
    bold = frame[by] == frame[by].max()
    return frame.assign(**{shown: frame[shown].where(~bold, "**" + frame[shown] + "**")})


def held_out(scores: pd.DataFrame) -> Table:
    """Accuracy, macro precision, recall and F1 of every classifier, as train / test."""
    metrics = {
        "accuracy": "Accuracy",
        "macro_precision": "Precision",
        "macro_recall": "Recall",
        "macro_f1": "F1",
    }
    return _train_and_test(scores, "model", "Model", metrics)


def per_class(scores: pd.DataFrame) -> Table:
    """Precision, recall, F1 and rows of one classifier, class by class, as train / test."""
    metrics = {"precision": "Precision", "recall": "Recall", "f1": "F1", "rows": "Rows"}
    return _train_and_test(scores, "class", "Class", metrics)


def _train_and_test(scores: pd.DataFrame, key: str, heading: str, metrics: dict) -> Table:
    """A row for each value of ``key``; each cell holds the train and the test score."""
    sets = {s: scores[scores["set"] == s].set_index(key) for s in ("train", "test")}
    frame = pd.DataFrame({key: sets["train"].index})
    for metric in metrics:
        spec = "{:,}" if metric == "rows" else "{:.3f}"
        train, test = (sets[s].loc[frame[key], metric].map(spec.format) for s in sets)
        frame[metric] = (train + " / " + test).to_numpy()
    return study_table(frame, {key: heading, **metrics}, align={name: "right" for name in metrics})


def regularization(scores: pd.DataFrame, metric: str, label: str) -> Table:
    """Train and validation score of each regularization over seeds, and what it gains over none."""
    gains = paired_gains(scores, "regularization", f"validation_{metric}", "none")
    gain_cells = {n: with_interval(*mean_interval(g), "+.3f") for n, g in gains.items()}
    rows = []
    for name, own in scores.groupby("regularization", sort=False):
        train, validation = own[f"train_{metric}"], own[f"validation_{metric}"]
        rows.append(
            {
                "name": name,
                "train": mean_and_spread(train),
                "validation": mean_and_spread(validation),
                "gain": gain_cells.get(name, "–"),
                "mean": validation.mean(),
                "gap": (train - validation).mean(),
                "epochs": own["best_epoch"].mean(),
            }
        )
    frame = _bold_best(pd.DataFrame(rows), "mean", "validation")
    return study_table(
        frame,
        {
            "name": "Regularization",
            "train": f"{label}, train",
            "validation": f"{label}, validation",
            "gain": "Gain [95 %]",
            "gap": "Gap",
            "epochs": "Epoch kept",
        },
        formats={"epochs": ".0f"},
    )


def balancing(scores: pd.DataFrame, per_class_table: pd.DataFrame) -> Table:
    """Each balancing strategy: macro-F1, the failures' mean recall and precision, log loss."""
    failures = per_class_table[per_class_table["class"] != "No Failure"]
    rows = []
    for strategy in STRATEGIES:
        own = scores[scores["strategy"] == strategy]
        rare = failures[failures["strategy"] == strategy]
        rows.append(
            {
                "strategy": strategy,
                "text": mean_and_spread(own["macro_f1"]),
                "macro_f1": own["macro_f1"].mean(),
                "recall": rare["recall"].mean(),
                "precision": rare["precision"].mean(),
                "accuracy": own["accuracy"].mean(),
                "log_loss": own["log_loss"].mean(),
            }
        )
    frame = _bold_best(pd.DataFrame(rows), "macro_f1", "text")
    return study_table(
        frame,
        {
            "strategy": "Strategy",
            "text": "Macro-F1",
            "recall": "Failures, recall",
            "precision": "Failures, precision",
            "accuracy": "Accuracy",
            "log_loss": "Log loss",
        },
        best={"recall": "max", "precision": "max", "accuracy": "max", "log_loss": "min"},
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def remedies() -> Table:
    """What each regularization changes in the first model."""
    rows = [
        {
            "name": name,
            "changes": ", ".join(f"`{parameter}={value}`" for parameter, value in changes.items())
            or "nothing",
        }
        for name, changes in REGULARIZATIONS.items()
    ]
    return table(pd.DataFrame(rows), {"name": "Regularization", "changes": "Changes"})


def verdicts(frame: pd.DataFrame) -> Table:
    """The verdict on each variant, with the figures behind it."""
    return study_table(
        frame.assign(best=frame["best_epoch"].astype(str) + " of " + frame["epochs"].astype(str)),
        {
            "regularization": "Regularization",
            "fit": "Fit",
            "convergence": "Convergence",
            "stability": "Stability",
            "best": "Best epoch",
            "rise": "Rise",
            "gap": "Gap",
        },
        formats={"rise": ".1%", "gap": ".1%"},
    )


def before_after(regression: pd.DataFrame, classification: pd.DataFrame) -> Table:
    """The MLP before and after regularization, on the test set of each task."""
    tasks = [
        ("volatility", "R²", regression, "r2", "MLP, first", "MLP, regularized"),
        (
            "failures", "macro-F1", classification, "macro_f1",
            "MLP, physics features", "MLP, regularized",
        ),
    ]  # fmt: skip
    rows = []
    for task, label, scores, score, before, after in tasks:
        for s in ("train", "test"):
            own = scores[scores["set"] == s].set_index("model")[score]
            rows.append(
                {
                    "task": task,
                    "score": f"{label}, {s}",
                    "before": own[before],
                    "after": own[after],
                    "change": own[after] - own[before],
                }
            )
    columns = ["task", "score", "before", "after", "change"]
    frame = pd.DataFrame(rows)
    return study_table(frame, {c: c.capitalize() for c in columns}, formats={"change": "+.3f"})


def summary(regression: pd.DataFrame, classification: pd.DataFrame) -> Table:
    """Every model of both studies in one table, floors and ceilings included."""
    r2 = regression[regression["set"] == "test"][["model", "r2"]].rename(columns={"r2": "score"})
    means = classification.groupby("model", sort=False)[["macro_f1", "accuracy"]].mean()
    f1 = means.reset_index().rename(columns={"macro_f1": "score"})
    frame = pd.concat(
        [r2.assign(task="volatility", measure="R²"), f1.assign(task="failures", measure="macro-F1")]
    )
    frame["is_best"] = frame.groupby("task")["score"].transform("max") == frame["score"]
    frame["text"] = frame["score"].map("{:.3f}".format).str.replace("-", "−")
    frame["text"] = frame["text"].where(~frame["is_best"], "**" + frame["text"] + "**")
    return study_table(
        frame,
        {
            "task": "Task",
            "model": "Model",
            "measure": "Measure",
            "text": "Score",
            "accuracy": "Accuracy",
        },
    )


def tasks(regression: Result, classification: Result) -> Table:
    """The two tasks side by side: gap, epochs to the best, what the best MLP reaches."""
    rows = []
    for name, study, metric, label in [
        ("volatility", regression, "r2", "R²"),
        ("failures", classification, "macro_f1", "macro-F1"),
    ]:
        scores = study["scores"]
        plain = scores[scores["regularization"] == "none"]
        stopped = scores[scores["regularization"] == "early stopping"]
        best = scores.groupby("regularization")[f"validation_{metric}"].mean()
        rows.append(
            {
                "task": name,
                "measure": label,
                "train": plain[f"train_{metric}"].mean(),
                "validation": plain[f"validation_{metric}"].mean(),
                "gap": (plain[f"train_{metric}"] - plain[f"validation_{metric}"]).mean(),
                "epoch": stopped["best_epoch"].mean(),
                "remedy": best.idxmax(),
                "gain": best.max() - best["none"],
            }
        )
    return study_table(
        pd.DataFrame(rows),
        {
            "task": "Task",
            "measure": "Measure",
            "train": "Train, unregularized",
            "validation": "Validation",
            "gap": "Gap",
            "epoch": "Epoch where early stopping stops",
            "remedy": "Best remedy",
            "gain": "Gain",
        },
        formats={"epoch": ".0f", "gain": "+.3f"},
    )


def ablation(scores: pd.DataFrame, metric: str, label: str, spec: str = ".3f") -> Table:
    """Score of a recipe with one part left out at a time, and the difference to the whole."""
    whole = scores.loc[scores["left_out"] == "nothing", metric].mean()
    rows = [
        {
            "left_out": name,
            "score": mean_and_spread(own[metric], spec),
            "difference": own[metric].mean() - whole,
        }
        for name, own in scores.groupby("left_out", sort=False)
    ]
    return study_table(
        pd.DataFrame(rows),
        {"left_out": "Left out", "score": label, "difference": "Difference"},
        formats={"difference": "+" + spec},
    )
