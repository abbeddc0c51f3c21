"""Sentences that both studies say: of curves, grids, remedies and recipes."""

import math

import pandas as pd

from labkit.nets.diagnostics import GAP, IMPROVEMENT, NOISE, RISE, UNKNOWN, Verdict
from labkit.nets.training import TrainingConfig
from labkit.report.ablations import HELPS, HURTS, IDLE, NEGLIGIBLE, UNSURE, Ablation
from labkit.report.grids import Grid, label
from labkit.report.intervals import Interval, outcome
from labkit.report.sentence import NO_BREAK, Sentence, counted, listing, number, percent

OPTIMIZERS = {
    "sgd": f"SGD (momentum {TrainingConfig.momentum:g})",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
}
"""Optimizers as people write them."""


def verdict(judged: Verdict, model: str, held_out: str = "validation") -> Sentence:
    """What a pair of curves says about a model, with the figures that say it."""
    if judged.convergence == "diverged":
        if not math.isfinite(judged.train_loss + judged.held_out_loss):
            return Sentence(
                f"{model} **diverged**: at epoch {judged.epochs} its loss is no longer finite."
            )
        return Sentence(
            f"{model} **diverged**: its training loss ends at "
            f"{number(judged.train_loss, '.3g')} after {judged.epochs} epochs, worse than a "
            "constant prediction."
        )
    says = (
        f"{model} was trained for one epoch, which does not tell whether it **fits**."
        if judged.fit == UNKNOWN
        else f"{model} **{judged.fit}**."
    )
    return Sentence(f"{says} {_fit_reason(judged, held_out)}{_training(judged, held_out)}")


def accuracies(history: pd.DataFrame, accuracy: str) -> Sentence:
    """What the second quantity of a training does beside the loss, and what the test loss does.

    Parameters
    ----------
    history : DataFrame
        ``epoch``, ``<set>_loss`` and ``<set>_accuracy`` of train, validation and test, one model.
    accuracy : str
        What the second quantity is called.
    """
    first, last = history.iloc[0], history.iloc[-1]
    if len(history) == 1:
        own = [f"{number(last[f'{name}_accuracy'], '.3f')} on {name}" for name in SETS]
        return Sentence(f"After its one epoch the {accuracy} is {listing(own)}.")
    moved = {name: last[f"{name}_accuracy"] - first[f"{name}_accuracy"] for name in SETS}
    train, held_out = moved["train"], moved["validation"]
    told = [
        f"from {number(first[f'{name}_accuracy'], '.3f')} to "
        f"{number(last[f'{name}_accuracy'], '.3f')} on {name}"
        for name in SETS
    ]
    if train > 0 and held_out <= 0:
        reading = "what it learns after the first epoch shows on its own rows only"
    elif train > 0:
        reading = "what it learns helps on other rows too"
    else:
        reading = "its own rows are not called better for it"
    losses = [number(row["test_loss"], ".4f") for row in (first, last)]
    apart = last["test_loss"] - last["validation_loss"]
    return Sentence(
        f"From the first epoch to the last the {accuracy} goes {listing(told)}: {reading}. The "
        f"test loss goes from {losses[0]} to {losses[1]}, and ends {number(abs(apart), '.4f')} "
        f"{'above' if apart > 0 else 'below'} that of validation: other rows may be harder or "
        "easier, and only the course of a curve speaks of the model."
    )


SETS = ("train", "validation", "test")
"""The sets that a training is watched on, in their order."""


def _fit_reason(judged: Verdict, held_out: str) -> str:
    end = (
        f"At epoch {judged.epochs} the training loss is {number(judged.train_loss, '.4f')} and "
        f"the {held_out} loss {number(judged.held_out_loss, '.4f')}"
    )
    if judged.fit == "overfits":
        reasons = []
        if judged.rise > RISE:
            reasons.append(
                f"the {held_out} loss was lowest at epoch {judged.best_epoch}, at "
                f"{number(judged.best_held_out_loss, '.4f')}, and has since risen by "
                f"{percent(judged.rise)} of what there was to learn"
            )
        if judged.gap > GAP:
            reasons.append(
                f"the two have parted by {percent(judged.gap)} of what there was to learn"
            )
        return f"{end}; {listing(reasons)}."
    if judged.fit == "underfits":
        return f"{end}, and neither is as low as it could be."
    if judged.fit == UNKNOWN:
        return f"{end}."
    again = " after it had turned up for a while" if judged.descended_again else ""
    apart = f"moved apart by {percent(judged.gap)}" if judged.gap > 0 else "moved no further apart"
    return (
        f"{end}. In units of what there was to learn, the two have {apart} since the "
        f"first epoch, and the {held_out} loss ends {percent(judged.rise)} above its lowest{again}."
    )


def _training(judged: Verdict, held_out: str) -> str:
    """What is said of convergence and noise: nothing of what so few epochs do not tell."""
    if judged.convergence == UNKNOWN:
        return ""
    text = (
        f"the last quarter of the epochs lowered the best {held_out} loss by "
        f"{percent(judged.improvement)} and the training loss by "
        f"{percent(judged.train_improvement)} of what there was to learn (the limit is "
        f"{percent(IMPROVEMENT, 0)})"
    )
    if judged.stability == UNKNOWN:
        return f" Training **{_convergence(judged)}**: {text}."
    return (
        f" Training **{_convergence(judged)}** and is **{judged.stability}**: {text}, and the "
        f"{held_out} loss goes up and down by {percent(judged.noise)} of it, on average "
        f"({'more' if judged.stability == 'noisy' else 'no more'} than {percent(NOISE, 0)})."
    )


def _convergence(judged: Verdict) -> str:
    return "has converged" if judged.convergence == "converged" else "still improves"


def verdict_in_short(judged: Verdict, model: str) -> Sentence:
    """A verdict in a clause."""
    if judged.convergence == "diverged":
        return Sentence(f"{model} diverged")
    if judged.fit == UNKNOWN:
        return Sentence(f"{model} was trained for one epoch, which does not tell whether it fits")
    if judged.convergence == UNKNOWN:
        return Sentence(f"{model} {judged.fit} after its only epoch")
    return Sentence(
        f"{model} {judged.fit} and {_convergence(judged)}; its held-out loss was lowest at epoch "
        f"{judged.best_epoch} of {judged.epochs}"
    )


def best_candidate(grid: Grid, score: str) -> Sentence:
    """What a grid search led to: the best of its finalists on fresh folds."""
    chosen = grid.confirmation.chosen
    values = grid.parameters
    known = {"optimizer", "learning_rate", "hidden_sizes", "batch_size", "epochs"}
    further = "".join(
        f" a {name.replace('_', ' ')} of {label(value)},"
        for name, value in values.items()
        if name not in known
    )
    return Sentence(
        f"{OPTIMIZERS.get(values['optimizer'], values['optimizer'])} with a learning rate of "
        f"{number(values['learning_rate'], 'g')},{further} hidden layers of "
        f"{label(values['hidden_sizes'])} units, batches of {number(values['batch_size'])} and "
        f"{counted(values['epochs'], 'epoch')}, with a mean {score} of "
        f"{number(chosen['fresh'], '.4f')} over "
        f"{grid.confirmation.n_folds} fresh folds (standard deviation "
        f"{number(chosen['fresh_sd'], '.4f')})"
    )


def rates_tried(grid: Grid) -> Sentence:
    """Which learning rates a grid tries with which optimizer."""
    return listing(
        f"{OPTIMIZERS.get(name, name)} at {listing(number(rate, 'g') for rate in rates)}"
        for name, rates in grid.rates.items()
    )


def idle_candidates(grid: Grid, score: str) -> Sentence:
    """How many candidates of a grid learned nothing."""
    n, n_idle = len(grid.candidates), grid.n_idle
    floor = (
        f"better than a model that looks at no input, which has a mean {score} of "
        f"{number(grid.floor, '.4f')}"
    )
    if n_idle == 0:
        return Sentence(f"Every candidate learned something: all are {floor}.")
    return Sentence(f"{number(n_idle)} of the {number(n)} candidates learned nothing: no {floor}.")


def winners_curse(grid: Grid, score: str) -> Sentence:
    """What the search's winner has left on fresh folds, and what that says of winners."""
    found = grid.confirmation
    winner, first = found.winner, found.first
    text = (
        f"The winner of the search had a mean {score} of {number(winner['search'], '.4f')} on the "
        f"folds that it won on, and has {number(winner['fresh'], '.4f')} on fresh ones "
        f"({number(winner['change'], '+.4f')})"
    )
    if winner["first"]:
        return Sentence(f"{text}; it is the first model itself.")
    text += (
        f"; the first model, which no score had picked, went from {number(first['search'], '.4f')} "
        f"to {number(first['fresh'], '.4f')} ({number(first['change'], '+.4f')})."
    )
    fell, n = found.n_fell, len(found.best_of_search)
    worse = (
        f"for {fell if fell < n else 'all'} of the {n} best of the search the change was worse "
        "than for the first model"
    )
    if winner["change"] >= first["change"] or 2 * fell <= n:
        return Sentence(
            f"{text} Of the *winner's curse*, that the best of many noisy scores owes something to "
            f"luck, there is no clear sign here: {worse}."
        )
    return Sentence(
        f"{text} That is the *winner's curse*: the best of {number(len(grid.candidates))} noisy "
        f"means is best by luck too, and luck does not come again; {worse}."
    )


def choice(grid: Grid) -> Sentence:
    """What was chosen on fresh folds, and whether tuning is worth anything beside the first."""
    found = grid.confirmation
    chosen, n = found.chosen, len(found.finalists)
    if chosen["first"]:
        return Sentence(
            f"On the fresh folds the first model has the highest mean of the {n}, and stays: "
            "tuning found nothing better."
        )
    place = (
        "the search's winner" if chosen["place"] == 1 else f"place {chosen['place']} of the search"
    )
    return Sentence(
        f"The choice, the best on the fresh folds, is {place}: {standing(found.gain)} the untuned "
        f"first model there (difference {number(found.gain.value, '+.4f')}, "
        f"{interval(found.gain, '+.4f')}). {PAID[found.gain.excludes_zero]} As the best of {n} "
        "noisy means the choice is flattered too."
    )


PAID = {True: "Tuning has paid.", False: "That tuning is worth anything has not been shown."}
"""What is said of tuning, by whether the choice's lead over the first model is one."""


def standing(lead: Interval, adjusted: float = 0.0) -> str:
    """Where a lead puts its owner, as `labkit.report.intervals.outcome` has it."""
    beside = {"ahead": "ahead of", "level": "level with", "behind": "behind"}
    return beside[outcome(lead, adjusted)]


def widest_axis(grid: Grid) -> Sentence:
    """Which axis of the grid matters most, and which least, by the spread of the best scores."""
    most, least = grid.widest, grid.narrowest
    left_out = (
        " The learning rate is left out: each optimizer has rates of its own, and that of the "
        "search's winner has one."
        if "learning_rate" in grid.parameters and "learning_rate" not in grid.spreads
        else ""
    )
    return Sentence(
        f"The choice that matters most is the {_compared(most.axis)}: between its values the best "
        f"score of the search differs by {number(most.score, '.4f')}. The one that matters least "
        f"is the {_compared(least.axis)}, with {number(least.score, '.4f')}.{left_out}"
    )


def _compared(axis: str) -> str:
    """An axis by name; the learning rate has values to compare with one optimizer only."""
    named = axis.replace("_", " ")
    return f"{named}, with the winner’s optimizer" if axis == "learning_rate" else named


def grid_limits(grid: Grid) -> Sentence:
    """What a grid does not tell: whether better lies beyond its edges, and what folds blur."""
    at = [f"the {axis.replace('_', ' ')} ({side})" for axis, side in grid.edges.items()]
    edges = (
        f"The choice has an outermost value of {listing(at)}: better may lie beyond."
        if at
        else "On no axis of numbers does the choice have an outermost value."
    )
    sd = (
        "the standard deviation of the search's winner over the folds "
        f"({number(grid.fold_sd, '.4f')})"
    )
    faint = [
        f"{axis.replace('_', ' ')} ({number(spread, '.4f')})" for axis, spread in grid.faint.items()
    ]
    if not faint:
        return Sentence(f"{edges} The spread of every axis is wider than {sd}.")
    return Sentence(
        f"{edges} Narrower than {sd}, and so perhaps chance, "
        f"{'is the spread' if len(faint) == 1 else 'are the spreads'} of {listing(faint)}."
    )


def change(before: float, after: float, score: str, spec: str = ".4f") -> Sentence:
    """How a score moved, whichever way it moved."""
    moved = after - before
    text = f"from {number(before, spec)} to {number(after, spec)}"
    if number(before, spec) == number(after, spec):
        return Sentence(f"left the {score} at {number(after, spec)}")
    verb = "raised" if moved > 0 else "lowered"
    return Sentence(f"{verb} the {score} {text} (by {number(abs(moved), spec)})")


def interval(given: Interval, spec: str = ".3f") -> str:
    """The ends of an interval in words."""
    return f"95{NO_BREAK}% interval {number(given.low, spec)} to {number(given.high, spec)}"


def ablation(found: Ablation, label: str, spec: str = ".3f") -> Sentence:
    """Which part of a recipe is worth most; which help, hurt or are idle, as far as can be told."""
    most = found.most
    name, falls = most.name.partition(" (")[0], f"{number(most.loss.value, spec)}"
    if most.loss.value <= 0:
        text = f"No part alone raises the {label}."
    elif most.loss.low > 0:
        text = (
            f"The part worth most is {name}: without it the {label} falls by {falls} "
            f"({interval(most.loss, spec)})."
        )
    else:
        text = (
            f"Of no part can it be told from chance that it raises the {label}; most is lost "
            f"without {name}, {falls} ({interval(most.loss, spec)})."
        )
    clauses = [
        says.format(parts=listing(names), verb=_verb(verdict, names))
        for verdict, says in PARTS_SAID.items()
        if (names := found.parts[verdict])
    ]
    text += f" By the 95{NO_BREAK}% intervals, {'; '.join(clauses)}."
    if found.averaging is not None:
        text += (
            f" Averaging seeds changes it by {number(found.averaging.value, '+' + spec)} "
            f"({interval(found.averaging, '+' + spec)})."
        )
    return Sentence(text)


PARTS_SAID = {
    HELPS: "{parts} {verb}",
    HURTS: "{parts} {verb}",
    IDLE: f"{{parts}} {{verb}} idle, worth less than {number(NEGLIGIBLE, 'g')} either way",
    UNSURE: "of {parts} the data cannot tell",
}
"""What is said of the parts that share a verdict."""


def _verb(verdict: str, names: tuple[str, ...]) -> str:
    one = len(names) == 1
    if verdict == IDLE:
        return "is" if one else "are"
    return verdict if one else verdict.removesuffix("s")
