"""Tables: what stands in which cell, how numbers are written, and what is bold."""

import numpy as np
import pandas as pd
import pytest
from made_up import cells

from labkit.report.intervals import Interval
from labkit.report.sentence import number
from labkit.report.table import P_VALUE, bold_best, table, with_interval, with_spread

FRAME = pd.DataFrame(
    {
        "name": ["a", "b", "c"],
        "score": [0.5, -0.25, 0.1234],
        "rows": [10, 2000, 3_000_000],
        "sure": [True, False, True],
    }
)


def test_numbers_are_written_as_a_book_writes_them():
    given = cells(table(FRAME))
    assert [row["score"] for row in given] == ["0.500", "−0.250", "0.123"]
    assert [row["rows"] for row in given] == ["10", "2,000", "3,000,000"]
    assert [row["sure"] for row in given] == ["True", "False", "True"]
    assert table(FRAME)._repr_markdown_() == table(FRAME).markdown


def test_headings_order_formats_and_alignment_are_the_callers():
    made = table(
        FRAME, {"score": "R²", "name": "Model"}, formats={"score": "+.1%"}, align={"name": "right"}
    )
    assert [list(row.items()) for row in cells(made)] == [
        [("R²", "+50.0%"), ("Model", "a")],
        [("R²", "−25.0%"), ("Model", "b")],
        [("R²", "+12.3%"), ("Model", "c")],
    ]
    left, right = made.markdown.splitlines()[1].strip("|").split("|")
    assert left.endswith(":") and right.endswith(":")


@pytest.mark.parametrize(("best", "bold"), [("max", ["a"]), ("min", ["b"])])
def test_the_best_is_bold(best, bold):
    given = cells(table(FRAME, best={"score": best}))
    assert [row["name"] for row in given if row["score"].startswith("**")] == bold


def test_what_looks_the_same_is_bold_together():
    frame = pd.DataFrame({"x": [0.12341, 0.12342, 0.1]})
    assert [row["x"] for row in cells(table(frame, best={"x": "max"}))] == [
        "**0.123**", "**0.123**", "0.100",
    ]  # fmt: skip


def test_gaps_are_dashes_and_never_the_best():
    frame = pd.DataFrame({"x": [np.nan, 1.0], "t": [None, "y"], "n": [pd.NA, pd.NaT]})
    first, second = cells(table(frame, best={"x": "min"}))
    assert list(first.values()) == ["–", "–", "–"]
    assert list(second.values()) == ["**1.000**", "y", "–"]
    assert "**" not in table(pd.DataFrame({"x": [np.nan]}), best={"x": "max"}).markdown


def test_a_small_p_value_is_never_zero_and_all_stand_right():
    frame = pd.DataFrame({"p": [0.0312, 0.0005, 0.0004, float("nan")]})
    made = table(frame, formats={"p": P_VALUE}).markdown.splitlines()
    assert [line.strip("| ") for line in made[2:]] == ["0.031", "0.001", r"\< 0.001", "–"]
    assert made[1].endswith("-:|")


def test_zero_has_no_sign():
    frame = pd.DataFrame({"x": [-0.0001, 0.0]})
    assert [row["x"] for row in cells(table(frame))] == ["0.000", "0.000"]
    assert with_interval(Interval(-0.0001, -0.2, 0.2)) == "0.000 [−0.200, 0.200]"


def test_a_bar_in_a_text_does_not_split_its_cell():
    assert cells(table(pd.DataFrame({"x": ["a|b"], "y": ["c"]})))[0] == {"x": r"a\|b", "y": "c"}


def test_hyphens_in_texts_are_no_minus_signs():
    assert cells(table(pd.DataFrame({"x": ["64-32"]})))[0]["x"] == "64-32"


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(KeyError, match="no column 'f1' in the frame; it has name, score"):
        table(FRAME, {"f1": "F1"})


def test_means_with_spread_and_interval():
    assert with_spread(0.5, float("nan")) == "0.500"
    assert with_spread(-2.0, 1.41, ".1f") == "−2.0 ± 1.4"
    assert with_interval(Interval(0.5, float("nan"), float("nan"))) == "0.500"


def test_thousands_stand_apart_in_cells_as_in_sentences():
    assert cells(table(pd.DataFrame({"x": [12345.678]})))[0]["x"] == number(12345.678, ".3f")


def test_the_best_text_is_the_one_with_the_largest_value():
    texts, values = pd.Series(["a", "b", "c"]), pd.Series([1.0, 3.0, 3.0])
    assert bold_best(texts, values).tolist() == ["a", "**b**", "**c**"]
