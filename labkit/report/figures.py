"""Figures of learning: curves over epochs, grids of hyperparameters, regularizations compared."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from labkit.nets.diagnostics import Verdict
from labkit.report.confirmation import Confirmation
from labkit.report.grids import label as value_label
from labkit.report.remedies import NONE, REMEDIES, Remedies, dose_label
from labkit.report.sentence import number, percent
from labkit.report.tables import capital
from labkit.report.theme import OKABE_ITO, SEQUENTIAL, figure, small_multiples

SET_COLOURS = {"train": OKABE_ITO[0], "validation": OKABE_ITO[1], "test": OKABE_ITO[2]}
NARROWEST = 0.02
"""Colours of a heat map span at least this much of a score: less must not look like a lot."""

FEW_EPOCHS = 10
"""Up to this many epochs are marked one by one: a single epoch has no line."""

SET_STYLES = {"train": "-", "validation": "--", "test": "-."}


def curves(history: pd.DataFrame, *, loss: str, accuracy: str) -> Figure:
    """Loss and accuracy by epoch, a line for each set that was watched.

    Parameters
    ----------
    history : DataFrame
        ``epoch``, ``<set>_loss`` and ``<set>_accuracy``, one model.
    loss, accuracy : str
        Labels of the two axes.
    """
    fig, axes = figure(1, 2, height=3.1)
    for axis, quantity, label in zip(axes, ["loss", "accuracy"], [loss, accuracy], strict=True):
        for name in _sets(history, quantity):
            axis.plot(
                history["epoch"],
                history[f"{name}_{quantity}"],
                SET_STYLES[name],
                marker="o" if len(history) <= FEW_EPOCHS else None,
                markersize=4,
                color=SET_COLOURS[name],
                label=name,
            )
        axis.set(xlabel="epoch", ylabel=label, title=f"{capital(label)} by epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes[0].legend()
    return fig


def annotated_curves(
    history: pd.DataFrame,
    verdict: Verdict,
    *,
    loss: str,
    held_out: str = "validation",
    title: str = "How to read a pair of curves",
) -> Figure:
    """A pair of loss curves with what one reads off them: where they fall, turn, and how they part.

    Parameters
    ----------
    history : DataFrame
        ``epoch``, ``train_loss`` and ``<held_out>_loss``, one model.
    verdict : Verdict
        What `labkit.nets.diagnostics.diagnose` says of them.
    loss, title : str
        Label of the vertical axis, and what stands above.
    """
    fig, axis = figure(height=3.6)
    sets = ("train", held_out)
    for name in sets:
        axis.plot(
            history["epoch"], history[f"{name}_loss"], SET_STYLES[name], color=SET_COLOURS[name],
            marker="o" if len(history) <= FEW_EPOCHS else None, markersize=4, label=name,
        )  # fmt: skip
    axis.set(xlabel="epoch", ylabel=loss, title=title)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    first, last = history["epoch"].iloc[[0, -1]]
    low, high = axis.get_ylim()
    axis.set_ylim(low, high + 0.28 * (high - low))
    best = verdict.best_epoch
    axis.plot(best, verdict.best_held_out_loss, "o", ms=9, mfc="none", color="black", zorder=4)
    axis.axvline(best, color="#666666", ls=":", lw=1)
    sides = [(first, best, f"the {held_out} loss\nstill comes down:\nless training underfits")]
    if best < last:
        sides.append((best, last, _after_the_best(verdict, held_out)))
        axis.axvspan(best, last, color=SET_COLOURS[held_out], alpha=0.07, lw=0)
    for start, end, words in sides:
        if end - start >= (last - first) / 8:
            axis.text((start + end) / 2, 0.97, words, va="top", ha="center", fontsize=8.5,
                      transform=axis.get_xaxis_transform())  # fmt: skip
    on_the_left = best < (first + last) / 2
    axis.annotate(
        f"lowest at epoch {best}", (best, verdict.best_held_out_loss), fontsize=8.5,
        xytext=(10 if on_the_left else -10, 10), textcoords="offset points",
        ha="left" if on_the_left else "right",
    )  # fmt: skip
    room = (last - first or 1) * 0.025
    losses = verdict.train_loss, verdict.held_out_loss
    ends = [(last + room, own) for own in losses]
    arrow = {"arrowstyle": "<->", "shrinkA": 0, "shrinkB": 0, "color": "black"}
    axis.annotate("", *ends, arrowprops=arrow)
    # Each word stands on the far side of its line, so that lines may lie close; a gap needs room.
    order = ("top", "bottom") if losses[0] < losses[1] else ("bottom", "top")
    sides = dict(zip(sets, order, strict=True))
    words = [(name, SET_COLOURS[name], own) for name, own in zip(sets, losses, strict=True)]
    if abs(losses[1] - losses[0]) > (high - low) / 8:
        words.append(("gap", "black", sum(losses) / 2))
    for name, colour, height in words:
        axis.annotate(
            name, (last + room, height), color=colour, fontsize=8.5, xytext=(6, 0),
            textcoords="offset points", va=sides.get(name, "center"), annotation_clip=False,
        )  # fmt: skip
    axis.set_xlim(right=last + 2 * room)
    return fig


def _after_the_best(verdict: Verdict, held_out: str) -> str:
    if verdict.fit == "overfits":
        return "the training loss falls on,\nwhat it learns now\nno longer carries over"
    return f"the {held_out} loss\ngains nothing more"


def _sets(history: pd.DataFrame, quantity: str) -> list[str]:
    return [name for name in SET_COLOURS if f"{name}_{quantity}" in history]


def curves_by_group(
    history: pd.DataFrame, group: str, *, quantity: str = "loss", label: str
) -> Figure:
    """Small multiples of train and held-out curves, the mean over seeds with their range.

    Both end where the first seed stops: a mean over those that go on would jump. From there on each
    of these has a thin line of its own.

    Parameters
    ----------
    history : DataFrame
        ``seed``, ``epoch``, ``<set>_<quantity>`` and the column ``group``; several seeds below each
        other.
    group : str
        A panel for each of its values, in order of appearance.
    quantity : {"loss", "accuracy"}
    label : str
        Of the vertical axis.
    """
    names = list(history[group].unique())
    fig, panels = small_multiples(len(names), 3, height=2.1)
    sets = _sets(history, quantity)
    for axis, name in zip(panels, names, strict=True):
        own = history[history[group] == name]
        shared = own.groupby("seed")["epoch"].max().min()
        by_epoch = own[own["epoch"] <= shared].groupby("epoch")
        later = own[own["epoch"] >= shared].groupby("seed")
        survivors = [run for _, run in later if len(run) > 1]
        for s in sets:
            for run in survivors:
                axis.plot(
                    run["epoch"], run[f"{s}_{quantity}"], SET_STYLES[s], color=SET_COLOURS[s],
                    lw=0.7, alpha=0.6,
                )  # fmt: skip
            values = by_epoch[f"{s}_{quantity}"]
            mean = values.mean()
            axis.plot(mean.index, mean, SET_STYLES[s], color=SET_COLOURS[s], label=s)
            axis.fill_between(
                mean.index, values.min(), values.max(), color=SET_COLOURS[s], alpha=0.15, lw=0
            )
        axis.set_title(name)
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    for axis in panels[-3:]:
        axis.set_xlabel("epoch")
    for axis in panels[::3]:
        axis.set_ylabel(label)
    _limit_to_held_out(panels[0], history, sets, quantity)
    panels[0].legend()
    return fig


def _limit_to_held_out(axis, history: pd.DataFrame, sets: list[str], quantity: str) -> None:
    """Keep a first epoch or one bad seed from flattening all the other curves."""
    values = history[[f"{s}_{quantity}" for s in sets]].to_numpy(float)
    values = values[np.isfinite(values)]
    low, high = values.min(), values.max()
    if quantity == "loss":
        high = np.quantile(values, 0.99)
    else:
        low = np.quantile(values, 0.01)
    margin = 0.05 * (high - low) or 0.01
    axis.set_ylim(low - margin, high + margin)


def grid_heatmaps(candidates: pd.DataFrame, score: str) -> Figure:
    """Best score for each pair of values: optimizer × learning rate, layers × the two others.

    ``candidates`` is the table of `labkit.report.grids.candidates_of`; ``score`` labels the
    colours. A pair without a score is left blank.
    """
    table = candidates.assign(hidden=candidates["hidden_sizes"].map(value_label))
    pairs = [
        ("optimizer", "learning_rate", "optimizer", "learning rate"),
        ("hidden", "learning_rate", "hidden units", "learning rate"),
        ("hidden", "epochs", "hidden units", "epochs"),
        ("optimizer", "batch_size", "optimizer", "batch size"),
    ]
    grids = [
        table.pivot_table(
            index=row, columns=column, values="mean_test_score", aggfunc="max", sort=False
        ).sort_index(axis=1)
        for row, column, *_ in pairs
    ]
    fig, axes = figure(2, 2, height=5.0)
    shown = np.concatenate([grid.to_numpy(float).ravel() for grid in grids])
    # One hopeless corner must not take all the colours from the rest.
    low, high = np.nanquantile(shown, 0.05), np.nanmax(shown)
    low = min(low, high - NARROWEST)
    for axis, grid, (*_, row_label, column_label) in zip(axes.flat, grids, pairs, strict=True):
        image = axis.imshow(grid, cmap=SEQUENTIAL, vmin=low, vmax=high, aspect="auto")
        crowded = grid.shape[1] > 4
        axis.set_xticks(
            range(grid.shape[1]), [number(v, "g") for v in grid.columns],
            rotation=30 if crowded else 0, ha="right" if crowded else "center",
        )  # fmt: skip
        axis.set_yticks(range(grid.shape[0]), grid.index)
        axis.set(xlabel=column_label, ylabel=row_label)
        axis.grid(False)
        for (i, j), value in np.ndenumerate(grid.to_numpy(float)):
            if np.isnan(value):
                continue
            dark = (value - low) / max(high - low, 1e-12) < 0.6
            axis.text(
                j, i, number(value, ".3f"), ha="center", va="center", fontsize=8,
                color="white" if dark else "black",
            )  # fmt: skip
    fig.colorbar(image, ax=axes, label=score, shrink=0.7)
    return fig


def axis_effects(effects: pd.DataFrame, score: str) -> Figure:
    """Best and median score of the candidates that share a value, axis by axis; numbers in order.

    ``effects`` is the table of `labkit.report.grids.axis_effects`.
    """
    names = list(effects["axis"].unique())
    fig, (axes,) = figure(1, len(names), height=2.9, sharey=True, squeeze=False)
    for axis, name in zip(axes, names, strict=True):
        own = _in_order(effects[effects["axis"] == name])
        positions = range(len(own))
        axis.vlines(positions, own["median"], own["best"], color="#bbbbbb", lw=2)
        axis.plot(positions, own["median"], "s", color=OKABE_ITO[5], label="median")
        axis.plot(positions, own["best"], "o", color=OKABE_ITO[0], label="best")
        axis.set_xticks(positions, own["value"], rotation=45, ha="right")
        axis.set_xlim(-0.6, len(own) - 0.4)
        axis.set_title(name.replace("_", " "), fontsize=9)
    axes[0].set_ylabel(score)
    axes[0].set_ylim(bottom=max(effects["median"].min(), effects["best"].max() - 0.6) - 0.02)
    fig.legend(*axes[-1].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return fig


def search_against_fresh(found: Confirmation, score: str) -> Figure:
    """Each finalist's score in the search and on fresh folds, beside the line of no change.

    ``score`` labels both axes, in front of the folds.
    """
    fig, axis = figure(height=3.8)
    rest = found.finalists.drop(
        index=[own.name for own in (found.chosen, found.winner, found.first)]
    )
    axis.plot(rest["search"], rest["fresh"], "o", color=OKABE_ITO[5], label="others of the best")
    marks = {
        "the search's winner": (found.winner, "s", OKABE_ITO[1], 9),
        "the choice": (found.chosen, "D", OKABE_ITO[0], 7),
        "the first model": (found.first, "^", OKABE_ITO[2], 7),
    }
    for name, (own, marker, colour, size) in marks.items():
        axis.plot(own["search"], own["fresh"], marker, color=colour, ms=size, label=name)
    scores = found.finalists[["search", "fresh"]].to_numpy()
    ends = [scores.min(), scores.max()]
    axis.plot(ends, ends, "--", color="#888888", lw=1, zorder=1, label="no change")
    axis.set(
        xlabel=f"{score}, folds of the search",
        ylabel=f"{score}, fresh folds",
        title="What is left of the scores of the search",
    )
    axis.legend()
    return fig


def _in_order(effects: pd.DataFrame) -> pd.DataFrame:
    """Values that are numbers, by size; names as they stand."""
    numbers = pd.to_numeric(effects["value"], errors="coerce")
    return effects if numbers.hasnans else effects.loc[numbers.sort_values().index]


def train_against_held_out(panels: Mapping[str, pd.DataFrame], group: str) -> Figure:
    """Each group's train and validation score, seed by seed: the gap is the overfitting.

    Parameters
    ----------
    panels : mapping of str to DataFrame
        Label of the horizontal axis to a table of ``group``, ``train_score`` and
        ``validation_score``, a row a seed.
    group : str
        A line for each of its values, the same in every panel, in order of appearance.
    """
    names = list(next(iter(panels.values()))[group].unique())
    height = 0.42 * len(names) + 1.3
    fig, (axes,) = figure(1, len(panels), height=height, sharey=True, squeeze=False)
    for axis, (label, scores) in zip(axes, panels.items(), strict=True):
        for i, name in enumerate(names):
            own = scores[scores[group] == name]
            means = [own[f"{s}_score"].mean() for s in ("train", "validation")]
            axis.plot(means, [i, i], color="#bbbbbb", lw=2, zorder=1)
            for s, marker in (("train", "o"), ("validation", "D")):
                values, colour = own[f"{s}_score"], SET_COLOURS[s]
                axis.plot(values, [i] * len(values), marker, color=colour, ms=4, alpha=0.35)
                axis.plot(values.mean(), i, marker, color=colour, ms=7, label=None if i else s)
        axis.set_xlabel(label)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return fig


def doses(remedies: Remedies, label: str) -> Figure:
    """Train and validation loss at growing doses of each remedy that has several.

    Lines are means over seeds and bands their range; a dotted line is the validation loss with no
    remedy, and a large mark the dose that was chosen.
    """
    scores = remedies.scores
    several = [own.remedy for own in remedies.chosen if len(REMEDIES[own.remedy]) > 1]
    fig, (axes,) = figure(1, len(several), height=3.0, sharey=True, squeeze=False)
    plain = scores.loc[scores["regularization"] == NONE, "validation_loss"].mean()
    for axis, remedy in zip(axes, several, strict=True):
        by_dose = scores[scores["regularization"] == remedy].groupby("dose")
        for s in ("train", "validation"):
            values = by_dose[f"{s}_loss"]
            mean, colour = values.mean(), SET_COLOURS[s]
            axis.plot(mean.index, mean, SET_STYLES[s], marker="o", color=colour, label=s)
            axis.fill_between(
                mean.index, values.min(), values.max(), color=colour, alpha=0.15, lw=0
            )
        dose = remedies.doses[remedy]
        axis.plot(dose, by_dose["validation_loss"].mean()[dose], "D", ms=9, color=colour)
        axis.axhline(plain, color="#666666", ls=":", lw=1)
        # Two numbers of one dose stand one below the other, so that neighbours do not touch.
        shown = [dose_label(changes).replace(", ", "\n") for changes in REMEDIES[remedy]]
        axis.set_xticks(range(len(shown)), shown, fontsize=7)
        axis.set(xlabel="dose", title=capital(remedy))
    axes[0].set_ylabel(label)
    axes[0].legend()
    return fig


def gains(panels: Mapping[str, pd.DataFrame], group: str, dodge: str | None = None) -> Figure:
    """What each group gains, a dot with its interval; left of the dashed line it loses.

    Parameters
    ----------
    panels : mapping of str to DataFrame
        Label of the horizontal axis to a table of ``group``, ``gain``, ``low``, ``high``.
    group : str
        A line for each of its values, in order of appearance.
    dodge : str, optional
        A share by which a group has several dots, one below the other, such as a strength.
    """
    names = list(next(iter(panels.values()))[group].unique())
    shares = [None] if dodge is None else sorted(next(iter(panels.values()))[dodge].unique())
    height = 0.42 * len(names) * max(1, len(shares) / 2) + 1.1
    fig, (axes,) = figure(1, len(panels), height=height, sharey=True, squeeze=False)
    for axis, (label, table) in zip(axes, panels.items(), strict=True):
        axis.axvline(0, color="#666666", ls="--", lw=1)
        for k, share in enumerate(shares):
            own = table if share is None else table[table[dodge] == share]
            place = own[group].map(names.index) + (k + 0.5) / len(shares) * 0.7 - 0.35
            axis.hlines(place, own["low"], own["high"], color=OKABE_ITO[k], lw=2)
            name = None if share is None else percent(share, 0)
            axis.plot(own["gain"], place, "osD^v"[k % 5], color=OKABE_ITO[k], ms=5, label=name)
        axis.set_xlabel(label)
    axes[0].set_yticks(range(len(names)), names)
    axes[0].set_ylim(len(names) - 0.5, -0.5)
    if dodge is not None:
        dots, shown = axes[0].get_legend_handles_labels()
        fig.legend(dots, shown, title=dodge, loc="outside lower center", ncols=len(shown))
    return fig
