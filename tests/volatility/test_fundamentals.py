"""The statements: ratios described, blanks by sector, and what is there without statements."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from labkit.volatility.exploration.fundamentals import (
    BLANK_COLUMNS,
    RATIOS,
    blank_shares,
    lopsided,
    ratios,
)

STATEMENTS = pd.DataFrame(
    {"symbol": ["AAA", "AAA", "BBB", "BBB"], "Current Ratio": [100.0, 300.0, np.nan, np.nan],
     "For Year": [2013.0, np.nan, 2013.0, 2014.0], "Gross Margin": [40.0, 40.0, 40.0, 40.0],
     "After Tax ROE": [10.0, 10.0, 10.0, 970.0]}
)  # fmt: skip
SECURITIES = pd.DataFrame({"symbol": ["AAA", "BBB"], "sector": ["Mines", "Banks"]})
DATA = SimpleNamespace(fundamentals=STATEMENTS, securities=SECURITIES)
WITHOUT = SimpleNamespace(
    fundamentals=None, securities=SECURITIES, prices=pd.DataFrame({"symbol": ["AAA", "BBB", "AAA"]})
)


def test_ratios_are_described_and_one_that_the_file_lacks_has_no_statements():
    table = ratios(DATA).set_index("ratio")
    assert list(table.index) == list(RATIOS)
    current = table.loc["Current Ratio"]
    assert (current["statements"], current["blank"], current["median"]) == (2, 0.5, 200.0)
    assert table.loc["Cash Ratio", "statements"] == 0


def test_the_lopsided_ratio_is_the_one_that_few_statements_pull_up():
    found = lopsided(ratios(DATA))
    assert (found.ratio, found.mean, found.median, found.highest) == (
        "After Tax ROE", 250.0, 10.0, 970.0,
    )  # fmt: skip
    assert lopsided(ratios(WITHOUT)) is None


def test_blanks_go_by_sector_most_first():
    table = blank_shares(DATA)
    assert table["group"].tolist() == ["Banks", "Mines"]
    assert table["Current Ratio"].tolist() == [1.0, 0.0]
    assert table["For Year"].tolist() == [0.0, 0.5]
    assert table["Earnings Per Share"].tolist() == [1.0, 1.0], "a column that is not there"


def test_without_statements_every_group_has_a_row_and_no_share():
    table = blank_shares(WITHOUT)
    assert table["group"].tolist() == ["Banks", "Mines"] and (table["statements"] == 0).all()
    assert table[list(BLANK_COLUMNS)].isna().all(axis=None)
