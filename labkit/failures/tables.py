"""Tables of the chapter that models failures."""

from collections.abc import Mapping

import pandas as pd

from labkit.failures.final import Final
from labkit.report.intervals import Interval
from labkit.report.sentence import number
from labkit.report.table import Table, bold_best, with_interval
from labkit.report.tables import study_table


def out_of_fold(final: Final) -> Table:
    """Accuracy and macro-F1 of every classifier: repeated stratified folds, and blocks."""
    frame = final.standings
    rows = frame[["macro_f1", "low", "high"]].itertuples(index=False)
    interval = pd.Series([with_interval(Interval(*row)) for row in rows])
    return study_table(
        final,
        frame.assign(interval=bold_best(interval, frame["macro_f1"])),
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


def held_out(final: Final) -> Table:
    """Accuracy, macro precision, recall and F1 of every classifier, as train / test."""
    metrics = {
        "accuracy": "Accuracy",
        "macro_precision": "Precision",
        "macro_recall": "Recall",
        "macro_f1": "F1",
    }
    return _train_and_test(final, final.scores, "model", "Model", metrics)


def per_class(final: Final) -> Table:
    """Precision, recall, F1 and rows of the best MLP, class by class, as train / test."""
    own = final.per_class[final.per_class["stage"] == final.best]
    metrics = {"precision": "Precision", "recall": "Recall", "f1": "F1", "rows": "Rows"}
    return _train_and_test(final, own, "class", "Class", metrics)


def _train_and_test(
    final: Final, scores: pd.DataFrame, key: str, heading: str, metrics: Mapping[str, str]
) -> Table:
    """A row for each value of ``key``; each cell holds the train and the test score."""
    sets = {s: scores[scores["set"] == s].set_index(key) for s in ("train", "test")}
    frame = pd.DataFrame({key: sets["train"].index})
    for metric in metrics:
        spec = "," if metric == "rows" else ".3f"
        cells = [[number(v, spec) for v in sets[s].loc[frame[key], metric]] for s in sets]
        frame[metric] = [" / ".join(both) for both in zip(*cells, strict=True)]
    align = dict.fromkeys(metrics, "right")
    return study_table(final, frame, {key: heading, **metrics}, align=align)
