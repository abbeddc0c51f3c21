"""Sentences on the final tables of the failure study."""

from labkit.failures.calibration import Reliability
from labkit.failures.contenders import MAJORITY, ORACLE
from labkit.failures.final import Final
from labkit.failures.rules import SHORT_CLASSES
from labkit.report.intervals import Interval
from labkit.report.sentence import Sentence, listing, number, percent
from labkit.report.words import change, interval

FOUND = 0.5
"""F1 from which on a class counts as found."""


def outcome(final: Final) -> Sentence:
    """The out-of-fold table in words: best, floor, ceiling, and what blocks of time change."""
    mlp, rival = final.of(final.best), final.of(final.rival)
    floor, ceiling = final.of(MAJORITY.stage), final.of(ORACLE.stage)
    order = "above" if final.lead.value > 0 else "below"
    return Sentence(
        f"The best MLP, **{mlp.name}**, has a macro-F1 of {number(mlp.macro_f1.value, '.3f')} "
        f"({interval(mlp.macro_f1)}), {order} {rival.name}, the best of the other learners, with "
        f"{number(rival.macro_f1.value, '.3f')}. {_paired(final.lead)} The majority class has "
        f"{number(floor.macro_f1.value, '.3f')} and the rule oracle "
        f"{number(ceiling.macro_f1.value, '.3f')}. Its accuracy of {number(mlp.accuracy, '.4f')} "
        f"stands beside the majority class's {number(floor.accuracy, '.4f')}. When folds are "
        f"blocks of time instead, its macro-F1 is {number(mlp.blocks_macro_f1, '.3f')}."
    )


def _paired(gain: Interval) -> str:
    sure = "" if gain.excludes_zero else ", which includes zero, so the order could be chance"
    return (
        f"Over the same folds the two differ by {number(gain.value, '+.4f')} "
        f"({interval(gain, '+.4f')}{sure})."
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
    return Sentence(
        f"{found.model} expects failures in {percent(found.expected)} of the rows, and "
        f"{percent(found.failed)} fail. The expected calibration error of its probability of "
        f"failure is {percent(found.error, 2)}, which is {size}{lean}."
    )


def headline(final: Final) -> Sentence:
    """The best MLP out-of-fold beside floor, rivals and ceiling."""
    mlp, rival = final.of(final.best), final.of(final.rival)
    floor, ceiling = final.of(MAJORITY.stage), final.of(ORACLE.stage)
    return Sentence(
        f"Out-of-fold, the best network ({mlp.name}) has a macro-F1 of "
        f"{number(mlp.macro_f1.value, '.3f')}; {rival.name}, the best of the other "
        f"learners, has {number(rival.macro_f1.value, '.3f')}, the majority class "
        f"{number(floor.macro_f1.value, '.3f')} and the documented rules "
        f"{number(ceiling.macro_f1.value, '.3f')}. Its accuracy, "
        f"{number(mlp.accuracy, '.4f')}, means little by itself: never predicting a failure "
        f"already has {number(floor.accuracy, '.4f')}."
    )


def physics(final: Final) -> Sentence:
    """What the physics features are worth to the forest and to the same MLP."""
    forest = _change(final, "forest-raw", "forest-physics")
    mlp = _change(final, "first", "physics")
    return Sentence(
        f"three features from physics {forest} of a random forest, and {mlp} of the same MLP."
    )


def _change(final: Final, before: str, after: str) -> Sentence:
    f1 = [final.of(stage).macro_f1.value for stage in (before, after)]
    return change(*f1, "macro-F1", ".3f")


def blocks(final: Final) -> Sentence:
    """What the choice of folds does to the same model."""
    best = final.of(final.best)
    return Sentence(
        f"The same MLP has a macro-F1 of {number(best.macro_f1.value, '.3f')} over stratified "
        f"folds and of {number(best.blocks_macro_f1, '.3f')} over blocks of time."
    )


def metrics_disagree(final: Final) -> Sentence:
    """How far accuracy and macro-F1 lie apart for the majority class."""
    floor = final.of(MAJORITY.stage)
    return Sentence(
        f"The majority class has an accuracy of {number(floor.accuracy, '.4f')} and a macro-F1 "
        f"of {number(floor.macro_f1.value, '.3f')}."
    )


def tuning(final: Final) -> Sentence:
    """What the grid search changed out-of-fold."""
    f1 = [final.of(stage).macro_f1.value for stage in ("physics", "tuned")]
    moved = change(*f1, "out-of-fold macro-F1")
    return Sentence(f"For failures, with the same features, tuning {moved}.")
