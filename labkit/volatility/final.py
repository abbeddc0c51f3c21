"""The final table of the volatility study: it opens the test year, as `judging` does."""

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
from labkit.report.intervals import Interval
from labkit.report.models import BASELINE, MLP, Model, best, simpler_relatives
from labkit.report.results import study
from labkit.volatility.ceiling import ceiling, check_ceiling, highest_r2
from labkit.volatility.compared import Compared, compared
from labkit.volatility.contenders import AVERAGED, RECIPE_MODEL, baselines, mlps, tuned_boosting
from labkit.volatility.data import NYSE
from labkit.volatility.duels import against_every, duels, gain
from labkit.volatility.grid import grid
from labkit.volatility.levels import Levels, levels, usual_log_vol
from labkit.volatility.panel import Panel
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import RECIPE, tuned
from labkit.volatility.regularization import regularization
from labkit.volatility.rivals import rivals
from labkit.volatility.scores import Forecasts, regression_scores, variance_forecast
from labkit.volatility.stocks import (
    PanelTensors,
    Stocks,
    constant_losses,
    stocks,
    tensors,
    train_on,
)
from labkit.volatility.wide_contenders import wide_forecasts


@dataclass(frozen=True)
class Margin:
    """Test R² of the best network less that of another model."""

    against: str
    gain: Interval


@dataclass(frozen=True, kw_only=True)
class Final(Facts):
    """Every model on train, validation and test.

    Attributes
    ----------
    scores : DataFrame
        ``model, kind, stage, set`` and the scores.
    differences : DataFrame
        Test R² of each MLP less that of every other model, with 95 % intervals from blocks of days.
    duels : DataFrame
        Network against ridge regression and boosting on the same inputs and in the same form.
    tested : DataFrame
        Diebold–Mariano tests of the best MLP's daily squared errors against every other model's.
    judged : Compared
        All models on the test year, by the parts of R², and those that may be the best.
    parts : Levels
        The R² of the best MLP on the test year, and what it is made of.
    ceilings : dict of str to float
        The R² of knowing tomorrow's true volatility, by held-out set.
    by_sector, by_year : DataFrame
        R² of each model by sector of the test year, and by year and set.
    predictions : DataFrame
        Realised and forecast log volatility of a few symbols over the test year, a column a model.
    forecasts, variances : dict of str to ndarray
        By set, forecasts of log volatility and of variance, ``(models, rows)``, the models in the
        order of ``scores``.
    realised, today : dict of str to ndarray
        By set, log volatility tomorrow and today, ``(rows,)``.
    days, symbol_numbers : dict of str to ndarray
        By set, each row's day (since 1970) and the place of its symbol in ``symbols``, ``(rows,)``.
    symbols : tuple of str
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
    duels: pd.DataFrame
    tested: pd.DataFrame
    judged: Compared
    parts: Levels
    ceilings: dict[str, float]
    by_sector: pd.DataFrame
    by_year: pd.DataFrame
    predictions: pd.DataFrame
    forecasts: dict[str, np.ndarray]
    variances: dict[str, np.ndarray]
    realised: dict[str, np.ndarray]
    today: dict[str, np.ndarray]
    days: dict[str, np.ndarray]
    symbol_numbers: dict[str, np.ndarray]
    symbols: tuple[str, ...]
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
    stages = mlps(tuned(grid(data, profile)), regularization(data, profile).leading, profile.epochs)
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
    found = rivals(data, profile)
    others = baselines() | tuned_boosting(found)
    forecasts = baseline_forecasts(panels, others)
    forecasts |= {model: _mean_forecast([by_model[model]], own, sets) for model in stages}
    forecasts[AVERAGED] = _mean_forecast(list(members.values()), own, sets)
    forecasts |= wide_forecasts(data, found, profile, panels)
    forecasts = _as_kept(forecasts)
    variances = _as_kept(_variances(forecasts, panels["train"]))
    history = curves([by_model[model] for model in stages], **_columns(stages))
    constant = constant_losses(sets)
    scores = _score_table(forecasts, variances, panels)
    error = ceiling(data, profile).noise_variance
    ceilings = {s: highest_r2(panels[s].y, error) for s in ("validation", "test")}
    raise_alarms(scores, ceilings, others)
    facts = weighed(scores, _differences(forecasts, panels["test"], profile))
    chosen = next(model for model in forecasts if model.stage == facts["best"])
    usual = usual_log_vol(panels["train"])
    return Final(
        profile=profile.name,
        duels=duels(forecasts, "test", panels["test"], profile.bootstrap, profile.seed),
        tested=against_every(forecasts, chosen, "test", panels["test"]),
        judged=compared(
            forecasts, variances, "test", panels["test"], usual,
            resamples=profile.bootstrap, seed=profile.seed,
        ),
        parts=levels(panels["test"], forecasts[chosen]["test"], usual),
        ceilings=ceilings,
        by_sector=_by_sector(forecasts, panels["test"], own.sectors),
        by_year=_by_year(forecasts, panels),
        predictions=_predictions(forecasts, panels["test"]),
        forecasts=_by_set(forecasts, panels),
        variances=_by_set(variances, panels),
        **_rows_of(panels),
        curves=history,
        constant=constant,
        verdicts=verdicts_of_models(history, constant, "validation"),
        members={AVERAGED.stage: tuple(members)},
        **facts,
    )  # fmt: skip


def raise_alarms(
    scores: pd.DataFrame, ceilings: Mapping[str, float], others: Mapping[Model, tuple]
) -> None:
    """Stop where a result is too good to be honest, or an opponent too bad.

    Raises
    ------
    Alarm
        Which, against what limit, and why.
    """
    r2 = scores.pivot(index="model", columns="set", values="r2")
    for name, limit in ceilings.items():
        check_ceiling(r2[name].max(), limit)
    check_relatives({m: r2.loc[m.name, "train"] for m in others}, simpler_relatives(others))


def baseline_forecasts(panels: Mapping[str, Panel], models: Mapping) -> Forecasts:
    """Forecasts of models such as the `baselines` on every set, fitted on ``train``."""
    forecasts = {}
    for model, (estimator, features) in models.items():
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


def _variances(forecasts: Forecasts, train: Panel) -> Forecasts:
    """Each model's forecasts of variance, corrected by its residuals on the training years."""
    y = train.y.to_numpy()
    return {
        model: {s: variance_forecast(own, y - by_set["train"]) for s, own in by_set.items()}
        for model, by_set in forecasts.items()
    }


def _as_kept(forecasts: Forecasts) -> Forecasts:
    """In single precision, as they are kept: so whoever scores what was kept finds our scores."""
    return {
        model: {name: np.asarray(own, dtype=np.float32) for name, own in by_set.items()}
        for model, by_set in forecasts.items()
    }


def _by_set(forecasts: Forecasts, panels: Mapping[str, Panel]) -> dict[str, np.ndarray]:
    return {name: np.stack([own[name] for own in forecasts.values()]) for name in panels}


def _rows_of(panels: Mapping[str, Panel]) -> dict:
    """What was forecast, of whom and when, by the names of the fields of `Final`."""
    symbols = sorted(set().union(*(panel.index["symbol"] for panel in panels.values())))
    return {
        "realised": {name: panel.y.to_numpy() for name, panel in panels.items()},
        "today": {name: panel.X["log_vol_1"].to_numpy() for name, panel in panels.items()},
        "days": {
            name: panel.index["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
            for name, panel in panels.items()
        },
        "symbol_numbers": {
            name: np.searchsorted(symbols, panel.index["symbol"].to_numpy(dtype=str))
            for name, panel in panels.items()
        },
        "symbols": tuple(symbols),
    }


def _score_table(
    forecasts: Forecasts, variances: Forecasts, panels: Mapping[str, Panel]
) -> pd.DataFrame:
    rows = []
    for model, by_set in forecasts.items():
        for name, predicted in by_set.items():
            y, today = panels[name].y.to_numpy(), panels[name].X["log_vol_1"].to_numpy()
            scores = regression_scores(y, predicted, today, variances[model][name])
            rows.append({**model.row, "set": name, **scores})
    return pd.DataFrame(rows)


def _differences(forecasts: Forecasts, test: Panel, profile: Profile) -> pd.DataFrame:
    """Test R² of the MLPs less that of the others, with bootstrap intervals over days."""
    rows = []
    for model in (m for m in forecasts if m.kind == MLP):
        for other in (m for m in forecasts if m.kind != MLP):
            made = gain(
                forecasts[model]["test"], forecasts[other]["test"], test,
                profile.bootstrap, profile.seed,
            )  # fmt: skip
            rows.append(
                {
                    "model": model.name,
                    "baseline": other.name,
                    "difference": made.value,
                    "low": made.low,
                    "high": made.high,
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
