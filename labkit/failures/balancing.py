"""What balancing does to learning: every strategy at every strength, with the tuned model."""

from collections.abc import Mapping, Sequence
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
from labkit.failures.resampling import RowBootstrap
from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE
from labkit.failures.scores import classification_scores, most_probable, per_class_scores
from labkit.failures.stages import SINGLE, Stage, out_of_fold_stages
from labkit.report.facts import Facts
from labkit.report.intervals import Interval, Resampled, holm, outcome
from labkit.report.results import study
from labkit.report.sentence import Sentence, listing, number, percent
from labkit.report.table import Table, bold_best, with_intervals
from labkit.report.tables import study_table
from labkit.report.words import interval

UNBALANCED = ("none", 0.0)
"""The rows as they are: no class is raised to any share of another."""

Cell = tuple[str, float]
"""A strategy and its strength."""


@dataclass(frozen=True)
class CellScores:
    """Means over repetitions: macro-F1, log loss, and recall and precision of the failures."""

    name: str
    macro_f1: float
    log_loss: float
    recall: float
    precision: float


@dataclass(frozen=True)
class Gain:
    """Macro-F1 of a strategy at a strength less that of the rows as they are; p after Holm."""

    name: str
    value: Interval
    adjusted: float

    @property
    def sure(self) -> bool:
        """Whether chance is ruled out."""
        return outcome(self.value, self.adjusted) != "level"


@dataclass(frozen=True, kw_only=True)
class Balancing(Facts):
    """Balancing strategies, out-of-fold over repeated folds of the development rows.

    Attributes
    ----------
    scores : DataFrame
        ``strategy``, ``strength``, ``repeat`` and the scores; a strength of 0 for the rows as they
        are.
    per_class : DataFrame
        ``cell``, the name of a strategy at a strength, ``repeat``, ``class`` and its scores.
    counts : DataFrame
        ``strategy``, ``strength``, ``class`` and the training ``rows`` of one fold.
    summary : DataFrame
        A row for each strategy and strength, and its ``cell``: mean ``macro_f1``, ``recall`` and
        ``precision`` of the failures, ``accuracy``, ``log_loss``; ``gain``, macro-F1 less that of
        the rows as they are, with ``low`` and ``high`` from resampled rows and repetitions; and
        ``adjusted``, its p-value after Holm.
    unbalanced, best, catching : CellScores
        Of the rows as they are; with the best macro-F1 among those that balance; with the best
        recall of the failures among those.
    best_gain : Gain
        Of ``best``.
    better, worse : tuple of str
        What raises, and lowers, the macro-F1 by more than chance.
    n_compared : int
        Strategies times strengths.
    between_strategies, between_strengths : float
        Standard deviation of the macro-F1 over strategies at equal strength, and over strengths at
        equal strategy (root mean squares).
    weakest, strongest : float
        The lowest and the highest strength.
    effect_of_strength : Interval
        Macro-F1 at the highest strength less that at the lowest, the mean over strategies.
    """

    scores: pd.DataFrame
    per_class: pd.DataFrame
    counts: pd.DataFrame
    summary: pd.DataFrame
    unbalanced: CellScores
    best: CellScores
    catching: CellScores
    best_gain: Gain
    better: tuple[str, ...]
    worse: tuple[str, ...]
    n_compared: int
    between_strategies: float
    between_strengths: float
    weakest: float
    strongest: float
    effect_of_strength: Interval


def cells(strengths: Sequence[float]) -> list[Cell]:
    """The rows as they are, then every strategy at every strength."""
    balancing = [name for name in samplers.STRATEGIES if name != UNBALANCED[0]]
    return [UNBALANCED, *((name, strength) for name in balancing for strength in strengths)]


def cell_name(cell: Cell) -> str:
    """A strategy and its strength, for readers.

    >>> cell_name(("SMOTE", 0.25)).replace(chr(160), " ")
    'SMOTE at 25 %'
    """
    strategy, strength = cell
    return (
        strategy if cell == UNBALANCED else f"{strategy} at {100 * strength:g}\N{NO-BREAK SPACE}%"
    )


@study("balancing")
def balancing(data: Maintenance, profile: Profile) -> Balancing:
    """Every balancing strategy, applied inside the training folds, with the tuned model."""
    X, y = machines(data, profile.seed).development_rows()
    protocols = repeated_folds(X, y, profile, profile.n_repeats)
    mlp = tuned(grid(data, profile))
    compared = cells(profile.strengths)
    stages = {cell: _stage(mlp, cell) for cell in compared}
    predicted = out_of_fold_stages(stages, X, y, protocols)
    scores, per_class = [], []
    for (cell, _, repeat), own in predicted.items():
        strategy, strength = cell
        label = {"strategy": strategy, "strength": strength, "repeat": repeat}
        found = most_probable(own)
        scores.append({**label, **classification_scores(y, found, own)})
        by_class = per_class_scores(y, found)
        per_class.append(by_class.assign(cell=cell_name(cell), repeat=repeat))
    bootstrap = RowBootstrap(y, len(protocols), profile.resamples, profile.seed)
    macro_f1 = {
        cell: bootstrap.macro_f1([predicted[cell, SINGLE, i] for i in range(len(protocols))])
        for cell in compared
    }
    train = protocols[0][0].train
    counts = [_counts(X.iloc[train], y.iloc[train], cell, profile.seed) for cell in compared]
    return Balancing(
        profile=profile.name,
        counts=pd.concat(counts, ignore_index=True),
        **weighed(pd.DataFrame(scores), pd.concat(per_class, ignore_index=True), macro_f1),
    )


def _stage(mlp, cell: Cell) -> Stage:
    strategy, strength = cell
    if cell == UNBALANCED:
        return Stage(mlp, PHYSICS)
    return Stage(mlp, PHYSICS, strategy, strength)


def weighed(
    scores: pd.DataFrame, per_class: pd.DataFrame, macro_f1: Mapping[Cell, Resampled]
) -> dict:
    """What the scores say, by the names of the fields of `Balancing`, with both tables.

    Parameters
    ----------
    scores, per_class : DataFrame
        As `Balancing` describes them.
    macro_f1 : mapping
        Of every strategy and strength, all on the same resampled rows.
    """
    named = scores.assign(
        cell=[*map(cell_name, zip(scores.strategy, scores.strength, strict=True))]
    )
    means = named.groupby(["strategy", "strength", "cell"], sort=False)
    means = means[["macro_f1", "accuracy", "log_loss"]].mean().reset_index().set_index("cell")
    failures = per_class[per_class["class"] != NO_FAILURE]
    summary = means.join(failures.groupby("cell")[["recall", "precision"]].mean())
    gains = _gains(macro_f1)
    summary["gain"], summary["low"], summary["high"] = zip(
        *((g.value.value, g.value.low, g.value.high) for g in gains.values()), strict=True
    )
    summary["adjusted"] = [gain.adjusted for gain in gains.values()]
    others = summary[summary["strategy"] != UNBALANCED[0]]

    def of(cell: str) -> CellScores:
        row = summary.loc[cell]
        columns = ("macro_f1", "log_loss", "recall", "precision")
        return CellScores(cell, *(float(row[name]) for name in columns))

    best = others["macro_f1"].idxmax()
    by_strength = others.pivot(index="strategy", columns="strength", values="macro_f1")
    weakest, strongest = by_strength.columns.min(), by_strength.columns.max()
    return {
        "scores": scores,
        "per_class": per_class,
        "summary": summary.reset_index(),
        "unbalanced": of(cell_name(UNBALANCED)),
        "best": of(best),
        "catching": of(others["recall"].idxmax()),
        "best_gain": gains[best],
        "better": tuple(n for n, gain in gains.items() if gain.sure and gain.value.value > 0),
        "worse": tuple(n for n, gain in gains.items() if gain.sure and gain.value.value < 0),
        "n_compared": len(others),
        "between_strategies": _deviation(by_strength, axis=0),
        "between_strengths": _deviation(by_strength, axis=1),
        "weakest": float(weakest),
        "strongest": float(strongest),
        "effect_of_strength": _effect(macro_f1, list(by_strength.index), weakest, strongest),
    }


def _gains(macro_f1: Mapping[Cell, Resampled]) -> dict[str, Gain]:
    """What each gains over the rows as they are, these among them, by its name."""
    differences = {cell: own - macro_f1[UNBALANCED] for cell, own in macro_f1.items()}
    others = [cell for cell in differences if cell != UNBALANCED]
    adjusted = dict(zip(others, holm([differences[c].p_value for c in others]), strict=True))
    return {
        name: Gain(name, differences[cell].interval, float(adjusted.get(cell, 1.0)))
        for cell in differences
        for name in [cell_name(cell)]
    }


def _deviation(table: pd.DataFrame, axis: int) -> float:
    """Standard deviation along an axis, the root mean square over the other."""
    return float(np.sqrt(table.var(axis=axis, ddof=0).mean()))


def _effect(
    macro_f1: Mapping[Cell, Resampled], strategies: Sequence[str], low: float, high: float
) -> Interval:
    """Mean over strategies of the macro-F1 at a high strength less that at a low one."""
    changes = [macro_f1[name, high] - macro_f1[name, low] for name in strategies]
    value = float(np.mean([change.value for change in changes]))
    return Resampled(value, np.mean([change.draws for change in changes], axis=0)).interval


def resampled(
    X: pd.DataFrame, y: Sequence, strategy: str, seed: int, strength: float = samplers.STRENGTH
):
    """Rows, scaled, as a strategy leaves them: ``(rows, labels)``."""
    scaled = scaling(PHYSICS).fit_transform(X)
    sampler = samplers.sampler(strategy, seed, strength)
    if sampler == "passthrough":
        return scaled, np.asarray(y)
    return sampler.fit_resample(scaled, np.asarray(y))


def _counts(X: pd.DataFrame, y: pd.Series, cell: Cell, seed: int) -> pd.DataFrame:
    strategy, strength = cell
    _, labels = resampled(X, y, strategy, seed, strength or samplers.STRENGTH)
    counts = pd.Series(labels).value_counts().reindex(FAILURE_TYPES, fill_value=0)
    table = counts.rename_axis("class").rename("rows").reset_index()
    return table.assign(strategy=strategy, strength=strength)


def shown(facts: Balancing) -> Table:
    """Each strategy at each strength: macro-F1, what it gains, recall, precision, log loss."""
    frame = facts.summary
    balanced = frame["strategy"] != UNBALANCED[0]
    gain = with_intervals(frame, "gain", "+.3f")
    f1 = bold_best(frame["macro_f1"].map(lambda value: number(value, ".3f")), frame["macro_f1"])
    return study_table(
        facts,
        frame.assign(
            f1=f1,
            gain=gain.where(balanced, "–"),
            share=frame["strength"].map(lambda share: percent(share, 0)).where(balanced, "–"),
        ),
        {
            "strategy": "Strategy",
            "share": "Strength",
            "f1": "Macro-F1",
            "gain": "Gain [95 %]",
            "recall": "Recall",
            "precision": "Precision",
            "log_loss": "Log loss",
        },
        best={"recall": "max", "precision": "max", "log_loss": "min"},
        align={"share": "right", "f1": "right"},
        markdown=["f1"],
    )


def said(facts: Balancing) -> Sentence:
    """What balancing buys and costs, against the rows as they are."""
    none, best, caught, gain = facts.unbalanced, facts.best, facts.catching, facts.best_gain
    return Sentence(
        f"Of {number(facts.n_compared)} combinations of strategy and strength, **{best.name}** has "
        f"the best macro-F1, {number(best.macro_f1, '.3f')} against {number(none.macro_f1, '.3f')} "
        f"for the rows as they are: {number(gain.value.value, '+.3f')} "
        f"({interval(gain.value, '+.3f')}), which {_likely(gain)}. {_beyond_chance(facts)} "
        f"The failures' mean recall goes from {number(none.recall, '.2f')} to "
        f"{number(caught.recall, '.2f')} with **{caught.name}**, and their mean precision from "
        f"{number(none.precision, '.2f')} to {number(caught.precision, '.2f')}; the log loss goes "
        f"from {number(none.log_loss, '.3f')} to {number(caught.log_loss, '.3f')}."
    )


def _likely(gain: Gain) -> Sentence:
    if gain.sure:
        return Sentence(
            "is more than chance does, also where p is adjusted for their number (Holm)"
        )
    return Sentence(
        f"chance can do (p = {number(gain.adjusted, '.2f')}, adjusted for their number by Holm)"
    )


def _beyond_chance(facts: Balancing) -> Sentence:
    """What raises, and how many lower, the macro-F1 by more than chance."""
    n = len(facts.worse)
    lowered = "none lowers it so" if n == 0 else f"{number(n)} lower{'s' * (n == 1)} it so"
    if not facts.better:
        return Sentence(f"None raises it by more than chance; {lowered}.")
    return Sentence(f"By more than chance it is raised by {listing(facts.better)}; {lowered}.")


def strategy_or_strength(facts: Balancing) -> Sentence:
    """Whether it matters more what is done about rare classes, or how much of it."""
    strategies, strengths = facts.between_strategies, facts.between_strengths
    more, less = ("strategy", "strength") if strategies > strengths else ("strength", "strategy")
    effect = facts.effect_of_strength
    moved = "rises" if effect.value > 0 else "falls"
    sure = "" if effect.excludes_zero else ", which includes zero"
    return Sentence(
        f"At equal strength the macro-F1 of the strategies has a standard deviation of "
        f"{number(strategies, '.3f')}; that of the strengths of one strategy is "
        f"{number(strengths, '.3f')}: the {more} matters more than the {less}. From "
        f"{percent(facts.weakest, 0)} to {percent(facts.strongest, 0)} of the largest class the "
        f"macro-F1 {moved} by {number(abs(effect.value), '.3f')} on average over the strategies "
        f"(change {interval(effect, '+.3f')}{sure})."
    )
