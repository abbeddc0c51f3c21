"""What the chapter on the machine rows measures: known answers on rows made for the purpose."""

import numpy as np
import pandas as pd
import pytest

from labkit.failures.data import load_maintenance
from labkit.failures.exploration import balancing, machines, outliers, timeline
from labkit.failures.features import MACHINE_FEATURES, machine_features
from labkit.failures.preprocessing import scaling
from labkit.failures.rules import power
from labkit.failures.samplers import STRENGTH


@pytest.fixture(scope="module")
def frame():
    return load_maintenance("embedded").frame


def test_contradictions_are_counted_both_ways(frame):
    clean = frame.assign(target=(frame["failure_type"] != "No Failure").astype(int))
    assert machines.contradictions(clean).empty
    clean.loc[clean.index[:3], "target"] = 1 - clean["target"][:3]
    assert machines.contradictions(clean)["rows"].sum() == 3


def test_contradictions_within_a_tools_last_minutes_are_counted():
    wear = [199, 200, 240, 241]
    frame = pd.DataFrame(
        {"failure_type": "No Failure", "target": 1, "type": "H", "tool_wear": wear, "torque": 40.0,
         "rotational_speed": 1500, "air_temperature": 300.0, "process_temperature": 310.0}
    )  # fmt: skip
    (row,) = machines.contradictions(frame).itertuples()
    assert (row.rows, row.rule, row.worn) == (4, 0, 2)


def test_target_alone_gives_the_answer_away_and_the_row_number_does_not_on_blocks(frame):
    table = machines.single_columns(frame).set_index("column")
    assert table["failed"].idxmax() == "target"
    assert table.loc["target", "failed"] > 0.95
    assert table.loc["udi", "blocks"] <= table.loc["udi", "random_folds"] + 0.01


def test_rule_agreement_counts_what_the_rules_say(frame):
    table = machines.rule_agreement(frame).set_index("class")
    limit = frame["type"].map({"L": 11_000, "M": 12_000, "H": 13_000})
    assert (
        table.loc["Overstrain Failure", "meets"]
        == (frame["tool_wear"] * frame["torque"] > limit).sum()
    )
    assert (table["both"] <= table[["meets", "labelled"]].min(axis=1)).all()


def test_a_heat_failure_at_the_limit_is_one_by_rounding_only():
    row = {
        "air_temperature": 300.8,
        "process_temperature": 309.4,  # 8.6 K apart on paper, 8.599999… in binary
        "rotational_speed": 1300,
        "failure_type": "Heat Dissipation Failure",
    }
    assert machines.heat_by_rounding(pd.DataFrame([row])) == 1
    assert machines.heat_by_rounding(pd.DataFrame([row | {"process_temperature": 309.2}])) == 0


def test_a_row_that_no_single_column_shows_is_an_outlier_by_distance(frame):
    X = frame[MACHINE_FEATURES].astype(float)
    odd = X.iloc[[0]].assign(rotational_speed=1850.0, torque=60.0)
    rows = outliers.outliers(
        pd.concat([X, odd], ignore_index=True), pd.Series(["No Failure"] * (len(X) + 1))
    )
    assert not rows["iqr"].iloc[-1]
    assert rows["robust"].iloc[-1]
    assert (rows["robust"] == (rows["distance"] > outliers.distance_limit())).all()


def test_time_order_shows_only_while_the_rows_are_in_it(frame):
    ordered = timeline.time_order(frame).set_index("column")["lag_1"]
    shuffled = frame.assign(udi=np.random.default_rng(0).permutation(len(frame)))
    assert ordered["air_temperature"] > 0.99
    assert timeline.time_order(shuffled)["lag_1"].abs().max() < 0.05


def test_a_class_in_one_block_is_missing_in_the_others():
    labels = pd.Series(["No Failure"] * 80 + ["Power Failure"] * 20)
    missing = timeline.classes_missing_in_blocks(labels, 5).set_index("class")["blocks"]
    assert missing["No Failure"] == 1
    assert missing["Power Failure"] == 4
    assert missing["Tool Wear Failure"] == 5


def test_units_come_back_from_scaling(frame):
    X = machine_features(frame)
    numeric = [name for name in X if name != "type"]
    units = balancing.in_units(scaling(numeric).fit_transform(X), X)
    assert units["type"].tolist() == X["type"].tolist()
    assert np.allclose(units[numeric], X[numeric])


def test_invented_rows_are_judged_and_copies_are_not(frame):
    X = machine_features(frame)
    y = frame["failure_type"].astype(str).to_numpy()
    numeric = [name for name in X if name != "type"]
    rows = scaling(numeric).fit_transform(X)
    copies = pd.concat([rows, rows.iloc[:50]])
    low = (50 * (2 * np.pi) * 1500 / 60 - X["power"].mean()) / X["power"].std(ddof=0)
    bad = rows.iloc[[0]].assign(
        torque=(-50 - X["torque"].mean()) / X["torque"].std(ddof=0),
        rotational_speed=(1500 - X["rotational_speed"].mean()) / X["rotational_speed"].std(ddof=0),
        power=low,
    )
    table = balancing.synthetic_quality(
        {
            "none": (rows, y),
            "copies": (copies, np.append(y, y[:50])),
            "bad": (pd.concat([rows, bad]), np.append(y, "Power Failure")),
        },
        X,
    )
    assert table["strategy"].tolist() == ["bad"]
    made = table.iloc[0]
    assert (made["new"], made["impossible"], made["obeys"]) == (1, 1.0, 1.0)
    assert made["power_gap"] == pytest.approx(2 * power(50, 1500))
    nothing = balancing.synthetic_quality({"none": (rows, y), "SMOTE": (rows, y)}, X)
    assert nothing.empty and nothing.columns.tolist() == table.columns.tolist()
    assert balancing.likeness(nothing) is None


def test_class_weights_give_every_rare_class_the_same_share_in_sum(frame):
    X = machine_features(frame)
    y = frame["failure_type"].astype(str).to_numpy()
    rows = scaling([name for name in X if name != "type"]).fit_transform(X)
    marked = balancing.marked({"none": (rows, y), "class weights": (rows, y)}, X)
    assert (marked["none"][2] == 1).all()
    sums = pd.Series(marked["class weights"][2]).groupby(y).sum()
    assert sums.drop("No Failure").to_numpy() == pytest.approx(STRENGTH * sums["No Failure"])
    assert sums.sum() == pytest.approx(len(y))
