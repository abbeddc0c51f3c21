"""Balancing: how many rows each strategy leaves, and which."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.class_weight import compute_class_weight

from labkit.failures.features import MACHINE_FEATURES, machine_features
from labkit.failures.preprocessing import scaling
from labkit.failures.samplers import (
    NEIGHBOURS,
    STRATEGIES,
    STRENGTH,
    GaussianSampler,
    class_weight,
    counts_with_neighbours,
    lowered_counts,
    raised_counts,
    sampler,
)

RAISING = ["random oversampling", "SMOTE", "SMOTE + Tomek links", "Gaussian synthesis"]
SAMPLING = [*RAISING, "random undersampling"]


@pytest.fixture(scope="module")
def rows(machines):
    """Scaled machine rows: 600 sound ones, and all failures."""
    failed = machines["failure_type"] != "No Failure"
    few = pd.concat([machines[~failed][:600], machines[failed]])
    y = few["failure_type"].astype(str).to_numpy()
    return scaling(MACHINE_FEATURES).fit_transform(machine_features(few, physics=False)), y


def resample(strategy, rows, seed=0, strength=STRENGTH):
    return sampler(strategy, seed, strength).fit_resample(*rows)


@pytest.mark.parametrize("strength", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("strategy", RAISING)
def test_oversampling_raises_every_rare_class_to_the_strength(strategy, strength, rows):
    X, y = resample(strategy, rows, strength=strength)
    before, after = Counter(rows[1]), Counter(y)
    floor = int(strength * before["No Failure"])
    assert set(after) == set(before)
    for label, n in before.items():
        if strategy == "SMOTE + Tomek links":  # which then removes a few
            assert 0.8 * max(n, floor) < after[label] <= max(n, floor)
        else:
            assert after[label] == max(n, floor)
    assert len(X) == len(y)


@pytest.mark.parametrize("strategy", SAMPLING)
def test_samplers_keep_columns_codes_and_seed(strategy, rows):
    X, y = resample(strategy, rows)
    assert list(X) == list(rows[0])
    assert set(X["type"]) <= {0.0, 1.0, 2.0}, "a made-up quality"
    assert np.isfinite(X.to_numpy()).all()
    again_X, again_y = resample(strategy, rows)
    pd.testing.assert_frame_equal(again_X, X)
    np.testing.assert_array_equal(again_y, y)
    other, _ = resample(strategy, rows, seed=1)
    assert not other.equals(X), "the seed changes nothing"


@pytest.mark.parametrize("strategy", SAMPLING)
def test_samplers_leave_the_rows_given_as_they_were(strategy, rows):
    X, y = rows[0].copy(), rows[1].copy()
    resample(strategy, rows)
    pd.testing.assert_frame_equal(rows[0], X)
    np.testing.assert_array_equal(rows[1], y)


def test_random_oversampling_repeats_rows_and_makes_none(rows):
    X, _ = resample("random oversampling", rows)
    known = set(map(tuple, rows[0].to_numpy()))
    assert set(map(tuple, X.to_numpy())) == known


@pytest.mark.parametrize("strength", [0.25, 1.0])
def test_undersampling_keeps_the_rarest_class_whole_and_only_real_rows(strength, rows):
    X, y = resample("random undersampling", rows, strength=strength)
    before, after = Counter(rows[1]), Counter(y)
    rarest = min(before, key=before.get)
    assert after[rarest] == before[rarest]
    assert max(after.values()) == int(before[rarest] / strength)
    assert set(map(tuple, X.to_numpy())) <= set(map(tuple, rows[0].to_numpy()))


def test_smote_stays_between_the_rows_of_a_class(rows):
    X, y = resample("SMOTE", rows)
    numbers = X.columns.drop("type")
    for label in np.unique(y):
        own = rows[0].loc[rows[1] == label, numbers]
        made = X.loc[y == label, numbers]
        assert (made.min() >= own.min() - 1e-9).all() and (made.max() <= own.max() + 1e-9).all()


def test_gaussian_synthesis_draws_from_the_class(rows):
    """Many rows drawn: mean and spread are the class's; the real rows come first, unchanged."""
    random = np.random.default_rng(0)
    common = np.column_stack([np.zeros(40_000), random.normal(size=(40_000, 2))])
    rare = np.column_stack(
        [np.tile([1.0, 2.0], 100), random.multivariate_normal([5, -3], [[2, 1], [1, 1]], 200)]
    )
    X, y = np.vstack([common, rare]), np.repeat(["common", "rare"], [40_000, 200])
    out, labels = GaussianSampler(random_state=0).fit_resample(X, y)
    np.testing.assert_array_equal(out[: len(X)], X)
    drawn = out[len(X) :]
    assert set(labels[len(X) :]) == {"rare"} and len(drawn) == 10_000 - 200
    np.testing.assert_allclose(drawn[:, 1:].mean(axis=0), rare[:, 1:].mean(axis=0), atol=0.06)
    own, made = np.cov(rare[:, 1:].T), np.cov(drawn[:, 1:].T)
    np.testing.assert_allclose(made, own, atol=0.15)
    assert made[0, 1] > 0.7, "the correlation is lost"
    np.testing.assert_allclose(np.mean(drawn[:, 0] == 1.0), 0.5, atol=0.02)


@pytest.mark.parametrize("strategy", ["random oversampling", "random undersampling", "SMOTE"])
def test_balanced_rows_are_left_alone(strategy):
    X = pd.DataFrame({"type": [0.0, 1.0] * 10, "torque": np.arange(20.0)})
    y = np.repeat(["a", "b"], 10)
    out, labels = sampler(strategy, 0).fit_resample(X, y)
    assert len(out) == 20 and Counter(labels) == Counter(y)


def test_counts_at_the_border():
    assert raised_counts(["a"] * 8 + ["b"] * 2) == {}
    assert raised_counts(["a"] * 8 + ["b"]) == {"b": 2}
    assert lowered_counts(["a"] * 8 + ["b"] * 2) == {}
    assert lowered_counts(["a"] * 9 + ["b"] * 2) == {"a": 8}


def test_only_class_weights_weigh_and_they_sample_nothing():
    y = ["a", "a", "b"]
    assert [s for s in STRATEGIES if class_weight(s, y, 1.0)] == ["class weights"]
    assert [s for s in STRATEGIES if sampler(s, 0) == "passthrough"] == ["none", "class weights"]
    assert set(SAMPLING) == set(STRATEGIES) - {"none", "class weights"}


@pytest.mark.parametrize("strength", [0.1, 0.25, 0.5, 1.0])
def test_weights_give_each_rare_class_what_as_many_rows_would(strength):
    """Known answer: 800 sound rows, so 0.25 makes 40 rows count as 200, and 300 stay 300."""
    y = np.repeat(["sound", "rare", "some"], [800, 40, 300])
    weight = class_weight("class weights", y, strength)
    total = {label: weight[label] * n for label, n in Counter(y).items()}
    for label, n in Counter(y).items():
        assert total[label] / total["sound"] == pytest.approx(max(n / 800, strength))
    assert sum(total.values()) == pytest.approx(len(y)), "the step size would change"


def test_weights_at_full_strength_are_the_usual_balanced_ones(rows):
    expected = compute_class_weight("balanced", classes=np.unique(rows[1]), y=rows[1])
    weight = class_weight("class weights", rows[1], 1.0)
    np.testing.assert_allclose([weight[label] for label in np.unique(rows[1])], expected)


@pytest.mark.parametrize("make", [lambda s: class_weight(s, ["a", "b"]), lambda s: sampler(s, 0)])
def test_an_unknown_strategy_is_refused_with_the_known_ones(make):
    with pytest.raises(ValueError, match="'smote'.*'SMOTE'"):
        make("smote")


@pytest.mark.parametrize("strength", [0.0, 1.5])
def test_a_strength_that_is_no_share_is_refused(strength):
    with pytest.raises(ValueError, match=f"strength is {strength}; expected a share above 0"):
        sampler("SMOTE", 0, strength)
    with pytest.raises(ValueError, match=f"strength is {strength}; expected a share above 0"):
        class_weight("class weights", ["a"], strength)


def test_a_class_with_too_few_rows_for_neighbours_is_left_as_it_is_by_smote():
    random = np.random.default_rng(0)
    y = np.repeat(["No Failure", "Power Failure", "Random Failures"], [60, 8, 1])
    X = pd.DataFrame({"type": 0, "torque": random.normal(size=69), "power": random.normal(size=69)})
    for strategy in ("SMOTE", "SMOTE + Tomek links"):
        _, made = sampler(strategy, 0).fit_resample(X, y)
        assert (np.asarray(made) == "Random Failures").sum() <= 1
        assert (np.asarray(made) == "Power Failure").sum() > 8


def test_a_class_has_neighbours_where_it_has_more_rows_than_neighbours_are_asked_for():
    y = ["common"] * 100 + ["few"] * NEIGHBOURS + ["enough"] * (NEIGHBOURS + 1)
    assert counts_with_neighbours(y) == {"enough": 25}
    assert raised_counts(y) == {"few": 25, "enough": 25}


def test_counts_are_rounded_down():
    assert raised_counts(["a"] * 11 + ["b"]) == {"b": 2}
    assert lowered_counts(["a"] * 11 + ["b"] * 3, 0.4) == {"a": 7}
