"""Figures of what the forecasts achieve."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labkit.report.intervals import Resampled
from labkit.report.theme import OKABE_ITO, as_label, figure
from labkit.report.words import OPTIMIZERS
from labkit.volatility.overlap import Overlap
from labkit.volatility.panel import HORIZON


def predicted_and_realised(predictions: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Realised log volatility and its forecasts over the test year, a panel for each symbol."""
    symbols = list(predictions["symbol"].unique())
    fig, axes = figure(len(symbols), 1, height=1.7 * len(symbols), sharex=True, squeeze=False)
    for axis, symbol in zip(axes.flat, symbols, strict=True):
        own = predictions[predictions["symbol"] == symbol]
        axis.plot(own["date"], own["realised"], color="#b0b0b0", lw=0.9, label="realised")
        for colour, model in zip(OKABE_ITO[1:], models, strict=False):
            axis.plot(own["date"], own[model], color=colour, lw=1.3, label=model)
        axis.set(ylabel="log volatility", title=as_label(symbol))
    axes[-1, 0].xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))
    axes[0, 0].legend(ncols=len(models) + 1, loc="upper right")
    return fig


def by_group(table: pd.DataFrame, group: str, models: Sequence[str], label: str) -> Figure:
    """The score ``r2`` of a few models in each group, the groups sorted by the last model's."""
    wide = table.pivot(index=group, columns="model", values="r2")[list(models)]
    wide = wide.sort_values(models[-1])
    fig, axis = figure(height=0.3 * len(wide) + 1.2)
    for colour, marker, model in zip(cycle(OKABE_ITO), cycle("os^Dv"), models, strict=False):
        axis.plot(wide[model], range(len(wide)), marker, color=colour, label=model)
    axis.set_yticks(range(len(wide)), wide.index.map(as_label))
    axis.set(xlabel=label, title=f"Score by {group}")
    axis.legend()
    return fig


def by_year(table: pd.DataFrame, models: Sequence[str], label: str) -> Figure:
    """The score ``r2`` of a few models year by year, the years of each set between dotted lines."""
    sets = table.groupby("set", sort=False)["year"].agg(["min", "max"])
    fig, axis = figure(height=3.0)
    for colour, marker, model in zip(cycle(OKABE_ITO), cycle("os^Dv"), models, strict=False):
        own = table[table["model"] == model]
        axis.plot(own["year"], own["r2"], marker=marker, color=colour, lw=1.2, label=model)
    for name, years in sets.iterrows():
        axis.annotate(
            name, (years.mean(), 1), xycoords=axis.get_xaxis_transform(),
            xytext=(0, -4), textcoords="offset points", ha="center", va="top", color="#666666",
        )  # fmt: skip
    for start in sets["min"].iloc[1:]:
        axis.axvline(start - 0.5, color="#999999", ls=":", lw=1)
    axis.set_xticks(np.arange(table["year"].min(), table["year"].max() + 1))
    axis.margins(y=0.15)
    axis.set(xlabel="year", ylabel=label, title="Score by year")
    fig.legend(loc="outside lower center", ncols=len(models))
    return fig


def reach(found: Overlap) -> Figure:
    """What the last training row and the first validation row look at, and the embargo between.

    Days are counted from the first of the validation year, which is zero.
    """
    last = -found.embargo - 1
    fig, axis = figure(height=1.9)
    for place, day in ((1, last), (0, 0)):
        axis.barh(place, found.window, left=day - found.window + 1, height=0.4, color=OKABE_ITO[5],
                  label="days that its features are made of" if place else None)  # fmt: skip
        axis.barh(place, HORIZON, left=day + 1, height=0.4, color=OKABE_ITO[1],
                  label="the day that is its target" if place else None)  # fmt: skip
    axis.axvspan(last + 1, 0, color="#cccccc", alpha=0.6, lw=0, zorder=0, label="embargo")
    axis.axvline(0, color="black", lw=0.8)
    axis.set_yticks([1, 0], ["last training row", "first validation row"])
    axis.set_ylim(-0.5, 1.5)
    axis.grid(visible=False, axis="y")
    axis.set(xlabel="trading days from the first of the validation year")
    fig.legend(loc="outside upper center", ncols=3)
    return fig


def resampled(ways: Mapping[str, Resampled], label: str) -> Figure:
    """Histograms of a score on resampled rows, a colour for each way to resample; 95 % below.

    Parameters
    ----------
    ways : mapping of str to Resampled
        By the way to resample.
    label : str
        Of the score.
    """
    fig, axis = figure(height=2.8)
    every = np.concatenate([own.draws for own in ways.values()])
    edges = np.linspace(*np.quantile(every, [0.001, 0.999]), 40)
    heights = {name: np.histogram(own.draws, edges, density=True)[0] for name, own in ways.items()}
    tallest = max(own.max() for own in heights.values())
    for i, (name, own) in enumerate(ways.items()):
        axis.stairs(heights[name], edges, fill=True, color=OKABE_ITO[i], alpha=0.45, label=name)
        place, interval = -0.07 * (i + 1) * tallest, own.interval
        axis.hlines(place, interval.low, interval.high, color=OKABE_ITO[i], lw=3)
    axis.axvline(0, color="#666666", ls="--", lw=1)
    axis.set(xlabel=label, ylabel="density", title="The bars below hold 95 % of the draws")
    fig.legend(loc="outside lower center", ncols=len(ways))
    return fig


def fitted_and_later(candidates: pd.DataFrame, score: str) -> Figure:
    """Each candidate of a search: its score on the rows it was fitted to, and on later ones.

    Parameters
    ----------
    candidates : DataFrame
        As `labkit.report.grids.candidates_of` gives it, with ``mean_train_score``. Candidates
        further below the best than three times the range of the best half are not drawn.
    score : str
    """
    later = candidates["mean_test_score"]
    floor = later.max() - 3 * (later.max() - later.median()) - 1e-6
    drawn = candidates[later >= floor]
    fig, axis = figure(height=3.6)
    for i, (name, own) in enumerate(drawn.groupby("optimizer", sort=False)):
        axis.plot(
            own["mean_train_score"], own["mean_test_score"], "os^D"[i % 4], color=OKABE_ITO[i],
            ms=4.5, alpha=0.7, lw=0, label=OPTIMIZERS.get(name, name),
        )  # fmt: skip
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    if left < top:  # else all candidates have a gap, and the line is far to the left
        axis.plot([left, right], [left, right], color="#666666", ls="--", lw=1, label="no gap")
    axis.set(xlim=(left, right), ylim=(bottom, top))
    hidden = len(candidates) - len(drawn)
    title = "To the right: fits its own rows better"
    axis.set(
        xlabel=f"{score} on the rows fitted to", ylabel=f"{score} on the days after",
        title=f"{title} ({hidden} far below not drawn)" if hidden else title,
    )  # fmt: skip
    fig.legend(loc="outside lower center", ncols=5)
    return fig
