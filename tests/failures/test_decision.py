"""The decision rule for macro-F1."""

from itertools import product

import numpy as np
import pytest
from sklearn.metrics import f1_score

from labkit.failures.decision import FACTORS, MacroF1Rule, expected_macro_f1, unsmoothed
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.simulation import failure_probabilities, simulate

N = len(FAILURE_TYPES)


def rare(n=20_000, seed=0):
    """Honest probabilities of one rare class, never above one half, and labels drawn from them."""
    random = np.random.default_rng(seed)
    probabilities = np.zeros((n, N))
    probabilities[:, 4] = np.where(random.random(n) < 0.1, random.uniform(0.2, 0.45, n), 0.005)
    probabilities[:, 0] = 1 - probabilities[:, 4]
    return probabilities, np.where(random.random(n) < probabilities[:, 4], 4, 0)


def macro_f1(codes, probabilities):
    predicted = probabilities.argmax(axis=1)
    return f1_score(codes, predicted, labels=range(N), average="macro", zero_division=0)


def test_what_probabilities_promise_is_what_labels_drawn_from_them_give():
    probabilities, codes = rare()
    for factor in (1.0, 2.0, 6.0):
        factors = np.array([1, 1, 1, 1, factor, 1])
        given = macro_f1(codes, probabilities * factors)
        assert expected_macro_f1(probabilities, factors) == pytest.approx(given, abs=0.005)


def test_it_raises_a_class_that_never_wins_to_the_best_of_all_factors():
    probabilities, _ = rare()
    new, codes = rare(seed=1)
    rule = MacroF1Rule().fit(probabilities)
    by_factor = [macro_f1(codes, new * np.array([1, 1, 1, 1, f, 1])) for f in FACTORS]
    assert macro_f1(codes, new) < 0.17
    assert macro_f1(codes, rule.apply(new)) > max(by_factor) - 0.005 > 0.2
    assert rule.factors_[4] > 1
    np.testing.assert_array_equal(np.delete(rule.factors_, 4), 1)


def test_smoothed_probabilities_are_decided_as_those_behind_them():
    probabilities, _ = rare()
    smoothed = 0.9 * probabilities + 0.1 / N
    plain, rule = MacroF1Rule().fit(probabilities), MacroF1Rule(0.1).fit(smoothed)
    np.testing.assert_array_equal(rule.factors_, plain.factors_)
    np.testing.assert_allclose(rule.apply(smoothed), plain.apply(probabilities), atol=1e-12)


def test_it_leaves_probabilities_alone_that_cannot_be_bettered():
    sure = np.eye(N)[np.arange(600) % N] * 0.9 + 0.1 / N
    rule = MacroF1Rule().fit(sure)
    np.testing.assert_array_equal(rule.factors_, np.ones(N))
    np.testing.assert_allclose(rule.apply(sure), sure)


def test_what_it_gives_adds_up_to_one_and_orders_rows_of_a_class_as_before():
    probabilities, _ = rare(2000)
    applied = MacroF1Rule().fit(probabilities).apply(probabilities)
    np.testing.assert_allclose(applied.sum(axis=1), 1)
    np.testing.assert_array_equal(
        np.argsort(applied[:, 4], kind="stable"), np.argsort(probabilities[:, 4], kind="stable")
    )


def of_machines(seed):
    """What a model that errs promises of 3,000 rows: overstrain and worn tools look alike."""
    own = failure_probabilities(simulate(3000, seed, decimals=None), decimals=None)
    own = own * np.exp(np.random.default_rng(seed).normal(0, 0.8, own.shape)) + 1e-5
    return own / own.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", [0, 6])
def test_failures_that_look_alike_get_the_best_pair_of_factors(seed):
    """Every pair tried: raising one after the other stops short of the best on these rows."""
    probabilities = of_machines(seed)
    factors = MacroF1Rule().fit(probabilities).factors_
    others = factors.copy()
    promised = []
    for others[3], others[4] in product(FACTORS, repeat=2):
        promised.append(expected_macro_f1(probabilities, others))
    assert expected_macro_f1(probabilities, factors) == pytest.approx(max(promised), abs=1e-12)


def test_rows_that_count_several_times_promise_what_repeated_rows_do():
    probabilities, factors = of_machines(1)[:40], np.array([1, 1, 2, 3, 6, 1])
    counts = np.arange(40) % 4
    repeated = np.repeat(probabilities, counts, axis=0)
    assert expected_macro_f1(probabilities, factors, counts) == pytest.approx(
        expected_macro_f1(repeated, factors), abs=1e-12
    )


def test_what_a_decision_promises_by_hand():
    """A class that is predicted and one that is not, another that neither is nor is expected."""
    probabilities = np.array([[0.6, 0.4, 0.0], [0.9, 0.1, 0.0]])
    # Hits .6 + .9 of 2 predicted and 1.5 expected; none of .5 expected; and nothing of the third.
    assert expected_macro_f1(probabilities, np.ones(3)) == pytest.approx(2 * 1.5 / 3.5 / 3)
    # The second by a factor of two: hits .9 and .4, each of one predicted.
    raised = (2 * 0.9 / (1 + 1.5) + 2 * 0.4 / (1 + 0.5)) / 3
    assert expected_macro_f1(probabilities, np.array([1, 2, 1])) == pytest.approx(raised)


def test_smoothing_is_taken_back_from_every_class_and_no_probability_is_below_zero():
    smoothed = np.array([[0.9, 0.07, 0.02, 0.01, 0.0, 0.0]])
    plain = np.array([0.88, 0.05, 0, 0, 0, 0]) / 0.93
    np.testing.assert_allclose(unsmoothed(smoothed, 0.12), [plain], atol=1e-12)


def test_rows_that_no_factor_could_change_count_as_one_of_their_mean():
    """The rule is the same as with every row on its own."""
    probabilities, _ = rare(3000)
    sure = probabilities[:, 0] > FACTORS[-1] * probabilities[:, 1:].max(axis=1)
    assert 0 < sure.sum() < len(sure)
    rule = MacroF1Rule().fit(probabilities)
    promised = [
        expected_macro_f1(probabilities, np.array([1, 1, 1, 1, factor, 1])) for factor in FACTORS
    ]
    assert rule.factors_[4] == FACTORS[int(np.argmax(promised))]
    assert (rule.apply(probabilities[sure]).argmax(axis=1) == 0).all()


def test_the_sound_class_is_never_raised_even_where_it_would_pay():
    """Half the rows nearly surely fail, half as likely as not: called sound, these would pay."""
    own = np.zeros((200, N))
    own[:, 4] = np.repeat([0.9, 0.51], 100)
    own[:, 0] = 1 - own[:, 4]
    sound_raised = np.array([2, 1, 1, 1, 1, 1])
    assert expected_macro_f1(own, sound_raised) > expected_macro_f1(own, np.ones(N)) + 0.05
    rule = MacroF1Rule().fit(own)
    assert rule.factors_[0] == 1
    assert (rule.apply(own).argmax(axis=1) == 4).all()
