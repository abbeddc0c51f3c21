"""Figures of what the forecasts achieve."""

from collections.abc import Sequence
from itertools import cycle

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from labkit.report.theme import OKABE_ITO, as_label, figure


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
