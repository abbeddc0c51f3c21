"""Alarms go off on leaks, and stay silent on honest results."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from labkit.failures.alarms import check_macro_f1, check_single_features, macro_f1_ceiling
from labkit.failures.features import machine_features
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import RuleOracle, classification_scores
from labkit.failures.simulation import failure_probabilities, simulate
from labkit.report.alarms import Alarm, check_generalisation
from labkit.volatility.alarms import RETURN_R2_LIMIT, check_order_of_time, check_return_forecast


@pytest.fixture(scope="module")
def machines():
    return simulate(10_000)


def test_a_return_forecast_that_explains_much_is_a_leak():
    check_return_forecast(0.004)
    check_return_forecast(-0.3)
    with pytest.raises(Alarm, match="looks into the future"):
        check_return_forecast(0.05)


def test_a_test_score_may_exceed_the_training_score_by_chance_only():
    check_generalisation(0.97, 0.975, 2000, "a model")
    check_generalisation(0.99, 0.80, 2000, "an overfitted model")
    with pytest.raises(Alarm, match="a model scores 0.9900 on 2,000 test rows"):
        check_generalisation(0.95, 0.99, 2000, "a model")


def test_the_same_lead_alarms_only_when_there_are_rows_enough_to_tell():
    check_generalisation(0.90, 0.95, 100, "few rows")
    with pytest.raises(Alarm):
        check_generalisation(0.90, 0.95, 10_000, "many rows")


def test_the_answer_among_the_features_is_found_by_name(machines):
    X, y = machine_features(machines), machines["failure_type"]
    check_single_features(X, y, seed=0)
    with pytest.raises(Alarm, match="'target' alone"):
        check_single_features(X.assign(target=machines["target"]), y, seed=0)


def test_a_text_column_that_holds_the_answer_is_found_too(machines):
    y = machines["failure_type"]
    code = np.where(y == "No Failure", "a", "b")
    with pytest.raises(Alarm, match="'code' alone"):
        check_single_features(machine_features(machines).assign(code=code), y, seed=0)


def test_the_ceiling_lies_above_the_rules_and_below_a_perfect_score(machines):
    oracle = RuleOracle().fit(machines).predict(machines)
    score = classification_scores(machines["failure_type"], oracle)["macro_f1"]
    ceiling = macro_f1_ceiling(machines, seed=0, draws=50)
    assert score < ceiling < 0.8


def test_more_than_the_process_allows_is_an_alarm(machines):
    check_macro_f1(0.66, machines, "a good model", seed=0)
    with pytest.raises(Alarm, match="generating process"):
        check_macro_f1(0.95, machines, "a leaking model", seed=0)


def test_a_return_may_be_forecast_up_to_the_limit():
    assert RETURN_R2_LIMIT == 0.02
    check_return_forecast(0.02)
    with pytest.raises(Alarm, match=r"next-day return is 0\.0201, above 0\.02"):
        check_return_forecast(0.0201)


def test_a_lead_of_four_standard_errors_is_the_most_that_chance_allows():
    """At a mean of one half and 400 rows the standard error is .025."""
    check_generalisation(0.4505, 0.5495, 400, "within")
    with pytest.raises(Alarm, match=r"than chance allows \(0\.1000\)"):
        check_generalisation(0.4495, 0.5505, 400, "beyond")


def test_a_score_at_the_ceiling_is_allowed(machines):
    ceiling = macro_f1_ceiling(machines, seed=0)
    check_macro_f1(ceiling, machines, "at", seed=0)
    with pytest.raises(Alarm, match="above has a macro-F1"):
        check_macro_f1(ceiling + 1e-6, machines, "above", seed=0)


def test_the_ceiling_is_what_the_true_probabilities_reach_with_the_threshold_that_suits(machines):
    """Labels drawn here, scored by scikit-learn: the best hundredth lies two hundredths below."""
    rows = machines[:2000]
    probabilities = failure_probabilities(rows)
    shares = (probabilities / probabilities.sum(axis=1, keepdims=True)).cumsum(axis=1)
    worn, random = FAILURE_TYPES.index("Tool Wear Failure"), np.random.default_rng(9)

    def best_of_a_draw():
        labels = np.minimum((random.random((len(rows), 1)) > shares).sum(axis=1), 5)
        scores = []
        for threshold in (1.0, 0.3, 0.2, 0.1, 0.05):
            said = probabilities.argmax(axis=1)
            said[(said == 0) & (probabilities[:, worn] > threshold)] = worn
            scores.append(f1_score(labels, said, labels=range(6), average="macro", zero_division=0))
        return max(scores), scores[0]

    best, plain = np.array([best_of_a_draw() for _ in range(40)]).T
    ceiling = macro_f1_ceiling(rows, seed=0) - 0.02
    assert np.percentile(best, 99) == pytest.approx(ceiling, abs=0.02)
    assert np.percentile(plain, 99) < ceiling - 0.02, "no threshold would do as well"


def test_the_order_of_time_is_that_of_the_dates_whatever_the_order_of_the_rows():
    dates = pd.Series(pd.to_datetime(["2020-01-03", "2020-01-01", "2020-01-02", "2020-01-06"]))
    check_order_of_time(dates, [(np.array([1]), np.array([0, 3]))], embargo=1)
    with pytest.raises(Alarm, match="trained on 2020-01-03 and judged from 2020-01-02"):
        check_order_of_time(dates, [(np.array([0, 1]), np.array([2, 3]))], embargo=0)
    with pytest.raises(Alarm, match="trained on 2020-01-02 and judged from 2020-01-03"):
        check_order_of_time(dates, [(np.array([1, 2]), np.array([0]))], embargo=1)
