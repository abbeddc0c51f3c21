"""The tables on the machine rows: each cell under its heading, counted from the rows."""

import numpy as np
import pandas as pd
import pytest
from made_up import cells

from labkit.failures.exploration import balancing, machines, outliers, tables, timeline
from labkit.failures.features import MACHINE_FEATURES
from labkit.failures.rules import FAILURE_TYPES, SHORT_CLASSES
from labkit.failures.samplers import STRATEGIES

SOUND, HEAT, POWER, STRAIN, WEAR, RANDOM = FAILURE_TYPES


def test_each_column_has_its_first_values_its_blanks_and_its_range():
    frame = pd.DataFrame(
        {"udi": [1, 2, 10000, 4], "torque": [-0.5, 42.75, np.nan, 42.75],
         "type": list("LMHL"), "product_id": ["L1", "M2", "H3", "L4"]}
    )  # fmt: skip
    udi, torque, kind, product = cells(tables.columns(machines.contents(frame)))
    assert udi == {
        "Column": "udi", "First row": "1", "Second row": "2", "Blanks": "0", "Values": "4",
        "Range": "1 to 10,000",
    }  # fmt: skip
    assert (torque["Blanks"], torque["Values"], torque["Range"]) == ("1", "2", "−0.5 to 42.75")
    assert kind["Range"] == "L, M, H", "few texts are not all named"
    assert product["Range"] == "L1, …"


def test_contradictions_stand_with_what_meets_a_rule():
    clashes = pd.DataFrame(
        {"failure_type": [RANDOM], "target": [0], "rows": [1018], "rule": [3], "worn": [2],
         "share": [0.1]}
    )  # fmt: skip
    assert cells(tables.contradictions(clashes)) == [
        {
            "Failure type": RANDOM,
            "Target": "0",
            "Rows": "1,018",
            "Meet a rule": "3",
            "Worn tool": "2",
        }
    ]


def test_a_column_alone_has_its_three_scores():
    alone = pd.DataFrame(
        {"column": ["udi"], "failed": [0.5], "random_folds": [0.25], "blocks": [0.125]}
    )
    assert cells(tables.single_columns(alone)) == [
        {"Column": "udi", "Failed or not": "0.500", "Six classes, random folds": "0.250",
         "Six classes, blocks": "0.125"}
    ]  # fmt: skip


def test_rules_against_labels():
    agreement = pd.DataFrame(
        {"class": [POWER], "meets": [1095], "labelled": [95], "both": [94], "other_failure": [1]}
    )
    assert cells(tables.rules(agreement)) == [
        {"Failure": POWER, "Meet the rule": "1,095", "Wear the label": "95", "Both": "94",
         "Meet it, wear another failure's": "1"}
    ]  # fmt: skip


def test_memory_is_that_of_the_row_before():
    frame = pd.DataFrame({name: [1.0, 2, 3, 4, 5] for name in MACHINE_FEATURES})
    frame["torque"] = [1.0, -1, 1, -1, 1]
    # The rows lie in the file's order, not in the frame's.
    frame = frame.assign(udi=range(5)).sample(frac=1, random_state=0)
    made = {row["Measurement"]: row for row in cells(tables.memory(timeline.time_order(frame)))}
    assert list(made) == MACHINE_FEATURES
    assert made["torque"]["Autocorrelation at lag 1"] == "−1.0000"
    assert made["tool_wear"]["Autocorrelation at lag 1"] == "1.0000"


def test_preparation_shows_old_means_only_of_columns_that_were_numbers():
    X = pd.DataFrame({"torque": [30.0, 50], "type": ["L", "H"]})
    prepared = pd.DataFrame({"torque": [-1.0, 1], "type_0.0": [1.0, 0], "type_2.0": [0.0, 1]})
    made = cells(tables.before_and_after(machines.before_and_after(X, prepared)))
    assert [row["Column"] for row in made] == ["torque", "type is L", "type is H"]
    assert made[0] == {
        "Column": "torque", "Mean before": "40.0", "Sd before": "10.0", "Mean after": "0.00",
        "Sd after": "1.00",
    }  # fmt: skip
    assert (made[1]["Mean before"], made[1]["Sd before"]) == ("–", "–")
    assert (made[1]["Mean after"], made[1]["Sd after"]) == ("0.50", "0.50")


def flagged():
    return pd.DataFrame(
        [(SOUND, True, False), (SOUND, False, False), (SOUND, False, False), (SOUND, False, False),
         (WEAR, True, True), (WEAR, False, True)],
        columns=["class", "iqr", "robust"],
    )  # fmt: skip


def test_outliers_are_shares_of_each_class_that_occurs_in_per_cent():
    made = cells(tables.outliers(outliers.outliers_by_class(flagged())))
    assert made == [
        {"Class": SOUND, "Rows": "4", "Tukey's fences [%]": "25.0", "Robust distance [%]": "0.0"},
        {"Class": WEAR, "Rows": "2", "Tukey's fences [%]": "50.0", "Robust distance [%]": "100.0"},
    ]


def test_flagged_failures_stand_beside_what_sound_rows_let_expect():
    by_class = pd.DataFrame(
        {"class": ["No Failure", "Power Failure", "Random Failures"], "rows": [1000, 50, 10],
         "iqr": [0.1, 0.4, 0.1], "robust": [0.02, 0.1, 0.0]}
    )  # fmt: skip
    power, random = cells(tables.outliers_against_chance(outliers.against_chance(by_class)))
    assert [power[name] for name in ("Fences", "Fences, expected", "Fences, p")] == [
        "20",
        "5.0",
        r"\< 0.001",
    ]
    assert (power["Robust"], power["Rows"]) == ("5", "50")
    # Of ten rows at a tenth each, one or more has a chance of 1 - 0.9**10; none or more, of one.
    assert random["Fences, p"] == "0.651"
    assert outliers.against_chance(by_class)["robust_p_value"].iloc[1] == 1


def test_fences_leave_out_what_lies_beyond_them():
    X = pd.DataFrame({name: [0.0, 1, 2, 3, 4] for name in MACHINE_FEATURES})
    X["torque"] = [0.0, 1, 2, 3, 7]
    table = outliers.outliers_by_column(X).set_index("column")
    # Quartiles 1 and 3, so that the fences are 3 outside of them.
    assert table.loc["torque", ["low", "high", "share"]].tolist() == [-2, 6, 0.2]
    assert table["share"].drop("torque").eq(0).all()


def test_failures_lie_between_their_first_and_their_last_row():
    labels = pd.Series([SOUND] * 10)
    labels[[1, 5, 9]] = [POWER, POWER, HEAT]
    frame = pd.DataFrame({"udi": range(1, 11), "failure_type": labels})
    places = timeline.where_failures_lie(frame)
    assert places.to_dict("records") == [
        {"class": HEAT, "rows": 1, "first": 10, "last": 10, "span": 0.1},
        {"class": POWER, "rows": 2, "first": 2, "last": 6, "span": 0.5},
    ]


def test_each_strategy_is_told_in_the_order_given():
    made = cells(tables.strategies(STRATEGIES))
    assert [row["Strategy"] for row in made] == list(STRATEGIES)
    assert [row["What it does to the training rows"] for row in made] == list(STRATEGIES.values())


def test_rows_of_each_class_are_counted_under_each_strategy():
    labels = {"none": [SOUND] * 2 + [POWER], "more": [SOUND] * 2 + [POWER] * 2000}
    balanced = {name: (pd.DataFrame(index=range(len(y))), y) for name, y in labels.items()}
    none, more = cells(tables.counts(balancing.counts_after(balanced)))
    assert none == {
        "Strategy": "none", "No Failure": "2", "Heat": "0", "Power": "1", "Overstrain": "0",
        "Tool Wear": "0", "Random": "0",
    }  # fmt: skip
    assert more["Power"] == "2,000" and more["No Failure"] == "2"
    assert len(none) == 1 + len(SHORT_CLASSES)


def test_a_table_of_no_invented_rows_has_none():
    columns = ["strategy", "new", "obeys", "original", "impossible", "power_gap"]
    assert cells(tables.synthetic(pd.DataFrame(columns=columns))) == []


@pytest.mark.parametrize(("obeys", "text"), [(0.975, "97.5"), (np.nan, "–")])
def test_shares_of_invented_rows_are_in_per_cent_and_a_dash_where_there_is_none(obeys, text):
    quality = pd.DataFrame(
        {"strategy": ["SMOTE"], "new": [37000], "obeys": [obeys], "original": [0.9],
         "impossible": [0.0025], "power_gap": [1234.5]}
    )  # fmt: skip
    assert cells(tables.synthetic(quality)) == [
        {"Strategy": "SMOTE", "New rows": "37,000", "Obey the rule [%]": text,
         "Impossible [%]": "0.2", "Power gap [W]": "1,234"}
    ]  # fmt: skip
