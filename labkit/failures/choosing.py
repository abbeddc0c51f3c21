"""Which learner each family sends: chosen by searches that never see the rows that judge it.

For the held-out rows the choice is made on the development rows. For blocks of time it is made
anew inside each block's training rows, by a smaller search: rows that judge choose nothing. Each
repeat makes these choices anew, with folds and seeds of its own, so that what one choice owes to
its seed is among what repeats differ by.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

from labkit.failures.contenders import NETWORKS, SEARCHED, Family, families
from labkit.failures.data import Maintenance
from labkit.failures.grid import grid
from labkit.failures.machines import machines
from labkit.failures.profile import Profile
from labkit.failures.recipe import tuned
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.stages import SINGLE, Split, Stage, Task, predict_tasks
from labkit.nets.splits import contiguous_blocks, stratified
from labkit.report.facts import Facts
from labkit.report.results import study

DEVELOPMENT = "development"
"""Where the choice for the held-out rows is made."""

KEYS = ["rows", "family", "tier", "candidate"]
"""What tells a candidate from all others."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Positions of the rows that a search may see, and the seed of its folds and trainings."""

    rows: np.ndarray
    seed: int


def block_name(number: int, repeat: int) -> str:
    """What the search on the training rows of a block of time is called, in one of the repeats."""
    return f"block {number + 1}, repeat {repeat + 1}"


@dataclass(frozen=True, kw_only=True)
class Choices(Facts):
    """Searches of all families but the networks' grid.

    Attributes
    ----------
    candidates : DataFrame
        ``rows`` (`DEVELOPMENT`, or a `block_name`), ``family``, ``tier``, ``candidate`` (its
        number), ``parameters`` (those that differ from the first learner's), ``macro_f1`` (mean
        over the inner folds) and ``chosen``; none where a family sends a single learner.
    """

    candidates: pd.DataFrame

    def number(self, rows: str, family: str, tier: str) -> int:
        """The number of the candidate that was chosen; zero where there was a single one."""
        own = self.candidates.query(
            "rows == @rows and family == @family and tier == @tier and chosen"
        )
        return 0 if own.empty else int(own["candidate"].item())


@study("classification-choices")
def choices(data: Maintenance, profile: Profile) -> Choices:
    """Every family's search on the development rows, over the folds of the networks' grid."""
    rows = {DEVELOPMENT: Seen(machines(data, profile.seed).development, profile.seed)}
    return Choices(profile=profile.name, candidates=searched(data, profile, rows, profile.folds))


@study("classification-nested-choices")
def nested_choices(data: Maintenance, profile: Profile) -> Choices:
    """Every family's smaller search on the training rows of each block of time, in each repeat."""
    blocks = list(contiguous_blocks(profile.folds).split(machines(data, profile.seed).X))
    rows = {
        block_name(k, repeat): Seen(train, profile.seed + repeat)
        for repeat in range(profile.n_repeats)
        for k, (train, _) in enumerate(blocks)
    }
    return Choices(
        profile=profile.name, candidates=searched(data, profile, rows, profile.inner_folds)
    )


def chosen(
    made: Choices, data: Maintenance, profile: Profile, rows: str
) -> dict[str, dict[str, BaseEstimator]]:
    """Key of a family to the learner that was chosen for each stage of the search on these rows."""
    return {
        family.key: {
            tier: own[made.number(rows, family.key, tier)]
            for tier, own in family.candidates.items()
        }
        for family in _entrants(data, profile, rows)
    }


def _entrants(data: Maintenance, profile: Profile, rows: str) -> list[Family]:
    """The families with what is searched on these rows.

    On the development rows the networks enter with the winner of their grid, and with their recipe
    as it was made there.
    """
    if rows != DEVELOPMENT:
        return families(profile, profile.nested_candidates)
    *others, networks = families(profile, profile.candidates)
    own = {"tuned": (tuned(grid(data, profile)),), "recipe": networks.candidates["recipe"][:1]}
    return [*others, replace(networks, candidates=own)]


def searched(
    data: Maintenance,
    profile: Profile,
    sets: Mapping[str, Seen],
    n_folds: int,
    tiers: Collection[str] = tuple(SEARCHED),
) -> pd.DataFrame:
    """Every candidate on every set of rows, as `Choices` has them.

    Parameters
    ----------
    data : Maintenance
    profile : Profile
    sets : mapping of str to Seen
        By the name of each search.
    n_folds : int
        Inner folds.
    tiers : collection of str
        The stages whose learner is searched.
    """
    whole = machines(data, profile.seed)
    candidates, tasks = [], []
    for name, seen in sets.items():
        rows, seed = seen.rows, seen.seed
        folds = stratified(n_folds, 1, seed).split(rows, whole.y.iloc[rows])
        splits = [Split(rows[train], rows[out], seed) for train, out in folds]
        for family in _entrants(data, profile, name):
            for tier, learners in family.candidates.items():
                if tier not in tiers or len(learners) == 1:  # nothing to choose
                    continue
                for number, learner in enumerate(learners):
                    key, stage = (name, family.key, tier, number), Stage(learner, **SEARCHED[tier])
                    candidates.append((*key, _changes(learner, family.first)))
                    tasks += [Task((*key, k), stage, own) for k, own in enumerate(splits)]
    predicted = predict_tasks(tasks, whole.X, whole.y)
    scores = pd.DataFrame(
        [
            (*task.key[:-1], _macro_f1(whole.y.iloc[task.split.out], predicted[task.key, SINGLE]))
            for task in tasks
        ],
        columns=[*KEYS, "macro_f1"],
    )
    table = pd.DataFrame(candidates, columns=[*KEYS, "parameters"])
    table = table.merge(scores.groupby(KEYS, as_index=False).mean(), on=KEYS)
    by_score = table.sort_values("macro_f1", ascending=False, kind="stable")
    winners = by_score.drop_duplicates(["rows", "family", "tier"]).index
    return table.assign(chosen=table.index.isin(winners))


def _macro_f1(y: pd.Series, probabilities: np.ndarray) -> float:
    return classification_scores(y, most_probable(probabilities))["macro_f1"]


def _changes(learner: BaseEstimator, first: BaseEstimator) -> str:
    """The parameters in which a candidate differs from the first learner, as text."""
    before, after = first.get_params(), learner.get_params()
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return ", ".join(f"{name}={value}" for name, value in changed.items()) or "as it was"


def budgets(data: Maintenance, profile: Profile) -> pd.DataFrame:
    """How many candidates each family had.

    Returns
    -------
    DataFrame
        ``family``; on the development rows the number tried at each stage of the search; and
        ``nested``, the number inside each block at both together.
    """
    everywhere = (_entrants(data, profile, name) for name in (DEVELOPMENT, block_name(0, 0)))
    entered = zip(*everywhere, strict=True)
    rows = []
    for family, in_block in entered:
        counts = {tier: len(own) for tier, own in family.candidates.items()}
        if family.key == NETWORKS:
            counts["tuned"] = len(grid(data, profile).candidates)
        nested = sum(len(own) for own in in_block.candidates.values())
        rows.append({"family": family.name, **counts, "nested": nested})
    return pd.DataFrame(rows)
