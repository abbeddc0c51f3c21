"""Figures of the machine rows: classes, features, outliers, time, rules."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import StrMethodFormatter

from labkit.failures.data import LABELS
from labkit.failures.exploration.neighbours import Drawn
from labkit.failures.exploration.outliers import distance_limit
from labkit.failures.features import MACHINE_FEATURES, PHYSICS_FEATURES
from labkit.failures.rules import (
    FAILURE_TYPES,
    HEAT_DIFFERENCE,
    HEAT_SPEED,
    NO_FAILURE,
    OVERSTRAIN_LIMIT,
    POWER_RANGE,
    SHORT_CLASSES,
)
from labkit.report.sentence import number
from labkit.report.theme import DIVERGING, MANY, OKABE_ITO, figure, small_multiples

FEATURES = MACHINE_FEATURES + PHYSICS_FEATURES

AXIS_LABELS = LABELS | {
    "temperature_difference": "Temperature difference [K]",
    "power": "Power [W]",
    "strain": "Wear × torque [min·Nm]",
}

CLASS_COLOURS = dict(zip(FAILURE_TYPES, ["#b8b8b8", *OKABE_ITO[:5]], strict=True))
CLASS_MARKERS = dict(zip(FAILURE_TYPES, ".osD^X", strict=True))

GREY = "#444444"

CROWD = 400
"""Rows of failures in one panel from which on their marks shrink."""


def class_distribution(counts: pd.DataFrame) -> Figure:
    """Rows per class as a dot on a log scale, where no length would be honest, and its count.

    A class without rows has no place on the scale, and its count alone stands at the left.
    """
    fig, axis = figure(height=2.6)
    places = range(len(counts))
    axis.scatter(counts["rows"], places, s=55, color=[CLASS_COLOURS[n] for n in counts["class"]])
    for i, n in enumerate(counts["rows"]):
        axis.annotate(
            number(n), (max(n, 1), i), xytext=(8, 0), textcoords="offset points", va="center"
        )
    axis.set_xscale("log")
    axis.set_xlim(0.8, 4 * counts["rows"].max())
    axis.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axis.set_yticks(places, [SHORT_CLASSES[name] for name in counts["class"]])
    axis.set_ylim(-0.5, len(counts) - 0.5)
    axis.invert_yaxis()
    axis.set(xlabel="rows, log scale", title="Rows of each class")
    return fig


def correlations(features: pd.DataFrame, classes: pd.DataFrame) -> Figure:
    """Heat maps: features with each other, and each feature with belonging to a class.

    A class that does not occur, which nothing goes with, is left blank.
    """
    fig, axes = figure(1, 2, height=4.2, sharey=True, width_ratios=[8, 6])
    _heatmap(axes[0], features.to_numpy(), 1.0)
    limit = np.nanmax(np.abs(classes.to_numpy()))
    _heatmap(axes[1], classes.to_numpy(), limit)
    names = [name.replace("_", " ") for name in features]
    axes[0].set_yticks(range(len(names)), names)
    for axis, ticks in zip(axes, [names, [SHORT_CLASSES[n] for n in classes]], strict=True):
        axis.set_xticks(range(len(ticks)), ticks, rotation=45, ha="right", rotation_mode="anchor")
    axes[0].set_title("Features with each other")
    axes[1].set_title("With belonging to a class")
    return fig


def _heatmap(axis: Axes, values: np.ndarray, limit: float) -> None:
    axis.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    for (i, j), value in np.ndenumerate(values):
        if np.isnan(value):
            continue
        text = number(value, ".2f").replace("0.", ".")
        colour = "white" if abs(value) > 0.65 * limit else "black"
        axis.text(j, i, text, ha="center", va="center", fontsize=7, color=colour)
    axis.grid(False)


def histograms(X: pd.DataFrame, y: pd.Series) -> Figure:
    """Density of each feature among rows without and with a failure."""
    fig, axes = figure(2, 4, height=3.9)
    failed = (y != FAILURE_TYPES[0]).to_numpy()
    groups = [("no failure", ~failed, OKABE_ITO[6], True), ("failure", failed, OKABE_ITO[1], False)]
    for axis, name in zip(axes.flat, FEATURES, strict=True):
        edges = np.histogram_bin_edges(X[name], bins=30)
        for label, rows, colour, fill in groups:
            if not rows.any():
                continue
            heights, _ = np.histogram(X[name][rows], edges, density=True)
            axis.stairs(
                heights,
                edges,
                color=colour,
                fill=fill,
                alpha=0.45 if fill else 1,
                lw=1.4,
                label=label,
            )
        axis.set_xlabel(AXIS_LABELS[name], fontsize=8)
        axis.set_yticks([])
    for axis in axes[:, 0]:
        axis.set_ylabel("density")
    fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return fig


def by_class(X: pd.DataFrame, y: pd.Series) -> Figure:
    """Box plots of each feature by class; whiskers end at Tukey's fences, points lie beyond."""
    fig, axes = figure(2, 4, height=4.4, sharey=True)
    labels = [SHORT_CLASSES[name] for name in FAILURE_TYPES]
    for axis, name in zip(axes.flat, FEATURES, strict=True):
        boxes = axis.boxplot(
            [X[name][(y == c).to_numpy()] for c in FAILURE_TYPES],
            orientation="horizontal",
            widths=0.65,
            patch_artist=True,
            flierprops={"marker": ".", "ms": 2, "markeredgecolor": "#999999"},
            medianprops={"color": "black"},
        )
        for box, c in zip(boxes["boxes"], FAILURE_TYPES, strict=True):
            box.set(facecolor=CLASS_COLOURS[c], alpha=0.7)
        axis.set_xlabel(AXIS_LABELS[name], fontsize=8)
        axis.set_yticks(range(1, len(labels) + 1), labels)
    axes[0, 0].invert_yaxis()
    return fig


def distances(rows: pd.DataFrame) -> Figure:
    """Robust distance of each row by class, on a log scale, with the limit for outliers."""
    fig, axis = figure(height=2.9)
    random = np.random.default_rng(0)
    for i, name in enumerate(FAILURE_TYPES):
        own = rows.loc[rows["class"] == name, "distance"]
        height = i + random.uniform(-0.3, 0.3, len(own))
        axis.scatter(
            own, height, s=3 if i == 0 else 12, marker=CLASS_MARKERS[name], lw=0,
            color=CLASS_COLOURS[name], alpha=0.4 if i == 0 else 0.8, rasterized=len(own) > MANY,
        )  # fmt: skip
    axis.axvline(distance_limit(), color=GREY, ls="--", lw=1)
    axis.set_xscale("log")
    axis.set_yticks(range(len(FAILURE_TYPES)), [SHORT_CLASSES[name] for name in FAILURE_TYPES])
    axis.invert_yaxis()
    axis.set(xlabel="robust distance, log scale", title="Right of the line: an outlier")
    low, high = axis.get_xlim()
    ticks = [t for t in (0.5, 1, 2, 5, 10, 20, 50) if low < t < high]
    axis.set_xticks(ticks, [number(t, "g") for t in ticks])
    axis.minorticks_off()
    return fig


def timeline(frame: pd.DataFrame) -> Figure:
    """Temperatures along the rows of the file, and below them where each failure lies."""
    fig, axes = figure(2, 1, height=4.0, sharex=True, height_ratios=[1, 1.1])
    for name, colour in (("process_temperature", OKABE_ITO[1]), ("air_temperature", OKABE_ITO[0])):
        label = LABELS[name].partition(" [")[0]
        axes[0].plot(frame["udi"], frame[name], color=colour, lw=1, label=label)
    axes[0].set(ylabel="temperature [K]", title="Measurements in the order of the rows")
    axes[0].legend(ncols=2, loc="upper left")
    axes[0].margins(y=0.25)
    failures = FAILURE_TYPES[1:]
    axes[1].eventplot(
        [frame.loc[frame["failure_type"] == name, "udi"] for name in failures],
        lineoffsets=range(len(failures)),
        linelengths=0.8,
        linewidths=0.7,
        colors=[CLASS_COLOURS[name] for name in failures],
    )
    axes[1].set_yticks(range(len(failures)), [SHORT_CLASSES[name] for name in failures])
    axes[1].invert_yaxis()
    axes[1].set(xlabel="row number", title="Where each failure lies: one line a row")
    return fig


def rules(X: pd.DataFrame, y: pd.Series) -> Figure:
    """The three documented rules as lines in the plane they are written in."""
    fig, axes = figure(1, 3, height=3.6)
    planes = [
        ("rotational_speed", "torque", "Power"),
        ("tool_wear", "torque", "Strain"),
        ("rotational_speed", "temperature_difference", "Heat"),
    ]
    for axis, (x, vertical, title) in zip(axes, planes, strict=True):
        scatter_classes(axis, X[x], X[vertical], y.to_numpy())
        axis.set(xlabel=AXIS_LABELS[x], ylabel=AXIS_LABELS[vertical], title=title)
    _power_lines(axes[0], X)
    _strain_lines(axes[1], X)
    low, bottom = axes[2].get_xlim()[0], axes[2].get_ylim()[0]
    axes[2].plot(
        [low, HEAT_SPEED, HEAT_SPEED], [HEAT_DIFFERENCE] * 2 + [bottom], color=GREY, lw=1.2
    )
    axes[2].set(xlim=(low, None), ylim=(bottom, None))
    _class_legend(fig)
    return fig


def scatter_classes(axis: Axes, x, y, labels: np.ndarray, sizes: np.ndarray | None = None) -> None:
    """Rows in a plane, coloured and marked by class, the frequent one below the others.

    ``sizes`` are areas relative to the usual one; 1 by default.
    """
    for i, name in enumerate(FAILURE_TYPES):
        rows = labels == name
        size = (2 if i == 0 else 9) * (1 if sizes is None else sizes[rows])
        axis.scatter(
            x[rows], y[rows], s=size, marker=CLASS_MARKERS[name], color=CLASS_COLOURS[name],
            alpha=0.35 if i == 0 else 0.75, lw=0, zorder=1 + (i > 0),
            rasterized=rows.sum() > MANY,
        )  # fmt: skip


def _power_lines(axis: Axes, X: pd.DataFrame) -> None:
    """Torque at which the power reaches its limits, speed by speed."""
    speed = np.linspace(X["rotational_speed"].min(), X["rotational_speed"].max(), 100)
    top = axis.get_ylim()[1]
    for watts in POWER_RANGE:
        torque = watts / (speed * 2 * np.pi / 60)
        axis.plot(speed, np.where(torque < top, torque, np.nan), color=GREY, lw=1.2)
    axis.set_ylim(0, top)


def _strain_lines(axis: Axes, X: pd.DataFrame) -> None:
    """Torque at which wear times torque reaches each quality's limit."""
    top = axis.get_ylim()[1]
    wear = np.linspace(1, X["tool_wear"].max(), 200)
    for style, (quality, limit) in zip(["-", "--", ":"], OVERSTRAIN_LIMIT.items(), strict=True):
        torque = limit / wear
        axis.plot(wear[torque < top], torque[torque < top], style, color=GREY, lw=1.2)
        axis.annotate(
            quality, (wear[-1], torque[-1]), xytext=(2, 0), textcoords="offset points", fontsize=8,
            va="center",
        )  # fmt: skip
    axis.set_ylim(0, top)


def balanced(strategies: dict[str, tuple[pd.DataFrame, np.ndarray, np.ndarray]]) -> Figure:
    """Small multiples of the training rows under each strategy, in wear and torque.

    ``strategies`` maps a name to rows in their units, labels, and the weight of each row, which
    the area of its mark shows; rows in the same place add up. The frame is that of the real rows
    with a margin: what is invented beyond it is not drawn.
    """
    fig, panels = small_multiples(len(strategies), 4, height=2.3, extra=0.4)
    for axis, (name, (rows, labels, weights)) in zip(panels, strategies.items(), strict=True):
        marks = _marks(rows, labels, weights)
        crowd = min(1, np.sqrt(CROWD / max((marks["class"] != FAILURE_TYPES[0]).sum(), 1)))
        sizes = crowd * marks["weight"].to_numpy() ** 0.35
        scatter_classes(axis, marks["tool_wear"], marks["torque"], marks["class"].to_numpy(), sizes)
        axis.set_title(name.capitalize() if name.islower() else name, fontsize=8)
    _frame_of_real_rows(panels[0], next(iter(strategies.values()))[0])
    for axis in panels[::4]:
        axis.set_ylabel(AXIS_LABELS["torque"])
    for axis in panels[-4:]:
        axis.set_xlabel(AXIS_LABELS["tool_wear"])
    _class_legend(fig)
    return fig


def neighbours(drawings: Sequence[Drawn]) -> Figure:
    """Failures with SMOTE's lines, rows that it might make, and Tomek's pairs, a panel each.

    A panel shows the surroundings of its failure.
    """
    fig, (axes,) = figure(1, len(drawings), height=3.9, squeeze=False)
    for axis, own in zip(axes, drawings, strict=True):
        x, vertical = own.rows.columns[:2]
        places = own.rows[[x, vertical]].to_numpy(float)
        colour = CLASS_COLOURS[own.failure]
        axis.add_collection(LineCollection(places[own.lines], color=colour, lw=0.7, alpha=0.6))
        labels = own.rows["class"].to_numpy()
        sizes = np.where(labels == NO_FAILURE, 4.0, 1.0)  # seen from close by, they are few
        scatter_classes(axis, own.rows[x], own.rows[vertical], labels, sizes)
        axis.scatter(*own.new.T, s=14, facecolor="white", edgecolor=colour, lw=0.9, zorder=3)
        axis.add_collection(LineCollection(places[own.pairs], color="black", lw=1, zorder=4))
        ringed = places[np.unique(own.pairs)]
        axis.scatter(*ringed.T, s=60, facecolor="none", edgecolor="black", lw=0.9, zorder=4)
        _surround(axis, places[(own.rows["class"] == own.failure).to_numpy()])
        title = f"{SHORT_CLASSES[own.failure]}: lines, new rows, pairs"
        axis.set(xlabel=AXIS_LABELS[x], ylabel=AXIS_LABELS[vertical], title=title)
    _class_legend(fig)
    return fig


def _surround(axis: Axes, places: np.ndarray) -> None:
    """Limits around some places, with a margin; as they are where there are none."""
    if not len(places):
        return
    low, high = places.min(axis=0), places.max(axis=0)
    margin = 0.12 * np.maximum(high - low, 1e-9)
    axis.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axis.set_ylim(low[1] - margin[1], high[1] + margin[1])


def _frame_of_real_rows(axis: Axes, rows: pd.DataFrame) -> None:
    """Limits around the real rows, with room for what is invented outside of them."""
    for name, set_limits in (("tool_wear", axis.set_xlim), ("torque", axis.set_ylim)):
        low, high = rows[name].min(), rows[name].max()
        margin = 0.35 * (high - low)
        set_limits(low - margin, high + margin)


def _marks(rows: pd.DataFrame, labels: np.ndarray, weights: np.ndarray) -> pd.DataFrame:
    """One mark for all rows of a class in the same place, with the sum of their weights."""
    places = rows[["tool_wear", "torque"]].round(3).assign(**{"class": labels, "weight": weights})
    return places.groupby(["class", "tool_wear", "torque"], as_index=False)["weight"].sum()


def _class_legend(fig: Figure) -> None:
    """The classes below a figure, marks large enough to tell."""
    handles = [
        Line2D([], [], ls="", marker=CLASS_MARKERS[n], color=CLASS_COLOURS[n], ms=6, mew=0)
        for n in FAILURE_TYPES
    ]
    names = [SHORT_CLASSES[n] for n in FAILURE_TYPES]
    fig.legend(handles, names, loc="outside lower center", ncols=6, columnspacing=1.2)
