"""Why tuning, optimizers and balancing did what they did: what the kept facts say of the causes."""

from dataclasses import dataclass

from labkit.failures.balancing import Balancing
from labkit.failures.final import Final
from labkit.failures.judging import BLOCKS, HELD_OUT, OUT_OF_FOLD
from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE, SHORT_CLASSES
from labkit.report.grids import Grid
from labkit.report.sentence import Sentence, listing, number
from labkit.report.words import OPTIMIZERS, interval, standing


@dataclass(frozen=True)
class Race:
    """The best scores of the optimizer that comes first in a grid, and of the one that comes last.

    ``few`` and ``many`` are the fewest and the most epochs tried, ``gap_few`` and ``gap_many`` the
    distance between the two there; ``fold_sd`` the standard deviation over folds of the winner.
    """

    first: str
    first_score: float
    last: str
    last_score: float
    few: int
    gap_few: float
    many: int
    gap_many: float
    fold_sd: float


def race(grid: Grid) -> Race:
    """The optimizers of a grid by their best candidates, over all epochs and at each."""
    best = grid.crossed.pivot_table(
        index="optimizer", columns="epochs", values="mean_test_score", aggfunc="max"
    )
    overall = best.max(axis=1).sort_values(kind="stable")
    last, first = overall.index[0], overall.index[-1]
    gaps = best.loc[first] - best.loc[last]
    few, many = gaps.index.min(), gaps.index.max()
    return Race(
        _name(first),
        float(overall[first]),
        _name(last),
        float(overall[last]),
        int(few),
        float(gaps[few]),
        int(many),
        float(gaps[many]),
        grid.fold_sd,
    )


def optimizers(found: Race) -> Sentence:
    """Which optimizer's best candidate is last, and what further epochs do to the distance."""
    if found.first == found.last:
        return Sentence(f"Here {found.first} is the only optimizer.")
    text = (
        f"Over all candidates, the best with {found.first} reaches a macro-F1 of "
        f"{number(found.first_score, '.3f')} in the folds of the search, and the best with "
        f"{found.last}, which comes last, {number(found.last_score, '.3f')}."
    )
    if found.first_score - found.last_score < found.fold_sd:
        return Sentence(
            f"{text} That is closer than one standard deviation over the folds "
            f"({number(found.fold_sd, '.3f')}): with rates of its own, no optimizer has lost."
        )
    few, many = number(found.few), number(found.many)
    told = (
        "the slower one is late more than it is wrong, and longer training helps it most"
        if found.gap_many < found.gap_few
        else "longer training does not bring it nearer, so time is not what it lacks"
    )
    return Sentence(
        f"{text} The distance between the two is {number(found.gap_few, '.3f')} after {few} epochs "
        f"and {number(found.gap_many, '.3f')} after {many}: {told}."
    )


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


@dataclass(frozen=True)
class Halves:
    """Precision, recall and F1 of a failure, before and after."""

    failure: str
    precision: tuple[float, float]
    recall: tuple[float, float]
    f1: tuple[float, float]


@dataclass(frozen=True)
class Moved:
    """The failures whose F1 a strategy of balancing changes most for the better and for the worse.

    ``cell`` names the strategy and its strength.
    """

    cell: str
    most: Halves
    least: Halves


def moved(facts: Balancing) -> Moved:
    """What the strategy with the best macro-F1 does to the failures, means over repetitions."""
    scores = facts.per_class[facts.per_class["class"] != NO_FAILURE]
    means = scores.groupby(["cell", "class"])[["precision", "recall", "f1"]].mean()
    before, after = means.loc[facts.unbalanced.name], means.loc[facts.best.name]
    change = (after["f1"] - before["f1"]).reindex(FAILURE_TYPES[1:]).sort_values(kind="stable")

    def halves(name: str) -> Halves:
        both = ((float(t.loc[name, score]) for t in (before, after)) for score in before)
        return Halves(name, *map(tuple, both))

    return Moved(facts.best.name, halves(change.index[-1]), halves(change.index[0]))


def balancing(found: Moved) -> Sentence:
    """Which failure's F1 the best strategy raises most, and which it lowers, and by which half."""
    up = "gains most" if found.most.f1[1] > found.most.f1[0] else "loses least"
    down = "loses most" if found.least.f1[1] < found.least.f1[0] else "gains least"
    return Sentence(
        f"Failure by failure, {found.cell} against the rows as they are: "
        f"{_class(found.most.failure)} {up} ({_halves(found.most)}), "
        f"{_class(found.least.failure)} {down} ({_halves(found.least)})."
    )


def _class(name: str) -> str:
    return SHORT_CLASSES[name].lower()


def _halves(own: Halves) -> str:
    pairs = {"F1": own.f1, "precision": own.precision, "recall": own.recall}
    return ", ".join(
        f"{name} {number(before, '.2f')} to {number(after, '.2f')}"
        for name, (before, after) in pairs.items()
    )


def trades(facts: Balancing) -> bool:
    """Whether the way that finds most failures pays for it in precision."""
    none, caught = facts.unbalanced, facts.catching
    return caught.recall > none.recall and caught.precision < none.precision


def balancing_in_short(facts: Balancing) -> Sentence:
    """How many ways of balancing raise the macro-F1 by more than chance, and how many lower it."""
    better, worse = len(facts.better), len(facts.worse)
    return Sentence(
        f"Of {number(facts.n_compared)} ways to balance, {number(better) if better else 'none'} "
        f"{'raises' if better <= 1 else 'raise'} the macro-F1 by more than chance and "
        f"{number(worse) if worse else 'none'} {'lowers' if worse <= 1 else 'lower'} it. "
        + (
            f"With {facts.catching.name} more failures are found and more alarms are false; how "
            "often "
            if trades(facts)
            else "How often "
        )
        + "each error is worth making is for whoever runs the machine to say."
    )


def outcome_in_short(final: Final) -> Sentence:
    """Where the best MLP stands on blocks of time, between the rival and the rules."""
    mlp, rival = final.of(final.best, BLOCKS), final.of(final.rival, BLOCKS)
    lead = next(duel for duel in final.against_rival if duel.judge == BLOCKS)
    return Sentence(
        f"On blocks of time {mlp.name} has a macro-F1 of {number(mlp.macro_f1.value, '.3f')} and "
        f"is {standing(lead.gain, lead.adjusted)} {rival.name}, the best of the other learners."
    )
