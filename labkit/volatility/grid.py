"""The grid search of the volatility study, over the six axes that the lab asks for."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import Pipeline

from labkit.nets.estimators import MLPRegressor
from labkit.nets.splits import DateSeriesSplit
from labkit.report.confirmation import Drawing, drawing_seeds
from labkit.report.grids import Grid, search_space, searched
from labkit.report.intervals import Interval
from labkit.report.results import study
from labkit.volatility.alarms import check_order_of_time
from labkit.volatility.data import NYSE
from labkit.volatility.panel import FEATURES, Panel, panel_preprocessing
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import FIRST, ridge
from labkit.volatility.stocks import EMBARGO, Stocks, split_stocks, stocks


@dataclass(frozen=True, kw_only=True)
class VolatilityGrid(Grid):
    """The search, and ridge regression in the same folds.

    Attributes
    ----------
    reference : DataFrame
        ``model``; ``search`` and ``fresh``, its mean R² in the folds of the search and in fresh
        ones; ``change``, fresh less search; and ``above``, the candidates that beat it in the
        search. One row.
    lead : Interval
        Fresh score of the choice less that of ridge regression, paired by fold.
    """

    reference: pd.DataFrame
    lead: Interval


@study("regression-grid")
def grid(data: NYSE, profile: Profile) -> VolatilityGrid:
    """Grid search by R² on expanding windows of the training years, and its confirmation.

    The fresh drawings have other stocks, as far as there are, and one fold more, so that windows
    begin and end on other days.
    """
    seed, *seeds = drawing_seeds(profile.seed, profile.confirmations)
    train, y, folds = search_rows(data, profile)
    drawings = [Drawing(train.X, y, folds, seed)]
    for fresh_seed in seeds:
        own = fresh_stocks(data, profile, fresh_seed)
        train, y, folds = rows_in_order(own, profile.folds + 1)
        drawings.append(Drawing(train.X, y, folds, fresh_seed))
    first = clone(FIRST).set_params(epochs=profile.epochs)
    facts = searched(
        partial(search_pipeline, first),
        search_space(profile.learning_rates, profile.grid),
        drawings,
        scoring="r2",
        floor=DummyRegressor(),
    )
    search, *fresh = (own.scores(ridge(), "r2") for own in drawings)
    r2, lead = search.mean(), facts["confirmation"].lead_over(np.concatenate(fresh))
    reference = pd.DataFrame(
        {
            "model": ["ridge regression"],
            "search": r2,
            "fresh": np.concatenate(fresh).mean(),
            "change": np.concatenate(fresh).mean() - r2,
            "above": int((facts["candidates"]["mean_test_score"] > r2).sum()),
        }
    )
    return VolatilityGrid(profile=profile.name, reference=reference, lead=lead, **facts)


def search_rows(data: NYSE, profile: Profile) -> tuple[Panel, np.ndarray, list]:
    """The training years' panel, its standardised target, and the folds of a grid search.

    Raises
    ------
    Alarm
        When a fold is not in the order of time.
    """
    return rows_in_order(stocks(data, profile.search_symbols), profile.folds)


def fresh_stocks(data: NYSE, profile: Profile, seed: int) -> Stocks:
    """As many stocks as the search has, drawn from those that it has not seen, while there are."""
    seen = stocks(data, profile.search_symbols).panel.index["symbol"].unique()
    others = np.setdiff1d(data.prices["symbol"].unique(), seen)
    random = np.random.default_rng(seed)
    drawn = [*random.permutation(others), *random.permutation(seen)][: len(seen)]
    return split_stocks(data.prices[data.prices["symbol"].isin(drawn)], data.securities)


def rows_in_order(own: Stocks, n_folds: int) -> tuple[Panel, np.ndarray, list]:
    """The training years of stocks, their standardised target, and expanding windows of them.

    Raises
    ------
    Alarm
        When a fold is not in the order of time.
    """
    train = own.train
    y, dates = own.standardise(train.y), train.index["date"]
    folds = list(DateSeriesSplit(n_folds, embargo=EMBARGO).split(train.X, y, dates))
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
