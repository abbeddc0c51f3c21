"""The final table of the regression: the only study that opens the test year."""

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from labkit import config
from labkit.both.regularization import REGULARIZATIONS, best_regression_regularization
from labkit.nets.ensembles import curves, outputs
from labkit.nets.estimators import MLPRegressor
from labkit.report.intervals import block_bootstrap
from labkit.report.results import Result
from labkit.volatility.panel import HAR_FEATURES, Panel
from labkit.volatility.recipe import REGRESSION_RECIPE
from labkit.volatility.scores import Persistence, regression_scores
from labkit.volatility.setting import (
    FEATURES,
    FIRST,
    PanelTensors,
    RegressionData,
    constant_losses,
    regression_data,
    ridge,
    stored,
    tensors,
    train_panels,
    tuned_regressor,
)


def regression_final() -> Result:
    """Every model on train, validation and, for the first and only time, test.

    Tables: ``scores`` (model, set, scores); ``differences``, test R² of each model less that of
    the baselines, with 95 % intervals from blocks of days; ``by_sector`` of the test year;
    ``by_year`` (year, set, model, R²); ``predictions``, for a few symbols; ``curves`` of the first
    and the tuned model, test included; ``constant``.
    """
    return stored("regression-final", _regression_final)


def _regression_final() -> Result:
    profile = config.profile()
    data = regression_data(profile.study_symbols)
    panels = {"train": data.train, "validation": data.validation, "test": data.open_test()}
    sets = tensors(data, panels)
    forecasts = _baseline_forecasts(panels)

    stages = final_mlps()
    members = [clone(mlp).set_params(random_state=profile.seed) for mlp in stages.values()]
    ensemble = [
        clone(stages["MLP, recipe"]).set_params(random_state=profile.seed + s)
        for s in range(1, profile.n_seeds)
    ]
    trained = train_panels(members + ensemble, sets, watched=True)
    forecasts |= {
        name: _mean_forecast([member], data, sets)
        for name, member in zip(stages, trained, strict=False)
    }
    # The recipe is the last stage, and the ensemble follows it.
    forecasts["MLP, seeds averaged"] = _mean_forecast(trained[len(stages) - 1 :], data, sets)
    test = panels["test"]
    return Result(
        {
            "scores": _score_table(forecasts, panels),
            "differences": _differences(forecasts, test, profile),
            "by_sector": _by_sector(forecasts, test, data.sectors),
            "by_year": _by_year(forecasts, panels),
            "predictions": _predictions(forecasts, test),
            "curves": curves(trained[: len(stages)], model=list(stages)),
            "constant": constant_losses(sets),
        },
        models={
            name.removeprefix("MLP, "): m.model for name, m in zip(stages, trained, strict=False)
        },
    )


def final_mlps() -> dict[str, MLPRegressor]:
    """The MLP at each stage of the study."""
    first = clone(FIRST).set_params(epochs=config.profile().regression_epochs)
    regularized = REGULARIZATIONS[best_regression_regularization()]
    return {
        "MLP, first": first,
        "MLP, tuned": tuned_regressor(),
        "MLP, regularized": clone(first).set_params(**regularized),
        "MLP, recipe": clone(FIRST).set_params(**REGRESSION_RECIPE),
    }


def _mean_forecast(trained, data: RegressionData, sets: dict[str, PanelTensors]) -> dict:
    """Log volatility forecast for each set, the mean over networks."""
    return {
        name: data.to_log_vol(np.mean([outputs(t.model, s.X)[:, 0] for t in trained], axis=0))
        for name, s in sets.items()
    }


def _baseline_forecasts(panels: dict[str, Panel]) -> dict[str, dict[str, np.ndarray]]:
    """Forecasts of log volatility on every set, by baseline."""
    baselines = {
        "persistence": (Persistence("log_vol_1"), ["log_vol_1"]),
        "HAR": (LinearRegression(), HAR_FEATURES),
        "ridge regression": (ridge(), FEATURES),
        "gradient boosting": (HistGradientBoostingRegressor(random_state=0), FEATURES),
    }
    forecasts = {}
    for name, (model, features) in baselines.items():
        model.fit(panels["train"].X[features], panels["train"].y)
        forecasts[name] = {s: model.predict(p.X[features]) for s, p in panels.items()}
    return forecasts


def _score_table(forecasts, panels: dict[str, Panel]) -> pd.DataFrame:
    rows = []
    for model, by_set in forecasts.items():
        for name, predicted in by_set.items():
            panel = panels[name]
            today = panel.X["log_vol_1"].to_numpy()
            scores = regression_scores(panel.y.to_numpy(), predicted, today)
            rows.append({"model": model, "set": name, **scores})
    return pd.DataFrame(rows)


def _differences(forecasts, test: Panel, profile: config.Profile) -> pd.DataFrame:
    """Test R² of the MLPs less that of the baselines, with bootstrap intervals over days."""
    y = test.y.to_numpy()
    rows = []
    mlps = [name for name in forecasts if name.startswith("MLP")]
    for model in mlps:
        for baseline in [name for name in forecasts if name not in mlps]:
            a, b = forecasts[model]["test"], forecasts[baseline]["test"]
            gain = (y - b) ** 2 - (y - a) ** 2
            squares = (y - y.mean()) ** 2
            low, high = block_bootstrap(
                gain,
                squares,
                test.index["date"],
                block=22,
                resamples=profile.bootstrap,
                seed=profile.seed,
            )
            rows.append(
                {
                    "model": model,
                    "baseline": baseline,
                    "difference": gain.sum() / squares.sum(),
                    "low": low,
                    "high": high,
                }
            )
    return pd.DataFrame(rows)


def _by_sector(forecasts, test: Panel, sectors: pd.Series) -> pd.DataFrame:
    """Test R² by sector and model; one sector called "all" where none are known."""
    sector = test.index["symbol"].map(sectors).astype(object).fillna("unknown").to_numpy()
    y = test.y.to_numpy()
    rows = []
    for name in np.unique(sector):
        inside = sector == name
        for model, by_set in forecasts.items():
            r2 = r2_score(y[inside], by_set["test"][inside])
            rows.append({"sector": name, "model": model, "r2": r2, "rows": int(inside.sum())})
    return pd.DataFrame(rows)


def _by_year(forecasts, panels: dict[str, Panel]) -> pd.DataFrame:
    """R² by calendar year and model, around the year's own mean."""
    rows = []
    for s, panel in panels.items():
        y, years = panel.y.to_numpy(), panel.index["date"].dt.year.to_numpy()
        for year in np.unique(years):
            inside = years == year
            for model, by_set in forecasts.items():
                r2 = r2_score(y[inside], by_set[s][inside])
                rows.append({"year": year, "set": s, "model": model, "r2": r2})
    return pd.DataFrame(rows)


def _predictions(forecasts, test: Panel, n_symbols: int = 3) -> pd.DataFrame:
    """Realised and forecast log volatility of a few symbols over the test year."""
    symbols = np.sort(test.index["symbol"].unique())
    chosen = symbols[np.linspace(0, len(symbols) - 1, n_symbols).round().astype(int)]
    rows = test.index["symbol"].isin(chosen).to_numpy()
    return test.index[rows].assign(
        realised=test.y[rows].to_numpy(),
        **{name: by_set["test"][rows] for name, by_set in forecasts.items()},
    )
