"""The tables of the failure study."""

import numpy as np
from made_up import cells, failures_final

from labkit.failures import tables
from labkit.failures.rules import FAILURE_TYPES


def test_out_of_fold_has_the_majority_class_beside_each_accuracy():
    made = cells(tables.out_of_fold(failures_final()))
    by_model = {row["Model"]: row for row in made}
    assert list(by_model)[:2] == ["majority class", "rule oracle"]
    half = 12.706205 * np.std([0.599, 0.601], ddof=1) / np.sqrt(2)
    text = f"0.600 [{0.6 - half:.3f}, {0.6 + half:.3f}]"
    assert by_model["MLP, tuned"]["Macro-F1 [95 %]"] == text
    assert by_model["rule oracle"]["Macro-F1 [95 %]"].startswith("**0.660")
    assert by_model["MLP, tuned"]["Macro-F1, blocks"] == "0.450"
    assert by_model["majority class"]["Accuracy"] == "0.9650"
    assert by_model["rule oracle"]["Log loss"] == "**0.340**"


def test_held_out_scores_stand_as_train_and_test():
    by_model = {row["Model"]: row for row in cells(tables.held_out(failures_final()))}
    assert by_model["majority class"]["Accuracy"] == "0.965 / 0.965"
    assert by_model["MLP, tuned"]["Precision"] == "0.620 / 0.570"


def test_per_class_shows_train_and_test_of_the_best_mlp():
    made = cells(tables.per_class(failures_final()))
    assert [row["Class"] for row in made] == list(FAILURE_TYPES)
    assert made[2]["Precision"] == "0.250 / 0.200" and made[2]["Rows"] == "3,000 / 3,000"
