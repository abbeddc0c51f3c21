"""Why tuning, optimizers and balancing did what they did: what the kept facts say of the causes."""

import pandas as pd

from labkit.failures.balancing import Balancing
from labkit.failures.final import Final
from labkit.failures.judging import BLOCKS, HELD_OUT, OUT_OF_FOLD
from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE, SHORT_CLASSES
from labkit.report.grids import Grid
from labkit.report.sentence import Sentence, listing, number
from labkit.report.words import OPTIMIZERS, interval, standing


def optimizers(grid: Grid) -> Sentence:
    """Which optimizer's best candidate is last, and what further epochs do to the distance."""
    best = grid.crossed.pivot_table(
        index="optimizer", columns="epochs", values="mean_test_score", aggfunc="max"
    )
    overall = best.max(axis=1).sort_values(kind="stable")
    last, first = overall.index[0], overall.index[-1]
    behind = overall[first] - overall[last]
    text = (
        f"Over all candidates, the best with {_name(first)} reaches a macro-F1 of "
        f"{number(overall[first], '.3f')} in the folds of the search, and the best with "
        f"{_name(last)}, which comes last, {number(overall[last], '.3f')}."
    )
    if behind < grid.fold_sd:
        return Sentence(
            f"{text} That is closer than one standard deviation over the folds "
            f"({number(grid.fold_sd, '.3f')}): with rates of its own, no optimizer has lost."
        )
    gaps = best.loc[first] - best.loc[last]
    few, many = (
        f"{number(gaps.loc[n], '.3f')} at {number(n)}" for n in (min(gaps.index), max(gaps.index))
    )
    told = (
        "the slower one is late more than it is wrong, and longer training helps it most"
        if gaps.iloc[-1] < gaps.iloc[0]
        else "longer training does not bring it nearer, so time is not what it lacks"
    )
    return Sentence(f"{text} The distance between the two is {few} epochs and {many}: {told}.")


def _name(optimizer: str) -> str:
    return OPTIMIZERS.get(optimizer, optimizer)


def tuning(grid: Grid, final: Final) -> Sentence:
    """What tuning gained before each judge, and how closely the choice fits its training rows."""
    found = grid.confirmation
    if found.chosen["first"]:
        return Sentence(
            "Tuning changed nothing: the first model stayed, so whatever it lacks, none of the "
            "values tried supplies."
        )
    changes = {
        judge: final.of("mlp-tuned", judge).macro_f1.value
        - final.of("mlp-physics", judge).macro_f1.value
        for judge in (OUT_OF_FOLD, BLOCKS, HELD_OUT)
    }
    elsewhere = listing(f"{number(own, '+.3f')} {_before(judge)}" for judge, own in changes.items())
    closer, trained = _fit(grid)
    cause = _CAUSES[closer, bool(found.gain.value > 0)]
    if not found.gain.excludes_zero:
        cause = f"a hint, and no more since the interval holds zero, that {cause}"
    return Sentence(
        f"The choice differs from the first model, on the same features, by "
        f"{number(found.gain.value, '+.3f')} on the fresh folds "
        f"({interval(found.gain, '+.3f')}), and by {elsewhere}. {trained}: "
        f"{cause}."
    )


def _before(judge: str) -> str:
    return "out-of-fold" if judge == OUT_OF_FOLD else f"on {judge}"


def _fit(grid: Grid) -> tuple[bool, str]:
    """Whether the choice fits its training rows more closely than the first model, and in words."""
    places = (grid.confirmation.chosen["place"], grid.confirmation.first["place"])
    chosen, first = (grid.candidates["mean_train_score"].iloc[place - 1] for place in places)
    closer = bool(chosen > first)
    return closer, (
        f"On the rows that it trained on in the search its macro-F1 is {number(chosen, '.3f')}, "
        f"where the first model has {number(first, '.3f')}"
    )


_CAUSES = {
    (True, True): "the first model had stopped short of what the rows can teach",
    (True, False): "what it learned beyond the first model was those rows by heart",
    (False, True): "it learned fewer of those rows by heart, and more of what they have in common",
    (False, False): "it learned less, of those rows and of others",
}
"""By whether the choice fits its training rows more closely, and leads on fresh folds."""


def balancing(facts: Balancing) -> Sentence:
    """Which failure's F1 the best strategy raises most, and which it lowers, and by which half."""
    scores = facts.per_class[facts.per_class["class"] != NO_FAILURE]
    means = scores.groupby(["cell", "class"])[["precision", "recall", "f1"]].mean()
    before, after = means.loc[facts.unbalanced.name], means.loc[facts.best.name]
    moved = (after["f1"] - before["f1"]).reindex(FAILURE_TYPES[1:]).sort_values(kind="stable")
    most, least = moved.index[-1], moved.index[0]
    up = "gains most" if moved[most] > 0 else "loses least"
    down = "loses most" if moved[least] < 0 else "gains least"
    return Sentence(
        f"Failure by failure, {facts.best.name} against the rows as they are: "
        f"{_class(most)} {up} ({_halves(before.loc[most], after.loc[most])}), "
        f"{_class(least)} {down} ({_halves(before.loc[least], after.loc[least])})."
    )


def _class(name: str) -> str:
    return SHORT_CLASSES[name].lower()


def _halves(before: pd.Series, after: pd.Series) -> str:
    return ", ".join(
        f"{name} {number(before[score], '.2f')} to {number(after[score], '.2f')}"
        for score, name in {"f1": "F1", "precision": "precision", "recall": "recall"}.items()
    )


def balancing_in_short(facts: Balancing) -> Sentence:
    """How many ways of balancing raise the macro-F1 by more than chance, and how many lower it."""
    better, worse = len(facts.better), len(facts.worse)
    return Sentence(
        f"Of {number(facts.n_compared)} ways to balance, {number(better) if better else 'none'} "
        f"{'raises' if better <= 1 else 'raise'} the macro-F1 by more than chance and "
        f"{number(worse) if worse else 'none'} {'lowers' if worse <= 1 else 'lower'} it. The more "
        "one balances, the more failures are found and the more alarms are false; how often each "
        "error is worth making is for whoever runs the machine to say."
    )


def outcome_in_short(final: Final) -> Sentence:
    """Where the best MLP stands on blocks of time, between the rival and the rules."""
    mlp, rival = final.of(final.best, BLOCKS), final.of(final.rival, BLOCKS)
    lead = next(duel for duel in final.against_rival if duel.judge == BLOCKS)
    return Sentence(
        f"On blocks of time {mlp.name} has a macro-F1 of {number(mlp.macro_f1.value, '.3f')} and "
        f"is {standing(lead.gain, lead.adjusted)} {rival.name}, the best of the other learners."
    )
