"""Figures of predicted probabilities: are they right, what do they find, how good can they get."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, precision_recall_curve

from labkit.failures.ceiling import BAYES, MAJORITY
from labkit.failures.figures import SHORT_CLASSES
from labkit.failures.rules import FAILURE_TYPES
from labkit.report.theme import OKABE_ITO, figure

EDGES = (0, 0.003, 0.01, 0.03, 0.1, 0.3, 0.7, 1)
"""Bins of a reliability diagram: failures are rare, so most of them lie low."""

LEAST_SHARE = 1e-3
"""Below this the scale of the reliability diagram is linear, so that a share of zero has a place.

A bin of a few hundred rows cannot show a smaller share anyway.
"""

LINES = {BAYES: ("--", OKABE_ITO[2]), MAJORITY: (":", OKABE_ITO[6])}
"""Line style and colour of what does not learn."""


def reliability(probabilities: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Predicted probability of any failure against the share that failed, bin by bin.

    Bars are 95 % intervals of the share (Wilson 1927).

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
        bins = _observed(predicted, own["true"] != "No Failure")
        bars = [bins["share"] - bins["low"], bins["high"] - bins["share"]]
        axis.errorbar(
            bins["mean"], bins["share"], bars, fmt=f"{marker}-", ms=4.5, lw=1.2, elinewidth=1,
            color=colour, label=model,
        )  # fmt: skip
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


def _observed(predicted: pd.Series, happened: pd.Series) -> pd.DataFrame:
    """Mean prediction, share that happened and its interval, for each bin that has rows."""
    rows = []
    bins = pd.cut(predicted, EDGES, include_lowest=True)
    for _, own in happened.groupby(bins, observed=True):
        interval = binomtest(int(own.sum()), len(own)).proportion_ci(method="wilson")
        rows.append((predicted[own.index].mean(), own.mean(), interval.low, interval.high))
    return pd.DataFrame(rows, columns=["mean", "share", "low", "high"])


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
