"""What the parts of the recipe for failures are worth: intervals over rows and repetitions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.metrics import f1_score

from labkit.failures import ablation
from labkit.failures.data import load_maintenance
from labkit.failures.profile import Profile
from labkit.failures.recipe import recipe, without
from labkit.failures.resampling import RowBootstrap
from labkit.failures.rules import FAILURE_TYPES
from labkit.report.ablations import WHOLE, Part
from labkit.report.frames import read_table, write_table
from labkit.report.intervals import Interval

TINY = Profile(name="tiny", folds=2, recipe_epochs=5, ensemble=2)


@pytest.fixture(scope="module")
def found(machines):
    failed = machines["failure_type"] != "No Failure"
    few = pd.concat([machines[failed], machines[~failed][:500]]).sort_index()
    with parallel_config(backend="sequential"):
        return ablation.ablation.make(replace(load_maintenance("embedded"), frame=few), TINY)


def test_every_part_of_the_recipe_is_left_out_once(found):
    parts = set(without(recipe(TINY)))
    assert {*found.summary["left_out"]} == {WHOLE, f"{WHOLE}, seeds averaged", *parts}
    assert {name for names in found.parts.values() for name in names} == parts
    assert sum(map(len, found.parts.values())) == len(parts)


def test_what_is_kept_is_what_was_found(found, tmp_path):
    """A blank would come back as a hole."""
    path = tmp_path / "summary.csv"
    pd.testing.assert_frame_equal(
        read_table(tmp_path, write_table(found.summary, path)), found.summary
    )


def test_a_difference_is_that_of_the_mean_scores_and_lies_in_its_interval(found):
    summary = found.summary.set_index("left_out")
    expected = summary["mean"] - summary["mean"][WHOLE]
    np.testing.assert_allclose(summary["difference"], expected, atol=1e-6)
    others = summary.drop(WHOLE)
    assert (others["low"] <= others["difference"]).all()
    assert (others["difference"] <= others["high"]).all()
    assert (others["low"] < others["high"]).any(), "few epochs: some variants predict one class"
    for name in set(summary.index) & set(without(recipe(TINY))):
        value, low, high = summary.loc[name, ["difference", "low", "high"]]
        assert summary.loc[name, "verdict"] == Part(name, Interval(-value, -high, -low)).verdict


def test_the_interval_is_the_bootstraps():
    """Against scikit-learn's score on rows drawn one resample at a time."""
    random = np.random.default_rng(0)
    true = random.integers(6, size=300)
    whole, worse = (np.where(random.random(300) < s, true, 0) for s in (0.8, 0.6))
    labels = pd.Series(np.array(FAILURE_TYPES)[true])
    bootstrap = RowBootstrap(labels, 1, resamples=1000, seed=1)
    scores = [bootstrap.macro_f1([np.eye(6)[own]]) for own in (whole, worse)]
    rows = random.integers(300, size=(200, 300))
    drawn = [
        f1_score(true[r], worse[r], average="macro") - f1_score(true[r], whole[r], average="macro")
        for r in rows
    ]
    found = (scores[1] - scores[0]).interval
    assert found.value == pytest.approx(
        f1_score(true, worse, average="macro") - f1_score(true, whole, average="macro"), abs=1e-6
    )
    assert (found.low, found.high) == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.02)
    assert (scores[0] - scores[0]).interval == Interval(0.0, 0.0, 0.0)
