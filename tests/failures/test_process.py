"""Simulated rows as knowledge: what they are, and how a stage trains on them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier

from labkit.failures.features import KNOWN, machine_features
from labkit.failures.process import choosing_rows, fresh_rows, training_rows
from labkit.failures.rules import heat_dissipation_rule, overstrain_rule
from labkit.failures.simulation import SEED, simulate
from labkit.failures.stages import DECIDED, SINGLE, Split, Stage, predict_stages

pytestmark = pytest.mark.usefixtures("one_process")


def test_no_simulated_rows_are_those_of_the_embedded_data():
    embedded = machine_features(simulate(seed=SEED))
    sets = [training_rows(2000)[0], fresh_rows(), choosing_rows()[0], embedded]
    torques = [own["torque"].to_numpy()[:500] for own in sets]
    for i, one in enumerate(torques):
        for other in torques[i + 1 :]:
            assert (one == other).mean() < 0.1


def test_heat_failures_are_labelled_as_the_file_was():
    X, labels = training_rows(20_000)
    heat = heat_dissipation_rule(X, decimals=None)
    border = heat & ~heat_dissipation_rule(X)
    assert border.sum() > 0
    assert set(labels[heat]) <= {"Heat Dissipation Failure", "Power Failure"}


def test_one_limit_of_relative_strain_holds_for_all_qualities():
    X, _ = training_rows(5000)
    np.testing.assert_array_equal(X["relative_strain"] > 1, overstrain_rule(X))


def test_a_stage_trains_on_real_and_simulated_rows_and_predicts_real_ones_alone():
    X, labels = training_rows(600)
    y = pd.Series(labels)
    split = Split(np.arange(300), np.arange(300, 600), 0)
    stage = Stage(RandomForestClassifier(5), KNOWN, normal=True, simulated=1000, decides=True)
    case = stage.case(X, y, split)
    assert len(case.X) == len(case.y) == 1300
    assert len(case.X_out) == 300 + len(fresh_rows())
    found = predict_stages({"known": stage}, X, y, [split])
    assert found["known", SINGLE, 0].shape == found["known", DECIDED, 0].shape == (300, 6)


def test_the_rule_of_a_stage_that_knows_the_process_sees_no_real_row():
    X, labels = training_rows(600)
    y = pd.Series(labels)
    stage = Stage(RandomForestClassifier(5, random_state=0), KNOWN, simulated=1000, decides=True)
    both = [
        predict_stages({"s": stage}, X, y, [Split(np.arange(300), out, 0)])["s", DECIDED, 0]
        for out in (np.arange(300, 600), np.arange(300, 303))
    ]
    assert both[0][:3] == pytest.approx(both[1])
