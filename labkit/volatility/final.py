"""The final table of the volatility study: the only study that opens the test year."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import r2_score

from labkit.nets.diagnostics import Verdict
from labkit.nets.ensembles import curves, outputs
from labkit.nets.stacked import Trained
from labkit.report.alarms import check_relatives
from labkit.report.curves import verdicts_of_models
from labkit.report.facts import Facts
from labkit.report.intervals import Interval, block_bootstrap
from labkit.report.models import BASELINE, MLP, Model, best, simpler_relatives
from labkit.report.results import study
from labkit.volatility.ceiling import ceiling, check_ceiling, highest_r2
from labkit.volatility.contenders import AVERAGED, RECIPE_MODEL, baselines, mlps
from labkit.volatility.data import NYSE
from labkit.volatility.grid import grid
from labkit.volatility.panel import Panel
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import RECIPE, tuned
from labkit.volatility.regularization import regularization
from labkit.volatility.scores import regression_scores
from labkit.volatility.stocks import (
    PanelTensors,
    Stocks,
    constant_losses,
    stocks,
    tensors,
    train_on,
)

BLOCK_DAYS = 22
"""Trading days in a block of the bootstrap: a month."""

Forecasts = dict[Model, dict[str, np.ndarray]]
"""Log volatility by model and set, each ``(rows,)``."""


@dataclass(frozen=True)
class Margin:
    """Test R² of the best network less that of another model."""

    against: str
    gain: Interval


@dataclass(frozen=True, kw_only=True)
class Final(Facts):
    """Every model on train, validation and, for the first and only time, test.

    Attributes
    ----------
    scores : DataFrame
        ``model, kind, stage, set`` and the scores.
    differences : DataFrame
        Test R² of each MLP less that of every other model, with 95 % intervals from blocks of days.
    by_sector, by_year : DataFrame
        R² of each model by sector of the test year, and by year and set.
    predictions : DataFrame
        Realised and forecast log volatility of a few symbols over the test year, a column a model.
    curves : DataFrame
        Losses and accuracies by epoch of the MLPs, test included.
    constant : DataFrame
        The loss of the constant forecast on each set, in one row.
    verdicts : dict of str to Verdict
        What the curves say on validation, by stage.
    members : dict of str to tuple of str
        Networks behind each ensemble, by its stage.
    names : dict of str to str
        Stage to name of each model.
    test_r2 : dict of str to float
        Stage to R² on the test year.
    best, rival : str
        Stage of the MLP, and of the other learner, that is best on validation.
    others : tuple of str
        Stages of all models that are no MLP, by their test R², lowest first.
    margins : tuple of Margin
        The best MLP against every model that is none.
    """

    scores: pd.DataFrame
    differences: pd.DataFrame
    by_sector: pd.DataFrame
    by_year: pd.DataFrame
    predictions: pd.DataFrame
    curves: pd.DataFrame
    constant: pd.DataFrame
    verdicts: dict[str, Verdict]
    members: dict[str, tuple[str, ...]]
    names: dict[str, str]
    test_r2: dict[str, float]
    best: str
    rival: str
    others: tuple[str, ...]
    margins: tuple[Margin, ...]


@study("regression-final")
def final(data: NYSE, profile: Profile) -> Final:
    """Fit every model on the training years and score it on all three sets.

    Raises
    ------
    Alarm
        When a result is too good to be honest, or an opponent too bad.
    """
    own = stocks(data, profile.study_symbols)
    panels = {"train": own.train, "validation": own.validation, "test": own.open_test()}
    sets = tensors(own, panels)
    stages = mlps(tuned(grid(data, profile)), regularization(data, profile).chosen, profile.epochs)
    seeds = range(profile.seed, profile.seed + profile.n_seeds)
    cases = [(model, mlp, profile.seed) for model, mlp in stages.items()]
    cases += [(AVERAGED, RECIPE, seed) for seed in seeds if seed != profile.seed]
    networks = [clone(mlp).set_params(random_state=seed) for _, mlp, seed in cases]
    trained = train_on(sets, networks, watched=True)
    by_model = {model: t for (model, *_), t in zip(cases, trained, strict=True)}
    members = {
        f"{RECIPE_MODEL.name}, seed {seed}": t
        for (model, _, seed), t in zip(cases, trained, strict=True)
        if model in (RECIPE_MODEL, AVERAGED)
    }
    forecasts = baseline_forecasts(panels)
    forecasts |= {model: _mean_forecast([by_model[model]], own, sets) for model in stages}
    forecasts[AVERAGED] = _mean_forecast(list(members.values()), own, sets)
    history = curves([by_model[model] for model in stages], **_columns(stages))
    constant = constant_losses(sets)
    scores = _score_table(forecasts, panels)
    raise_alarms(scores, panels, ceiling(data, profile).noise_variance)
    differences = _differences(forecasts, panels["test"], profile)
    return Final(
        profile=profile.name,
        by_sector=_by_sector(forecasts, panels["test"], own.sectors),
        by_year=_by_year(forecasts, panels),
        predictions=_predictions(forecasts, panels["test"]),
        curves=history,
        constant=constant,
        verdicts=verdicts_of_models(history, constant, "validation"),
        members={AVERAGED.stage: tuple(members)},
        **weighed(scores, differences),
    )


def raise_alarms(scores: pd.DataFrame, panels: Mapping[str, Panel], noise_variance: float) -> None:
    """Stop where a result is too good to be honest, or an opponent too bad.

    Raises
    ------
    Alarm
        Which, against what limit, and why.
    """
    r2 = scores.pivot(index="model", columns="set", values="r2")
    for name in ("validation", "test"):
        check_ceiling(r2[name].max(), highest_r2(panels[name].y, noise_variance))
    others = baselines()
    check_relatives({m: r2.loc[m.name, "train"] for m in others}, simpler_relatives(others))


def baseline_forecasts(panels: Mapping[str, Panel]) -> Forecasts:
    """Forecasts of the `baselines` on every set, fitted on ``train``."""
    forecasts = {}
    for model, (estimator, features) in baselines().items():
        estimator.fit(panels["train"].X[features], panels["train"].y)
        forecasts[model] = {s: estimator.predict(p.X[features]) for s, p in panels.items()}
    return forecasts


def weighed(scores: pd.DataFrame, differences: pd.DataFrame) -> dict:
    """What the scores say, by the names of the fields of `Final`, with both tables."""
    test = scores[scores["set"] == "test"]
    r2 = test.set_index("stage")["r2"]
    validation = scores[scores["set"] == "validation"]
    chosen = best(validation, "r2")
    own = differences[differences["model"] == chosen.name]
    others = test[test["kind"] != MLP].sort_values("r2")
    return {
        "scores": scores,
        "differences": differences,
        "names": test.set_index("stage")["model"].to_dict(),
        "test_r2": r2.to_dict(),
        "best": chosen.stage,
        "rival": best(validation, "r2", BASELINE).stage,
        "others": tuple(others["stage"]),
        "margins": tuple(
            Margin(row.baseline, Interval(row.difference, row.low, row.high))
            for row in own.itertuples()
        ),
    }


def _columns(models) -> dict[str, list[str]]:
    """The columns that name models, for tables with a row or more for each."""
    rows = [model.row for model in models]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _mean_forecast(
    trained: list[Trained], own: Stocks, sets: Mapping[str, PanelTensors]
) -> dict[str, np.ndarray]:
    """Log volatility forecast for each set, the mean over networks."""
    return {
        name: own.to_log_vol(np.mean([outputs(t.model, s.X)[:, 0] for t in trained], axis=0))
        for name, s in sets.items()
    }


def _score_table(forecasts: Forecasts, panels: Mapping[str, Panel]) -> pd.DataFrame:
    rows = []
    for model, by_set in forecasts.items():
        for name, predicted in by_set.items():
            panel = panels[name]
            today = panel.X["log_vol_1"].to_numpy()
            scores = regression_scores(panel.y.to_numpy(), predicted, today)
            rows.append({**model.row, "set": name, **scores})
    return pd.DataFrame(rows)


def _differences(forecasts: Forecasts, test: Panel, profile: Profile) -> pd.DataFrame:
    """Test R² of the MLPs less that of the others, with bootstrap intervals over days."""
    y = test.y.to_numpy()
    squares = (y - y.mean()) ** 2
    rows = []
    for model in (m for m in forecasts if m.kind == MLP):
        for other in (m for m in forecasts if m.kind != MLP):
            a, b = forecasts[model]["test"], forecasts[other]["test"]
            gain = block_bootstrap(
                (y - b) ** 2 - (y - a) ** 2,
                squares,
                test.index["date"],
                block=BLOCK_DAYS,
                resamples=profile.bootstrap,
                seed=profile.seed,
            )
            rows.append(
                {
                    "model": model.name,
                    "baseline": other.name,
                    "difference": gain.value,
                    "low": gain.low,
                    "high": gain.high,
                }
            )
    return pd.DataFrame(rows)


def _by_sector(forecasts: Forecasts, test: Panel, sectors: pd.Series) -> pd.DataFrame:
    """Test R² by sector and model; stocks whose sector is not known are "unknown"."""
    sector = test.index["symbol"].map(sectors).astype(object).fillna("unknown").to_numpy()
    y = test.y.to_numpy()
    rows = []
    for name in np.unique(sector):
        inside = sector == name
        for model, by_set in forecasts.items():
            r2 = r2_score(y[inside], by_set["test"][inside])
            rows.append({"sector": name, "model": model.name, "r2": r2, "rows": int(inside.sum())})
    return pd.DataFrame(rows)


def _by_year(forecasts: Forecasts, panels: Mapping[str, Panel]) -> pd.DataFrame:
    """R² by calendar year and model, around the year's own mean."""
    rows = []
    for s, panel in panels.items():
        y, years = panel.y.to_numpy(), panel.index["date"].dt.year.to_numpy()
        for year in np.unique(years):
            inside = years == year
            for model, by_set in forecasts.items():
                r2 = r2_score(y[inside], by_set[s][inside])
                rows.append({"year": year, "set": s, "model": model.name, "r2": r2})
    return pd.DataFrame(rows)


def _predictions(forecasts: Forecasts, test: Panel, n_symbols: int = 3) -> pd.DataFrame:
    """Realised and forecast log volatility of a few symbols over the test year."""
    symbols = np.sort(test.index["symbol"].unique())
    chosen = symbols[np.linspace(0, len(symbols) - 1, n_symbols).round().astype(int)]
    rows = test.index["symbol"].isin(chosen).to_numpy()
    return test.index[rows].assign(
        realised=test.y[rows].to_numpy(),
        **{model.name: by_set["test"][rows] for model, by_set in forecasts.items()},
    )
