"""Tables in which both studies stand side by side."""

from collections.abc import Mapping, Sequence

import pandas as pd

from labkit.both.effects import READINGS, Effect
from labkit.both.steps import Steps
from labkit.both.tasks import SCORES, by_task
from labkit.failures.final import Final as Failures
from labkit.failures.judging import HELD_OUT
from labkit.report.facts import Facts
from labkit.report.models import CEILING, FLOOR
from labkit.report.remedies import NONE, REMEDIES, STOPPED, Judged, Remedies, dose_label
from labkit.report.sentence import number
from labkit.report.table import P_VALUE, Table, bold_best, table, with_intervals
from labkit.report.tables import capital, study_table
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
    for task, own in by_task(r2, f1).items():
        learned = own["score"].where(own["kind"] != CEILING, float("-inf"))
        text = bold_best(own["score"].map(lambda score: number(score, ".3f")), learned)
        shown.append(own.assign(task=task, measure=SCORES[task], text=text))
    columns = {
        "task": "Task",
        **further,
        "model": "Model",
        "measure": "Measure",
        "text": "Score",
        "accuracy": "Accuracy",
    }
    frame = pd.concat(shown, ignore_index=True)
    return study_table(volatility, frame, columns, markdown=["text"], align={"text": "right"})


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
    for task, found in by_task(volatility, failures).items():
        plain, best = found.of(NONE), found.of(found.leading)
        rows.append(
            {
                "task": task,
                "measure": SCORES[task],
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
            "train": "Train",
            "validation": "Validation",
            "gap": "Gap",
            "epoch": "Keeps epoch",
            "remedy": "Best remedy",
            "cured": "With it",
        },
        formats={"epoch": ".0f"},
    )


def remedies(volatility: Remedies, failures: Remedies) -> Table:
    """Each remedy at its chosen dose in both tasks, on validation: means over seeds."""
    frames = []
    for task, found in by_task(volatility, failures).items():
        own = found.summary
        fit = found.verdicts.set_index("regularization")
        loss = own["validation_loss"].map(lambda value: number(value, ".3f"))
        frames.append(
            own.assign(
                task=task,
                dose=[_dose(found, name) for name in own["regularization"]],
                loss=bold_best(loss, -own["validation_loss"]),
                fit=[_agreed(fit.loc[name]) for name in own["regularization"]],
            )
        )
    return study_table(
        volatility,
        pd.concat(frames, ignore_index=True),
        {
            "task": "Task",
            "regularization": "Remedy",
            "dose": "Dose",
            "loss": "Loss",
            "train_score": "Train",
            "validation_score": "Valid.",
            "gap": "Gap",
            "kept": "Epoch",
            "fit": "Curves",
        },
        formats={"kept": ".0f"},
        align={"loss": "right"},
        markdown=["loss"],
    )


def _dose(found: Remedies, name: str) -> str:
    return dose_label(REMEDIES[name][found.doses[name]]) or "–"


def _agreed(verdict: pd.Series) -> str:
    """The verdict of most seeds on the fit, and how many they are where not all agree."""
    if verdict["convergence"] == "diverged":
        return "diverged"
    if verdict["fit_seeds"] == verdict["seeds"]:
        return verdict["fit"]
    return f"{verdict['fit']} ({verdict['fit_seeds']} of {verdict['seeds']})"


def effects(facts: Facts, found: Mapping[str, Sequence[Effect]]) -> Table:
    """What every remedy did to both losses, by task, and how that reads."""
    rows = [
        {
            "task": task,
            "remedy": own.remedy,
            "train": f"{number(own.train, '+.3f')} ({own.train_way})",
            "validation": f"{number(own.validation, '+.3f')} ({own.validation_way})",
            "reading": own.reading.verdict,
        }
        for task, effects_ in found.items()
        for own in effects_
    ]
    return study_table(
        facts,
        pd.DataFrame(rows),
        {
            "task": "Task",
            "remedy": "Remedy",
            "train": "Train loss",
            "validation": "Validation loss",
            "reading": "The remedy",
        },
        align={"train": "right", "validation": "right"},
    )


def readings() -> Table:
    """What each reading of a remedy stands for."""
    rows = [
        {"train": train, "validation": validation, **vars(own)}
        for (train, validation), own in READINGS.items()
    ]
    return table(
        pd.DataFrame(rows),
        {
            "train": "Train loss",
            "validation": "Validation loss",
            "verdict": "The remedy",
            "meaning": "What that says",
        },
    )


def judged_remedies(volatility: Judged, failures: Judged) -> Table:
    """Every remedy on the test rows of both tasks, before and after, with what it gains."""
    frames = [own.gains.assign(task=task) for task, own in by_task(volatility, failures).items()]
    frame = pd.concat(frames, ignore_index=True)
    return study_table(
        volatility,
        frame.assign(text=with_intervals(frame, "gain", "+.3f")),
        {
            "task": "Task",
            "measure": "Measure",
            "regularization": "Remedy",
            "before": "Before",
            "after": "After",
            "text": "Gain [95 %]",
            "adjusted": "p, Holm",
        },
        formats={"adjusted": P_VALUE},
    )


def steps(facts: Facts, found: Sequence[Steps]) -> Table:
    """From which model to which each step goes, and what it gains before each judge."""
    frame = pd.concat(
        [own.table.assign(judge=f"{own.score}, {own.judge}") for own in found],
        ignore_index=True,
    )
    return study_table(
        facts,
        frame.assign(
            step=frame["step"].map(capital),
            text=with_intervals(frame, "gain", "+.3f"),
        ),
        {
            "judge": "Judge",
            "step": "Step",
            "before": "From",
            "after": "To",
            "text": "Gain [95 %]",
        },
    )
