"""The sentences on the machine rows say what the rows say, whichever way it goes."""

import pandas as pd

from labkit.failures.exploration import balancing, machines, outliers, timeline, words
from labkit.failures.rules import FAILURE_TYPES


def clashes(rule, rows=1, worn=0):
    table = pd.DataFrame(
        {"failure_type": ["Random Failures"], "target": [0], "rows": [18], "rule": [rule],
         "worn": [worn], "share": [0.0018]}
    )  # fmt: skip
    return words.contradictions(machines.contradicting(table.head(rows)))


def test_contradictions_say_whether_a_rule_takes_a_side():
    assert "nothing in the measurements" in clashes(0)
    assert "nothing in the measurements" not in clashes(2)
    assert "agree in every row" in clashes(0, rows=0)


def test_contradicting_rows_with_a_worn_tool_may_be_failures():
    worn = clashes(0, worn=1)
    assert "none meets a documented failure rule, and 1 lies where a worn tool may fail;" in worn
    assert "for the others, nothing in the measurements" in worn
    assert clashes(3, worn=2).endswith("3 meet a documented failure rule, and 2 lie where a worn "
                                       "tool may fail.")  # fmt: skip
    assert "worn" not in clashes(0) + clashes(3)


def outlier_shares(sound, failing):
    by_class = pd.DataFrame(
        {
            "class": ["No Failure", "Power Failure"],
            "rows": [900, 100],
            "iqr": [sound, failing],
            "robust": [sound, failing],
        }
    )
    by_column = pd.DataFrame({"column": ["torque", "tool_wear"], "share": [0.02, 0.0]})
    return outliers.outlying(by_class, by_column)


def test_failures_are_called_outliers_only_if_they_are():
    says = words.failures_are_outliers(outlier_shares(0.04, 0.7)).replace("\xa0", " ")
    assert "More often outside the fences than sound rows are power (70.0 %)." in says
    assert says.endswith("power stands out: these outliers are what we are looking for, so every "
                         "row stays.")  # fmt: skip
    says = words.failures_are_outliers(outlier_shares(0.04, 0.01)).replace("\xa0", " ")
    assert "No more often outside the fences than sound rows are power (1.0 %)." in says
    assert "not the same here" in says


def test_failures_that_do_not_stand_out_are_told_from_those_that_do():
    by_class = pd.DataFrame(
        [("No Failure", 7722, 0.042, 0.028), ("Heat Dissipation Failure", 90, 0.011, 0.022),
         ("Power Failure", 76, 0.724, 0.737), ("Tool Wear Failure", 36, 3 / 36, 2 / 36)],
        columns=["class", "rows", "iqr", "robust"],
    )  # fmt: skip
    by_column = pd.DataFrame({"column": ["torque"], "share": [0.02]})
    found = outliers.outlying(by_class, by_column)
    assert list(found.above) == ["Power Failure", "Tool Wear Failure"]
    assert list(found.below) == ["Heat Dissipation Failure"]
    assert found.outstanding == ("Power Failure",), "three of 36 rows may be chance"
    says = words.failures_are_outliers(found).replace("\xa0", " ")
    assert "are power (72.4 %) and tool wear (8.3 %); no more often, heat dissipation (1.1" in says
    assert says.endswith("every row stays; the other failures do not stand out.")


def test_outliers_by_column_are_told_where_there_are_some():
    said = words.outlier_methods(outlier_shares(0.05, 0.25)).replace("\xa0", " ")
    assert "fences flag 7.0 % of the rows, for torque (2.0 %); the robust distance flags 7" in said
    by_class = pd.DataFrame(
        {"class": ["No Failure", "Power Failure"], "rows": [9, 1], "iqr": 0.0, "robust": 0.0}
    )
    by_column = pd.DataFrame({"column": ["torque"], "share": [0.0]})
    none = words.outlier_methods(outliers.outlying(by_class, by_column)).replace("\xa0", " ")
    assert none == ("Tukey's fences flag 0.0 % of the rows; the robust distance flags 0.0 %.")


def test_the_row_number_is_worth_what_neighbours_give_away_or_nothing():
    alone = pd.DataFrame({"column": ["udi"], "random_folds": [0.375], "blocks": [0.25]})
    leak = words.row_number_leak(machines.row_number_leak(alone))
    assert (
        "A tree on the row number alone has a macro-F1 of 0.375 on random folds and 0.250 on"
        in leak
    )
    assert "contiguous blocks: the 0.125 between" in leak
    for blocks in (0.375, 0.5):
        found = machines.row_number_leak(alone.assign(blocks=blocks))
        assert "give nothing away here" in words.row_number_leak(found)


def test_of_two_serial_numbers_the_larger_leak_is_told():
    alone = pd.DataFrame(
        {"column": ["torque", "udi", "product_id"], "random_folds": [0.9, 0.171, 0.193],
         "blocks": [0.1, 0.164, 0.164]}
    )  # fmt: skip
    found = machines.row_number_leak(alone)
    assert found.column == "product_id" and round(found.gain, 3) == 0.029
    assert "on product ID alone has a macro-F1 of 0.193" in words.row_number_leak(found)


def test_memory_speaks_of_time_order_only_if_there_is_some():
    order = pd.DataFrame({"column": ["torque", "tool_wear"], "lag_1": [0.01, 0.93]})
    assert "are in time order:" in words.memory(timeline.memory(order, numbered=True))
    assert "is not known" in words.memory(timeline.memory(order, numbered=False))
    none = timeline.memory(order.assign(lag_1=0.01), numbered=True)
    assert "in any order" in words.memory(none)


def test_concentration_names_the_classes_that_blocks_lack():
    places = pd.DataFrame(
        {"class": ["Power Failure"], "rows": [9], "first": [10], "last": [99], "span": [0.009]}
    )
    missing = pd.DataFrame({"class": ["Power Failure", "No Failure"], "blocks": [4, 0]})
    text = words.concentration(timeline.concentration(places, missing, 5))
    assert "power is absent from 4 of them" in text and "no failure" not in text
    full = words.concentration(timeline.concentration(places, missing.assign(blocks=0), 5))
    assert "every class in each" in full


def agreement(labelled, both, rounded, other=0):
    table = pd.DataFrame(
        {
            "class": ["Heat Dissipation Failure"],
            "labelled": [labelled],
            "both": [both],
            "other_failure": [other],
        }
    )
    return words.rules(machines.agreement(table, rounded))


def test_rules_explain_what_they_miss():
    assert "12 of 112 heat dissipation failures. All of them have" in agreement(112, 100, 12)
    assert agreement(5, 5, 0).startswith("Every row with the label")
    assert "1 row meets a rule and wears" in agreement(5, 5, 0, 1)


def test_leakage_does_not_accuse_where_a_sensor_is_as_good():
    table = pd.DataFrame({"column": ["torque", "target"], "failed": [0.9, 0.6]})
    assert "no better than a sensor" in words.leakage(machines.leak(table))
    assert "answer written in other words" in words.leakage(
        machines.leak(table.assign(failed=[0.6, 0.97]))
    )


def synthetic(impossible):
    table = pd.DataFrame(
        {
            "strategy": ["SMOTE", "Gaussian synthesis"],
            "new": [10, 10],
            "obeys": [0.97, 0.6],
            "original": 0.96,
            "impossible": [0.0, impossible],
        }
    )
    return words.synthetic(balancing.likeness(table))


def test_impossible_rows_are_mentioned_only_if_there_are_some():
    assert "negative torque" in synthetic(0.03)
    assert "negative torque" not in synthetic(0.0)


def test_where_nothing_is_invented_that_is_said():
    assert words.synthetic(None).startswith("No strategy invents a row here")


def test_cleanliness_counts_blanks_doubles_and_repetitions():
    frame = pd.DataFrame({"udi": [1, 2, 3], "product_id": list("abc"), "torque": [1.0, 1.0, None]})
    text = words.cleanliness(machines.cleanliness(frame))
    assert text.startswith("Blanks: 1 in torque. There are no duplicate rows, and 1 row that")
    assert "No column has a blank" in words.cleanliness(machines.cleanliness(frame.fillna(2.0)))


def test_the_rarest_class_is_told_with_how_many_of_the_other_there_are():
    counts = machines.class_counts(pd.Series(["No Failure"] * 90 + ["Power Failure"] * 10))
    counts = counts[counts["rows"] > 0]
    text = words.classes(machines.rarity(counts)).replace("\xa0", " ")
    assert "90.0 % of the rows are labelled no failure" in text
    assert "rarest class is power, with 10 rows; for each there are 9" in text


def test_each_failure_has_its_strongest_feature_or_all_have_one():
    numbers = ["air_temperature", "process_temperature", "rotational_speed", "torque", "tool_wear"]
    between = pd.DataFrame(0.1, index=numbers, columns=numbers)
    between.loc["torque", "rotational_speed"] = between.loc["rotational_speed", "torque"] = -0.9
    with_class = pd.DataFrame(0.0, index=numbers, columns=list(FAILURE_TYPES))
    with_class.loc["torque"] = -0.2
    same = words.correlations(machines.correlated(between, with_class))
    assert "rotational speed and torque (−0.90). Every failure goes most with torque." in same
    with_class.loc["tool_wear", "Tool Wear Failure"] = 0.3
    other = words.correlations(machines.correlated(between, with_class))
    assert "tool wear with tool wear (0.30)" in other and "2 different features" in other


def test_medians_shift_above_or_below_those_of_sound_rows():
    X = pd.DataFrame({"torque": [40.0, 42.0, 44.0, 10.0], "tool_wear": [1.0, 2.0, 3.0, 2.0]})
    y = pd.Series(["No Failure"] * 3 + ["Power Failure"])
    said = words.class_medians(machines.median_shifts(X, y))
    assert said.endswith("of those: torque for power (16.0 below)."), (
        "a class that is absent is told"
    )


def test_a_training_set_grows_and_may_shrink():
    counts = pd.DataFrame({"strategy": ["none", "less", "more"], "a": [50, 10, 80], "b": [5, 5, 5]})
    text = words.extremes(balancing.sizes(counts))
    assert "shrinks from 55 rows to 15 with less and grows to 85 with more." in text
    only = words.extremes(balancing.sizes(counts.drop(index=1)))
    assert only == "The training set grows from 55 rows to 85 with more."


def test_strategies_that_leave_as_many_rows_are_all_named():
    counts = pd.DataFrame({"strategy": ["none", "SMOTE", "copies"], "a": [50, 80, 75],
                           "b": [5, 5, 10]})  # fmt: skip
    assert words.extremes(balancing.sizes(counts)).endswith("to 85 with SMOTE and copies.")
