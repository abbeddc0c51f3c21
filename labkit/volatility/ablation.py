"""What each part of the recipe for volatility is worth."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.base import clone

from labkit.nets.ensembles import outputs
from labkit.report.ablations import WHOLE, Ablation, weighed
from labkit.report.intervals import Interval, block_bootstrap
from labkit.report.results import study
from labkit.volatility.data import NYSE
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import PARTS, RECIPE
from labkit.volatility.stocks import development_tensors, r2_of, r2_scores, stocks, train_on

AVERAGED = "nothing, seeds averaged"


@study("regression-ablation")
def ablation(data: NYSE, profile: Profile) -> Ablation:
    """The recipe without one of its parts at a time: validation R², over several seeds.

    Intervals are over resampled days of the validation year and seeds. ``scores`` has the train and
    validation R² by ``left_out`` and ``seed``; `AVERAGED` is the mean of the whole recipe's
    forecasts.
    """
    rows_of = stocks(data, profile.search_symbols)
    sets = development_tensors(rows_of)
    variants = {WHOLE: {}, **PARTS}
    cases = [
        (part, clone(RECIPE).set_params(**changes, random_state=seed))
        for part, changes in variants.items()
        for seed in range(profile.seed, profile.seed + profile.n_seeds)
    ]
    trained = train_on(sets, [mlp for _, mlp in cases], watched=False)
    rows = [
        {"left_out": part, "seed": mlp.random_state, **r2_scores(t.model, sets)}
        for (part, mlp), t in zip(cases, trained, strict=True)
    ]
    whole = [t for (part, _), t in zip(cases, trained, strict=True) if part == WHOLE]
    averaged = {"left_out": AVERAGED, "seed": profile.seed}
    for name, own in sets.items():
        mean = np.mean([outputs(t.model, own.X) for t in whole], axis=0)
        averaged[f"{name}_r2"] = r2_of(mean, own)
    scores = pd.DataFrame([*rows, averaged])
    forecasts = {
        part: np.stack([
            outputs(t.model, sets["validation"].X)[:, 0]
            for (own, _), t in zip(cases, trained, strict=True)
            if own == part
        ])
        for part in variants
    }  # fmt: skip
    forecasts[AVERAGED] = forecasts[WHOLE].mean(axis=0, keepdims=True)
    differences = _differences(
        forecasts, sets["validation"].y.numpy()[:, 0], rows_of.validation.index["date"], profile
    )
    return Ablation(profile=profile.name, **weighed(scores, "validation_r2", differences, AVERAGED))


def _differences(
    forecasts: Mapping[str, np.ndarray], y: np.ndarray, dates: pd.Series, profile: Profile
) -> dict[str, Interval]:
    """R² of each variant less that of the whole, over resampled days and seeds.

    Parameters
    ----------
    forecasts : mapping of str to array, shape (seeds, rows)
        By what is left out.
    y : array, shape (rows,)
    dates : Series, shape (rows,)
    profile : Profile
    """
    errors = {part: (own - y) ** 2 for part, own in forecasts.items()}
    return {
        part: block_bootstrap(
            errors[WHOLE] - own,
            (y - y.mean()) ** 2,
            dates,
            resamples=profile.bootstrap,
            seed=profile.seed,
        )
        for part, own in errors.items()
        if part != WHOLE
    }
