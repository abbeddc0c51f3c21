"""Remedies of the volatility study: which days do what, and what the test year says."""

import dataclasses

import numpy as np
import pytest

from labkit.report.remedies import CHOOSING, NONE, REMEDIES, STOPPING
from labkit.volatility.data import load_nyse
from labkit.volatility.profile import Profile
from labkit.volatility.regularization import STOPPING_SHARE, divided, regularization
from labkit.volatility.remedies_judged import remedies_judged
from labkit.volatility.stocks import EMBARGO, stocks

TINY = Profile(name="tiny", search_symbols=4, remedy_epochs=3, n_seeds=2, bootstrap=50)


@pytest.fixture(scope="module")
def data(prices):
    return dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)


def test_early_stopping_watches_the_last_training_days_and_no_others(data):
    own = stocks(data)
    days = {name: np.unique(panel.index["date"]) for name, panel in divided(own).items()}
    before = np.unique(own.train.index["date"])
    assert days["train"].max() < days[STOPPING].min() <= days[STOPPING].max() == before.max()
    assert len(days[STOPPING]) == pytest.approx(STOPPING_SHARE * len(before), abs=1)
    dropped = (before > days["train"].max()) & (before < days[STOPPING].min())
    assert dropped.sum() == EMBARGO
    np.testing.assert_array_equal(days[CHOOSING], np.unique(own.validation.index["date"]))


def test_remedies_are_chosen_on_validation_and_judged_on_the_test_year(data, tmp_path, monkeypatch):
    monkeypatch.setattr("labkit.report.results.FOLDER", tmp_path)
    chosen, judged = regularization(data, TINY), remedies_judged(data, TINY)
    assert list(chosen.doses) == list(REMEDIES) and chosen.n_seeds == 2
    own = judged.of("R²")
    assert list(own["regularization"]) == [name for name in REMEDIES if name != NONE]
    assert own["before"].nunique() == 1
    np.testing.assert_allclose(own["gain"], own["after"] - own["before"], atol=1e-6)
    assert (own["low"] <= own["gain"]).all() and (own["gain"] <= own["high"]).all()
