"""The tables of the failure study."""

from made_up import cells, failures_final

from labkit.failures import tables
from labkit.failures.rules import FAILURE_TYPES


def test_every_judge_has_its_column_and_its_best_in_bold():
    by_model = {row["Model"]: row for row in cells(tables.standings(failures_final()))}
    assert list(by_model)[:2] == ["majority class", "rule oracle"]
    assert by_model["MLP, tuned"]["Out-of-fold"] == "0.600 [0.580, 0.620]"
    assert by_model["MLP, tuned"]["Held-out"] == "0.590 [0.570, 0.610]"
    assert by_model["rule oracle"]["Blocks of time"] == "**0.560 [0.540, 0.580]**"
    assert by_model["rule oracle"]["Log loss, blocks"] == "**0.440**"


def test_differences_name_judge_interval_and_adjusted_p():
    first = cells(tables.differences(failures_final()))[0]
    assert first["Against"] == "random forest, recipe, decision rule"
    assert first["Judge"] == "held-out rows"
    assert first["Macro-F1 [95 %]"] == "−0.030 [−0.040, −0.020]"
    assert first["p, after Holm"] == "0.002"


def test_held_out_scores_stand_as_train_and_test():
    by_model = {row["Model"]: row for row in cells(tables.held_out(failures_final()))}
    assert by_model["majority class"]["Accuracy"] == "0.965 / 0.965"
    assert by_model["MLP, tuned"]["Precision"] == "0.670 / 0.620"


def test_per_class_shows_train_and_test_of_the_best_mlp():
    made = cells(tables.per_class(failures_final()))
    assert [row["Class"] for row in made] == list(FAILURE_TYPES)
    assert made[2]["Precision"] == "0.250 / 0.200" and made[2]["Rows"] == "3,000 / 3,000"
