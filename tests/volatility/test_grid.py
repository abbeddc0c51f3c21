"""The grid search of volatility: on which stocks and days its best are trained anew."""

import dataclasses

import numpy as np
import pytest

from labkit.volatility.data import load_nyse
from labkit.volatility.grid import fresh_stocks, rows_in_order, search_rows
from labkit.volatility.profile import PROFILES
from labkit.volatility.stocks import EMBARGO, stocks

PROFILE = dataclasses.replace(PROFILES["quick"], search_symbols=2)


@pytest.fixture
def data(prices):
    return dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)


def test_fresh_stocks_are_none_of_the_search_while_there_are_others(data):
    """Of the five, the search has two."""
    seen = set(stocks(data, 2).panel.index["symbol"])
    drawn = [set(fresh_stocks(data, PROFILE, seed).panel.index["symbol"]) for seed in range(8)]
    assert all(len(own) == 2 and not own & seen for own in drawn)
    assert len(set(map(frozenset, drawn))) > 1, "always the same"
    of_four = fresh_stocks(data, dataclasses.replace(PROFILE, search_symbols=4), seed=0)
    rest = set(of_four.panel.index["symbol"])
    assert len(rest) == 4 and set(data.prices["symbol"]) - rest < set(
        stocks(data, 4).panel.index["symbol"]
    )


def test_fresh_folds_are_of_the_training_years_in_the_order_of_time_and_end_on_other_days(data):
    own = fresh_stocks(data, PROFILE, seed=0)
    train, _, fresh = rows_in_order(own, PROFILE.folds + 1)
    searched_rows, _, folds = search_rows(data, PROFILE)
    assert len(fresh) == len(folds) + 1
    days = np.sort(train.index["date"].unique())
    for fitted, judged in fresh:
        before, after = (train.index["date"].iloc[rows] for rows in (fitted, judged))
        assert np.diff(np.searchsorted(days, [before.max(), after.min()])) > EMBARGO
    assert train.index["date"].max() < own.split.validation_start
    ends = [
        {panel.index["date"].iloc[rows].max() for rows, _ in parts}
        for panel, parts in ((train, fresh), (searched_rows, folds))
    ]
    assert not ends[0] & ends[1]
