"""The decision rule for macro-F1."""

import numpy as np
from sklearn.metrics import f1_score

from labkit.data import FAILURE_TYPES
from labkit.decision import MacroF1Rule

N = len(FAILURE_TYPES)


def timid(n=2000, seed=0):
    """Probabilities that rank a rare class rightly but keep it below one half."""
    random = np.random.default_rng(seed)
    codes = np.where(random.random(n) < 0.05, 4, 0)
    rare = np.where(codes == 4, random.uniform(0.2, 0.45, n), random.uniform(0.0, 0.15, n))
    probabilities = np.zeros((n, N))
    probabilities[:, 0], probabilities[:, 4] = 1 - rare, rare
    return probabilities, codes


def macro_f1(codes, probabilities):
    predicted = probabilities.argmax(axis=1)
    return f1_score(codes, predicted, labels=range(N), average="macro", zero_division=0)


def test_it_raises_a_class_that_is_ranked_rightly_but_never_wins():
    probabilities, codes = timid()
    rule = MacroF1Rule().fit(probabilities, codes)
    new, new_codes = timid(seed=1)
    assert macro_f1(new_codes, new) < 0.17
    assert macro_f1(new_codes, rule.apply(new)) > 0.32
    assert rule.factors_[4] > 1
    np.testing.assert_array_equal(np.delete(rule.factors_, 4), 1)


def test_it_leaves_probabilities_alone_that_cannot_be_bettered():
    codes = np.arange(600) % N
    perfect = np.eye(N)[codes] * 0.9 + 0.1 / N
    rule = MacroF1Rule().fit(perfect, codes)
    np.testing.assert_array_equal(rule.factors_, np.ones(N))
    np.testing.assert_allclose(rule.apply(perfect), perfect)


def test_what_it_gives_adds_up_to_one_and_orders_rows_of_a_class_as_before():
    probabilities, codes = timid()
    applied = MacroF1Rule().fit(probabilities, codes).apply(probabilities)
    np.testing.assert_allclose(applied.sum(axis=1), 1)
    np.testing.assert_array_equal(
        np.argsort(applied[:, 4], kind="stable"), np.argsort(probabilities[:, 4], kind="stable")
    )


def test_it_does_not_touch_a_class_that_is_mostly_found():
    """Although on these rows, by chance, a higher factor would score better."""
    probabilities, codes = timid()
    found = np.flatnonzero(codes == 4)[:60]
    probabilities[found], codes[found] = 0, 2
    probabilities[found, 2], probabilities[found, 0] = 0.9, 0.1
    narrow = found[:20]
    probabilities[narrow, 2], probabilities[narrow, 0] = 0.45, 0.55
    rule = MacroF1Rule().fit(probabilities, codes)
    assert rule.factors_[2] == 1 and rule.factors_[4] > 1
    raised = rule.apply(probabilities)
    raised[:, 2] *= 1.5
    assert macro_f1(codes, raised) > macro_f1(codes, rule.apply(probabilities)) + 0.01
