"""What each part of a recipe is worth: the score without it."""

from dataclasses import dataclass

import pandas as pd

from labkit.report.facts import Facts
from labkit.report.intervals import spread

WHOLE = "nothing"
"""What is left out of the whole recipe."""


@dataclass(frozen=True)
class Part:
    """A part of a recipe, and how much the score falls without it."""

    name: str
    loss: float


@dataclass(frozen=True, kw_only=True)
class Ablation(Facts):
    """A recipe without one of its parts at a time.

    Attributes
    ----------
    scores : DataFrame
        ``left_out`` and scores, a row for each repetition.
    summary : DataFrame
        ``left_out``, ``mean``, ``sd`` and ``difference`` to the whole, of the score that counts.
    most : Part
        The part whose loss costs most; its ``loss`` is not positive where none costs anything.
    idle : tuple of str
        Parts without which the score is no lower.
    averaging : float or None
        What the mean of several networks gains over one, where that was tried.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    most: Part
    idle: tuple[str, ...]
    averaging: float | None


def weighed(scores: pd.DataFrame, score: str, averaged: str | None = None) -> dict:
    """The facts of an ablation, by the names of the fields of `Ablation`.

    Parameters
    ----------
    scores : DataFrame
        ``left_out`` and the score, a row for each repetition; `WHOLE` is the whole recipe.
    score : str
    averaged : str, optional
        The value of ``left_out`` under which several networks of the whole recipe are averaged.
    """
    groups = scores.groupby("left_out", sort=False)[score]
    means = groups.mean()
    summary = pd.DataFrame(
        {"mean": means, "sd": groups.agg(spread), "difference": means - means[WHOLE]}
    ).reset_index()
    loss = means[WHOLE] - means.drop([name for name in (WHOLE, averaged) if name])
    return {
        "scores": scores,
        "summary": summary,
        "most": Part(loss.idxmax(), float(loss.max())),
        "idle": tuple(loss.index[loss <= 0]),
        "averaging": float(means[averaged] - means[WHOLE]) if averaged else None,
    }
