"""The coverage of the intervals, simulated and told."""

import dataclasses

import pandas as pd
import pytest
from made_up import cells, text

from labkit.volatility import coverage
from labkit.volatility.data import load_nyse
from labkit.volatility.profile import PROFILES


@pytest.fixture(scope="module")
def facts(prices):
    data = dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)
    return coverage.interval_coverage.make(data, PROFILES["quick"])


def test_years_are_as_long_as_the_test_year_and_memory_costs_coverage(facts, prices):
    last = prices["date"][prices["date"] >= "2013"].nunique()
    assert facts.n_days == last - 1, "the last day has no tomorrow"
    assert facts.table["block"].is_monotonic_increasing
    assert 0.88 < facts.independent < 0.98 and facts.persistent < facts.independent
    assert facts.independent == facts.table["coverage"].iloc[0]
    assert facts.persistent == facts.table["coverage"].iloc[-1]


def test_the_coverage_is_said_as_it_is(facts):
    first, *_ = cells(coverage.shown(facts))
    assert first["Autocorrelation, one day (profile quick)"] == "0.0"
    made = coverage.Coverage(profile="full", table=pd.DataFrame(), n_days=251, independent=0.93,
                             persistent=0.86, greatest=0.8)  # fmt: skip
    said = text(coverage.said(made))
    assert "years of 251 days" in said and "in 93 % of the years" in said
    assert "in 86 % where the daily difference has an autocorrelation of 0.8: a year is too" in said
    good = dataclasses.replace(made, persistent=0.94)
    assert text(coverage.said(good)).endswith("as wide as they should be.")
