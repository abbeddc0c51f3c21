"""Preprocessing: what is learned from the training rows, and what the network then sees."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm, spearmanr
from sklearn.base import clone

from labkit.failures.features import MACHINE_FEATURES, PHYSICS_FEATURES, machine_features
from labkit.failures.preprocessing import encoding, machine_preprocessing, scaling
from labkit.volatility.panel import FEATURE_LABELS, panel_preprocessing

NUMERIC = MACHINE_FEATURES + PHYSICS_FEATURES


@pytest.fixture(scope="module")
def X(machines):
    return machine_features(machines.iloc[:500])


@pytest.fixture
def panel_X():
    random = np.random.default_rng(0)
    X = pd.DataFrame(random.normal(3, 2, (40, len(FEATURE_LABELS))), columns=list(FEATURE_LABELS))
    return X.assign(weekday=np.arange(40) % 5)


def test_numbers_are_standardised_by_the_training_rows(X):
    fitted = scaling(NUMERIC).fit(X[:400])
    train, test = fitted.transform(X[:400])[NUMERIC], fitted.transform(X[400:])[NUMERIC]
    np.testing.assert_allclose(train.mean(), 0, atol=1e-9)
    np.testing.assert_allclose(train.std(ddof=0), 1)
    by_hand = (X[400:][NUMERIC] - X[:400][NUMERIC].mean()) / X[:400][NUMERIC].std(ddof=0)
    pd.testing.assert_frame_equal(test, by_hand)


def test_scaling_keeps_type_first_as_codes_in_order_of_quality(X):
    scaled = scaling(NUMERIC).fit_transform(X)
    assert list(scaled) == ["type", *NUMERIC]
    codes = X["type"].astype(str).map({"L": 0.0, "M": 1.0, "H": 2.0})
    np.testing.assert_array_equal(scaled["type"], codes)


@pytest.mark.filterwarnings("ignore:n_quantiles")
def test_normal_quantiles_follow_the_ranks_among_the_training_rows(X):
    fitted = scaling(NUMERIC, normal=True).fit(X[:400])
    train = fitted.transform(X[:400])
    for name in NUMERIC:
        assert spearmanr(train[name], X[:400][name]).statistic == pytest.approx(1)
    torque = train["torque"]
    assert torque.median() == pytest.approx(0, abs=0.01)
    assert (torque < norm.ppf(0.1)).mean() == pytest.approx(0.1, abs=0.01)
    beyond = X[:1].assign(torque=1e6)
    assert fitted.transform(beyond)["torque"].iloc[0] == torque.max()


def test_normal_quantiles_keep_apart_what_differs_in_the_last_binary_digit(X):
    limit = 8.6
    below = np.nextafter(limit, 0)
    frame = pd.concat([X] * 4, ignore_index=True)
    frame["temperature_difference"] = np.where(np.arange(2000) % 2, limit, below)
    frame.loc[:499, "temperature_difference"] = np.linspace(7, 11, 500)
    scaled = scaling(NUMERIC, normal=True).fit_transform(frame)["temperature_difference"]
    of_limit = scaled[(frame["temperature_difference"] == limit).to_numpy()]
    of_below = scaled[(frame["temperature_difference"] == below).to_numpy()]
    assert np.float32(of_limit.min()) - np.float32(of_below.max()) > 0.1


def test_a_blank_becomes_the_training_median(X):
    holed = X.copy()
    holed.loc[holed.index[-1], "torque"] = np.nan
    fitted = scaling(NUMERIC).fit(X[:400])
    filled = holed.assign(torque=holed["torque"].fillna(X["torque"][:400].median()))
    np.testing.assert_allclose(fitted.transform(holed), fitted.transform(filled))


def test_the_two_steps_give_indicators_then_numbers(X):
    together = machine_preprocessing(NUMERIC).fit_transform(X)
    assert together.shape == (500, 3 + len(NUMERIC))
    indicators = pd.get_dummies(X["type"].astype(str))[["L", "M", "H"]].to_numpy(float)
    np.testing.assert_array_equal(np.asarray(together)[:, :3], indicators)
    np.testing.assert_allclose(
        np.asarray(together)[:, 3:], scaling(NUMERIC).fit_transform(X)[NUMERIC]
    )


def test_a_quality_missing_from_the_training_rows_still_has_its_column(X):
    train, test = X[X["type"] != "H"], X[X["type"] == "H"]
    fitted = machine_preprocessing(NUMERIC).fit(train)
    assert fitted.transform(train).shape[1] == 3 + len(NUMERIC)
    np.testing.assert_array_equal(
        np.asarray(fitted.transform(test))[:, :3], [[0, 0, 1]] * len(test)
    )


def test_an_unknown_quality_is_refused(X):
    fitted = scaling(NUMERIC).fit(X)
    with pytest.raises(ValueError, match="unknown categories.*'Q'"):
        fitted.transform(X.assign(type="Q"))


def test_columns_not_named_never_reach_the_model(X):
    """Not even when someone leaves the answer in the frame."""
    leaky = X.assign(target=1, udi=np.arange(len(X)))
    np.testing.assert_array_equal(
        machine_preprocessing(NUMERIC).fit_transform(leaky),
        machine_preprocessing(NUMERIC).fit_transform(X),
    )


def test_encoding_leaves_synthetic_numbers_alone(X):
    scaled = scaling(NUMERIC).fit_transform(X)
    encoder = encoding().fit(scaled)
    changed = scaled.assign(torque=scaled["torque"] + 5)
    difference = encoder.transform(changed) - encoder.transform(scaled)
    np.testing.assert_allclose(difference.sum(axis=1), 5)


def test_panel_preprocessing_standardises_all_but_the_weekday(panel_X):
    out = panel_preprocessing(list(panel_X)).fit_transform(panel_X)
    n_numbers = len(FEATURE_LABELS) - 1
    assert out.shape == (40, n_numbers + 5)
    np.testing.assert_allclose(out[:, :n_numbers].std(axis=0), 1)
    np.testing.assert_array_equal(out[:, n_numbers:], np.eye(5)[panel_X["weekday"]])


def test_panel_preprocessing_without_the_weekday(panel_X):
    X = panel_X[["return_1", "log_vol_1"]]
    assert panel_preprocessing(list(X)).fit_transform(X).shape == (40, 2)


def test_a_saturday_has_no_indicator(panel_X):
    fitted = panel_preprocessing(list(panel_X)).fit(panel_X)
    assert fitted.transform(panel_X.assign(weekday=5))[:, -5:].sum() == 0


@pytest.mark.parametrize(
    "transformer", [scaling(NUMERIC), machine_preprocessing(NUMERIC), encoding()]
)
def test_transformers_can_be_cloned(transformer):
    assert clone(transformer).get_params().keys() == transformer.get_params().keys()
