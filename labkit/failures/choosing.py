"""Which learner each family sends: chosen by searches that never see the rows that judge it.

For the held-out rows the choice is made on the development rows. For blocks of time it is made
anew inside each block's training rows, by a smaller search: rows that judge choose nothing.
"""

from dataclasses import dataclass

import pandas as pd
from sklearn.base import BaseEstimator

from labkit.failures.contenders import NETWORKS, SEARCHED, families
from labkit.failures.data import Maintenance
from labkit.failures.grid import grid
from labkit.failures.machines import Machines, machines
from labkit.failures.profile import Profile
from labkit.failures.recipe import tuned
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.stages import SINGLE, Split, Stage, Task, predict_tasks
from labkit.nets.splits import contiguous_blocks, stratified
from labkit.report.facts import Facts
from labkit.report.results import study

DEVELOPMENT = "development"
"""Where the choice for the held-out rows is made."""


def block_name(number: int) -> str:
    """What the training rows of a block of time are called."""
    return f"block {number + 1}"


@dataclass(frozen=True, kw_only=True)
class Choices(Facts):
    """All searches of all families but the networks' grid.

    Attributes
    ----------
    candidates : DataFrame
        ``rows`` (`DEVELOPMENT`, or a block's), ``family``, ``tier``, ``candidate`` (its number),
        ``parameters`` (those that differ from the first learner's), ``macro_f1`` (mean over the
        inner folds; nan where there was nothing to choose) and ``chosen``.
    budgets : DataFrame
        A row for each family: its ``name``, the number of candidates tried on the development rows
        at each stage of the search, and ``nested``, the number inside each block at both together.
    """

    candidates: pd.DataFrame
    budgets: pd.DataFrame

    def number(self, rows: str, family: str, tier: str) -> int:
        """The number of the candidate that was chosen."""
        table = self.candidates
        own = table[(table["rows"] == rows) & (table["family"] == family) & table["chosen"]]
        return int(own.set_index("tier")["candidate"][tier])


@study("classification-choices")
def choices(data: Maintenance, profile: Profile) -> Choices:
    """Search on the development rows, and on the training rows of every block."""
    rows = machines(data, profile.seed)
    searches = {DEVELOPMENT: (rows.development, profile.folds, profile.candidates)}
    for k, (train, _) in enumerate(contiguous_blocks(profile.folds).split(rows.X)):
        searches[block_name(k)] = (train, profile.inner_folds, profile.nested_candidates)
    tasks, found = [], []
    for name, (own, n_folds, n_candidates) in searches.items():
        folds = list(stratified(n_folds, 1, profile.seed).split(own, rows.y.iloc[own]))
        for family, tier, number, learner in _searched(profile, name, n_candidates):
            label = (name, family.key, tier, number)
            found.append({**_described(label), "parameters": _changes(learner, family.first)})
            if len(family.candidates[tier]) == 1:  # nothing to choose
                continue
            stage = Stage(learner, **SEARCHED[tier])
            tasks += [
                Task((*label, k), stage, Split(own[train], own[out], profile.seed))
                for k, (train, out) in enumerate(folds)
            ]
    predicted = predict_tasks(tasks, rows.X, rows.y)
    scores = pd.DataFrame(
        [
            {**_described(task.key[:4]), "macro_f1": _macro_f1(rows, task, predicted)}
            for task in tasks
        ],
        columns=["rows", "family", "tier", "candidate", "macro_f1"],
    )
    keys = ["rows", "family", "tier", "candidate"]
    means = scores.groupby(keys, as_index=False).mean()
    candidates = pd.DataFrame(found).merge(means, how="left", on=keys)
    by_score = candidates.sort_values("macro_f1", ascending=False, kind="stable")
    winners = by_score.drop_duplicates(["rows", "family", "tier"]).index
    candidates["chosen"] = candidates.index.isin(winners)
    return Choices(
        profile=profile.name,
        candidates=candidates,
        budgets=_budgets(candidates, profile, len(grid(data, profile).candidates)),
    )


def chosen(
    choices: Choices, data: Maintenance, profile: Profile, rows: str
) -> dict[str, dict[str, BaseEstimator]]:
    """Key of a family to the learner that was chosen for each stage of the search on these rows."""
    n_candidates = profile.candidates if rows == DEVELOPMENT else profile.nested_candidates
    found = {
        family.key: {
            tier: family.candidates[tier][_number(choices, rows, family.key, tier)]
            for tier in SEARCHED
        }
        for family in families(profile, n_candidates)
    }
    if rows == DEVELOPMENT:
        found[NETWORKS]["tuned"] = tuned(grid(data, profile))
    return found


def _number(choices: Choices, rows: str, family: str, tier: str) -> int:
    if rows == DEVELOPMENT and family == NETWORKS:
        return 0
    return choices.number(rows, family, tier)


def _searched(profile: Profile, rows: str, n_candidates: int):
    """(family, tier, number, learner) of all that is tried on rows.

    On the development rows the networks have their grid, and their recipe as it was made there.
    """
    return [
        (family, tier, number, learner)
        for family in families(profile, n_candidates)
        if not (rows == DEVELOPMENT and family.key == NETWORKS)
        for tier in SEARCHED
        for number, learner in enumerate(family.candidates[tier])
    ]


def _described(label: tuple) -> dict:
    return dict(zip(("rows", "family", "tier", "candidate"), label, strict=True))


def _macro_f1(rows: Machines, task: Task, predicted: dict) -> float:
    truth = rows.y.iloc[task.split.out]
    return classification_scores(truth, most_probable(predicted[task.key, SINGLE]))["macro_f1"]


def _changes(learner: BaseEstimator, first: BaseEstimator) -> str:
    """The parameters in which a candidate differs from the first learner, as text."""
    before, after = first.get_params(), learner.get_params()
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return ", ".join(f"{name}={value}" for name, value in changed.items()) or "as it was"


def _budgets(candidates: pd.DataFrame, profile: Profile, n_grid: int) -> pd.DataFrame:
    """How many candidates each family had."""
    rows = []
    for family in families(profile, profile.candidates):
        own = candidates[candidates["family"] == family.key]
        on_development = own[own["rows"] == DEVELOPMENT]
        counts = {tier: int((on_development["tier"] == tier).sum()) for tier in SEARCHED}
        if family.key == NETWORKS:
            counts = {"tuned": n_grid, "recipe": 1}
        in_block = own[own["rows"] == block_name(0)]
        rows.append({"family": family.name, **counts, "nested": len(in_block)})
    return pd.DataFrame(rows)
