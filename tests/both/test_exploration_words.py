"""The exploratory chapters' sentences say what the frames say, whichever way it goes."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from labkit.failures.data import load_maintenance
from labkit.failures.exploration import words as machines
from labkit.report import origin as provenance
from labkit.report.sentence import Sentence, counted, listing, number, percent
from labkit.volatility.exploration import words as market


def test_sentences_are_inserted_as_markdown_not_escaped():
    assert Sentence("**bold**")._repr_markdown_() == "**bold**"
    assert isinstance(number(1.5, ".1f"), Sentence)


@pytest.mark.parametrize(
    ("value", "spec", "text"),
    [
        (1234567, ",", "1,234,567"),
        (1234.5, ".2f", "1,234.50"),
        (-0.5, "+.1f", "−0.5"),
        (0.5, "+.1f", "+0.5"),
        (-0.0004, ".3f", "0.000"),
        (0.00012345, ".3g", "0.000123"),
        (12.0, ".0f", "12"),
        (float("nan"), ".3f", "–"),
    ],
)
def test_numbers_are_typeset(value, spec, text):
    assert number(value, spec) == text


def test_counts_and_lists_read_as_english():
    assert percent(0.1234, 0) == "12\N{NO-BREAK SPACE}%"
    assert listing([]) == "none"
    assert listing(["a"]) == "a"
    assert counted(1, "entry", "entries") == "1 entry"


def provenance_of(source):
    return replace(load_maintenance("embedded").provenance, source=source)


def test_only_the_embedded_default_disclaims_kaggle():
    made = provenance.next_step(provenance_of("embedded"))
    assert "simulation" in made and "LABKIT_DATA" in made and "shivamb" in made
    real = replace(provenance_of("embedded"), is_real=True)
    assert "They are real, but not the data set the lab names" in provenance.next_step(real)
    for source in ("environment", "local", "kaggle", "download"):
        assert "nothing on this page" not in provenance.next_step(provenance_of(source))


def test_every_source_has_an_opening():
    for source in ("environment", "local", "kaggle", "download", "embedded"):
        text = provenance.opening(provenance_of(source))
        assert "10,000 rows" in text and "[@matzka2020ai4i]" in text


def moves(kinds):
    return pd.DataFrame(
        {
            "date": pd.Timestamp("2020-01-02"),
            "symbol": "AAA",
            "previous_close": 100.0,
            "open": 50.0,
            "change": -0.5,
            "looks_like": kinds,
        }
    )


def test_jumps_speak_of_adjustments_only_where_there_are_some():
    assert "Of the 2 largest moves, 1 happened" in market.jumps(moves(["news", "other adjustment"]))
    assert market.jumps(moves(["news"])).startswith("None of the 1")
    assert "1 of the 2 largest moves looks like" in market.jumps_lesson(
        moves(["news", "other adjustment"])
    )


def shapes(raw, log):
    return pd.DataFrame({"skewness": [raw, log], "excess_kurtosis": [30.0, 0.1]})


def test_the_logarithm_is_praised_only_if_it_helps():
    assert "close enough to a bell" in market.distributions(shapes(5.0, 0.3))
    assert "does not make it a bell" in market.distributions(shapes(0.2, -1.5))
    assert "no more symmetric" in market.distributions_lesson(shapes(0.2, -1.5))


def memories(log_return, log_vol):
    return pd.DataFrame(
        {
            "quantity": ["log_return", "absolute_return", "log_vol"],
            "lag": 1,
            "median": [log_return, 0.1, log_vol],
        }
    )


def test_the_target_is_what_remembers_most():
    assert "log volatility remembers most" in market.why_this_target(memories(-0.02, 0.5))
    assert "25 times" in market.why_this_target(memories(-0.02, 0.5))
    assert "the return itself remembers most" in market.why_this_target(memories(0.9, 0.5))


def test_missing_tells_holes_from_late_starts():
    data = SimpleNamespace(prices=pd.DataFrame({"close": [1.0]}), fundamentals=None)
    coverage = pd.DataFrame([[1, 1], [0, 1], [0.5, 1]])
    text = market.missing(data, pd.DataFrame(), coverage)
    assert "1 of 3 stocks has every trading day, and 1 starts late" in text
    assert "no annual statements" in text
    assert "every stock has every" in market.missing(data, pd.DataFrame(), coverage.iloc[:1])


def test_tails_are_called_heavy_only_if_they_are():
    row = pd.Series({"mean": 0.05, "sd": 2.0, "excess_kurtosis": -0.5})
    tails = pd.DataFrame({"multiple": [5], "observed": [1e-6], "normal": [1e-6]})
    assert "no heavier" in market.returns(row, tails)
    assert "are heavier" in market.returns(row.replace(-0.5, 40.0), tails)


def clashes(rule):
    return pd.DataFrame(
        {"failure_type": ["Random Failures"], "target": [0], "rows": [18], "rule": [rule]}
    )


def test_contradictions_say_whether_a_rule_takes_a_side():
    assert "nothing in the measurements" in machines.contradictions(clashes(0), 10_000)
    assert "nothing in the measurements" not in machines.contradictions(clashes(2), 10_000)
    assert "agree in every row" in machines.contradictions(clashes(0).iloc[:0], 10_000)


def outlier_shares(sound, failing):
    return pd.DataFrame(
        {
            "class": ["No Failure", "Power Failure"],
            "rows": [900, 100],
            "iqr": [sound, failing],
            "robust": [sound, failing],
        }
    )


def test_failures_are_called_outliers_only_if_they_are():
    assert "what we are looking for" in machines.failures_are_outliers(outlier_shares(0.04, 0.7))
    assert "not the same here" in machines.failures_are_outliers(outlier_shares(0.04, 0.01))


def test_memory_speaks_of_time_order_only_if_there_is_some():
    order = pd.DataFrame({"column": ["torque", "tool_wear"], "lag_1": [0.01, 0.93]})
    assert "in time order" in machines.memory(order)
    assert "in any order" in machines.memory(order.assign(lag_1=0.01))


def test_concentration_names_the_classes_that_blocks_lack():
    places = pd.DataFrame(
        {"class": ["Power Failure"], "rows": [9], "first": [10], "last": [99], "span": [0.009]}
    )
    missing = pd.DataFrame({"class": ["Power Failure", "No Failure"], "blocks": [4, 0]})
    text = machines.concentration(places, missing, 5)
    assert "power is absent from 4 of them" in text and "no failure" not in text
    full = machines.concentration(places, missing.assign(blocks=0), 5)
    assert "every class in each" in full


def agreement(labelled, both, other=0):
    return pd.DataFrame(
        {
            "class": ["Heat Dissipation Failure"],
            "labelled": [labelled],
            "both": [both],
            "other_failure": [other],
        }
    )


def test_rules_explain_what_they_miss():
    assert "12 of 112 heat dissipation failures. All of them have" in machines.rules(
        agreement(112, 100), 12
    )
    assert machines.rules(agreement(5, 5), 0).startswith("Every row with the label")
    assert "1 row meets a rule and wears" in machines.rules(agreement(5, 5, 1), 0)


def test_leakage_does_not_accuse_where_a_sensor_is_as_good():
    table = pd.DataFrame({"column": ["torque", "target"], "failed": [0.9, 0.6]})
    assert "no better than a sensor" in machines.leakage(table)
    assert "answer written in other words" in machines.leakage(table.assign(failed=[0.6, 0.97]))


def synthetic(impossible):
    return pd.DataFrame(
        {
            "strategy": ["SMOTE", "Gaussian synthesis"],
            "new": [10, 10],
            "obeys": [0.97, 0.6],
            "original": 0.96,
            "impossible": [0.0, impossible],
        }
    )


def test_impossible_rows_are_mentioned_only_if_there_are_some():
    assert "negative torque" in machines.synthetic(synthetic(0.03))
    assert "negative torque" not in machines.synthetic(synthetic(0.0))
