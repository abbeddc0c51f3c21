"""Tables that both studies have: grids, ablations, regularizations, verdicts."""

from collections.abc import Mapping, Sequence

import pandas as pd

from labkit.config import USUAL
from labkit.nets.diagnostics import Verdict
from labkit.report.ablations import WHOLE, Ablation
from labkit.report.facts import Facts
from labkit.report.grids import Grid, label
from labkit.report.remedies import REMEDIES, dose_label
from labkit.report.sentence import listing, number
from labkit.report.table import Table, table, with_intervals, with_spread
from labkit.report.words import OPTIMIZERS


def study_table(facts: Facts, frame: pd.DataFrame, columns: Mapping[str, str], **options) -> Table:
    """`labkit.report.table.table` of what a study found.

    Its first heading names the profile that made it, where that is not the one the book is meant to
    be read in.
    """
    columns = dict(columns)
    if facts.profile != USUAL:
        first = next(iter(columns))
        columns[first] += f" (profile {facts.profile})"
    return table(frame, columns, **options)


def grid(found: Grid, score: str, n: int = 10) -> Table:
    """The best candidates of a grid search, in the order of their places."""
    shown = {
        "optimizer": "Optimizer",
        "learning_rate": "Learning rate",
        "layers": "Layers",
        "hidden_sizes": "Neurons",
        "batch_size": "Batch",
        "epochs": "Epochs",
    }
    further = {a: capital(a.replace("_", " ")) for a in found.parameters if a not in shown}
    frame = found.candidates.head(n)
    return study_table(
        found,
        frame.assign(
            hidden_sizes=frame["hidden_sizes"].map(label),
            learning_rate=[number(rate, "g") for rate in frame["learning_rate"]],
        ),
        {
            **shown,
            **further,
            "mean_test_score": score,
            "std_test_score": "± sd",
            "mean_train_score": f"{score}, train",
        },
        formats=dict.fromkeys(["mean_test_score", "std_test_score", "mean_train_score"], ".4f"),
        best={"mean_test_score": "max"},
    )


def axes(found: Grid) -> Table:
    """Every axis of a grid search with its values; the learning rates optimizer by optimizer."""
    tried = {
        f"learning rate with {OPTIMIZERS.get(name, name)}": rates
        for name, rates in found.rates.items()
    } | {
        axis.replace("_", " "): sorted(found.crossed[axis].unique(), key=_size)
        for axis in found.parameters
        if axis not in ("learning_rate", "optimizer")
    }
    rows = [
        {"axis": axis, "values": listing(map(label, values)), "tried": len(values)}
        for axis, values in tried.items()
    ]
    columns = {"axis": "Axis", "values": "Values tried", "tried": "Number"}
    return study_table(found, pd.DataFrame(rows), columns)


def _size(value: float | tuple[int, ...]) -> tuple[float, ...]:
    """What orders the values of an axis: hidden sizes by their layers, then their units."""
    return (len(value), *value) if isinstance(value, tuple) else (value,)


def finalists(found: Grid, score: str, references: pd.DataFrame | None = None) -> Table:
    """A search's best candidates and the first model, in the search and on fresh folds.

    ``references`` has the rows of other models: ``model``, ``search``, ``fresh`` and ``change``.
    """
    frame = found.confirmation.finalists
    names = [
        f"first model (place {own.place} of {number(len(found.candidates))})" if own.first
        else f"place {own.place}"
        for own in frame.itertuples()
    ]  # fmt: skip
    lead = with_intervals(frame, "lead", "+.3f")
    rows = pd.concat(
        [frame.assign(model=names, lead=lead.where(~frame["first"], "–")), references],
        ignore_index=True,
    )
    return study_table(
        found,
        rows.assign(lead=rows["lead"].fillna("–")),
        {
            "model": "Candidate",
            "search": f"{score}, search",
            "fresh": f"{score}, fresh",
            "fresh_sd": "± sd",
            "change": "Change",
            "lead": "Lead [95 %]",
        },
        formats={"search": ".4f", "fresh": ".4f", "fresh_sd": ".4f", "change": "+.4f"},
        best={"search": "max", "fresh": "max"},
    )


def ablation(found: Ablation, label: str, spec: str = ".3f") -> Table:
    """Score of a recipe with one part left out at a time, and the difference to the whole."""
    frame = found.summary
    score = [with_spread(*row, spec) for row in zip(frame["mean"], frame["sd"], strict=True)]
    difference = with_intervals(frame, "difference", "+" + spec)
    return study_table(
        found,
        frame.assign(
            score=score,
            difference=difference.where(frame["left_out"] != WHOLE, "–"),
        ),
        {
            "left_out": "Left out",
            "score": label,
            "difference": "Difference [95 %]",
            "verdict": "The part",
        },
    )


def _dose(changes: Mapping[str, object]) -> str:
    return dose_label(changes) or "–"


def remedies() -> Table:
    """What each remedy changes in the wide model, at each of its doses."""
    rows = [
        {"name": name, "changes": _changes(doses), "doses": "; ".join(map(_dose, doses))}
        for name, doses in REMEDIES.items()
    ]
    columns = {"name": "Remedy", "changes": "Parameters", "doses": "Doses"}
    return table(pd.DataFrame(rows), columns, markdown=["changes", "doses"])


def _changes(doses: Sequence[Mapping[str, object]]) -> str:
    """The parameters of a remedy, with the value of those that are the same at every dose."""
    names = [
        f"`{name}={first}`" if all(dose[name] == first for dose in doses) else f"`{name}`"
        for name, first in doses[0].items()
    ]
    return ", ".join(names) or "nothing"


def curve_verdicts(facts: Facts, verdicts: Mapping[str, Verdict]) -> Table:
    """What the curves of several models say, a row for each, with the figures behind it."""
    rows = [
        {**vars(own), "model": model, "best": f"{own.best_epoch} of {own.epochs}"}
        for model, own in verdicts.items()
    ]
    return study_table(
        facts,
        pd.DataFrame(rows),
        {
            "model": "Model",
            "fit": "Fit",
            "convergence": "Convergence",
            "stability": "Stability",
            "best": "Lowest loss at epoch",
            "rise": "Rise",
            "gap": "Gap",
            "improvement": "Late gain",
            "noise": "Noise",
        },
        formats=dict.fromkeys(["rise", "gap", "improvement", "noise"], ".1%"),
    )


def capital(text: str) -> str:
    """A text with its first letter in upper case.

    >>> capital("ridge regression")
    'Ridge regression'
    """
    return text[:1].upper() + text[1:]
