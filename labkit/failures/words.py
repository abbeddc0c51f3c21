"""Sentences on the final tables of the failure study."""

from collections.abc import Sequence

from labkit.failures.calibration import Reliability
from labkit.failures.contenders import MAJORITY, ORACLE
from labkit.failures.final import ByHeart, Final
from labkit.failures.judging import BLOCKS, OUT_OF_FOLD, Duel
from labkit.failures.knowledge import Knowledge
from labkit.failures.rules import SHORT_CLASSES
from labkit.report.sentence import Sentence, listing, number, percent
from labkit.report.words import change, interval

FOUND = 0.5
"""F1 from which on a class counts as found."""

OUTCOMES = {
    "ahead": "it is ahead, and chance is ruled out",
    "behind": "it is behind, and chance is ruled out",
    "level": "the two are level, since the difference could be chance",
    "mixed": "the judges do not agree",
}
"""What a comparison before all judges comes to."""


def outcome(final: Final) -> Sentence:
    """The best MLP against the best other learner and the rules, before both judges."""
    mlp, rival = final.of(final.best), final.of(final.rival)
    return Sentence(
        f"Out-of-fold on the development rows, the best MLP is **{mlp.name}** and the best other "
        f"learner is **{rival.name}**. Then others judged them. {_judged(final.against_rival)} "
        f"{_judged(final.against_rules)}"
    )


def order_of_rows(in_time_order: bool) -> Sentence:
    """What the stretches of neighbouring rows are evidence of."""
    if in_time_order:
        return Sentence("Rows are in the order of UDI, that of time.")
    return Sentence(
        "The file has no UDI, so whether its rows are in time order is not known: what is called a "
        f"block of time in this book is here a stretch of the file, and what is said of {BLOCKS} "
        "says nothing of time."
    )


def _judged(found: Sequence[Duel]) -> str:
    """One comparison before every judge."""
    clauses = [
        f"by {number(duel.gain.value, '+.3f')} on {duel.judge} ({interval(duel.gain, '+.3f')})"
        for duel in found
    ]
    return (
        f"Against **{found[0].against}** its macro-F1 differs {listing(clauses)}: "
        f"{OUTCOMES[_common(found)]}."
    )


def _common(found: Sequence[Duel]) -> str:
    outcomes = {duel.outcome for duel in found}
    return outcomes.pop() if len(outcomes) == 1 else "mixed"


def peers(final: Final) -> Sentence:
    """Which families are ahead of the best MLP when all are given the same, and which behind."""
    name = final.of(final.best).name
    if not final.against_peers:
        return Sentence(
            f"What {name} was given no other family can take, so none is compared with it on equal "
            "terms."
        )
    return Sentence(
        f"Given the same as {name}, the other families stand, once chance and the number of "
        f"comparisons are allowed for: {_sides(final.against_peers, ahead='above')}."
    )


def _sides(found: Sequence[Duel], *, ahead: str) -> str:
    """Who is above and below, before every judge; ``ahead`` says where a positive gain puts us."""
    below = "below" if ahead == "above" else "above"
    where = {"ahead": f"{below} it", "level": "level with it", "behind": f"{ahead} it"}
    clauses = []
    for judge in dict.fromkeys(duel.judge for duel in found):
        by_outcome = {outcome: [] for outcome in where}
        for duel in found:
            if duel.judge == judge:
                by_outcome[duel.outcome].append(duel.family)
        parts = [f"{listing(own)} {where[side]}" for side, own in by_outcome.items() if own]
        clauses.append(f"on {judge}, {listing(parts)}")
    return "; ".join(clauses)


def knowledge(facts: Knowledge) -> Sentence:
    """What knowing the process brings the network, against rules, families and the process."""
    best, sharp = facts.of(facts.best), facts.of(facts.sharp)
    return Sentence(
        f"With {number(facts.simulated)} simulated rows the MLP has a macro-F1 of "
        f"{number(best.macro_f1.value, '.3f')} on blocks of time ({interval(best.macro_f1)}), "
        f"where the process itself, with the same rule, has {number(facts.process, '.3f')}. "
        f"{_judged(facts.over_rules)} By macro-F1 the other families, given the same, stand: "
        f"{_sides(facts.over_families, ahead='above')}. Without the rule, the MLP's log loss on "
        f"blocks is {number(sharp.log_loss.value, '.4f')}; by log loss, of which less is better, "
        f"they stand: {_sides(facts.log_losses, ahead='below')}."
    )


def what_the_held_out_rows_can_tell(final: Final) -> Sentence:
    """How few rows of the rare classes judge, and how wide the interval is for that reason."""
    rare = final.rows_of_class
    f1 = final.of(final.best).macro_f1
    return Sentence(
        f"The held-out rows hold {number(rare['Tool Wear Failure'])} tool wear and "
        f"{number(rare['Random Failures'])} random failures, so one row more or less found moves "
        f"the macro-F1 by about a hundredth: the interval of the best MLP there goes from "
        f"{number(f1.low, '.3f')} to {number(f1.high, '.3f')}, and no smaller difference can be "
        "seen. Blocks of time judge with all rows, and so with narrower intervals."
    )


def classes(final: Final) -> Sentence:
    """The classes that the best MLP finds, and those it misses, by F1 on the held-out rows."""
    shown = {name: f"{SHORT_CLASSES[name].lower()} ({number(f1, '.2f')})"
             for name, f1 in final.f1_of_best.items()}  # fmt: skip
    found = [shown[name] for name, f1 in final.f1_of_best.items() if f1 >= FOUND]
    missed = [shown[name] for name, f1 in final.f1_of_best.items() if f1 < FOUND]
    parts = [f"found, with an F1 of one half or more: {listing(found)}"] if found else []
    parts += [f"mostly missed: {listing(missed)}"] if missed else ["none is mostly missed"]
    return Sentence("; ".join(parts))


def reliability(found: Reliability) -> Sentence:
    """Whether a model's probability of failure can be taken at its word."""
    size = "small" if found.is_small else "not small"
    lean = f", and on the whole its probabilities are {found.lean}" if found.lean else ""
    cause = (
        " Label smoothing is the cause: it promises every class a little of every row, and without "
        f"it {percent(found.expected_unsmoothed)} would be expected."
        if found.is_raised_by_smoothing
        else ""
    )
    return Sentence(
        f"{found.model} expects failures in {percent(found.expected)} of the rows, and "
        f"{percent(found.failed)} fail. The expected calibration error of its probability of "
        f"failure is {percent(found.error, 2)}, which is {size}{lean}.{cause}"
    )


def by_heart(found: ByHeart) -> Sentence:
    """Whether a network has learned failures by heart that nothing measured tells apart."""
    train, out = found.train, found.held_out
    told = (
        f"{found.model} finds {number(train.found)} of the {number(train.rows)} random failures "
        f"that it was trained on and {number(out.found)} of the {number(out.rows)} held-out ones"
    )
    if not found.learned:
        return Sentence(f"No MLP has learned random failures by heart: {told}.")
    return Sentence(
        f"Nothing measured tells random failures apart, and yet {told}: it has learned those rows "
        "by heart, which the training score counts as success."
    )


def headline(final: Final) -> Sentence:
    """The best MLP beside floor, rival and rules, before both judges."""
    mlp, rival = final.of(final.best), final.of(final.rival)
    floor, rules = final.of(MAJORITY.stage), final.of(ORACLE.stage)
    mlp_in_blocks, rival_in_blocks = (final.of(s, BLOCKS) for s in (final.best, final.rival))
    return Sentence(
        f"The network that did best on the development rows is **{mlp.name}**. Its macro-F1 is "
        f"{number(mlp.macro_f1.value, '.3f')} on held-out rows ({interval(mlp.macro_f1)}) and "
        f"{number(mlp_in_blocks.macro_f1.value, '.3f')} on blocks of time "
        f"({interval(mlp_in_blocks.macro_f1)}). The best of the other learners, **{rival.name}**, "
        f"has {number(rival.macro_f1.value, '.3f')} and "
        f"{number(rival_in_blocks.macro_f1.value, '.3f')}. {LEADS[_common(final.against_rival)]} "
        f"The documented rules reach {number(rules.macro_f1.value, '.3f')} on the held-out rows. "
        f"Never predicting a failure reaches {number(floor.macro_f1.value, '.3f')}, and yet an "
        f"accuracy of {number(final.never_failing_accuracy, '.4f')}: the network's "
        f"{number(mlp.accuracy, '.4f')} means little by itself."
    )


LEADS = {
    "ahead": "The network is ahead of it, and chance is ruled out.",
    "behind": "The network is behind it, and chance is ruled out.",
    "level": "The two are level: the difference could be chance.",
    "mixed": "On which of the two leads, the judges do not agree.",
}
"""Who leads, network or rival, by the outcome before all judges."""


def physics(final: Final) -> Sentence:
    """What the physics features are worth to the forest and to the same MLP, out-of-fold."""
    forest = _change(final, "forest-raw", "forest-physics")
    mlp = _change(final, "mlp-raw", "mlp-physics")
    return Sentence(
        f"for a random forest, three features from physics {forest}; for the first MLP, they {mlp}."
    )


def _change(final: Final, before: str, after: str) -> Sentence:
    f1 = [final.of(stage, OUT_OF_FOLD).macro_f1.value for stage in (before, after)]
    return change(*f1, "macro-F1", ".3f")


def blocks(final: Final) -> Sentence:
    """What the choice of folds does to the same model."""
    stratified, blocked = (final.of(final.best, judge) for judge in (OUT_OF_FOLD, BLOCKS))
    return Sentence(
        f"{final.of(final.best).name} has a macro-F1 of "
        f"{number(stratified.macro_f1.value, '.3f')} over stratified folds and of "
        f"{number(blocked.macro_f1.value, '.3f')} over blocks of time."
    )


def metrics_disagree(final: Final) -> Sentence:
    """How far accuracy and macro-F1 lie apart for the majority class."""
    floor = final.of(MAJORITY.stage)
    return Sentence(
        f"The majority class has an accuracy of {number(floor.accuracy, '.4f')} and a macro-F1 "
        f"of {number(floor.macro_f1.value, '.3f')}."
    )
