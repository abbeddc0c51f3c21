"""Figures of the NYSE data: blanks, shapes, groups, memory."""

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from scipy import stats

from labkit.report.sentence import counted, number
from labkit.report.theme import DIVERGING, OKABE_ITO, as_label, figure
from labkit.volatility.data import NYSE
from labkit.volatility.exploration.market import example_symbols

MEMORY_STYLES = {
    "log_vol": ("log volatility", OKABE_ITO[0], "-"),
    "absolute_return": ("size of the return", OKABE_ITO[1], "--"),
    "log_return": ("return", OKABE_ITO[6], ":"),
}

OUTCOMES = {"target": "tomorrow's log vol", "next_return": "tomorrow's return"}
"""What is to be predicted, as a matrix names it."""


def missing(data: NYSE, coverage: pd.DataFrame) -> Figure:
    """Missing values in dark: the price panel and, where there are any, the annual statements.

    ``coverage`` is the table of `labkit.volatility.exploration.gaps.coverage`.
    """
    statements = data.fundamentals
    fig, axes = figure(1, 1 if statements is None else 2, height=3.8, squeeze=False)
    _price_gaps(axes[0, 0], coverage)
    if statements is not None:
        _statement_blanks(axes[0, 1], statements)
    return fig


def _price_gaps(axis: Axes, coverage: pd.DataFrame) -> None:
    _presence(axis, coverage.to_numpy())
    months = [i for i, month in enumerate(coverage.columns) if month.month == 1]
    months = months[:: max(1, len(months) // 6)]
    axis.set_xticks(months, [coverage.columns[i].year for i in months])
    if len(coverage) <= 20:
        axis.set_yticks(range(len(coverage)), coverage.index)
    axis.set(xlabel="month", ylabel="stock", title="Prices: missing days in blue")


def _statement_blanks(axis: Axes, statements: pd.DataFrame) -> None:
    """Columns with blanks, side by side, and one that stands for the others, if there are any."""
    blanks = statements.columns[statements.isna().any()]
    present, names = statements[blanks].notna(), list(blanks)
    complete = statements.shape[1] - len(blanks)
    if complete:
        present = present.assign(complete=True)
        names.append(counted(complete, "other"))
    _presence(axis, present.to_numpy(float))
    axis.set_xticks(
        range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor", fontsize=7.5
    )
    axis.set(ylabel="statement, row of the file", title="Statements: blanks in blue")


def _presence(axis: Axes, present: np.ndarray) -> None:
    colours = LinearSegmentedColormap.from_list("presence", [OKABE_ITO[0], "#ececec"])
    axis.imshow(present, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    axis.grid(False)


def correlations(matrix: pd.DataFrame) -> Figure:
    """Heat map of a correlation matrix, the lower triangle, with its numbers."""
    fig, axis = figure(height=5.6)
    lower = matrix.where(np.tri(len(matrix), k=-1, dtype=bool)).iloc[1:, :-1]
    image = axis.imshow(lower, cmap=DIVERGING, vmin=-1, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(lower.to_numpy()):
        if np.isfinite(value):
            text = number(value, ".2f").replace("0.", ".")
            colour = "white" if abs(value) > 0.6 else "black"
            axis.text(j, i, text, ha="center", va="center", fontsize=6, color=colour)
    names = [OUTCOMES.get(name, name.replace("_", " ")) for name in matrix]
    axis.set_xticks(
        range(len(lower.columns)), names[:-1], rotation=45, ha="right", rotation_mode="anchor"
    )
    axis.set_yticks(range(len(lower)), names[1:])
    axis.grid(False)
    axis.set_title("Last two rows: what goes with tomorrow")
    fig.colorbar(image, ax=axis, label="rank correlation", shrink=0.6)
    return fig


def distributions(days: pd.DataFrame) -> Figure:
    """Histograms of the return, of volatility and of its log, each against a normal curve."""
    fig, axes = figure(1, 3, height=3.0)
    columns = [
        (100 * days["log_return"], "daily return [%]", "Returns, log scale", True),
        (days["volatility"], "volatility [% a year]", "Volatility", False),
        (days["log_vol"], "log of daily volatility", "Log volatility", False),
    ]
    for axis, (values, label, title, logarithmic) in zip(axes, columns, strict=True):
        _histogram_and_normal(axis, values.dropna().to_numpy(), logarithmic)
        axis.set(xlabel=label, title=title)
    axes[0].set_ylabel("density")
    axes[1].legend(loc="upper right")
    return fig


def _histogram_and_normal(axis: Axes, values: np.ndarray, logarithmic: bool) -> None:
    """A histogram of all but the outermost values, and the normal of the same mean and spread."""
    edge = 0.00005 if logarithmic else 0.002
    low, high = np.quantile(values, [edge, 1 - edge])
    grid = np.linspace(low, high, 200)
    inside = (values >= low) & (values <= high)
    share = inside.mean()
    heights, edges = np.histogram(values[inside], bins=70, density=True)
    axis.stairs(share * heights, edges, fill=True, color=OKABE_ITO[5], label="observed")
    normal = stats.norm.pdf(grid, values.mean(), values.std())
    axis.plot(grid, normal, color=OKABE_ITO[1], label="normal")
    if logarithmic:
        axis.set_yscale("log")
        axis.set_ylim(heights[heights > 0].min() / 2, 3 * heights.max())
        axis.minorticks_off()


def groups(days: pd.DataFrame, other: pd.DataFrame, label: str, group: str) -> Figure:
    """Box plots by group: log volatility, and a second quantity in the same order.

    Parameters
    ----------
    days, other : DataFrame
        With the columns ``group`` and ``log_vol``, or ``group`` and ``value``.
    label : str
        Of the second quantity.
    group : str
        What the groups are.
    """
    order = days.groupby("group")["log_vol"].median().sort_values().index
    fig, axes = figure(1, 2, height=0.28 * len(order) + 1.2, sharey=True)
    _boxes(axes[0], days, "log_vol", order, OKABE_ITO[0])
    _boxes(axes[1], other, "value", order, OKABE_ITO[2])
    axes[0].set_yticks(range(1, len(order) + 1), order.map(as_label))
    axes[0].set(xlabel="log of daily volatility", ylabel=group, title=f"Volatility by {group}")
    axes[1].set(xlabel=label, title=f"{label.partition(' [')[0]} by {group}")
    return fig


def _boxes(axis: Axes, frame: pd.DataFrame, column: str, order, colour: str) -> None:
    """Box plots from quantiles: whiskers hold nine tenths of the rows, nothing drawn beyond."""
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    quantiles = frame.groupby("group")[column].quantile(levels).unstack().reindex(order)
    names = ["whislo", "q1", "med", "q3", "whishi"]
    boxes = [dict(zip(names, row, strict=True)) for row in quantiles.to_numpy()]
    axis.bxp(
        boxes,
        orientation="horizontal",
        showfliers=False,
        manage_ticks=False,
        patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.35},
        medianprops={"color": "black"},
    )


def examples(days: pd.DataFrame) -> Figure:
    """Close and daily return of a few stocks, a row each."""
    symbols = example_symbols(days["symbol"])
    fig, axes = figure(len(symbols), 2, height=1.6 * len(symbols), sharex="col", squeeze=False)
    for (left, right), symbol in zip(axes, symbols, strict=True):
        own, name = days[days["symbol"] == symbol], as_label(symbol)
        left.semilogy(own["date"], own["close"], color=OKABE_ITO[0], lw=1)
        wide = own["close"].max() > 10 * own["close"].min()
        left.yaxis.set_major_locator(LogLocator(subs=(1, 3) if wide else (1, 1.5, 2, 3, 5, 7)))
        left.yaxis.set_major_formatter("{x:g}")
        left.yaxis.set_minor_formatter(NullFormatter())
        right.plot(own["date"], 100 * own["log_return"], color=OKABE_ITO[1], lw=0.5)
        left.set(ylabel="close [$]", title=f"{name}, price on a log scale")
        right.set(ylabel="return [%]", title=f"{name}, daily return")
        right.sharey(axes[0, 1])
    fig.align_ylabels()
    for axis in axes[-1]:
        _date_axis(axis)
    return fig


def clustering(market: pd.DataFrame) -> Figure:
    """Volatility of the median stock over time, with the range of most stocks."""
    fig, axis = figure(height=2.9)
    axis.fill_between(
        market["date"], market["q10"], market["q90"], color=OKABE_ITO[5], alpha=0.4, lw=0,
        label="eight stocks of ten",
    )  # fmt: skip
    axis.plot(market["date"], market["median"], color=OKABE_ITO[0], lw=1.1, label="median stock")
    axis.set_yscale("log")
    ticks = [t for t in (5, 10, 20, 40, 80, 160) if market["q10"].min() < t < market["q90"].max()]
    axis.set_yticks(ticks, [f"{t}" for t in ticks])
    axis.minorticks_off()
    axis.set(
        ylabel="volatility [% a year], log scale", title="Do calm and stormy weeks come in spells?"
    )
    _date_axis(axis)
    axis.legend()
    return fig


def _date_axis(axis: Axes) -> None:
    axis.xaxis.set_major_formatter(mdates.ConciseDateFormatter(mdates.AutoDateLocator()))


def memory(autocorrelations: pd.DataFrame) -> Figure:
    """Autocorrelation by lag: the median stock, and the range of eight stocks of ten."""
    fig, axis = figure(height=3.2)
    for quantity, (label, colour, style) in MEMORY_STYLES.items():
        own = autocorrelations[autocorrelations["quantity"] == quantity]
        axis.fill_between(own["lag"], own["q10"], own["q90"], color=colour, alpha=0.15, lw=0)
        axis.plot(own["lag"], own["median"], style, color=colour, label=label)
    axis.axhline(0, color="black", lw=0.8)
    axis.set(
        xlabel="lag [trading days]",
        ylabel="autocorrelation",
        title="What is left of today, a number of days later",
    )
    axis.legend()
    return fig
