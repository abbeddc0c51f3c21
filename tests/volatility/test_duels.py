"""R² gained: paired, and out of the variance that there is to explain."""

import numpy as np
import pytest
from sklearn.metrics import r2_score

from labkit.volatility.duels import gain
from labkit.volatility.panel import volatility_panel


@pytest.fixture(scope="module")
def panel(prices):
    return volatility_panel(prices)


def test_a_gain_is_the_difference_of_two_r2(panel):
    random, y = np.random.default_rng(0), panel.y.to_numpy()
    ours, theirs = (y + random.normal(0, s, len(y)) for s in (0.2, 0.3))
    made = gain(ours, theirs, panel, resamples=100, seed=0)
    assert made.value == pytest.approx(r2_score(y, ours) - r2_score(y, theirs))
    assert made.low < made.value < made.high


def test_what_both_get_wrong_is_no_part_of_the_gains_interval(panel):
    """A day on which both miss by far moves both R², and not their difference."""
    y, days = panel.y.to_numpy(), panel.index["date"].rank(method="dense").to_numpy()
    theirs = y + np.where(days % 7 == 0, 1.0, 0.1)
    made = gain(theirs - 0.01, theirs, panel, resamples=200, seed=0)
    alone = gain(theirs, np.full(len(y), y.mean()), panel, resamples=200, seed=0)
    assert made.high - made.low < (alone.high - alone.low) / 5
