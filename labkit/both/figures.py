"""Figures in which both studies stand side by side."""

from collections.abc import Sequence

from matplotlib.figure import Figure

from labkit.both.scoreboard import Scoreboard
from labkit.both.steps import Steps
from labkit.report import figures as learning
from labkit.report.models import BASELINE, CEILING, FLOOR, MLP
from labkit.report.sentence import number
from labkit.report.tables import capital
from labkit.report.theme import OKABE_ITO, as_label, figure

KINDS = {
    FLOOR: ("learns nothing", "s", OKABE_ITO[6]),
    BASELINE: ("other learner", "D", OKABE_ITO[1]),
    MLP: ("MLP", "o", OKABE_ITO[0]),
    CEILING: ("knows what cannot be learned", "^", OKABE_ITO[2]),
}
"""Kind of model to its name in the legend, its mark and its colour."""


def scoreboards(found: Sequence[Scoreboard]) -> Figure:
    """A panel a task, a line a model: its score, and its interval where it has one."""
    rows = [len(own.table) for own in found]
    fig, axes = figure(
        len(found), 1, height=0.24 * sum(rows) + 1.5, gridspec_kw={"height_ratios": rows},
        squeeze=False,
    )  # fmt: skip
    handles = {}
    for axis, own in zip(axes.flat, found, strict=True):
        table = own.table
        for i, row in enumerate(table.itertuples()):
            name, mark, colour = KINDS[row.kind]
            axis.hlines(i, row.low, row.high, color=colour, lw=2, alpha=0.6)
            (handles[name],) = axis.plot(row.score, i, mark, color=colour, ms=6, ls="", label=name)
            axis.annotate(
                number(row.score, ".3f"), (1, i), xycoords=("axes fraction", "data"),
                xytext=(4, 0), textcoords="offset points", va="center", fontsize=8,
            )  # fmt: skip
        axis.set_yticks(range(len(table)), [as_label(name) for name in table["model"]])
        axis.set_ylim(len(table) - 0.5, -0.5)
        axis.set(title=f"{capital(own.task)}: {own.score} on the {own.judge}", xlabel=own.score)
    order = [name for name, *_ in KINDS.values() if name in handles]
    fig.legend([handles[name] for name in order], order, loc="outside lower center", ncols=4)
    return fig


def steps(found: Sequence[Steps]) -> Figure:
    """What each step gains before each judge, with its interval."""
    return learning.gains(
        {f"gain in {own.score}\n{own.task}, {own.judge}": own.table for own in found}, "step"
    )
