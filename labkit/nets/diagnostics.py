"""Training curves → verdicts: does the model fit, has it converged, is it stable?

The rules are few and stated, so that a sentence in the book can be traced to them. Each loss is
read as a share of what a constant prediction loses on the same set, so that a wild year and a calm
one can be compared. All changes are measured in one unit: how far the curves come below 1, that
is, everything there was to learn.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

RISE = 0.03
"""The held-out loss has turned when it ends this far above its minimum."""

GAP = 0.25
"""Train and held-out loss have parted when they end this much further apart than their sets do."""

SETS_DIFFER = 0.2
"""How the sets differ is read off the first epoch, and no more than this is put down to them.

A gap that is wider from the start has opened within the first epoch.
"""

IMPROVEMENT = 0.03
"""A model still improves when the last quarter of the epochs lowered a loss of its by this."""

NOISE = 0.01
"""Curves are noisy when the held-out loss goes up and down by more than this, on average."""

LEARNED = 0.01
"""A model has learned something when its loss is below the constant's by this share."""

TAIL = 0.25
"""The last part of the epochs, over which improvement and noise are judged."""

TURN_NOISE = 5.0
"""A turn of the held-out loss is more than chance when it exceeds this many times its noise."""

UNKNOWN = "not known"
"""What too few epochs say."""


@dataclass(frozen=True)
class Verdict:
    """What a pair of curves says, and the figures that say it.

    Attributes
    ----------
    fit : {"underfits", "fits", "overfits", "not known"}
    convergence : {"converged", "still improving", "diverged", "not known"}
    stability : {"stable", "noisy", "not known"}
    best_epoch : int
        Where the held-out loss is lowest.
    epochs : int
    train_loss, held_out_loss, best_held_out_loss : float
        At the last epoch, and at the best.
    rise, gap, improvement, train_improvement, noise : float
        In units of what there was to learn; compared with `RISE`, `GAP`, `IMPROVEMENT` (of the
        held-out and of the training loss) and `NOISE`; ``nan`` where a loss is not finite, and
        where the epochs are too few for them.
    descended_again : bool
        Whether the held-out loss had turned up, and then came below its earlier lowest to stay.
    """

    fit: str
    convergence: str
    stability: str
    best_epoch: int
    epochs: int
    train_loss: float
    held_out_loss: float
    best_held_out_loss: float
    rise: float
    gap: float
    improvement: float
    train_improvement: float
    noise: float
    descended_again: bool


def diagnose(
    curves: pd.DataFrame, constant: Mapping[str, float], held_out: str = "validation"
) -> Verdict:
    """Read a training history.

    Parameters
    ----------
    curves : DataFrame
        Columns ``epoch``, ``train_loss`` and ``<held_out>_loss``; a row per epoch.
    constant : mapping or Series
        Set (``train`` and ``held_out``) → loss of the best constant prediction on it: the variance
        for the mean squared error, the entropy of the class shares for cross-entropy.
    held_out : str
        The set whose loss is read beside the training loss.

    Notes
    -----
    *diverged*: a loss is not finite, or the training loss ends above the constant's and above
    where it has been. *still improving*: the held-out or the training loss does, see `IMPROVEMENT`;
    else *converged*. One epoch tells neither.
    *overfits*: the held-out loss has turned up and the training loss has not gone with it
    (`RISE`), or the two have parted (`GAP`, `SETS_DIFFER`), unless the held-out loss descended
    again after a turn and is at its best at the end. *underfits*: neither, and the held-out loss
    still improves, has risen together with the training loss, or shows nothing learned (`LEARNED`).
    *noisy*: see `NOISE`; fewer than three epochs do not tell.
    From ten epochs on, rise, gap and improvement are read off running medians of three epochs,
    from twenty on of five: the last epoch may be a bad one by chance.

    Raises
    ------
    ValueError
        When there are no epochs.
    """
    if curves.empty:
        raise ValueError("there are no epochs to read")
    losses = {s: curves[f"{s}_loss"].to_numpy(float) for s in ("train", held_out)}
    raw_train, raw_test = (loss / constant[s] for s, loss in losses.items())
    if not (np.isfinite(raw_train).all() and np.isfinite(raw_test).all()):
        return _diverged(curves, losses["train"], losses[held_out])
    train, test = _smooth(raw_train), _smooth(raw_test)
    n, lowest = len(test), int(test.argmin())
    tail = max(1, round(TAIL * n))
    lowest_loss = min(test.min(), train.min())
    unit, differ = 1 - lowest_loss, SETS_DIFFER
    if unit <= LEARNED:  # A slow start: not yet better than a constant. It may be on its way.
        unit, differ = max(test.max() - lowest_loss, LEARNED), np.inf
    rise = (test[-1] - test[lowest]) / unit
    train_rise = max(0.0, train[-1] - train[lowest]) / unit
    at_first = max(0.0, raw_test[0] - raw_train[0]) / unit
    gap = (test[-1] - train[-1]) / unit - min(at_first, differ)
    improvement, train_improvement = (_late_improvement(own, tail) / unit for own in (test, train))
    noise = _zigzag(raw_test[-(max(tail, 5) + 2) :]) / unit
    turn = _turn(test[: lowest + 1], train[: lowest + 1]) / unit
    descended_again = rise <= RISE and turn > RISE + TURN_NOISE * _zigzag(raw_test) / unit
    learned = 1 - test.min() > LEARNED
    if train[-1] > max(1.0, train.min()) + LEARNED:
        convergence = "diverged"
    elif n == 1:
        convergence = UNKNOWN
    else:
        improves = max(improvement, train_improvement) > IMPROVEMENT
        convergence = "still improving" if improves else "converged"
    parted = gap > GAP and not descended_again
    if convergence != "diverged" and (rise - train_rise > RISE or parted):
        fit = "overfits"
    elif convergence == UNKNOWN and learned:
        fit = UNKNOWN
    elif convergence != "diverged" and learned and improvement <= IMPROVEMENT and rise <= RISE:
        fit = "fits"
    else:
        fit = "underfits"
    best = int(raw_test.argmin())
    return Verdict(
        fit=fit,
        convergence=convergence,
        stability=UNKNOWN if n < 3 else "noisy" if noise > NOISE else "stable",
        best_epoch=int(curves["epoch"].iloc[best]),
        epochs=int(curves["epoch"].iloc[-1]),
        train_loss=float(losses["train"][-1]),
        held_out_loss=float(losses[held_out][-1]),
        best_held_out_loss=float(losses[held_out][best]),
        rise=float(rise),
        gap=float(gap),
        improvement=float(improvement),
        train_improvement=float(train_improvement),
        noise=float(noise),
        descended_again=bool(descended_again),
    )


def _smooth(loss: np.ndarray) -> np.ndarray:
    """Running medians: of one epoch below ten epochs, of three below twenty, then of five."""
    window = min(5, 1 + 2 * (len(loss) // 10))
    return pd.Series(loss).rolling(window, center=True, min_periods=1).median().to_numpy()


def _late_improvement(loss: np.ndarray, tail: int) -> float:
    """How far the last ``tail`` epochs came below all before; ``nan`` where there are none."""
    if len(loss) <= tail:
        return float("nan")
    return float(max(0.0, loss[:-tail].min() - loss.min()))


def _turn(test: np.ndarray, train: np.ndarray) -> float:
    """How far the held-out loss rose above where it had been, at most, and training's did not."""
    lowest = np.array([int(test[: i + 1].argmin()) for i in range(len(test))])
    return float((test - test[lowest] - np.maximum(0, train - train[lowest])).max())


def _zigzag(loss: np.ndarray) -> float:
    """How far a curve goes up and down: at each turn the smaller of the two steps, on average.

    A smooth curve has no more than one turn, however steep or bent it is.
    """
    if len(loss) < 3:
        return 0.0
    steps = np.diff(loss)
    turns = steps[1:] * steps[:-1] < 0
    return float(np.mean(np.where(turns, np.minimum(abs(steps[1:]), abs(steps[:-1])), 0)))


def _diverged(curves: pd.DataFrame, train: np.ndarray, test: np.ndarray) -> Verdict:
    finite = np.where(np.isfinite(test), test, np.inf)
    best = int(finite.argmin())
    nan = float("nan")
    return Verdict(
        fit="underfits",
        convergence="diverged",
        stability="noisy",
        best_epoch=int(curves["epoch"].iloc[best]),
        epochs=int(curves["epoch"].iloc[-1]),
        train_loss=float(train[-1]),
        held_out_loss=float(test[-1]),
        best_held_out_loss=float(finite[best]),
        rise=nan,
        gap=nan,
        improvement=nan,
        train_improvement=nan,
        noise=nan,
        descended_again=False,
    )
