"""Sentences on the remedies of both tasks side by side."""

from collections.abc import Iterable, Mapping, Sequence

from labkit.both.effects import Effect, Strongest, Turn
from labkit.both.tasks import LOSSES, SCORES, by_task
from labkit.report.remedies import NONE, REMEDIES, STOPPED, Judged, Remedies, dose_label
from labkit.report.sentence import Sentence, counted, listing, number
from labkit.report.words import interval


def overfits(volatility: Remedies, failures: Remedies) -> Sentence:
    """Whether the wide model overfits in both tasks, in one or in none, by its curves."""
    found = by_task(volatility, failures)
    cases = [task for task, own in found.items() if own.overfitting]
    seeds = listing(
        f"{number(own.overfitting)} of {counted(own.n_seeds, 'seed')} for {task}"
        for task, own in found.items()
    )
    gaps = listing(
        f"its {SCORES[task]} for {task} is {number(own.of(NONE)['train_score'], '.3f')} on train "
        f"and {number(own.of(NONE)['validation_score'], '.3f')} on validation"
        for task, own in found.items()
    )
    if len(cases) == 2:
        says = "Left alone, the wide model overfits in both tasks"
    elif cases:
        says = f"Left alone, the wide model overfits in one of the tasks, that of {cases[0]}"
    else:
        says = "Even left alone, the wide model overfits in neither task: there is little to cure"
    return Sentence(f"{says}. By the verdict on its curves, it does so at {seeds}; {gaps}.")


def certain_and_wrong(found: Turn) -> Sentence:
    """What rises when a classifier overfits: its errors, or how sure it is of them."""
    (low, high), (before, after) = found.loss, found.accuracy
    if not found.rises:
        return Sentence(
            f"Without a remedy the validation loss of the failures ends at {number(high, '.3f')}, "
            f"not far above its lowest, {number(low, '.3f')} at epoch {found.best_epoch}: here the "
            "curve of the loss hardly turns."
        )
    told = (
        f"Without a remedy the validation loss of the failures rises from {number(low, '.3f')} at "
        f"epoch {found.best_epoch} to {number(high, '.3f')} at epoch {found.last_epoch}, and the "
        f"accuracy goes from {number(before, '.4f')} to {number(after, '.4f')}."
    )
    if found.errs_more:
        return Sentence(f"{told} So the network both errs more often and is surer where it errs.")
    return Sentence(
        f"{told} So the network does not err much more often: it grows surer of the rows that it "
        "has wrong. Cross-entropy makes it pay for that, accuracy does not see it."
    )


def doses(volatility: Remedies, failures: Remedies) -> Sentence:
    """The dose that validation chose of each remedy, task by task, and what an edge says."""
    found = by_task(volatility, failures)
    clauses, edges = [], set()
    for remedy, tried in REMEDIES.items():
        chosen = {task: own.doses[remedy] for task, own in found.items() if remedy in own.doses}
        if len(tried) == 1 or not chosen:
            continue
        clauses.append(_dose_clause(remedy, chosen, edges))
    text = f"Validation chose these doses: {'; '.join(clauses)}."
    if "weakest" in edges:
        text += " Where the weakest dose was the best, the task did not ask for more of it."
    if "strongest" in edges:
        text += " Where the strongest was, a stronger one might be better still."
    return Sentence(text)


def _dose_clause(remedy: str, chosen: Mapping[str, int], edges: set[str]) -> str:
    """A remedy's dose in each task; adds to ``edges`` those that it lies at."""
    tried = REMEDIES[remedy]
    texts = []
    for task, dose in chosen.items():
        edge = {0: "weakest", len(tried) - 1: "strongest"}.get(dose)
        if edge:
            edges.add(edge)
        where = f" (the {edge} tried)" if edge else ""
        texts.append(f"{dose_label(tried[dose])}{where} for {task}")
    return f"{remedy}, {listing(texts)}"


def best_on_validation(volatility: Remedies, failures: Remedies) -> Sentence:
    """Which remedy has the lowest validation loss in each task, and by how much."""
    clauses = []
    for task, own in by_task(volatility, failures).items():
        moved = number(abs(own.leading_gain), ".3f")
        clauses.append(
            f"for {task} it is **{own.leading}**, {moved} below the {LOSSES[task]} without a remedy"
            if own.leading_gain > 0
            else f"for {task} no remedy lowers the {LOSSES[task]}, and **{own.leading}** raises it "
            f"least, by {moved}"
        )
    return Sentence(
        f"Means over {counted(volatility.n_seeds, 'seed')} and validation rows name the best "
        f"remedy: {'; '.join(clauses)}."
    )


def stopping(volatility: Remedies, failures: Remedies) -> Sentence:
    """Where early stopping ends in each task, and which epoch it keeps."""
    clauses = []
    for task, own in by_task(volatility, failures).items():
        stopped, n_epochs = own.of(STOPPED), number(own.of(NONE)["trained"], ".0f")
        kept = number(stopped["kept"], ".0f")
        clauses.append(
            f"for {task} it lets all {n_epochs} epochs pass and keeps the weights of epoch {kept}"
            if stopped["trained"] == own.of(NONE)["trained"]
            else f"for {task} it ends training after {number(stopped['trained'], '.0f')} of "
            f"{n_epochs} epochs and keeps the weights of epoch {kept}"
        )
    return Sentence(f"Early stopping, on average over seeds: {listing(clauses)}.")


def readings(volatility: Sequence[Effect], failures: Sequence[Effect]) -> Sentence:
    """What can be said of each remedy in both tasks, and where the tasks differ."""
    of_failures = {own.remedy: own.reading.verdict for own in failures}
    alike: dict[str, list[str]] = {}
    apart = []
    for own in volatility:
        one, other = own.reading.verdict, of_failures.get(own.remedy)
        if one == other:
            alike.setdefault(one, []).append(own.remedy)
        elif other:
            apart.append(f"{own.remedy} *{one}* for volatility and *{other}* for failures")
    same = [
        f"{'each of ' if len(names) > 1 else ''}{listing(names)} *{verdict}*"
        for verdict, names in alike.items()
    ]
    parts = [f"In both tasks {'; '.join(same)}." if same else "No remedy does the same in both."]
    if apart:
        parts.append(f"The tasks differ in this: {'; '.join(apart)}.")
    return Sentence(" ".join(parts))


def on_test(found: Judged, best: Mapping[str, Strongest]) -> Sentence:
    """Which remedies gain and lose on the test rows by each measure, and which gains most.

    ``best`` has the strongest remedy by measure.
    """
    return Sentence(" ".join(_by_measure(found, *item) for item in best.items()))


def _by_measure(found: Judged, measure: str, best: Strongest) -> str:
    sure, harmful = found.sure[measure], found.harmful[measure]
    n = len(found.of(measure))
    if len(sure) == n:
        text = f"In {measure} all {number(n)} remedies gain by more than chance"
    elif sure:
        text = f"In {measure} {listing(sure)} gain{_s(sure)} by more than chance"
    else:
        text = f"In {measure} no remedy gains by more than chance"
    text += (
        f", and the largest gain is that of {best.remedy}, {number(best.gain.value, '+.3f')} "
        f"({interval(best.gain, '+.3f')})."
    )
    if harmful:
        text += f" By more than chance {listing(harmful)} make{_s(harmful)} it worse."
    return text


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) == 1 else ""


def carried_over(found: Remedies, judged: Judged, task: str) -> Sentence:
    """How many of the remedies that every seed of validation speaks for gain on test, too."""
    measure = judged.measures[0]
    promised, kept = found.always, judged.sure[measure]
    if not promised:
        return Sentence(
            f"For {task}, no remedy lowers the validation loss at every seed, and on test "
            f"{_who(kept)} by more than chance in {measure}."
        )
    held = [name for name in promised if name in kept]
    lower = f"For {task}, the validation loss is lower at every seed with {listing(promised)}"
    if len(held) == len(promised):
        they = "it gains" if len(held) == 1 else "all of them gain"
        return Sentence(f"{lower}, and {they} on test by more than chance in {measure}.")
    if len(promised) == 1:
        return Sentence(f"{lower}, but on test it gains nothing beyond chance in {measure}.")
    return Sentence(f"{lower}; of these, {_who(held)} on test by more than chance in {measure}.")


def _who(names: Iterable[str]) -> str:
    names = list(names)
    return f"{listing(names)} gain{_s(names)}" if names else "none gains"
