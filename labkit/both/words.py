"""Sentences of the abstract and of the conclusions, on both studies."""

from labkit.both.comparison import SMALL, Comparison
from labkit.config import Profile
from labkit.files.provenance import Provenance
from labkit.report.remedies import NONE, Remedies
from labkit.report.sentence import Sentence, as_text, listing, number


def data_in_use(nyse: Provenance, machines: Provenance, profile: Profile) -> Sentence:
    """Which data and which profile made this rendering."""
    return Sentence(
        f"This rendering was made from {as_text(nyse.title)} ({number(nyse.rows)} rows) and from "
        f"{as_text(machines.title)} ({number(machines.rows)} rows), under the profile "
        f"*{profile.name}*."
    )


def overfitting(volatility: Remedies, failures: Remedies) -> Sentence:
    """The gap of the wide model without a remedy in both tasks."""
    clauses = []
    for task, found, label in [
        ("volatility", volatility, "R²"),
        ("failures", failures, "macro-F1"),
    ]:
        plain = found.of(NONE)
        clauses.append(
            f"for {task} its {label} is {number(plain['train_score'], '.3f')} on train and "
            f"{number(plain['validation_score'], '.3f')} on validation"
        )
    return Sentence(f"Of the wide model without a remedy, {listing(clauses)}.")


def tasks_compared(found: Comparison) -> Sentence:
    """How far the best MLP is from its simplest strong rival in each task."""
    side = "behind it" if found.lead > 0 else "ahead of it"
    return Sentence(
        f"In the regression, the best MLP scores {number(found.over_ridge, '+.3f')} against ridge "
        f"regression in R²; in the classification, {number(found.over_logistic, '+.3f')} against "
        f"logistic regression in macro-F1. {_shape(found)} The best of the other learners "
        f"there, {found.rival}, is {number(abs(found.lead), '.3f')} {side}."
    )


def _shape(found: Comparison) -> str:
    """What a network gains over a linear model, read as the shape of the signal."""
    if found.over_ridge < SMALL <= found.over_logistic:
        return (
            "The first signal is nearly linear, so depth buys little; the second is cut out by "
            "limits on both sides and by conditions that must hold together, which a linear model "
            "cannot draw, even where it is given the products and differences that they are on."
        )
    if found.over_ridge >= SMALL and found.over_logistic >= SMALL:
        return "Both signals bend in ways that a linear model misses."
    if found.over_ridge >= SMALL:
        return "The first signal bends; in the second task a linear model is hard to beat."
    return "In both tasks a linear model is hard to beat."


def limits(nyse: Provenance, machines: Provenance) -> Sentence:
    """What the data in use cannot show."""
    notes = []
    if nyse.source == "embedded":
        notes.append(
            "The stock data are the embedded default, a few stocks of one sector, so nothing here "
            "speaks for the NYSE."
        )
    elif not nyse.is_nyse:
        notes.append("The stock data are not those of the NYSE, so nothing here speaks for it.")
    if not machines.is_real:
        notes.append("The machine data are simulated anew, from the published process.")
    elif not machines.is_known:
        notes.append(
            "Where the machine data come from is not known, nor what was written into them."
        )
    else:
        notes.append(
            "The machine data are themselves synthetic, so a rule that was written into them can "
            "be found in them."
        )
    return Sentence(" ".join(notes))
