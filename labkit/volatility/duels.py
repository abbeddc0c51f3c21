"""Network against ridge regression and boosting, on the same inputs and in the same form."""

import numpy as np
import pandas as pd

from labkit.report.intervals import Interval, block_bootstrap, holm
from labkit.report.models import Model
from labkit.report.sentence import Sentence
from labkit.report.words import standing
from labkit.volatility.panel import Panel
from labkit.volatility.scores import Forecasts
from labkit.volatility.significance import against_all, daily_losses

FORMS = {
    "16 inputs": ("averaged", ("ridge", "boosting")),
    "wide": ("mlp-wide", ("ridge-wide", "boosting-wide")),
    "wide, two parts": ("mlp-two-parts", ("ridge-two-parts", "boosting-two-parts")),
    "wide, shared level": ("mlp-shared", ("ridge-shared", "boosting-shared")),
}
"""Form to the stage of its network, and to those of its rivals."""


def gain(ours: np.ndarray, theirs: np.ndarray, panel: Panel, resamples: int, seed: int) -> Interval:
    """R² of one forecast of a set less that of another, from blocks of days.

    Parameters
    ----------
    ours, theirs : arrays, shape (rows,)
    panel : Panel
        The set.
    resamples, seed : int
    """
    y = panel.y.to_numpy()
    return block_bootstrap(
        (y - theirs) ** 2 - (y - ours) ** 2,
        (y - y.mean()) ** 2,
        panel.index["date"],
        resamples=resamples,
        seed=seed,
    )


def against_every(own: Forecasts, model: Model, s: str, panel: Panel) -> pd.DataFrame:
    """Diebold–Mariano tests of one model's daily squared errors against every other's.

    Columns as `against_all` gives them, the p-values adjusted for their number.
    """
    y = panel.y.to_numpy()
    losses = {m.name: (y - by_set[s]) ** 2 for m, by_set in own.items()}
    return against_all(daily_losses(losses, panel.index["date"]), model.name)


def duels(own: Forecasts, s: str, panel: Panel, resamples: int, seed: int) -> pd.DataFrame:
    """The pairs of `FORMS`: ``form, model, rival``; R² gained, ``difference, low, high``; p-values.

    Parameters
    ----------
    own : Forecasts
    s : str
        The set that judges.
    panel : Panel
        Its rows.
    resamples, seed : int
    """
    by_stage = {model.stage: model for model in own}
    rows = []
    for form, (stage, rivals) in FORMS.items():
        ours = by_stage[stage]
        for rival in (by_stage[other] for other in rivals):
            made = gain(own[ours][s], own[rival][s], panel, resamples, seed)
            tested = against_every({m: own[m] for m in (ours, rival)}, ours, s, panel)
            rows.append(
                {
                    "form": form, "model": ours.name, "rival": rival.name,
                    "difference": made.value, "low": made.low, "high": made.high,
                    "sure": made.excludes_zero, "p_value": float(tested["p_value"].iloc[0]),
                }
            )  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(holm=holm(table["p_value"]))


def said(table: pd.DataFrame) -> Sentence:
    """Where the network stands in each form, as the intervals and the adjusted p-values say."""
    forms = [
        f"{form}: "
        + ", ".join(
            f"{standing(Interval(row.difference, row.low, row.high), row.holm)} "
            f"{row.rival.partition(',')[0]}"
            for row in table[table["form"] == form].itertuples()
        )
        for form in table["form"].unique()
    ]
    return Sentence(
        "Against rivals on the same inputs and in the same form, the intervals and the p-values, "
        "which are adjusted for their number by Holm's method, put the network: "
        f"{'; '.join(forms)}."
    )
