"""The tables of the chapter on cleaning and preparing the machine rows."""

from collections.abc import Mapping

import pandas as pd

from labkit.failures.preprocessing import QUALITIES
from labkit.failures.rules import FAILURE_TYPES, SHORT_CLASSES
from labkit.report.table import P_VALUE, Table, table


def columns(contents: pd.DataFrame) -> Table:
    """What each column holds."""
    return table(
        contents,
        {
            "column": "Column",
            "first": "First row",
            "second": "Second row",
            "blanks": "Blanks",
            "values": "Values",
            "range": "Range",
        },
    )


def contradictions(clashes: pd.DataFrame) -> Table:
    """Rows whose two labels disagree."""
    return table(
        clashes,
        {
            "failure_type": "Failure type",
            "target": "Target",
            "rows": "Rows",
            "rule": "Meet a rule",
            "worn": "Worn tool",
        },
    )


def single_columns(alone: pd.DataFrame) -> Table:
    """What trees make of one column alone."""
    return table(
        alone,
        {
            "column": "Column",
            "failed": "Failed or not",
            "random_folds": "Six classes, random folds",
            "blocks": "Six classes, blocks",
        },
    )


def rules(agreement: pd.DataFrame) -> Table:
    """Documented rules against labels."""
    return table(
        agreement,
        {
            "class": "Failure",
            "meets": "Meet the rule",
            "labelled": "Wear the label",
            "both": "Both",
            "other_failure": "Meet it, wear another failure's",
        },
    )


def memory(order: pd.DataFrame) -> Table:
    """Autocorrelation of each measurement from row to row."""
    return table(
        order,
        {"column": "Measurement", "lag_1": "Autocorrelation at lag 1"},
        formats={"lag_1": ".4f"},
    )


def before_and_after(frame: pd.DataFrame) -> Table:
    """Mean and standard deviation of each column, before and after preparation."""
    indicators = {f"type_{i}.0": f"type is {q}" for i, q in enumerate(QUALITIES)}
    return table(
        frame.assign(column=frame["column"].replace(indicators)),
        {
            "column": "Column",
            "mean_before": "Mean before",
            "sd_before": "Sd before",
            "mean_after": "Mean after",
            "sd_after": "Sd after",
        },
        formats={
            "mean_before": ",.1f",
            "sd_before": ",.1f",
            "mean_after": "z.2f",
            "sd_after": ".2f",
        },
    )


def outliers(by_class: pd.DataFrame) -> Table:
    """Shares of outliers by class, in per cent."""
    shares = by_class.assign(iqr=100 * by_class["iqr"], robust=100 * by_class["robust"])
    return table(
        shares,
        {
            "class": "Class",
            "rows": "Rows",
            "iqr": "Tukey's fences [%]",
            "robust": "Robust distance [%]",
        },
        formats={"iqr": ".1f", "robust": ".1f"},
    )


def outliers_against_chance(counts: pd.DataFrame) -> Table:
    """Flagged rows of each failure beside what sound rows would let expect, and its chance."""
    return table(
        counts,
        {
            "class": "Failure",
            "rows": "Rows",
            "iqr": "Fences",
            "iqr_expected": "Fences, expected",
            "iqr_p_value": "Fences, p",
            "robust": "Robust",
            "robust_expected": "Robust, expected",
            "robust_p_value": "Robust, p",
        },
        formats={
            "iqr_expected": ".1f",
            "robust_expected": ".1f",
            "iqr_p_value": P_VALUE,
            "robust_p_value": P_VALUE,
        },
    )


def strangers(lines: pd.DataFrame) -> Table:
    """How often SMOTE's lines pass nearest to a row of another class."""
    return table(
        lines.assign(share=100 * lines["share"]),
        {"class": "Failure", "lines": "Lines", "share": "Middle nearest to another class [%]"},
        formats={"share": ".0f"},
    )


def strategies(phrases: Mapping[str, str]) -> Table:
    """Balancing strategies and what they do."""
    frame = pd.DataFrame({"name": phrases.keys(), "what": phrases.values()})
    return table(frame, {"name": "Strategy", "what": "What it does to the training rows"})


def counts(after: pd.DataFrame) -> Table:
    """Training rows per class and strategy."""
    headings = {name: SHORT_CLASSES[name].removesuffix(" Dissipation") for name in FAILURE_TYPES}
    return table(after, {"strategy": "Strategy", **headings})


def synthetic(quality: pd.DataFrame) -> Table:
    """How lifelike invented rows are, by strategy."""
    shares = ["obeys", "impossible"]
    frame = quality.assign(**{name: 100 * quality[name] for name in shares})
    return table(
        frame,
        {
            "strategy": "Strategy",
            "new": "New rows",
            "obeys": "Obey the rule [%]",
            "impossible": "Impossible [%]",
            "power_gap": "Power gap [W]",
        },
        formats={"obeys": ".1f", "impossible": ".1f", "power_gap": ",.0f"},
    )
