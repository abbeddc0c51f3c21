"""Tables in which both studies stand side by side."""

import pandas as pd

from labkit.failures.final import Final as Failures
from labkit.failures.judging import HELD_OUT
from labkit.report.remedies import NONE, STOPPED, Remedies
from labkit.report.sentence import number
from labkit.report.table import Table, bold_best
from labkit.report.tables import study_table
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


def tasks(volatility: Remedies, failures: Remedies) -> Table:
    """The two tasks side by side: gap, the epoch that early stopping keeps, the best remedy."""
    rows = []
    measures = {"volatility": (volatility, "R²"), "failures": (failures, "macro-F1")}
    for name, (found, label) in measures.items():
        plain, best = found.of(NONE), found.of(found.leading)
        rows.append(
            {
                "task": name,
                "measure": label,
                "train": plain["train_score"],
                "validation": plain["validation_score"],
                "gap": plain["gap"],
                "epoch": found.of(STOPPED)["kept"],
                "remedy": found.leading,
                "cured": best["validation_score"],
            }
        )
    return study_table(
        volatility,
        pd.DataFrame(rows),
        {
            "task": "Task",
            "measure": "Measure",
            "train": "Train, no remedy",
            "validation": "Validation",
            "gap": "Gap",
            "epoch": "Epoch that early stopping keeps",
            "remedy": "Best remedy",
            "cured": "Validation with it",
        },
        formats={"epoch": ".0f"},
    )
