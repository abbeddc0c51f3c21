"""The grid search of the volatility study, over the six axes that the lab asks for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from labkit.nets.estimators import MLPRegressor
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.splits import DateSeriesSplit
from labkit.report.grids import Grid, found
from labkit.report.results import study
from labkit.volatility.alarms import check_order_of_time
from labkit.volatility.data import NYSE
from labkit.volatility.panel import FEATURES, Panel, panel_preprocessing
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import FIRST, ridge
from labkit.volatility.stocks import EMBARGO, stocks


@dataclass(frozen=True, kw_only=True)
class VolatilityGrid(Grid):
    """The search, and ridge regression in the same folds.

    Attributes
    ----------
    reference : DataFrame
        ``model`` and ``mean_test_score``, its mean R², in one row.
    """

    reference: pd.DataFrame


@study("regression-grid")
def grid(data: NYSE, profile: Profile) -> VolatilityGrid:
    """Grid search by R² on expanding windows of the training years."""
    train, y, folds = search_rows(data, profile)
    search = StackedGridSearchCV(
        search_pipeline(FIRST, profile.seed),
        {f"mlp__{name}": values for name, values in profile.grid.items()},
        scoring="r2",
        cv=folds,
        refit=False,
        n_jobs=-1,
        return_train_score=True,
    ).fit(train.X, y)
    r2 = cross_val_score(ridge(), train.X, y, cv=folds, scoring="r2")
    reference = pd.DataFrame({"model": ["ridge regression"], "mean_test_score": [r2.mean()]})
    return VolatilityGrid(profile=profile.name, reference=reference, **found(search))


def search_rows(data: NYSE, profile: Profile) -> tuple[Panel, np.ndarray, list]:
    """The training years' panel, its standardised target, and the folds of a grid search.

    Raises
    ------
    Alarm
        When a fold is not in the order of time.
    """
    own = stocks(data, profile.search_symbols)
    train = own.train
    y, dates = own.standardise(train.y), train.index["date"]
    splitter = DateSeriesSplit(profile.folds, embargo=EMBARGO)
    folds = list(splitter.split(train.X, y, dates))
    check_order_of_time(dates, folds, EMBARGO)
    return train, y, folds


def search_pipeline(mlp: MLPRegressor, seed: int) -> Pipeline:
    """Preprocessing and network, both fitted inside each fold."""
    return Pipeline(
        [
            ("preprocessing", panel_preprocessing(FEATURES)),
            ("mlp", clone(mlp).set_params(random_state=seed)),
        ]
    )
