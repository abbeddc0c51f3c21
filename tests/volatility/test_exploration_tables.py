"""The tables on the NYSE data: each cell under its heading, numbers as the book writes them."""

import numpy as np
import pandas as pd
from made_up import cells

from labkit.volatility.exploration import tables


def test_contents_tell_rows_columns_and_stocks_apart():
    frame = pd.DataFrame(
        {"table": ["prices"], "what": ["a stock and trading day"], "rows": [851264],
         "columns": [7], "names": [501]}
    )  # fmt: skip
    assert cells(tables.contents(frame)) == [
        {"Table": "prices", "A row is": "a stock and trading day", "Rows": "851,264",
         "Columns": "7", "Stocks": "501"}
    ]  # fmt: skip


def test_the_first_prices_are_the_first_rows_with_dates_without_an_hour():
    prices = pd.DataFrame(
        {"date": pd.bdate_range("2010-01-04", periods=6), "symbol": list("ABCDEF"),
         "open": 1234.5, "close": 2.0, "low": 1.0, "high": 3.0, "volume": 1_500_000.0}
    )  # fmt: skip
    made = cells(tables.first_prices(prices))
    assert [row["Stock"] for row in made] == ["A", "B", "C", "D"]
    assert made[1] == {
        "Date": "2010-01-05", "Stock": "B", "Open": "1,234.50", "High": "3.00", "Low": "1.00",
        "Close": "2.00", "Volume": "1,500,000",
    }  # fmt: skip
    assert len(cells(tables.first_prices(prices, n=2))) == 2


def test_statistics_stand_under_their_names_with_real_minus_signs():
    frame = pd.DataFrame(
        {"column": ["log_return"], "quantity": ["return [%]"], "count": [99], "mean": [0.05],
         "sd": [1.5], "min": [-22.25], "q25": [-9.0], "median": [0.0625], "q75": [9.0],
         "max": [1234.5], "skewness": [-0.5], "excess_kurtosis": [10.0]}
    )  # fmt: skip
    assert cells(tables.statistics(frame)) == [
        {"Quantity": "return [%]", "Mean": "0.05", "Sd": "1.50", "Min": "−22.25",
         "Median": "0.06", "Max": "1,234.50", "Skewness": "−0.50", "Excess kurtosis": "10.00"}
    ]  # fmt: skip


def test_jumps_are_in_per_cent_with_their_sign():
    frame = pd.DataFrame(
        {"date": [pd.Timestamp("2014-06-09"), pd.Timestamp("2010-01-04")],
         "symbol": ["AAPL", "NEW"], "previous_close": [645.57, 10.0], "open": [92.7, 15.0],
         "close": [93.7, 12.5], "change": [-0.86, 0.25], "volume": [1.04, 12.0],
         "looks_like": ["split", "news"]}
    )  # fmt: skip
    first, second = cells(tables.jumps(frame))
    assert first == {
        "Date": "2014-06-09", "Stock": "AAPL", "Close before": "645.57", "Open": "92.70",
        "Close": "93.70", "Change [%]": "−86", "Volume": "1.0", "Looks like": "split",
    }  # fmt: skip
    assert second["Change [%]"] == "+25"


def test_a_quirk_that_never_happens_has_no_example():
    frame = pd.DataFrame(
        {"quirk": ["days with no volume", "stocks without the full history"], "rows": [0, 1200],
         "example": [None, "ZZZ, 2012-05-01"]}
    )  # fmt: skip
    assert cells(tables.quirks(frame)) == [
        {"What": "days with no volume", "How many": "0", "For example": "–"},
        {"What": "stocks without the full history", "How many": "1,200",
         "For example": "ZZZ, 2012-05-01"},
    ]  # fmt: skip


def test_ratios_that_no_statement_has_are_dashes():
    frame = pd.DataFrame(
        {"ratio": ["Cash Ratio", "Gross Margin"], "what": ["cash", "sales"],
         "statements": [0, 1781], "q05": [np.nan, 1.0], "median": [np.nan, 43.4],
         "mean": [np.nan, 46.6], "q95": [np.nan, 90.0], "max": [np.nan, 1100.0]}
    )  # fmt: skip
    empty, full = cells(tables.ratios(frame))
    assert empty["Statements"] == "0" and empty["Median"] == empty["Max"] == "–"
    assert (full["Median"], full["Mean"], full["Max"]) == ("43", "47", "1,100")


def test_blanks_are_shares_by_group_and_dashes_without_statements():
    frame = pd.DataFrame({"group": ["Banks", "Mines"], "statements": [4, 0],
                          "Current Ratio": [0.75, None]})  # fmt: skip
    banks, mines = cells(tables.blank_shares(frame, "sector"))
    assert banks == {"Sector": "Banks", "Statements": "4", "Current Ratio blank": "75\xa0%"}
    assert mines["Current Ratio blank"] == "–"


def test_outliers_stand_with_and_without():
    frame = pd.DataFrame({"rows": ["all"], "count": [10], "sd": [1.25], "min": [-70.0],
                          "max": [30.0], "skewness": [-2.0], "excess_kurtosis": [99.0],
                          "far": [0.1]})  # fmt: skip
    (row,) = cells(tables.outliers(frame))
    assert row["Min [%]"] == "−70.0" and row["Beyond five sd"] == "10.000\xa0%"
