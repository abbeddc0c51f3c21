"""Tables in which both studies stand side by side."""

import pandas as pd

from labkit.failures.final import Final as Failures
from labkit.failures.judging import HELD_OUT
from labkit.report.models import CEILING, FLOOR
from labkit.report.remedies import NONE, STOPPED, Remedies
from labkit.report.sentence import number
from labkit.report.table import Table, bold_best
from labkit.report.tables import capital, study_table
from labkit.volatility.final import Final as Volatility


def summary(volatility: Volatility, failures: Failures) -> Table:
    """Each task's floor, best other learner, first and best MLP, and ceiling."""
    test = volatility.scores[volatility.scores["set"] == "test"]
    r2 = test.rename(columns={"r2": "score"}).assign(accuracy=float("nan"))
    held_out = failures.standings[failures.standings["judge"] == HELD_OUT]
    f1 = held_out.rename(columns={"macro_f1": "score"})
    known = {"role": "ceiling", "model": "tomorrow's volatility, known"}
    parts = [
        pd.concat([_in_their_roles(r2, volatility.rival, "first", volatility.best),
                   pd.DataFrame([{**known, "score": volatility.ceilings["test"]}])]),
        _in_their_roles(f1, failures.rival, "mlp-raw", failures.best),
    ]  # fmt: skip
    shown = [
        own.assign(
            task=task,
            measure=measure,
            text=bold_best(
                own["score"].map(lambda score: number(score, ".3f")),
                own["score"].where(own["role"] != "ceiling", float("-inf")),
            ),
        )
        for own, task, measure in zip(
            [part.reset_index(drop=True) for part in parts],
            ["volatility", "failures"],
            ["R²", "macro-F1"],
            strict=True,
        )
    ]
    return study_table(
        volatility,
        pd.concat(shown, ignore_index=True),
        {
            "task": "Task",
            "role": "Role",
            "model": "Model",
            "measure": "Measure",
            "text": "Score",
            "accuracy": "Accuracy",
        },
    )


def _in_their_roles(scores: pd.DataFrame, rival: str, first: str, best: str) -> pd.DataFrame:
    """The models of a task that a summary needs, with what they are there for, by stage."""
    kinds = {FLOOR: "floor", CEILING: "ceiling"}
    stages = {rival: "best other learner", first: "first MLP", best: "best MLP"}
    role = scores["stage"].map(stages).fillna(scores["kind"].map(kinds))
    order = ["floor", *stages.values(), "ceiling"]
    own = scores.assign(role=role).dropna(subset="role")
    own = own.sort_values("role", key=lambda roles: roles.map(order.index), kind="stable")
    return own[["role", "model", "score", "accuracy"]]


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
