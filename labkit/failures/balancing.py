"""What balancing does to learning: every strategy with the tuned model."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.failures import samplers
from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS
from labkit.failures.grid import grid
from labkit.failures.machines import machines, repeated_folds
from labkit.failures.preprocessing import scaling
from labkit.failures.profile import Profile
from labkit.failures.recipe import tuned
from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE
from labkit.failures.scores import classification_scores, most_probable, per_class_scores
from labkit.failures.stages import Stage, out_of_fold_stages
from labkit.report.facts import Facts
from labkit.report.intervals import spread
from labkit.report.results import study
from labkit.report.sentence import Sentence, listing, number
from labkit.report.table import Table, bold_best, with_spread
from labkit.report.tables import study_table

UNBALANCED = "none"


@dataclass(frozen=True)
class StrategyScores:
    """Means over repetitions: macro-F1, log loss, and recall and precision of the failures."""

    strategy: str
    macro_f1: float
    log_loss: float
    recall: float
    precision: float


@dataclass(frozen=True, kw_only=True)
class Balancing(Facts):
    """Balancing strategies, out-of-fold over repeated folds of the development rows.

    Attributes
    ----------
    scores : DataFrame
        ``strategy``, ``repeat`` and the scores.
    per_class : DataFrame
        ``strategy``, ``repeat``, ``class`` and the scores of that class.
    counts : DataFrame
        ``strategy``, ``class`` and the training ``rows`` of one fold.
    summary : DataFrame
        A row for each strategy: ``macro_f1`` and its ``macro_f1_sd``, mean ``recall`` and
        ``precision`` of the failures, ``accuracy``, ``log_loss``.
    unbalanced, best, catching : StrategyScores
        Of the rows as they are; with the best macro-F1; with the best recall of the failures among
        those that balance.
    better : tuple of str
        Strategies with a macro-F1 above that of the rows as they are.
    """

    scores: pd.DataFrame
    per_class: pd.DataFrame
    counts: pd.DataFrame
    summary: pd.DataFrame
    unbalanced: StrategyScores
    best: StrategyScores
    catching: StrategyScores
    better: tuple[str, ...]


@study("balancing")
def balancing(data: Maintenance, profile: Profile) -> Balancing:
    """Every balancing strategy, applied inside the training folds, with the tuned model."""
    X, y = machines(data, profile.seed).development_rows()
    protocols = repeated_folds(X, y, profile, profile.n_seeds)
    mlp = tuned(grid(data, profile))
    stages = {name: Stage(mlp, PHYSICS, name) for name in samplers.STRATEGIES}
    scores, per_class = [], []
    for (strategy, _, repeat), own in out_of_fold_stages(stages, X, y, protocols).items():
        label = {"strategy": strategy, "repeat": repeat}
        predicted = most_probable(own)
        scores.append({**label, **classification_scores(y, predicted, own)})
        per_class.append(per_class_scores(y, predicted).assign(**label))
    train = protocols[0][0].train
    counts = [
        _counts(X.iloc[train], y.iloc[train], name, profile.seed) for name in samplers.STRATEGIES
    ]
    found = weighed(pd.DataFrame(scores), pd.concat(per_class, ignore_index=True))
    return Balancing(profile=profile.name, counts=pd.concat(counts, ignore_index=True), **found)


def weighed(scores: pd.DataFrame, per_class: pd.DataFrame) -> dict:
    """What the scores say, by the names of the fields of `Balancing`, with both tables."""
    means = scores.groupby("strategy", sort=False)[["macro_f1", "accuracy", "log_loss"]].mean()
    failures = per_class[per_class["class"] != NO_FAILURE]
    of_failures = failures.groupby("strategy")[["recall", "precision"]].mean()
    f1_sd = scores.groupby("strategy")["macro_f1"].agg(spread).rename("macro_f1_sd")
    summary = means.join([of_failures, f1_sd])
    others = summary.drop(index=UNBALANCED)

    def of(strategy: str) -> StrategyScores:
        row = summary.loc[strategy]
        columns = ("macro_f1", "log_loss", "recall", "precision")
        return StrategyScores(strategy, *(float(row[name]) for name in columns))

    return {
        "scores": scores,
        "per_class": per_class,
        "summary": summary.reset_index(),
        "unbalanced": of(UNBALANCED),
        "best": of(summary["macro_f1"].idxmax()),
        "catching": of(others["recall"].idxmax()),
        "better": tuple(others.index[others["macro_f1"] > summary.loc[UNBALANCED, "macro_f1"]]),
    }


def resampled(X: pd.DataFrame, y: Sequence, strategy: str, seed: int):
    """Rows, scaled, as a strategy leaves them: ``(rows, labels)``."""
    scaled = scaling(PHYSICS).fit_transform(X)
    sampler = samplers.sampler(strategy, seed)
    if sampler == "passthrough":
        return scaled, np.asarray(y)
    return sampler.fit_resample(scaled, np.asarray(y))


def _counts(X: pd.DataFrame, y: pd.Series, strategy: str, seed: int) -> pd.DataFrame:
    _, labels = resampled(X, y, strategy, seed)
    counts = pd.Series(labels).value_counts().reindex(FAILURE_TYPES, fill_value=0)
    return counts.rename_axis("class").rename("rows").reset_index().assign(strategy=strategy)


def shown(facts: Balancing) -> Table:
    """Each strategy: macro-F1, the failures' mean recall and precision, accuracy, log loss."""
    frame = facts.summary
    f1 = zip(frame["macro_f1"], frame["macro_f1_sd"], strict=True)
    text = bold_best(pd.Series([with_spread(*row) for row in f1]), frame["macro_f1"])
    return study_table(
        facts,
        frame.assign(text=text),
        {
            "strategy": "Strategy",
            "text": "Macro-F1",
            "recall": "Failures, recall",
            "precision": "Failures, precision",
            "accuracy": "Accuracy",
            "log_loss": "Log loss",
        },
        best={"recall": "max", "precision": "max", "accuracy": "max", "log_loss": "min"},
    )


def said(facts: Balancing) -> Sentence:
    """What balancing buys and costs, strategy by strategy, against the rows as they are."""
    none, best, caught = facts.unbalanced, facts.best, facts.catching
    than = f"the macro-F1 above the {number(none.macro_f1, '.3f')} of unbalanced training"
    gain = (
        f"{listing(facts.better)} raise{'s' if len(facts.better) == 1 else ''} {than}"
        if facts.better
        else f"no strategy raises {than}"
    )
    return Sentence(
        f"The best macro-F1, {number(best.macro_f1, '.3f')}, comes from **{best.strategy}**; "
        f"{gain}. The failures' mean recall goes from {number(none.recall, '.2f')} to "
        f"{number(caught.recall, '.2f')} with **{caught.strategy}**, and their mean precision from "
        f"{number(none.precision, '.2f')} to {number(caught.precision, '.2f')}; the log loss "
        f"goes from {number(none.log_loss, '.3f')} to {number(caught.log_loss, '.3f')}."
    )
