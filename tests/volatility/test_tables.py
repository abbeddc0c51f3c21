"""The tables of the volatility study."""

import pandas as pd
from made_up import cells, volatility_final, volatility_scores

from labkit.nets.splits import chronological
from labkit.volatility import tables
from labkit.volatility.panel import FEATURE_LABELS, volatility_panel
from labkit.volatility.stocks import Stocks


def test_features_are_listed_as_the_panel_has_them():
    assert [row["Feature"] for row in cells(tables.features())] == [
        f"`{name}`" for name in FEATURE_LABELS
    ]


def test_the_split_shows_what_each_set_spans(prices):
    panel = volatility_panel(prices)
    split = chronological(panel.index["date"], embargo=5)
    own = Stocks(panel, split, pd.Series(dtype=object), 0.0, 1.0)
    train, validation, test = cells(tables.split(own))
    assert (validation["From"], test["From"]) == ("2012-01-02", "2013-01-01")
    assert train["To"] == "2011-12-23", "five trading days before the validation year"
    for row, rows in ((train, split.train), (validation, split.validation), (test, split.test)):
        assert row["Rows"] == f"{len(rows):,}"
        assert int(row["Days"]) == panel.index["date"].iloc[rows].nunique()
    assert {row["Stocks"] for row in (train, validation, test)} == {"5"}


def test_the_final_table_puts_each_set_in_its_column():
    scores = volatility_scores(validation={"first": 0.48})
    by_model = {row["Model"]: row for row in cells(tables.scores(volatility_final(scores)))}
    assert by_model["MLP, first"] == {
        "Model": "MLP, first", "R²": "0.4900", "RMSE": "0.5100", "MAE": "0.5100",
        "QLIKE": "0.510", "Direction": "**0.600**", "R², train": "**0.9000**",
        "R², valid.": "0.4800",
    }  # fmt: skip
    assert by_model["MLP, regularized"]["R²"] == "**0.5400**"
    assert by_model["MLP, regularized"]["RMSE"] == "**0.4600**", "the lowest error is the best"


def test_the_best_network_stands_against_each_of_the_others():
    first, *_, last = cells(tables.differences(volatility_final()))
    assert first == {
        "MLP, regularized, less": "persistence", "Difference in R²": "0.340 [0.320, 0.360]",
        "p": "0.020",
    }  # fmt: skip
    assert last["MLP, regularized, less"] == "ridge regression", "the order given is lost"
    assert last["Difference in R²"] == "0.010 [−0.010, 0.030]"


def test_duels_have_a_row_for_each_rival():
    rows = cells(tables.duels(volatility_final()))
    assert [row["Less"] for row in rows] == ["persistence", "HAR", "ridge regression"]
    assert {row["Network"] for row in rows} == {"MLP, regularized"}
    assert rows[2]["Difference in R²"] == "0.0100 [−0.0100, 0.0300]"
