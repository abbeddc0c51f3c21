"""What the exploratory chapters measure: known answers on rows made for the purpose."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labkit.failures.data import load_maintenance
from labkit.failures.exploration import balancing, machines, outliers, timeline
from labkit.failures.features import MACHINE_FEATURES, machine_features
from labkit.failures.preprocessing import scaling
from labkit.failures.rules import FAILURE_TYPES, power
from labkit.volatility.exploration import gaps, jumps, market


def flat_prices(symbol="AAA", days=100, start="2020-01-01", close=100.0):
    """A stock whose every day opens and closes at ``close``, one dollar of range either side."""
    return pd.DataFrame(
        {
            "date": pd.bdate_range(start, periods=days),
            "symbol": symbol,
            "open": close,
            "high": close + 1,
            "low": close - 1,
            "close": close,
            "volume": 1000.0,
        }
    )


def scaled(prices, day, factor, columns=("open", "high", "low", "close")):
    """Prices from the day on, times a factor."""
    prices = prices.copy()
    prices.loc[day:, list(columns)] *= factor
    return prices


def test_no_return_crosses_from_one_stock_to_the_next():
    days = market.daily(pd.concat([flat_prices("BBB", close=7), flat_prices("AAA")]))
    assert days.groupby("symbol")["log_return"].first().eq(0).all()
    assert days.groupby("symbol").head(1)["log_return"].isna().all()


def test_a_daily_return_is_the_night_plus_the_day():
    prices = scaled(flat_prices(), 50, 1.1)
    prices.loc[50, "close"] *= 1.05
    prices["high"] = prices[["high", "close"]].max(axis=1)
    day = market.daily(prices).loc[50]
    assert day["overnight"] == pytest.approx(np.log(1.1))
    assert day["log_return"] == pytest.approx(np.log(1.1 * 1.05))


def test_a_split_on_an_ordinary_day_is_told_from_news():
    split = scaled(flat_prices("SPL"), 80, 0.5)
    news = scaled(flat_prices("NEW"), 80, 0.5)
    news.loc[80, "volume"] *= 10
    spin_off = scaled(flat_prices("SPN"), 80, 0.7)
    table = jumps.largest_jumps(market.daily(pd.concat([split, news, spin_off])), n=3)
    looks = table.set_index("symbol")["looks_like"]
    assert looks["SPL"] == "split"
    assert looks["SPN"] == "other adjustment"
    assert looks["NEW"] == "news"
    assert table.set_index("symbol").loc["NEW", "volume"] == pytest.approx(10)


def test_a_move_within_the_day_is_no_split():
    prices = scaled(flat_prices(), 81, 0.5)
    prices.loc[80, ["low", "close"]] *= 0.5
    table = jumps.largest_jumps(market.daily(prices), n=1)
    assert table["date"].item() == prices["date"][80]
    assert table["looks_like"].item() == "news"


def test_autocorrelation_of_a_decaying_series_decays_at_its_rate():
    random = np.random.default_rng(0)
    x = np.zeros((20_000, 1))
    for t in range(1, len(x)):
        x[t] = 0.8 * x[t - 1] + random.normal()
    assert market.autocorrelation(x, 3).ravel() == pytest.approx([0.8, 0.64, 0.512], abs=0.03)


def test_autocorrelation_leaves_blanks_out():
    x = np.tile([1.0, -1.0], 200).reshape(-1, 1)
    x[::7] = np.nan
    assert market.autocorrelation(x, 2).ravel() == pytest.approx([-1, 1], abs=0.02)


def test_coverage_is_zero_before_a_stock_starts_and_late_stocks_stand_last():
    early = flat_prices("ZZZ", days=60)
    late = flat_prices("AAA", days=30, start="2020-02-12")
    table = gaps.coverage(pd.concat([late, early]))
    assert list(table.index) == ["ZZZ", "AAA"]
    assert table.loc["AAA"].iloc[0] == 0
    assert table.loc["ZZZ"].eq(1).all()
    assert 0 < table.loc["AAA"].iloc[1] < 1


def test_missing_counts_blanks_and_is_empty_without_a_table():
    frame = pd.DataFrame({"full": [1, 2, 3, 4], "some": [1, None, 3, None]})
    assert gaps.missing(frame).to_dict("records") == [
        {"column": "some", "missing": 2, "share": 0.5}
    ]
    assert gaps.missing(None).empty


def test_blanks_by_group_goes_by_sector():
    securities = pd.DataFrame({"symbol": ["A", "B"], "sector": ["Banks", "Mines"]})
    statements = pd.DataFrame({"symbol": ["A", "A", "B"], "Ratio": [None, None, 1.0]})
    data = SimpleNamespace(fundamentals=statements, securities=securities)
    shares, column = gaps.blanks_by_group(data)
    assert column == "Ratio"
    assert shares.to_dict() == {"Banks": 1.0, "Mines": 0.0}


@pytest.mark.parametrize(
    ("sectors", "kind"), [(["Banks", "Mines"], "sector"), (["Banks", "Banks"], "stock")]
)
def test_one_sector_alone_is_no_grouping(sectors, kind):
    securities = pd.DataFrame({"symbol": ["A", "B"], "sector": sectors})
    rows = pd.DataFrame({"symbol": ["A", "B", "C"]})
    found, named = market.grouped(rows, securities)
    assert named == kind
    assert found["group"].iloc[2] == ("unknown" if kind == "sector" else "C")


def test_group_explains_all_or_nothing():
    frame = pd.DataFrame({"group": list("aabb"), "x": [1.0, 1.0, 2.0, 2.0], "y": [1.0, 2.0] * 2})
    assert market.explained_by_group(frame, "x") == pytest.approx(1)
    assert market.explained_by_group(frame, "y") == pytest.approx(0)


def test_tails_of_a_normal_sample_are_those_of_the_normal():
    table = market.tails(pd.Series(np.random.default_rng(0).normal(size=200_000)))
    three = table.set_index("multiple").loc[3]
    assert three["observed"] == pytest.approx(three["normal"], rel=0.15)


def test_examples_are_stocks_that_are_there():
    assert market.example_symbols(["MSFT", "ZZZ", "AAA", "IBM"]) == ["IBM", "MSFT", "AAA"]
    assert market.example_symbols(["ONE"]) == ["ONE"]


@pytest.fixture(scope="module")
def frame():
    return load_maintenance("embedded").frame


def test_contradictions_are_counted_both_ways(frame):
    clean = frame.assign(target=(frame["failure_type"] != "No Failure").astype(int))
    assert machines.contradictions(clean).empty
    clean.loc[clean.index[:3], "target"] = 1 - clean["target"][:3]
    assert machines.contradictions(clean)["rows"].sum() == 3


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


def test_class_weights_give_every_class_the_same_weight_in_sum(frame):
    X = machine_features(frame)
    y = frame["failure_type"].astype(str).to_numpy()
    rows = scaling([name for name in X if name != "type"]).fit_transform(X)
    marked = balancing.marked({"none": (rows, y), "class weights": (rows, y)}, X)
    assert (marked["none"][2] == 1).all()
    sums = pd.Series(marked["class weights"][2]).groupby(y).sum()
    assert sums.to_numpy() == pytest.approx(len(y) / len(FAILURE_TYPES))
