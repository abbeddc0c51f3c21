"""One look for every figure: fonts, grid, sizes, a palette that colour-blind readers can tell."""

import math

import matplotlib.pyplot as plt
import seaborn as sns

OKABE_ITO = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#666666"]
"""Okabe and Ito's colours (2008), without yellow and with grey for black."""

SEQUENTIAL = "viridis"
DIVERGING = "vlag"

WIDTH = 7.2
"""Inches of a figure as wide as the text."""

MANY = 1000
"""More marks than this are drawn as pixels, in figures that are else made of lines."""

SETTINGS = {
    "figure.dpi": 96,
    "savefig.dpi": 192,
    "path.simplify_threshold": 0.5,  # half a pixel: what none sees of a long line is not kept
    "svg.hashsalt": "labkit",  # the same names of parts each time
    "figure.figsize": (WIDTH, 3.6),
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "lines.linewidth": 1.6,
}


def use_theme() -> None:
    """Set matplotlib and seaborn to the book's look, for the rest of the process."""
    sns.set_theme(style="ticks", palette=OKABE_ITO, rc=SETTINGS)


def as_label(text: object) -> str:
    """What data say, so that Matplotlib draws it as it stands: a dollar begins no formula."""
    return str(text).replace("$", r"\$")


def figure(rows: int = 1, columns: int = 1, *, height: float = 3.4, **options):
    """A figure as wide as the text with a grid of axes: ``(figure, axes)``.

    ``height`` is in inches; ``options`` go to ``matplotlib.pyplot.subplots``.
    """
    use_theme()
    return plt.subplots(rows, columns, figsize=(WIDTH, height), **options)


def small_multiples(n: int, columns: int, *, height: float, extra: float = 0.0):
    """A figure of ``n`` panels on the same two axes, row by row: ``(figure, panels)``.

    Numbers stand below the lowest panel of each column: ``panels[-columns:]``. A row is ``height``
    inches high, and ``extra`` is for all else.
    """
    rows = math.ceil(n / columns)
    fig, axes = figure(
        rows, columns, height=height * rows + extra, sharex=True, sharey=True, squeeze=False
    )
    for axis in axes.flat[n:]:
        axis.set_axis_off()
    panels = axes.flat[:n]
    for axis in panels[-columns:]:
        axis.tick_params(labelbottom=True)
    return fig, panels
