"""What each part of the recipe for failures is worth."""

from dataclasses import replace

import pandas as pd

from labkit.failures.data import Maintenance
from labkit.failures.machines import machines, repeated_folds
from labkit.failures.profile import Profile
from labkit.failures.recipe import recipe, without
from labkit.failures.resampling import RowBootstrap
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.stages import AVERAGED, out_of_fold_stages
from labkit.report.ablations import WHOLE, Ablation, weighed
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
        own_scores = classification_scores(y, most_probable(own), own)
        scores.append({"left_out": label, "repeat": i, **own_scores})
        predicted.setdefault(label, []).append(own)
    bootstrap = RowBootstrap(y, REPEATS, RESAMPLES, profile.seed)
    f1 = {part: bootstrap.macro_f1(own) for part, own in predicted.items()}
    differences = {part: (own - f1[WHOLE]).interval for part, own in f1.items() if part != WHOLE}
    found = weighed(pd.DataFrame(scores), "macro_f1", differences, averaged)
    return Ablation(profile=profile.name, **found)
