"""Why a grid search led where it did: what candidates fit, and what is left of it later."""

from dataclasses import dataclass

import pandas as pd

from labkit.report.grids import Grid, label
from labkit.report.sentence import Sentence, listing, number
from labkit.report.words import OPTIMIZERS


@dataclass(frozen=True)
class Standing:
    """A candidate's mean R² on the rows that it was fitted to, and on later ones."""

    fitted: float
    later: float

    @property
    def gap(self) -> float:
        """What it has learned that does not hold later."""
        return self.fitted - self.later


@dataclass(frozen=True)
class WhyTuned:
    """What the search's folds say of optimizers, and of the choice beside the first model.

    Attributes
    ----------
    by_optimizer : dict of str to Standing
        The best candidate of each, best first.
    noise : float
        Standard deviation of the winner's R² over the folds.
    first, choice : Standing
    changed : dict of str to tuple
        Axes on which the choice differs from the first model: its value, and the first's.
    """

    by_optimizer: dict[str, Standing]
    noise: float
    first: Standing
    choice: Standing
    changed: dict[str, tuple]


def why_tuned(grid: Grid) -> WhyTuned:
    """Read a finished search."""
    found, axes = grid.confirmation, list(grid.parameters)
    best = grid.crossed.drop_duplicates("optimizer")
    return WhyTuned(
        by_optimizer={row["optimizer"]: _standing(row) for _, row in best.iterrows()},
        noise=grid.fold_sd,
        first=_standing(grid.candidates.iloc[int(found.first["place"]) - 1]),
        choice=_standing(grid.candidates.iloc[int(found.chosen["place"]) - 1]),
        changed={
            axis: (found.chosen[axis], found.first[axis])
            for axis in axes
            if found.chosen[axis] != found.first[axis]
        },
    )


def _standing(row: pd.Series) -> Standing:
    return Standing(float(row["mean_train_score"]), float(row["mean_test_score"]))


def optimizer_said(found: WhyTuned) -> Sentence:
    """Which optimizer came last, by how much, and whether it fitted too little or too much."""
    names = [OPTIMIZERS.get(name, name) for name in found.by_optimizer]
    if len(names) == 1:
        return Sentence(f"The grid tries one optimizer, {names[0]}.")
    first, *_, last = found.by_optimizer.values()
    behind = first.later - last.later
    ranked = listing(
        f"{name} with {number(own.later, '.4f')}"
        for name, own in zip(names, found.by_optimizer.values(), strict=True)
    )
    text = f"The best mean R² by optimizer: {ranked}."
    if behind < found.noise:
        return Sentence(
            f"{text} First and last are {number(behind, '.4f')} apart, less than the standard "
            f"deviation over folds ({number(found.noise, '.4f')}): given a rate that suits it, "
            "each does."
        )
    why = (
        f"also on the rows that it was fitted to it has less, {number(last.fitted, '.4f')} to "
        f"{number(first.fitted, '.4f')}: at the rates and in the epochs tried it has not got as "
        "far, and underfits"
        if last.fitted < first.fitted
        else f"on the rows that it was fitted to it has as much or more, "
        f"{number(last.fitted, '.4f')} to {number(first.fitted, '.4f')}: what it has learned "
        "beyond the other does not hold later, and it overfits"
    )
    return Sentence(f"{text} {names[-1]} is {number(behind, '.4f')} behind {names[0]}, and {why}.")


def choice_said(found: WhyTuned) -> Sentence:
    """What the choice changed in the first model, and what that did to fit and gap."""
    first, choice = found.first, found.choice
    if not found.changed:
        return Sentence(
            "The choice is the first model: nothing was changed, and its R² falls from "
            f"{number(first.fitted, '.3f')} on the rows that it was fitted to, to "
            f"{number(first.later, '.3f')} on the days after them."
        )
    changes = listing(
        f"{axis.replace('_', ' ')} ({label(own)}, not {label(before)})"
        for axis, (own, before) in found.changed.items()
    )
    narrows = choice.gap < first.gap
    return Sentence(
        f"The choice differs from the first model in {changes}. In the folds of the search the "
        f"first model had an R² of {number(first.fitted, '.3f')} on the rows that it was fitted "
        f"to and {number(first.later, '.3f')} on the days after them; the choice has "
        f"{number(choice.fitted, '.3f')} and {number(choice.later, '.3f')}. The gap "
        f"{'narrows' if narrows else 'does not narrow'}, from {number(first.gap, '.3f')} to "
        f"{number(choice.gap, '.3f')}: the tuned network has learned "
        f"{'less' if narrows else 'no less'} of what does not hold later."
    )
