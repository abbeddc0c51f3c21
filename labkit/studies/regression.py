"""The regression experiments: NYSE prices → tomorrow's volatility."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from labkit import alarms, config, results
from labkit.data import NYSE, Provenance, load_nyse
from labkit.estimators import MLPRegressor
from labkit.evaluation import Persistence, block_bootstrap, regression_scores
from labkit.features import FEATURE_LABELS, HAR_FEATURES, Panel, volatility_panel
from labkit.preprocessing import panel_preprocessing
from labkit.results import Result
from labkit.search import StackedGridSearchCV
from labkit.splits import ChronologicalSplit, DateSeriesSplit, chronological
from labkit.studies.members import curves, outputs, train_members
from labkit.studies.recipes import REGRESSION_PARTS, REGRESSION_RECIPE
from labkit.studies.tidy import grid_table
from labkit.training import Watched, directional_accuracy

EMBARGO = 5
"""Trading days dropped before validation and test: the target's one day, and a week to spare."""

FEATURES = list(FEATURE_LABELS)

FIRST = MLPRegressor(hidden_sizes=(64, 32), learning_rate=1e-3, optimizer="adam", batch_size=512)
"""The first model: two hidden layers, Adam with its usual step, no regularization."""

REGULARIZATIONS = {
    "none": {},
    "dropout": {"dropout": 0.2},
    "L2": {"weight_decay": 1e-3},
    "batch norm": {"batch_norm": True},
    "early stopping": {"patience": 3},
    "all together": {
        "dropout": 0.2,
        "weight_decay": 1e-3,
        "batch_norm": True,
        "patience": 3,
    },
}
"""Parameters that each regularization changes in an estimator, by name."""


DOSES = {
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "weight_decay": [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
}
"""How much of a remedy is tried, by the estimator's parameter."""


@dataclass(frozen=True)
class RegressionData:
    """The panel, split; the test year stays closed until `open_test`.

    ``y`` is in units of the training years' standard deviation around their mean, ``scale`` and
    ``centre``, so that a network starts near its target; R² and correlations do not change by it.
    """

    provenance: Provenance
    panel: Panel
    split: ChronologicalSplit
    sectors: pd.Series
    centre: float
    scale: float

    @property
    def train(self) -> Panel:
        """Rows that models are fitted to."""
        return self.panel.take(self.split.train)

    @property
    def validation(self) -> Panel:
        """Rows that choices are made on."""
        return self.panel.take(self.split.validation)

    def open_test(self) -> Panel:
        """Rows that judge. Only the final table may call this."""
        return self.panel.take(self.split.test)

    def standardise(self, log_vol: pd.Series) -> np.ndarray:
        """Log volatility in the target's units."""
        return ((log_vol - self.centre) / self.scale).to_numpy(copy=True)

    def to_log_vol(self, standardised: np.ndarray) -> np.ndarray:
        """The inverse of `standardise`."""
        return standardised * self.scale + self.centre


@dataclass(frozen=True)
class PanelTensors:
    """A panel as a network sees it.

    ``X`` is ``(rows, features)``; ``y`` and ``today`` are ``(rows, 1)``.
    """

    X: Tensor
    y: Tensor
    today: Tensor

    @property
    def watched(self) -> Watched:
        """With the directional accuracy: up or down from today?"""
        return Watched(self.X, self.y, directional_accuracy(self.y, self.today))


@cache
def nyse() -> NYSE:
    """The NYSE data, read once."""
    return load_nyse()


@cache
def regression_data(n_symbols: int | None = None) -> RegressionData:
    """The panel of ``n_symbols`` symbols, evenly spaced in the alphabet (None for all)."""
    data = nyse()
    symbols = np.sort(data.prices["symbol"].unique())
    if n_symbols is not None and n_symbols < len(symbols):
        symbols = symbols[np.linspace(0, len(symbols) - 1, n_symbols).round().astype(int)]
    panel = volatility_panel(data.prices[data.prices["symbol"].isin(symbols)])
    split = chronological(panel.index["date"], embargo=EMBARGO)
    y = panel.y.iloc[split.train]
    sectors = pd.Series(dtype=object)
    if data.securities is not None:
        sectors = data.securities.set_index("symbol")["sector"]
    return RegressionData(data.provenance, panel, split, sectors, y.mean(), y.std())


def textbook_targets() -> Result:
    """What a model scores on three targets, beside a forecast that knows nothing.

    Table ``scores``: for each target the R² on the validation year of the naive forecast, of least
    squares and of the first MLP.
    """
    return _stored("regression-textbook", _textbook_targets)


def _textbook_targets() -> Result:
    profile = config.profile()
    data = regression_data(profile.study_symbols)
    prices = nyse().prices
    split = data.split
    same_day = prices[prices["symbol"].isin(data.panel.index["symbol"].unique())]
    day = same_day["date"]
    fit = same_day[day < split.validation_start]
    judge = same_day[(day >= split.validation_start) & (day < split.test_start)]
    ohl = ["open", "high", "low"]
    train, validation = data.train, data.validation
    cases = [
        ("same-day close", fit[ohl], fit["close"], judge[ohl], judge["close"], judge["open"]),
        *(
            (name, train.X, target(train), validation.X, target(validation), naive)
            for name, target, naive in [
                ("next-day return", lambda p: p.next_return, 0.0),
                ("next-day log-volatility", lambda p: p.y, validation.X["log_vol_1"]),
            ]
        ),
    ]
    rows = []
    for name, X_train, y_train, X_judge, y_judge, naive in cases:
        linear = LinearRegression().fit(X_train, y_train)
        rows.append(
            {
                "target": name,
                "naive_r2": r2_score(y_judge, np.broadcast_to(naive, len(y_judge))),
                "linear_r2": r2_score(y_judge, linear.predict(X_judge)),
                "mlp_r2": _plain_mlp_r2(X_train, y_train, X_judge, y_judge, profile),
            }
        )
    scores = pd.DataFrame(rows)
    returns = scores.set_index("target").loc["next-day return"]
    alarms.check_return_forecast(returns[["linear_r2", "mlp_r2"]].max())
    return Result({"scores": scores})


def _plain_mlp_r2(X_train, y_train, X_judge, y_judge, profile: config.Profile) -> float:
    """R² of the first MLP on standardised features and target, after a few epochs."""
    mlp = clone(FIRST).set_params(
        epochs=min(3, profile.regression_epochs), random_state=profile.seed
    )
    model = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), mlp), transformer=StandardScaler()
    )
    return r2_score(y_judge, model.fit(X_train, y_train).predict(X_judge))


def regression_grid() -> Result:
    """Grid search over the six axes, on expanding windows of the training years.

    Tables: ``candidates``, a row for each combination, best first; ``best``, the parameters of the
    first; ``reference``, the mean R² of ridge regression in the same folds.
    """
    return _stored("regression-grid", _regression_grid)


def _regression_grid() -> Result:
    profile = config.profile()
    train, y, folds = search_rows()
    search = StackedGridSearchCV(
        search_pipeline(FIRST, profile.seed),
        {f"mlp__{name}": values for name, values in profile.regression_grid.items()},
        scoring="r2",
        cv=folds,
        refit=False,
        n_jobs=-1,
        return_train_score=True,
    ).fit(train.X, y)
    candidates = grid_table(search.cv_results_)
    ridge = cross_val_score(_ridge(), train.X, y, cv=folds, scoring="r2")
    reference = pd.DataFrame({"model": ["ridge regression"], "mean_test_score": [ridge.mean()]})
    return Result({"candidates": candidates, "best": candidates.head(1), "reference": reference})


def search_rows() -> tuple[Panel, np.ndarray, list]:
    """The training years' panel, its standardised target, and the folds of a grid search."""
    profile = config.profile()
    data = regression_data(profile.search_symbols)
    train = data.train
    y, dates = data.standardise(train.y), train.index["date"]
    splitter = DateSeriesSplit(profile.regression_folds, embargo=EMBARGO)
    return train, y, list(splitter.split(train.X, y, dates))


def search_pipeline(mlp: MLPRegressor, seed: int) -> Pipeline:
    """Preprocessing and network, both fitted inside each fold."""
    return Pipeline(
        [
            ("preprocessing", panel_preprocessing(FEATURES)),
            ("mlp", clone(mlp).set_params(random_state=seed)),
        ]
    )


def tuned_regressor() -> MLPRegressor:
    """The first model with the parameters that won the grid search."""
    best = regression_grid()["best"].iloc[0]
    return clone(FIRST).set_params(
        **{name: best[name] for name in ("learning_rate", "optimizer", "hidden_sizes")},
        batch_size=int(best["batch_size"]),
        epochs=int(best["epochs"]),
    )


def regression_regularization() -> Result:
    """The first model, and each regularization of it, over several seeds.

    Tables: ``curves``, losses and directional accuracies by epoch; ``scores``, R² on train and
    validation with the epochs kept; ``constant``, the loss of the constant forecast.
    """
    return _stored("regression-regularization", _regression_regularization)


def _regression_regularization() -> Result:
    profile = config.profile()
    data = regression_data(profile.search_symbols)
    train, validation = tensors(data, data.train), tensors(data, data.validation)
    names = [name for name in REGULARIZATIONS for _ in range(profile.n_seeds)]
    seeds = [profile.seed + s for _ in REGULARIZATIONS for s in range(profile.n_seeds)]
    members = [
        clone(FIRST).set_params(
            epochs=profile.regression_epochs, random_state=seed, **REGULARIZATIONS[name]
        )
        for name, seed in zip(names, seeds, strict=True)
    ]
    trained = train_members(
        members,
        train.X,
        train.y,
        n_outputs=1,
        loss="squared_error",
        watch={"train": train.watched, "validation": validation.watched},
    )
    scores = pd.DataFrame(
        {
            "regularization": names,
            "seed": seeds,
            "epochs": [len(m.history.table) for m in trained],
            "best_epoch": [m.history.best_epoch for m in trained],
            "train_r2": [_r2(m.model, train) for m in trained],
            "validation_r2": [_r2(m.model, validation) for m in trained],
        }
    )
    constant = pd.DataFrame(
        {"train": [float((train.y**2).mean())], "validation": [float((validation.y**2).mean())]}
    )
    return Result(
        {
            "curves": curves(trained, regularization=names, seed=seeds),
            "scores": scores,
            "constant": constant,
        }
    )


def best_regularization() -> str:
    """The regularization with the best mean validation R²."""
    scores = regression_regularization()["scores"]
    return scores.groupby("regularization")["validation_r2"].mean().idxmax()


def regression_final() -> Result:
    """Every model on train, validation and, for the first and only time, test.

    Tables: ``scores`` (model, set, scores); ``differences``, test R² of each model less that of
    the baselines, with 95 % intervals from blocks of days; ``by_sector``; ``predictions``, for a
    few symbols; ``curves`` of the first and the tuned model, test included; ``constant``.
    """
    return _stored("regression-final", _regression_final)


def _regression_final() -> Result:
    profile = config.profile()
    data = regression_data(profile.study_symbols)
    panels = {"train": data.train, "validation": data.validation, "test": data.open_test()}
    sets = {name: tensors(data, panel) for name, panel in panels.items()}
    forecasts = _baseline_forecasts(panels)

    stages = final_mlps()
    members = [clone(mlp).set_params(random_state=profile.seed) for mlp in stages.values()]
    ensemble = [
        clone(stages["MLP, recipe"]).set_params(random_state=profile.seed + s)
        for s in range(1, profile.n_seeds)
    ]
    trained = train_members(
        members + ensemble,
        sets["train"].X,
        sets["train"].y,
        n_outputs=1,
        loss="squared_error",
        watch={name: t.watched for name, t in sets.items()},
    )
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
            "predictions": _predictions(forecasts, test),
            "curves": curves(trained[: len(stages)], model=list(stages)),
            "constant": pd.DataFrame({s: [float((t.y**2).mean())] for s, t in sets.items()}),
        },
        models={
            name.removeprefix("MLP, "): m.model for name, m in zip(stages, trained, strict=False)
        },
    )


def final_mlps() -> dict[str, MLPRegressor]:
    """The MLP at each stage of the study."""
    first = clone(FIRST).set_params(epochs=config.profile().regression_epochs)
    return {
        "MLP, first": first,
        "MLP, tuned": tuned_regressor(),
        "MLP, regularized": clone(first).set_params(**REGULARIZATIONS[best_regularization()]),
        "MLP, recipe": clone(FIRST).set_params(**REGRESSION_RECIPE),
    }


def _mean_forecast(trained, data: RegressionData, sets: dict[str, PanelTensors]) -> dict:
    """Log volatility forecast for each set, the mean over networks."""
    return {
        name: data.to_log_vol(np.mean([outputs(t.model, s.X)[:, 0] for t in trained], axis=0))
        for name, s in sets.items()
    }


def regression_ablation() -> Result:
    """What each part of the recipe is worth: validation R² without it, over several seeds.

    Table: ``scores`` (left out, seed, train and validation R²); ``nothing`` is the whole recipe,
    and ``nothing, seeds averaged`` the mean of its forecasts.
    """
    return _stored("regression-ablation", _regression_ablation)


def _regression_ablation() -> Result:
    profile = config.profile()
    data = regression_data(profile.study_symbols)
    train, validation = tensors(data, data.train), tensors(data, data.validation)
    variants = {"nothing": {}, **REGRESSION_PARTS}
    cases = [
        (part, clone(FIRST).set_params(**REGRESSION_RECIPE).set_params(**changes, random_state=s))
        for part, changes in variants.items()
        for s in range(profile.seed, profile.seed + profile.n_seeds)
    ]
    trained = train_members(
        [mlp for _, mlp in cases],
        train.X,
        train.y,
        n_outputs=1,
        loss="squared_error",
        watch={},
    )
    rows = [
        {
            "left_out": part,
            "seed": mlp.random_state,
            "train_r2": _r2(t.model, train),
            "validation_r2": _r2(t.model, validation),
        }
        for (part, mlp), t in zip(cases, trained, strict=True)
    ]
    whole = [t for (part, _), t in zip(cases, trained, strict=True) if part == "nothing"]
    averaged = {"left_out": "nothing, seeds averaged", "seed": profile.seed}
    for name, s in [("train", train), ("validation", validation)]:
        mean = np.mean([outputs(t.model, s.X) for t in whole], axis=0)
        averaged[f"{name}_r2"] = r2_score(s.y.numpy(), mean)
    return Result({"scores": pd.DataFrame([*rows, averaged])})


def _ridge() -> Pipeline:
    return make_pipeline(panel_preprocessing(FEATURES), RidgeCV(alphas=np.logspace(-2, 4, 13)))


def _baseline_forecasts(panels: dict[str, Panel]) -> dict[str, dict[str, np.ndarray]]:
    """Forecasts of log volatility on every set, by baseline."""
    baselines = {
        "persistence": (Persistence("log_vol_1"), ["log_vol_1"]),
        "HAR": (LinearRegression(), HAR_FEATURES),
        "ridge regression": (_ridge(), FEATURES),
        "gradient boosting": (HistGradientBoostingRegressor(random_state=0), FEATURES),
    }
    forecasts = {}
    for name, (model, features) in baselines.items():
        model.fit(panels["train"].X[features], panels["train"].y)
        forecasts[name] = {s: model.predict(p.X[features]) for s, p in panels.items()}
    return forecasts


def tensors(data: RegressionData, panel: Panel) -> PanelTensors:
    """The panel as tensors, standardised by the training rows."""
    preprocessing = panel_preprocessing(FEATURES).fit(data.train.X)
    return PanelTensors(
        X=torch.as_tensor(np.asarray(preprocessing.transform(panel.X)), dtype=torch.float32),
        y=torch.as_tensor(data.standardise(panel.y), dtype=torch.float32)[:, None],
        today=torch.as_tensor(data.standardise(panel.X["log_vol_1"]), dtype=torch.float32)[:, None],
    )


def _r2(model: nn.Module, rows: PanelTensors) -> float:
    return r2_score(rows.y.numpy(), outputs(model, rows.X))


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
                lambda r, gain=gain, squares=squares: gain[r].sum() / squares[r].sum(),
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


def _predictions(forecasts, test: Panel, n_symbols: int = 3) -> pd.DataFrame:
    """Realised and forecast log volatility of a few symbols over the test year."""
    symbols = np.sort(test.index["symbol"].unique())
    chosen = symbols[np.linspace(0, len(symbols) - 1, n_symbols).round().astype(int)]
    rows = test.index["symbol"].isin(chosen).to_numpy()
    return test.index[rows].assign(
        realised=test.y[rows].to_numpy(),
        **{name: by_set["test"][rows] for name, by_set in forecasts.items()},
    )


def _stored(study: str, make) -> Result:
    return results.stored(study, make, data=nyse().provenance.fingerprint, profile=config.profile())
