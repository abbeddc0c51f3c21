"""The regression experiments: NYSE prices → tomorrow's volatility."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import torch
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn

from labkit import config
from labkit.files.provenance import Provenance
from labkit.nets.ensembles import outputs, train_members
from labkit.nets.estimators import MLPRegressor
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.splits import ChronologicalSplit, DateSeriesSplit, chronological
from labkit.nets.stacked import Trained
from labkit.nets.training import Watched, directional_accuracy
from labkit.report import results
from labkit.report.grids import grid_table
from labkit.report.results import Result
from labkit.volatility import alarms
from labkit.volatility.data import NYSE, load_nyse
from labkit.volatility.panel import FEATURE_LABELS, Panel, panel_preprocessing, volatility_panel
from labkit.volatility.recipe import REGRESSION_PARTS, REGRESSION_RECIPE

EMBARGO = 5
"""Trading days dropped before validation and test: the target's one day, and a week to spare."""


FEATURES = list(FEATURE_LABELS)


FIRST = MLPRegressor(hidden_sizes=(64, 32), learning_rate=1e-3, optimizer="adam", batch_size=512)
"""The first model: two hidden layers, Adam with its usual step, no regularization."""


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
    return stored("regression-textbook", _textbook_targets)


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
    return stored("regression-grid", _regression_grid)


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
    r2 = cross_val_score(ridge(), train.X, y, cv=folds, scoring="r2")
    reference = pd.DataFrame({"model": ["ridge regression"], "mean_test_score": [r2.mean()]})
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


def regression_ablation() -> Result:
    """What each part of the recipe is worth: validation R² without it, over several seeds.

    Table: ``scores`` (left out, seed, train and validation R²); ``nothing`` is the whole recipe,
    and ``nothing, seeds averaged`` the mean of its forecasts.
    """
    return stored("regression-ablation", _regression_ablation)


def _regression_ablation() -> Result:
    profile = config.profile()
    data = regression_data(profile.search_symbols)
    sets = development_tensors(data)
    variants = {"nothing": {}, **REGRESSION_PARTS}
    cases = [
        (part, clone(FIRST).set_params(**REGRESSION_RECIPE).set_params(**changes, random_state=s))
        for part, changes in variants.items()
        for s in range(profile.seed, profile.seed + profile.n_seeds)
    ]
    trained = train_panels([mlp for _, mlp in cases], sets, watched=False)
    rows = [
        {"left_out": part, "seed": mlp.random_state, **r2_scores(t.model, sets)}
        for (part, mlp), t in zip(cases, trained, strict=True)
    ]
    whole = [t for (part, _), t in zip(cases, trained, strict=True) if part == "nothing"]
    averaged = {"left_out": "nothing, seeds averaged", "seed": profile.seed}
    for name, own in sets.items():
        mean = np.mean([outputs(t.model, own.X) for t in whole], axis=0)
        averaged[f"{name}_r2"] = r2_score(own.y.numpy(), mean)
    return Result({"scores": pd.DataFrame([*rows, averaged])})


def ridge() -> Pipeline:
    """Ridge regression on all features, its penalty chosen by leave-one-out on the fitted rows."""
    return make_pipeline(panel_preprocessing(FEATURES), RidgeCV(alphas=np.logspace(-2, 4, 13)))


def tensors(data: RegressionData, panels: Mapping[str, Panel]) -> dict[str, PanelTensors]:
    """Panels as tensors, standardised by the training rows."""
    preprocessing = panel_preprocessing(FEATURES).fit(data.train.X)

    def column(log_vol: pd.Series) -> Tensor:
        return torch.as_tensor(data.standardise(log_vol)[:, None], dtype=torch.float32)

    return {
        name: PanelTensors(
            X=torch.as_tensor(np.asarray(preprocessing.transform(panel.X)), dtype=torch.float32),
            y=column(panel.y),
            today=column(panel.X["log_vol_1"]),
        )
        for name, panel in panels.items()
    }


def development_tensors(data: RegressionData) -> dict[str, PanelTensors]:
    """The rows that models are fitted to, ``train``, and those that choices are made on."""
    return tensors(data, {"train": data.train, "validation": data.validation})


def train_panels(
    members: list[MLPRegressor], sets: Mapping[str, PanelTensors], *, watched: bool
) -> list[Trained]:
    """Train on the set ``train``, all sets watched or none."""
    return train_members(
        members,
        sets["train"].X,
        sets["train"].y,
        n_outputs=1,
        loss="squared_error",
        watch={name: rows.watched for name, rows in sets.items()} if watched else {},
    )


def constant_losses(sets: Mapping[str, PanelTensors]) -> pd.DataFrame:
    """The loss of the constant forecast on each set, in one row."""
    return pd.DataFrame({name: [float((rows.y**2).mean())] for name, rows in sets.items()})


def r2_scores(model: nn.Module, sets: Mapping[str, PanelTensors]) -> dict[str, float]:
    """R² of a network on each set, ``<set>_r2``."""
    return {f"{name}_r2": r2_of(model, rows) for name, rows in sets.items()}


def r2_of(model: nn.Module, rows: PanelTensors) -> float:
    """R² of a network on a panel."""
    return r2_score(rows.y.numpy(), outputs(model, rows.X))


def stored(study: str, make) -> Result:
    """`labkit.report.results.stored` for these data and this profile."""
    return results.stored(study, make, data=nyse().provenance.fingerprint, profile=config.profile())
