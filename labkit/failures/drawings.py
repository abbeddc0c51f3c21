"""Other drawings of the held-out rows: what the outcome owes to the one drawing that judges.

A single fifth of the rows holds a handful of the rarest failures. Here it is drawn anew, several
times; each time every family's learner is chosen on the other rows alone, trained, and judged.
"""

from dataclasses import dataclass

import pandas as pd

from labkit.failures.choosing import Choices, Seen, chosen, searched
from labkit.failures.contenders import ORACLE, families, networks, recipe_stage
from labkit.failures.data import Maintenance
from labkit.failures.judging import Judge, train_judged
from labkit.failures.machines import machines
from labkit.failures.profile import Profile
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.stages import DECIDED, Split
from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.sentence import Sentence, listing, number
from labkit.report.table import Table
from labkit.report.tables import study_table

TIER = "recipe"
"""The stage that is compared, with its decision rule: all that a family is given."""


@dataclass(frozen=True, kw_only=True)
class Drawings(Facts):
    """Every family, given all that it can take, on other held-out rows.

    Attributes
    ----------
    scores : DataFrame
        ``drawing``, the columns that name a model, and its scores on that drawing's rows.
    summary : DataFrame
        ``family``; its ``mean``, ``low``est and ``high``est macro-F1; and in how many drawings it
        lies ``above`` the networks.
    moves : float
        How far apart a family's highest and lowest macro-F1 lie at most.
    n : int
        Drawings.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    moves: float
    n: int


@study("classification-drawings")
def drawings(data: Maintenance, profile: Profile) -> Drawings:
    """Draw the held-out rows anew, with every search made anew on the others."""
    splits = _splits(data, profile)
    sets = {name: Seen(split.train, profile.seed) for name, split in splits.items()}
    made = Choices(
        profile=profile.name,
        candidates=searched(data, profile, sets, profile.inner_folds, [TIER]),
    )
    all_families = families(profile, profile.nested_candidates)
    entered = {
        name: {
            (family.key, TIER): recipe_stage(family, learners[family.key][TIER], profile)
            for family in all_families
        }
        for name in splits
        for learners in [chosen(made, data, profile, name)]
    }
    all_judges = [Judge(name, own.out, [[own]], [[name]]) for name, own in splits.items()]
    rows = machines(data, profile.seed)
    predicted = train_judged(rows, all_judges, all_families, entered).predicted
    scores = pd.DataFrame(
        [
            {"drawing": name, **model.row, **classification_scores(y, most_probable(own), own)}
            for name, models in predicted.items()
            for y in [rows.y.iloc[splits[name].out]]
            for model, (own,) in models.items()
            if model.form == DECIDED or model == ORACLE
        ]
    )
    summary = summed_up(scores, networks(profile, 1).name)
    return Drawings(
        profile=profile.name,
        scores=scores,
        summary=summary,
        moves=float((summary["high"] - summary["low"]).max()),
        n=len(splits),
    )


def _splits(data: Maintenance, profile: Profile) -> dict[str, Split]:
    """The name of each further drawing to its rows, by the seeds after the profile's."""
    seeds = range(profile.seed + 1, profile.seed + 1 + profile.drawings)
    return {
        f"drawing {number}": Split(own.development, own.test, seed)
        for number, seed in enumerate(seeds, start=2)
        for own in [machines(data, seed)]
    }


def summed_up(scores: pd.DataFrame, ours: str) -> pd.DataFrame:
    """The ``summary`` of `Drawings`, from its scores and the name of the networks' family."""
    f1 = scores.pivot(index="drawing", columns="family", values="macro_f1")
    table = f1.agg(["mean", "min", "max"]).T.rename(columns={"min": "low", "max": "high"})
    above = f1.gt(f1[ours], axis=0).sum()
    table = table.assign(above=above).loc[scores["family"].unique()]
    return table.rename_axis("family").reset_index()


def shown(facts: Drawings) -> Table:
    """Macro-F1 of each family over the drawings."""
    columns = {
        "family": "Family",
        "mean": "Macro-F1, mean",
        "low": "Lowest",
        "high": "Highest",
        "above": "Above the MLP",
    }
    own = facts.summary
    return study_table(facts, own, columns, best={"mean": "max"}, formats={"above": ".0f"})


def said(facts: Drawings) -> Sentence:
    """How far the drawing moves the same model's score, and who lies above the networks."""
    own = facts.summary.set_index("family")
    above = own["above"].drop(ORACLE.family)
    above = above[above > 0].astype(int)
    lie = "lie" if len(above) > 1 else "lies"
    if facts.n == 1:
        return Sentence(
            f"In another drawing of the held-out rows, above the MLP {lie} "
            f"{listing(above.index) if len(above) else 'no other family'}."
        )
    often = [f"{family} in {number(times)}" for family, times in above.items()]
    return Sentence(
        f"Over {number(facts.n)} further drawings of the held-out rows, the same model's macro-F1 "
        f"moves by up to {number(facts.moves, '.3f')}. Above the MLP {lie} "
        f"{listing(often) + ' of them' if often else 'no other family in any'}."
    )
