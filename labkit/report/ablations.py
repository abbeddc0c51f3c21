"""What each part of a recipe is worth: the score without it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from labkit.report.facts import Facts
from labkit.report.intervals import Interval, spread

WHOLE = "nothing"
"""What is left out of the whole recipe."""

NEGLIGIBLE = 0.005
"""A part whose worth is surely smaller than this, either way, is idle."""

NO_PART = "–"
"""In the place of a verdict, where no part is left out."""

HELPS, HURTS, IDLE, UNSURE = "helps", "hurts", "idle", "cannot tell"
"""Verdicts on a part, by the interval of what the score loses without it."""


@dataclass(frozen=True)
class Part:
    """A part of a recipe, and how much the score falls without it."""

    name: str
    loss: Interval

    @property
    def verdict(self) -> str:
        """``helps`` or ``hurts`` where the interval excludes zero; ``idle`` or ``cannot tell``."""
        if self.loss.excludes_zero:
            return HELPS if self.loss.value > 0 else HURTS
        return IDLE if -NEGLIGIBLE < self.loss.low <= self.loss.high < NEGLIGIBLE else UNSURE


@dataclass(frozen=True, kw_only=True)
class Ablation(Facts):
    """A recipe without one of its parts at a time.

    Attributes
    ----------
    scores : DataFrame
        ``left_out`` and scores, a row for each repetition.
    summary : DataFrame
        ``left_out``, ``mean``, ``sd`` and ``difference`` to the whole, of the score that counts,
        with ``low`` and ``high``; and the ``verdict`` on each part, `NO_PART` where none is left
        out.
    most : Part
        The part whose loss costs most; its ``loss`` is not positive where none costs anything.
    parts : dict of str to tuple of str
        Verdict to the parts that it is on.
    averaging : Interval or None
        What the mean of several networks gains over one, where that was tried.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    most: Part
    parts: dict[str, tuple[str, ...]]
    averaging: Interval | None


def weighed(
    scores: pd.DataFrame,
    score: str,
    differences: Mapping[str, Interval],
    averaged: str | None = None,
) -> dict:
    """The facts of an ablation, by the names of the fields of `Ablation`.

    Parameters
    ----------
    scores : DataFrame
        ``left_out`` and the score, a row for each repetition; `WHOLE` is the whole recipe.
    score : str
    differences : mapping of str to Interval
        Score without a part less that of the whole, from resampled rows or days, by ``left_out``.
    averaged : str, optional
        The value of ``left_out`` under which several networks of the whole recipe are averaged.
    """
    groups = scores.groupby("left_out", sort=False)[score]
    parts = {
        name: Part(name, Interval(-found.value, -found.high, -found.low))
        for name, found in differences.items()
        if name != averaged
    }
    known = {WHOLE: Interval(0.0, 0.0, 0.0), **differences}
    summary = pd.DataFrame({"mean": groups.mean(), "sd": groups.agg(spread)})
    summary = summary.rename_axis("left_out").reset_index()
    for column, bound in (("difference", "value"), ("low", "low"), ("high", "high")):
        summary[column] = [getattr(known[name], bound) for name in summary["left_out"]]
    summary["verdict"] = [
        parts[name].verdict if name in parts else NO_PART for name in summary["left_out"]
    ]
    return {
        "scores": scores,
        "summary": summary,
        "most": max(parts.values(), key=lambda part: part.loss.value),
        "parts": {
            verdict: tuple(name for name, part in parts.items() if part.verdict == verdict)
            for verdict in (HELPS, HURTS, IDLE, UNSURE)
        },
        "averaging": differences[averaged] if averaged else None,
    }
