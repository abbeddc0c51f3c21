"""Tables in which both studies stand side by side."""

import pandas as pd

from labkit.failures.final import Final as Failures
from labkit.failures.judging import HELD_OUT
from labkit.report.remedies import NONE, STOPPED, Remedies
from labkit.report.sentence import number
from labkit.report.table import Table, bold_best
from labkit.report.tables import capital, study_table
from labkit.volatility.final import Final as Volatility


def summary(volatility: Volatility, failures: Failures) -> Table:
    """Every model of both studies in one table, floors and ceilings included."""
    scores = volatility.scores[volatility.scores["set"] == "test"]
    r2 = scores[["model", "r2"]].rename(columns={"r2": "score"})
    held_out = failures.standings[failures.standings["judge"] == HELD_OUT]
    f1 = held_out[["model", "macro_f1", "accuracy"]].rename(columns={"macro_f1": "score"})
    parts = [
        own.assign(
            task=task,
            measure=measure,
            text=bold_best(own["score"].map(lambda score: number(score, ".3f")), own["score"]),
        )
        for own, task, measure in [(r2, "volatility", "R²"), (f1, "failures", "macro-F1")]
    ]
    return study_table(
        volatility,
        pd.concat(parts, ignore_index=True),
        {
            "task": "Task",
            "model": "Model",
            "measure": "Measure",
            "text": "Score",
            "accuracy": "Accuracy",
        },
    )


def before_after(volatility: Volatility, failures: Failures) -> Table:
    """The MLP before and after regularization, on the test set of each task."""
    tasks = [
        ("volatility", "R²", volatility.scores, "r2", "first", "regularized"),
        ("failures", "macro-F1", failures.scores, "macro_f1", "mlp-physics", "mlp-regularized"),
    ]
    rows = []
    for task, label, scores, score, before, after in tasks:
        for s in ("train", "test"):
            own = scores[scores["set"] == s].set_index("stage")[score]
            rows.append(
                {
                    "task": task,
                    "score": f"{label}, {s}",
                    "before": own[before],
                    "after": own[after],
                    "change": own[after] - own[before],
                }
            )
    frame = pd.DataFrame(rows)
    columns = {name: capital(name) for name in frame}
    return study_table(volatility, frame, columns, formats={"change": "+.3f"})


def tasks(volatility: Remedies, failures: Remedies) -> Table:
    """The two tasks side by side: gap, epochs to the best, what the best remedy brings."""
    rows = []
    measures = {"volatility": (volatility, "R²"), "failures": (failures, "macro-F1")}
    for name, (found, label) in measures.items():
        plain = found.of(NONE)
        rows.append(
            {
                "task": name,
                "measure": label,
                "train": plain["train"],
                "validation": plain["validation"],
                "gap": plain["gap"],
                "epoch": found.of(STOPPED)["best_epoch"],
                "remedy": found.chosen,
                "gain": found.of(found.chosen)["gain"],
            }
        )
    return study_table(
        volatility,
        pd.DataFrame(rows),
        {
            "task": "Task",
            "measure": "Measure",
            "train": "Train, unregularized",
            "validation": "Validation",
            "gap": "Gap",
            "epoch": "Best epoch, early stopping",
            "remedy": "Best remedy",
            "gain": "Gain",
        },
        formats={"epoch": ".0f", "gain": "+.3f"},
    )
