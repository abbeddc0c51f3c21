"""What learning curves say, variant by variant."""

from collections.abc import Mapping

import pandas as pd

from labkit.nets.diagnostics import Verdict, diagnose


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
    """The verdict on each variant from its validation curves, averaged over seeds: a row each.

    Averages stop at the last epoch that every seed reached.
    """
    rows = []
    for name, own in curves.groupby(by, sort=False):
        shared = own.groupby("seed")["epoch"].max().min()
        mean = own[own["epoch"] <= shared].groupby("epoch", as_index=False).mean(numeric_only=True)
        rows.append({by: name, **vars(diagnose(mean, _of(constant)))})
    return pd.DataFrame(rows)


def _of(constant: pd.DataFrame) -> Mapping[str, float]:
    return constant.iloc[0].to_dict()
