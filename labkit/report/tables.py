"""Tables that both studies have: grids, ablations, regularizations, verdicts."""

from collections.abc import Mapping

import pandas as pd

from labkit.config import USUAL
from labkit.report.ablations import WHOLE, Ablation
from labkit.report.curves import WORST_FIRST
from labkit.report.facts import Facts
from labkit.report.grids import Grid, label
from labkit.report.intervals import Interval
from labkit.report.remedies import NONE, REGULARIZATIONS, Remedies
from labkit.report.sentence import number
from labkit.report.table import Table, bold_best, table, with_interval, with_spread


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
    leads = frame[["lead", "low", "high"]].itertuples(index=False)
    lead = pd.Series([with_interval(Interval(*own), "+.3f") for own in leads])
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
    bounds = frame[["difference", "low", "high"]].itertuples(index=False)
    difference = pd.Series([with_interval(Interval(*row), "+" + spec) for row in bounds])
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


def regularization(found: Remedies, label: str) -> Table:
    """Train and validation score of each regularization over seeds, and what it gains over none."""
    frame = found.summary
    gains = frame[["gain", "low", "high"]].itertuples(index=False)
    gain = pd.Series([with_interval(Interval(*row), "+.3f") for row in gains])
    train = [with_spread(*row) for row in zip(frame["train"], frame["train_sd"], strict=True)]
    validation = pd.Series(
        [with_spread(*row) for row in zip(frame["validation"], frame["validation_sd"], strict=True)]
    )
    shown = frame.assign(
        train=train,
        gain=gain.where(frame["regularization"] != NONE, "–"),
        validation=bold_best(validation, frame["validation"]),
    )
    return study_table(
        found,
        shown,
        {
            "regularization": "Regularization",
            "train": f"{label}, train",
            "validation": f"{label}, validation",
            "gain": "Gain [95 %]",
            "gap": "Gap",
            "best_epoch": "Epoch kept",
        },
        formats={"best_epoch": ".0f"},
    )


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


def verdicts(found: Remedies) -> Table:
    """The verdict of most seeds on each regularization, with the medians behind it."""
    frame = found.verdicts
    best, epochs = (frame[name].map("{:g}".format) for name in ("best_epoch", "epochs"))
    words = {name: _agreed(frame, name) for name in WORST_FIRST}
    return study_table(
        found,
        frame.assign(**words, best=best + " of " + epochs),
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


def _agreed(frame: pd.DataFrame, verdict: str) -> list[str]:
    """A verdict's words; how many seeds say so where they do not all."""
    rows = zip(frame[verdict], frame[f"{verdict}_seeds"], frame["seeds"], strict=True)
    return [word if own == all_ else f"{word} ({own} of {all_})" for word, own, all_ in rows]


def capital(text: str) -> str:
    """A text with its first letter in upper case.

    >>> capital("ridge regression")
    'Ridge regression'
    """
    return text[:1].upper() + text[1:]
