"""Figures of predicted probabilities: are they right, what do they find, how good can they get."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, precision_recall_curve

from labkit.data import FAILURE_TYPES
from labkit.plots.outcomes import SHORT_CLASSES
from labkit.plots.theme import OKABE_ITO, figure
from labkit.studies.ceiling import BAYES, MAJORITY

N_BINS = 20
"""Bins of a reliability diagram, equal in rows."""

LEAST_SHARE = 1e-3
"""Below this the scale of the reliability diagram is linear, so that a share of zero has a place.

A bin of a few hundred rows cannot show a smaller share anyway.
"""

LINES = {BAYES: ("--", OKABE_ITO[2]), MAJORITY: (":", OKABE_ITO[6])}
"""Line style and colour of what does not learn."""


def reliability(probabilities: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Predicted probability of any failure against the share that failed, in bins equal in rows.

    Parameters
    ----------
    probabilities : DataFrame
        Columns model, row, true, and one for each class of `FAILURE_TYPES`.
    models : sequence of str
        The models to show.
    """
    fig, axis = figure(height=4.2)
    axis.plot([0, 1], [0, 1], color="#666666", ls="--", lw=1, label="perfect")
    for colour, marker, model in zip(OKABE_ITO, "os^Dv", models, strict=False):
        own = probabilities[probabilities["model"] == model]
        predicted = (1 - own["No Failure"]).clip(0, 1)
        failed = own["true"] != "No Failure"
        observed, mean = calibration_curve(failed, predicted, n_bins=N_BINS, strategy="quantile")
        axis.plot(mean, observed, marker=marker, ms=4.5, color=colour, label=model)
    scale = {"value": "symlog", "linthresh": LEAST_SHARE, "linscale": 0.5}
    axis.set_xscale(**scale)
    axis.set_yscale(**scale)
    for side in (axis.xaxis, axis.yaxis):
        side.set_ticks([0, 1e-3, 1e-2, 1e-1, 1], ["0", "0.001", "0.01", "0.1", "1"])
    axis.set(
        xlim=(0, 1.1),
        ylim=(-1e-4, 1.1),
        xlabel="predicted probability of a failure (mean of the bin)",
        ylabel="observed share of failures",
        title="On the diagonal, probabilities can be taken at their word",
    )
    axis.legend()
    return fig


def precision_recall(probabilities: pd.DataFrame, model: str) -> Figure:
    """One class of failure against all other rows: precision by recall, for one model.

    Parameters
    ----------
    probabilities : DataFrame
        Columns model, row, true, and one for each class of `FAILURE_TYPES`.
    model : str
    """
    own = probabilities[probabilities["model"] == model]
    fig, axis = figure(height=3.8)
    for colour, name in zip(OKABE_ITO, FAILURE_TYPES[1:], strict=False):
        found = own["true"] == name
        if not found.any():
            continue
        precision, recall, _ = precision_recall_curve(found, own[name])
        average = average_precision_score(found, own[name])
        label = f"{SHORT_CLASSES[name]} ({average:.2f})"
        axis.step(recall, precision, where="post", color=colour, label=label)
    axis.set(
        xlabel="recall: share of the failures found",
        ylabel="precision: share of alarms that are right",
        xlim=(0, 1.02),
        ylim=(0, 1.04),
        title="The further to the upper right, the better the class is found",
    )
    axis.legend(
        title="class (average precision)",
        title_fontsize="small",
        loc="center left",
        bbox_to_anchor=(1, 0.5),
    )
    return fig


def ceiling(scores: pd.DataFrame) -> Figure:
    """Macro-F1 and log loss by training rows: the MLP, the majority class, the Bayes classifier.

    ``scores`` has the columns rows, model, macro_f1 and log_loss.
    """
    fig, axes = figure(1, 2, height=3.3)
    labels = {
        "macro_f1": ("macro-F1", "Higher is better"),
        "log_loss": ("log loss [nats a row]", "Lower is better"),
    }
    for axis, (score, (label, title)) in zip(axes, labels.items(), strict=True):
        for model, own in scores.groupby("model", sort=False):
            own = own.sort_values("rows")
            style, colour = LINES.get(model, ("o-", OKABE_ITO[1]))
            axis.plot(own["rows"], own[score], style, color=colour, label=model)
        axis.set_xscale("log")
        axis.set_xticks(np.unique(scores["rows"]))
        axis.minorticks_off()
        axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        axis.tick_params(axis="x", rotation=30)
        axis.set(xlabel="training rows", ylabel=label, title=title)
    axes[1].set_yscale("log")
    axes[1].yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes[1].yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes[1].yaxis.set_minor_locator(NullLocator())
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig
