"""What each part of the recipe for failures is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from labkit.failures.data import Maintenance
from labkit.failures.machines import machines, repeated_folds
from labkit.failures.profile import Profile
from labkit.failures.recipe import recipe, without
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.stages import AVERAGED, codes, out_of_fold_stages
from labkit.report.ablations import WHOLE, Ablation, weighed
from labkit.report.intervals import Interval, drawn_repetitions
from labkit.report.results import study

MEMBERS = 3
"""Networks that the whole recipe averages here: enough to see what that is worth."""

REPEATS = 2
"""Drawings of the folds."""

RESAMPLES = 1000
"""Of the rows, behind each interval."""


@study("classification-ablation")
def ablation(data: Maintenance, profile: Profile) -> Ablation:
    """Macro-F1 without one part at a time, out-of-fold on the development rows.

    Intervals are over resampled rows and the drawings of the folds. ``scores`` has all scores by
    ``left_out`` and ``repeat``.
    """
    X, y = machines(data, profile.seed).development_rows()
    one = replace(recipe(profile), decides=False, n_members=1)
    stages = {WHOLE: replace(one, n_members=MEMBERS), **without(one)}
    folds = repeated_folds(X, y, profile, REPEATS)
    averaged = f"{WHOLE}, seeds averaged"
    scores, predicted = [], {}
    for (name, form, i), own in out_of_fold_stages(stages, X, y, folds).items():
        label = averaged if form == AVERAGED else name
        labels = most_probable(own)
        scores.append({"left_out": label, "repeat": i, **classification_scores(y, labels, own)})
        predicted.setdefault(label, []).append(codes(labels))
    differences = _differences(predicted, codes(y), profile.seed)
    found = weighed(pd.DataFrame(scores), "macro_f1", differences, averaged)
    return Ablation(profile=profile.name, **found)


def _differences(
    predicted: Mapping[str, Sequence[np.ndarray]], true: np.ndarray, seed: int
) -> dict[str, Interval]:
    """Macro-F1 of each variant less that of the whole, over resampled rows and repetitions.

    Parameters
    ----------
    predicted : mapping of str to sequence of arrays, each of shape (rows,)
        Class numbers by what is left out, for each repetition.
    true : array, shape (rows,)
    seed : int
    """
    random, n = np.random.default_rng(seed), len(true)
    times = random.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float32)
    times = np.concatenate([np.ones((1, n), np.float32), times])  # the rows themselves come first
    resampled = {
        part: np.stack([_macro_f1(times, true, own) for own in repeats], axis=1)
        for part, repeats in predicted.items()
    }
    found = {}
    for part, own in resampled.items():
        if part != WHOLE:
            gains = own - resampled[WHOLE]
            repeats = drawn_repetitions(gains.shape[1], RESAMPLES, random)
            low, high = np.percentile((gains[1:] * repeats).sum(axis=1), [2.5, 97.5])
            found[part] = Interval(float(gains[0].mean()), float(low), float(high))
    return found


def _macro_f1(times: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Macro-F1 on resamples, shape ``(resamples,)``; ``times`` ``(resamples, rows)`` are drawn."""
    indicators = np.eye(len(FAILURE_TYPES), dtype=np.float32)
    is_true, is_predicted = indicators[true], indicators[predicted]
    total = times @ is_true + times @ is_predicted
    hits = times @ (is_true * is_predicted)
    return np.mean(2 * hits / np.where(total > 0, total, 1), axis=1)
