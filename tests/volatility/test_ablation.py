"""What the parts of the recipe for volatility are worth: intervals over days and seeds."""

from dataclasses import replace

import numpy as np
import pytest
from joblib import parallel_config

from labkit.report.ablations import WHOLE
from labkit.volatility import ablation
from labkit.volatility.data import load_nyse
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import PARTS

TINY = Profile(name="tiny", search_symbols=4, n_seeds=2, bootstrap=100)


@pytest.fixture(scope="module")
def found(prices):
    data = replace(load_nyse("embedded"), prices=prices, securities=None)
    with parallel_config(backend="sequential"):
        return ablation.ablation.make(data, TINY)


def test_a_difference_is_that_of_the_mean_scores_and_lies_in_its_interval(found):
    summary = found.summary.set_index("left_out")
    assert set(summary.index) == {WHOLE, ablation.AVERAGED, *PARTS}
    expected = summary["mean"] - summary["mean"][WHOLE]
    np.testing.assert_allclose(summary["difference"], expected, atol=1e-5)
    others = summary.drop(WHOLE)
    assert (others["low"] < others["difference"]).all()
    assert (others["difference"] < others["high"]).all()


def test_every_part_gets_one_verdict(found):
    assert sorted(name for names in found.parts.values() for name in names) == sorted(PARTS)
    assert (
        found.averaging.value
        == found.summary.set_index("left_out")["difference"][ablation.AVERAGED]
    )
