"""Figures of what the classifiers achieve: comparisons, confusion, classes, probabilities."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from rtdl_num_embeddings import PeriodicEmbeddings
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, precision_recall_curve

from labkit.failures.rules import FAILURE_TYPES, SHORT_CLASSES
from labkit.report.models import CEILING, FLOOR, MLP
from labkit.report.sentence import number
from labkit.report.theme import OKABE_ITO, SEQUENTIAL, figure

EDGES = (0, 0.003, 0.01, 0.03, 0.1, 0.3, 0.7, 1)
"""Bins of a reliability diagram: failures are rare, so most of them lie low."""

LEAST_SHARE = 1e-3
"""Below this the scale of the reliability diagram is linear, so that a share of zero has a place.

A bin of a few hundred rows cannot show a smaller share anyway.
"""

LINES = {CEILING: ("--", OKABE_ITO[2]), FLOOR: (":", OKABE_ITO[6])}
"""Line style and colour of what does not learn."""


def comparison(
    table: pd.DataFrame, score: str, label: str, *, reference: float | None = None
) -> Figure:
    """A dot with its interval for every model, the best on top.

    ``table`` has the columns ``model``, ``kind``, ``score``, and ``low`` and ``high`` where there
    are intervals; ``reference`` draws a dashed line.
    """
    table = table.sort_values(score, ignore_index=True)
    fig, axis = figure(height=0.32 * len(table) + 1.0)
    colours = [OKABE_ITO[1] if kind == MLP else OKABE_ITO[0] for kind in table["kind"]]
    if "low" in table:
        axis.hlines(table.index, table["low"], table["high"], color=colours, lw=2)
    axis.scatter(table[score], table.index, color=colours, zorder=3)
    if reference is not None:
        axis.axvline(reference, color="#666666", ls="--", lw=1)
    axis.set_yticks(table.index, table["model"])
    axis.set(xlabel=label, title="MLPs in orange, baselines in blue")
    return fig


def confusion(table: pd.DataFrame, sets: Sequence[str] = ("train", "test")) -> Figure:
    """Confusion matrices of one model: counts, coloured by the share of the true class.

    ``table`` has the columns ``set``, ``true``, ``predicted`` and ``rows``.
    """
    fig, (axes,) = figure(1, len(sets), height=3.9, sharey=True, squeeze=False)
    labels = [SHORT_CLASSES[name] for name in FAILURE_TYPES]
    for axis, name in zip(axes, sets, strict=True):
        counts = (
            table[table["set"] == name]
            .pivot(index="true", columns="predicted", values="rows")
            .loc[list(FAILURE_TYPES), list(FAILURE_TYPES)]
            .to_numpy()
        )
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (i, j), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[i, j] > 0.55 else "black"
                axis.text(j, i, number(count), ha="center", va="center", fontsize=8, color=colour)
        axis.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        axis.set_yticks(range(len(labels)), labels)
        axis.set(xlabel="predicted", title=f"{name.capitalize()} rows")
        axis.grid(False)
    axes[0].set_ylabel("true")
    return fig


def scores_by_class(table: pd.DataFrame, group: str, score: str, label: str) -> Figure:
    """A heat map of one score: a row for each value of ``group``, a column for each class.

    A class without a score is left blank.
    """
    names = list(table[group].unique())
    wide = table.pivot_table(index=group, columns="class", values=score, aggfunc="mean")
    wide = wide.reindex(index=names, columns=FAILURE_TYPES)
    fig, axis = figure(height=0.36 * len(names) + 1.4)
    image = axis.imshow(wide, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(wide.to_numpy()):
        if np.isnan(value):
            continue
        colour = "white" if value < 0.6 else "black"
        axis.text(j, i, number(value, ".2f"), ha="center", va="center", fontsize=8.5, color=colour)
    axis.set_xticks(range(len(FAILURE_TYPES)), [SHORT_CLASSES[n] for n in FAILURE_TYPES])
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="x", rotation=20)
    axis.grid(False)
    fig.colorbar(image, ax=axis, label=label)
    return fig


def reliability(probabilities: pd.DataFrame) -> Figure:
    """Predicted probability of any failure against the share that failed, bin by bin.

    Bars are 95 % intervals of the share (Wilson 1927).

    Parameters
    ----------
    probabilities : DataFrame
        Columns model, row, true, and one for each class of `FAILURE_TYPES`; a line for each model.
    """
    fig, axis = figure(height=4.2)
    axis.plot([0, 1], [0, 1], color="#666666", ls="--", lw=1, label="perfect")
    by_model = probabilities.groupby("model", sort=False)
    for colour, marker, (model, own) in zip(
        cycle(OKABE_ITO), cycle("os^Dv"), by_model, strict=False
    ):
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
        label = f"{SHORT_CLASSES[name]} ({number(average, '.2f')})"
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

    ``scores`` has the columns rows, model, kind, macro_f1 and log_loss.
    """
    fig, axes = figure(1, 2, height=3.3)
    labels = {
        "macro_f1": ("macro-F1", "Higher is better"),
        "log_loss": ("log loss [nats a row]", "Lower is better"),
    }
    for axis, (score, (label, title)) in zip(axes, labels.items(), strict=True):
        for (model, kind), own in scores.groupby(["model", "kind"], sort=False):
            own = own.sort_values("rows")
            style, colour = LINES.get(kind, ("o-", OKABE_ITO[1]))
            if len(own) == 1:
                style = "o"  # one place has no line
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


def embedding(
    layer: PeriodicEmbeddings, feature: int, label: str, limits: Sequence[float] = ()
) -> Figure:
    """What a periodic embedding makes of one feature: its waves, and the numbers it hands on.

    Parameters
    ----------
    layer : PeriodicEmbeddings
    feature : int
        Place of the feature among the layer's inputs.
    label : str
        Of the feature.
    limits : sequence of float
        Values of the feature to mark by dashed lines; infinite ones are none.
    """
    frequencies = layer.periodic.weight.detach()[feature].abs()
    x = torch.linspace(-3, 3, 601)
    rows = torch.zeros(len(x), len(layer.periodic.weight))
    rows[:, feature] = x
    with torch.no_grad():
        waves, handed_on = layer.periodic(rows)[:, feature], layer(rows)[:, feature]
    fig, axes = figure(1, 2, height=3.1)
    order = frequencies.argsort()
    for colour, i in zip(OKABE_ITO, order[[0, len(order) // 2, -1]].tolist(), strict=False):
        name = f"{number(float(frequencies[i]), '.2f')} periods a unit"
        axes[0].plot(x, waves[:, i], color=colour, label=name)
        axes[0].plot(x, waves[:, len(order) + i], ":", color=colour)
    axes[0].legend(loc="upper center")
    axes[1].plot(x, handed_on, lw=1.2)
    titles = ["Cosines, and sines (dotted)", "The eight numbers handed on"]
    for axis, title in zip(axes, titles, strict=True):
        for limit in limits:
            if np.isfinite(limit):
                axis.axvline(limit, color="#666666", ls="--", lw=1)
        axis.set(xlabel=label, title=title)
    axes[0].set_ylim(-1.1, 2.3)  # room for the legend
    axes[0].set_yticks([-1, 0, 1])
    return fig
