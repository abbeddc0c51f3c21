"""What the embargo guarantees, counted on the panel and told."""

import numpy as np
import pandas as pd
import pytest
from made_up import text

from labkit.nets.splits import chronological
from labkit.volatility import overlap
from labkit.volatility.panel import volatility_panel
from labkit.volatility.stocks import EMBARGO, Stocks


@pytest.fixture(scope="module")
def own(prices):
    panel = volatility_panel(prices)
    split = chronological(panel.index["date"], embargo=EMBARGO)
    return Stocks(panel, split, pd.Series(dtype=object), 0.0, 1.0)


def test_the_longest_window_is_the_panels(prices, own):
    """A day rewritten changes features for as many days as the longest window, and no longer."""
    days = own.panel.index["date"].drop_duplicates().to_numpy()
    day = days[300]
    changed = prices.copy()
    changed.loc[changed["date"] == day, "high"] *= 1.5
    after = volatility_panel(changed)
    moved = ((after.X - own.panel.X).abs() > 1e-9).any(axis=1)  # sums that roll leave a dust
    last = np.searchsorted(days, own.panel.index["date"][moved].max().to_numpy())
    assert last - 300 == overlap.LONGEST_WINDOW - 1


def test_the_days_that_reach_back_are_counted(own):
    found = overlap.overlap(own)
    days = own.panel.index["date"].drop_duplicates().reset_index(drop=True)
    first = int(days[days == found.first_day].index[0])
    assert found.first_day == pd.Timestamp("2012-01-02") and found.embargo == EMBARGO
    # The last training row lies one day before the embargo, its target one day later.
    assert found.last_target == days[first - EMBARGO]
    # Of a window of 66 days, that of validation day k (from 0) begins at k − 65.
    assert found.reaching == 66 - EMBARGO
    assert found.share == pytest.approx(found.reaching / 256, abs=0.01)


def test_no_target_day_of_training_lies_in_validation_whatever_the_features_do(own):
    found = overlap.overlap(own)
    assert found.last_target < found.first_day
    said = text(overlap.said(found))
    assert "lie 5 trading days that belong to none" in said
    assert "volatility of 2011-12-26, and validation begins on 2012-01-02" in said
    assert "first 61 validation days, 24 % of the rows" in said
