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
    r2, f1 = _scores(volatility, failures)
    known = {"role": CEILING, "model": "tomorrow's volatility, known"}
    known |= {"score": volatility.ceilings["test"], "accuracy": float("nan")}
    roles = [
        pd.concat(
            [
                _in_their_roles(r2, volatility.rival, "first", volatility.best),
                pd.DataFrame([known]),
            ],
            ignore_index=True,
        ),
        _in_their_roles(f1, failures.rival, "mlp-raw", failures.best),
    ]
    return _side_by_side(volatility, *roles, {"role": "Role"})


def every_model(volatility: Volatility, failures: Failures) -> Table:
    """Every model of both studies in one table, floors and ceilings included."""
    return _side_by_side(volatility, *_scores(volatility, failures), {})


def _scores(volatility: Volatility, failures: Failures) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every model of either study by its task's ``score``, with its ``accuracy``."""
    test = volatility.scores[volatility.scores["set"] == "test"]
    held_out = failures.standings[failures.standings["judge"] == HELD_OUT]
    return (
        test.rename(columns={"r2": "score"}).assign(accuracy=float("nan")),
        held_out.rename(columns={"macro_f1": "score"}),
    )


def _side_by_side(
    volatility: Volatility, r2: pd.DataFrame, f1: pd.DataFrame, further: dict[str, str]
) -> Table:
    """Rows of both tasks below each other, the best that is no ceiling in bold."""
    shown = []
    for own, task, measure in ((r2, "volatility", "R²"), (f1, "failures", "macro-F1")):
        kind = own["role"] if "role" in own else own["kind"]
        learned = own["score"].where(kind != CEILING, float("-inf"))
        text = bold_best(own["score"].map(lambda score: number(score, ".3f")), learned)
        shown.append(own.assign(task=task, measure=measure, text=text))
    columns = {
        "task": "Task",
        **further,
        "model": "Model",
        "measure": "Measure",
        "text": "Score",
        "accuracy": "Accuracy",
    }
    return study_table(volatility, pd.concat(shown, ignore_index=True), columns)


def _in_their_roles(scores: pd.DataFrame, rival: str, first: str, best: str) -> pd.DataFrame:
    """The models of a task that a summary needs, by stage, with what they are there for."""
    stages = {rival: "best other learner", first: "first MLP", best: "best MLP"}
    order = [FLOOR, *stages.values(), CEILING]
    role = scores["stage"].map(stages).fillna(scores["kind"])
    own = scores.assign(role=role)[role.isin(order)]
    own = own.sort_values("role", key=lambda roles: roles.map(order.index), kind="stable")
    return own[["role", "model", "score", "accuracy"]].reset_index(drop=True)


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
