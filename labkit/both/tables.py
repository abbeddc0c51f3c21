"""Tables in which both studies stand side by side."""

import pandas as pd

from labkit.failures.final import Final as Failures
from labkit.failures.judging import HELD_OUT
from labkit.report.models import CEILING, FLOOR
from labkit.report.remedies import NONE, STOPPED, Remedies
from labkit.report.sentence import number
from labkit.report.table import Table, bold_best
from labkit.report.tables import study_table
from labkit.volatility.final import Final as Volatility


def summary(volatility: Volatility, failures: Failures) -> Table:
    """Each task's floor, best other learner, first and best MLP, and ceiling."""
    r2, f1 = _scores(volatility, failures)
    known = {"role": CEILING, "kind": CEILING, "model": "tomorrow's volatility, known"}
    known |= {"score": volatility.ceilings["test"], "accuracy": float("nan")}
    of_volatility = _in_their_roles(r2, volatility.rival, "first", volatility.best)
    return _side_by_side(
        volatility,
        pd.concat([of_volatility, pd.DataFrame([known])], ignore_index=True),
        _in_their_roles(f1, failures.rival, "mlp-raw", failures.best),
        {"role": "Role"},
    )


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
        learned = own["score"].where(own["kind"] != CEILING, float("-inf"))
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
    frame = pd.concat(shown, ignore_index=True)
    return study_table(volatility, frame, columns, markdown=["text"])


def _in_their_roles(scores: pd.DataFrame, rival: str, first: str, best: str) -> pd.DataFrame:
    """The models of a task that a summary needs, by stage, with what they are there for."""
    stages = {rival: "best other learner", first: "first MLP", best: "best MLP"}
    order = [FLOOR, *stages.values(), CEILING]
    role = scores["stage"].map(stages).fillna(scores["kind"])
    own = scores.assign(role=role)[["role", "kind", "model", "score", "accuracy"]]
    return pd.concat([own[role == each] for each in order], ignore_index=True)


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
