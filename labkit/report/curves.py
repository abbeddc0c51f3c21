"""What learning curves say, variant by variant."""

from collections.abc import Mapping

import pandas as pd

from labkit.nets.diagnostics import UNKNOWN, Verdict, diagnose

WORST_FIRST = {
    "fit": ["overfits", "underfits", UNKNOWN, "fits"],
    "convergence": ["diverged", "still improving", UNKNOWN, "converged"],
    "stability": ["noisy", UNKNOWN, "stable"],
}
"""The words of each part of a verdict, in the order in which equally many seeds decide."""


def verdicts_of_models(
    curves: pd.DataFrame, constant: pd.DataFrame, held_out: str
) -> dict[str, Verdict]:
    """The verdict on each model of a table of curves, by its stage.

    Parameters
    ----------
    curves : DataFrame
        ``stage``, ``epoch`` and ``<set>_loss``; a row for each epoch of each model.
    constant : DataFrame
        The loss of the best constant on each set, in one row.
    held_out : str
        The set whose loss is read beside the training loss.
    """
    constants = _of(constant)
    stages = curves.groupby("stage", sort=False)
    return {stage: diagnose(own, constants, held_out) for stage, own in stages}


def verdicts_over_seeds(curves: pd.DataFrame, constant: pd.DataFrame, by: str) -> pd.DataFrame:
    """The verdict on each variant from its validation curves, each seed judged by itself.

    Returns
    -------
    DataFrame
        A row for each variant: its name; ``seeds``; for ``fit``, ``convergence`` and ``stability``
        the verdict of most seeds, of equally many the worst, and how many agree
        (``<verdict>_seeds``); medians over seeds of ``best_epoch``, ``epochs``, ``rise`` and
        ``gap``.
    """
    rows = []
    for name, own in curves.groupby(by, sort=False):
        runs = own.groupby("seed", sort=False)
        judged = pd.DataFrame([vars(diagnose(run, _of(constant))) for _, run in runs])
        row = {by: name, "seeds": len(judged)}
        for verdict, worst_first in WORST_FIRST.items():
            counts = judged[verdict].value_counts().reindex(worst_first, fill_value=0)
            row |= {verdict: counts.idxmax(), f"{verdict}_seeds": int(counts.max())}
        rows.append(row | judged[["best_epoch", "epochs", "rise", "gap"]].median().to_dict())
    return pd.DataFrame(rows)


def _of(constant: pd.DataFrame) -> Mapping[str, float]:
    return constant.iloc[0].to_dict()
