"""Figures of what models achieve: forecasts, comparisons, confusion, classes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labkit.failures.rules import FAILURE_TYPES
from labkit.report.theme import OKABE_ITO, SEQUENTIAL, figure

SHORT_CLASSES = {
    name: name if name == "No Failure" else name.removesuffix("s").removesuffix(" Failure")
    for name in FAILURE_TYPES
}
"""Class names that fit beside an axis."""


def comparison(
    table: pd.DataFrame, score: str, label: str, *, reference: float | None = None
) -> Figure:
    """A dot with its interval for every model, the best on top.

    ``table`` has the columns ``model``, ``score``, and ``low`` and ``high`` where there are
    intervals; ``reference`` draws a dashed line.
    """
    table = table.sort_values(score, ignore_index=True)
    fig, axis = figure(height=0.32 * len(table) + 1.0)
    colours = [OKABE_ITO[1] if m.startswith("MLP") else OKABE_ITO[0] for m in table["model"]]
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
    fig, axes = figure(1, len(sets), height=3.9, sharey=True)
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
                axis.text(j, i, f"{count:,}", ha="center", va="center", fontsize=8, color=colour)
        axis.set_xticks(range(len(labels)), labels, rotation=45, ha="right")
        axis.set_yticks(range(len(labels)), labels)
        axis.set(xlabel="predicted", title=f"{name.capitalize()} rows")
        axis.grid(False)
    axes[0].set_ylabel("true")
    return fig


def scores_by_class(table: pd.DataFrame, group: str, score: str, label: str) -> Figure:
    """A heat map of one score: a row for each value of ``group``, a column for each class."""
    names = list(table[group].unique())
    wide = table.pivot_table(index=group, columns="class", values=score, aggfunc="mean")
    wide = wide.loc[names, list(FAILURE_TYPES)]
    fig, axis = figure(height=0.36 * len(names) + 1.4)
    image = axis.imshow(wide, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(wide.to_numpy()):
        colour = "white" if value < 0.6 else "black"
        axis.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8.5, color=colour)
    axis.set_xticks(range(len(FAILURE_TYPES)), [SHORT_CLASSES[n] for n in FAILURE_TYPES])
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(axis="x", rotation=20)
    axis.grid(False)
    fig.colorbar(image, ax=axis, label=label)
    return fig
