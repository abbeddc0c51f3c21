"""Sentences of the abstract and of the conclusions, on both studies."""

from collections.abc import Sequence

from labkit.both.comparison import SMALL, Comparison
from labkit.both.steps import INPUTS, TEST_YEAR, Step, Steps
from labkit.both.tasks import SCORES, by_task
from labkit.config import Profile
from labkit.failures.balancing import Balancing
from labkit.failures.judging import BLOCKS, HELD_OUT
from labkit.failures.reasons import trades
from labkit.files.provenance import Provenance
from labkit.report.confirmation import Confirmation
from labkit.report.grids import Grid
from labkit.report.intervals import outcome
from labkit.report.remedies import Judged, Remedies
from labkit.report.sentence import Sentence, as_text, counted, listing, number, percent
from labkit.report.tables import capital
from labkit.report.words import interval


def data_in_use(nyse: Provenance, machines: Provenance, profile: Profile) -> Sentence:
    """Which data and which profile made this rendering."""
    return Sentence(
        f"This rendering was made from {as_text(nyse.title)} ({number(nyse.rows)} rows) and from "
        f"{as_text(machines.title)} ({number(machines.rows)} rows), under the profile "
        f"*{profile.name}*."
    )


def step_claim(found: Sequence[Steps], name: str) -> Sentence:
    """Whether a step of the studies has paid, before which judges, and where it has hurt."""
    by_outcome: dict[str, list[str]] = {"ahead": [], "level": [], "behind": []}
    for own in found:
        if not _unmoved(own.of(name)):
            by_outcome[outcome(own.of(name).gain)].append(WHERE[own.judge])
    ahead, level, behind = by_outcome.values()
    subject = SUBJECTS.get(name, name)
    if not (ahead or level or behind):
        return Sentence(f"That {subject} is worth anything has not been shown: nothing changed.")
    if not ahead and not behind:
        chance = f"{listing(level)}, the difference could be chance"
        return Sentence(f"That {subject} is worth anything has not been shown: {chance}.")
    parts = []
    if ahead:
        parts.append(f"has paid {listing(ahead)}")
    if behind:
        parts.append(f"has hurt {listing(behind)}")
    text = f"{capital(subject)} {listing(parts)}"
    if level:
        text += f"; {listing(level)} the difference could be chance"
    return Sentence(f"{text}.")


SUBJECTS = {INPUTS: "work on the inputs"}
"""What a step is called in a sentence, where not by its name."""

WHERE = {
    TEST_YEAR: "on the test year",
    HELD_OUT: "on the held-out machine rows",
    BLOCKS: "on blocks of time",
}
"""Where a judge judges."""


def _unmoved(step: Step) -> bool:
    """Whether the models before and after a step predict the same."""
    return step.gain.low == step.gain.high == 0


def step_evidence(found: Sequence[Steps], name: str) -> Sentence:
    """What a step changes before every judge, with intervals."""
    clauses = [_moved(own, own.of(name)) for own in found]
    return Sentence(f"{capital('; '.join(clauses))}.")


def _moved(own: Steps, step: Step) -> str:
    gain, where = step.gain, WHERE[own.judge]
    if _unmoved(step):
        return f"{where} both models predict the same, and the {own.score} stays"
    return (
        f"{where} the {own.score} changes by {number(gain.value, '+.3f')} "
        f"({interval(gain, '+.3f')})"
    )


def shapes_claim(volatility: Grid, failures: Grid) -> Sentence:
    """Whether the shape of the network is what matters most in either grid."""
    by_shape = [
        task
        for task, own in by_task(volatility, failures).items()
        if own.widest.axis in ("hidden_sizes", "layers")
    ]
    if len(by_shape) == 2:
        return Sentence("Of all that the grids vary, the shape of the network matters most.")
    if by_shape:
        return Sentence(
            f"The shape of the network matters most for {by_shape[0]}, and in the other task "
            "something else does."
        )
    return Sentence("In neither grid is it the shape of the network that matters most.")


def shapes_evidence(volatility: Grid, failures: Grid) -> Sentence:
    """How far the best and the worst shape lie apart in either grid, beside its widest axis."""
    clauses = [
        f"in {SCORES[task]}, the best candidates with {own.shapes.best} and {own.shapes.worst} "
        f"hidden units, the best and the worst shape for {task}, lie "
        f"{number(own.shapes.gap, '.4f')} apart, and those of the widest axis, the "
        f"{own.widest.axis.replace('_', ' ')}, {number(own.widest.score, '.4f')}"
        for task, own in by_task(volatility, failures).items()
    ]
    return Sentence(capital("; ".join(clauses)) + ".")


def curse_claim(volatility: Grid, failures: Grid) -> Sentence:
    """Whether the searches' winners kept less on fresh folds than the first model did."""
    cursed = [
        task for task, own in by_task(volatility, failures).items() if _is_cursed(own.confirmation)
    ]
    if len(cursed) == 2:
        return Sentence(
            "The best score of a search promises too much, in both tasks: on fresh folds a "
            "part of the winner's lead over the first model is gone."
        )
    if cursed:
        return Sentence(f"The best score of a search can promise too much: for {cursed[0]} it did.")
    return Sentence(
        "The best score of a search may promise too much; here, in neither task it did."
    )


def _is_cursed(found: Confirmation) -> bool:
    """Whether the winner, and most of the best, lost more on fresh folds than the first model."""
    most = 2 * found.n_fell > len(found.best_of_search)
    return most and found.winner["change"] < found.first["change"]


def curse_evidence(volatility: Grid, failures: Grid) -> Sentence:
    """What the winners and the first models lost or won from the search to fresh folds."""
    clauses = []
    for task, own in by_task(volatility, failures).items():
        winner, first = own.confirmation.winner, own.confirmation.first
        more = winner["change"] - first["change"]
        clauses.append(
            f"for {task} the first model won the search itself, and its {SCORES[task]} changed by "
            f"{number(first['change'], '+.4f')}"
            if winner["first"]
            else f"for {task} the {SCORES[task]} of the winner changed by "
            f"{number(winner['change'], '+.4f')} from the search to fresh folds, that of the first "
            f"model by {number(first['change'], '+.4f')}, so that its lead "
            f"{'shrank' if more < 0 else 'grew'} by {number(abs(more), '.4f')}"
        )
    return Sentence(f"{capital('; '.join(clauses))}.")


def overfit_claim(volatility: Remedies, failures: Remedies) -> Sentence:
    """Whether the wide model overfits where nothing keeps it from that."""
    found = by_task(volatility, failures)
    cases = [task for task, own in found.items() if own.overfitting]
    if len(cases) == 2:
        return Sentence("A network of two hidden layers overfits if nothing keeps it from that.")
    if cases:
        return Sentence(f"The same network overfits one task, here {cases[0]}, and not the other.")
    return Sentence("A wide network need not overfit: here it did so in neither task.")


def remedy_claim(volatility: Judged, failures: Judged) -> Sentence:
    """On how much of what was measured a remedy gains by more than chance, and where one hurts."""
    measures = {
        f"{measure} ({task})": (own.sure[measure], own.harmful[measure])
        for task, own in by_task(volatility, failures).items()
        for measure in own.measures
    }
    helped = [name for name, (sure, _) in measures.items() if sure]
    hurt = [name for name, (_, harmful) in measures.items() if harmful]
    if len(helped) == len(measures):
        text = "Regularization works in both tasks, by every measure"
    elif helped:
        text = f"Regularization helps by {listing(helped)}; by the rest that has not been shown"
    else:
        text = "That any remedy improves the wide model on test rows has not been shown"
    if hurt:
        text += f"; the wrong remedy does harm, in {listing(hurt)}"
    return Sentence(f"{text}.")


def remedy_evidence(volatility: Judged, failures: Judged) -> Sentence:
    """The remedies that gain and lose by more than chance, measure by measure, in numbers."""
    clauses = []
    for own in (volatility, failures):
        for measure in own.measures:
            tried = counted(len(own.of(measure)), "remedy", "remedies")
            gains, losses = own.sure[measure], own.harmful[measure]
            clauses.append(
                f"in {measure}, of {tried} {_so_many(len(gains), 'gain')} by more than chance and "
                f"{_so_many(len(losses), 'lose')}"
            )
    return Sentence(f"{capital('; '.join(clauses))}.")


def _so_many(n: int, verb: str) -> str:
    if n == 0:
        return f"none {verb}s"
    return f"{number(n)} {verb}{'s' * (n == 1)}"


def balance_claim(found: Balancing) -> Sentence:
    """Whether balancing raises the score, and what it trades."""
    text = (
        f"Balancing raises the macro-F1 by more than chance in {number(len(found.better))} of "
        f"{number(found.n_compared)} forms"
        if found.better
        else f"Of {number(found.n_compared)} forms of balancing, none raises the macro-F1 by more "
        "than chance"
    )
    if trades(found):
        text += ", and what it does is to trade precision for recall"
    return Sentence(f"{text}.")


def balance_evidence(found: Balancing) -> Sentence:
    """What the trade is, in rows of a hundred, and how many forms lose."""
    none, caught, gain = found.unbalanced, found.catching, found.best_gain
    return Sentence(
        f"With {caught.name}, {_hundred(caught.recall)} of a hundred failures are found where the "
        f"rows as they are find {_hundred(none.recall)}, and {_hundred(caught.precision)} of a "
        f"hundred alarms are right where {_hundred(none.precision)} were, means over the kinds of "
        f"failure. The best form by macro-F1, {gain.name}, stands at "
        f"{number(gain.value.value, '+.3f')} against the rows as they are "
        f"({interval(gain.value, '+.3f')}); {_losers(len(found.worse))}."
    )


def _hundred(share: float) -> str:
    return number(100 * share, ".0f")


def _losers(n: int) -> str:
    if n == 0:
        return "none is worse by more than chance"
    return f"{number(n)} {'is' if n == 1 else 'are'} worse by more than chance"


def tasks_claim(found: Comparison) -> Sentence:
    """What the gains of a network over a linear model say of the two signals."""
    return Sentence(_shape(found))


def tasks_compared(found: Comparison) -> Sentence:
    """How far the best MLP is from linear models, from its rival, and on the way to the ceiling."""
    side = "ahead of the best of them" if found.lead > 0 else "behind the best of them"
    return Sentence(
        "From ridge regression on the few features the best MLP differs by "
        f"{number(found.over_ridge, '+.3f')} in R² on the test year, and from tuned logistic "
        f"regression by {number(found.over_logistic, '+.3f')} in macro-F1 on the held-out rows. "
        f"It covers {percent(found.way_of_volatility, 0)} of the way from floor to ceiling for "
        f"volatility and {percent(found.way_of_failures, 0)} for failures. Among the learners of "
        f"failures that are no MLP, it is {number(abs(found.lead), '.3f')} {side}, "
        f"{found.rival}."
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
