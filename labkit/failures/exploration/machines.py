"""The machine rows looked at: contents, contradictions, leaks, classes, the documented rules."""

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from labkit.failures.features import MACHINE_FEATURES, PHYSICS_FEATURES
from labkit.failures.rules import FAILURE_TYPES, heat_dissipation_rule, overstrain_rule, power_rule

NO_FAILURE = FAILURE_TYPES[0]

RULES = {
    "Heat Dissipation Failure": heat_dissipation_rule,
    "Power Failure": power_rule,
    "Overstrain Failure": overstrain_rule,
}
"""The failures that a documented rule decides; the other two are a matter of chance."""

TREE_LEAF = 5
"""Rows that a leaf of the trees on one column must have."""


def contents(frame: pd.DataFrame) -> pd.DataFrame:
    """One row per column: ``column, first, second`` (rows), ``blanks, values, range``.

    ``values`` counts the different ones.
    """
    rows = []
    for name in frame:
        values = frame[name]
        numeric = pd.api.types.is_numeric_dtype(values)
        rows.append(
            {
                "column": name,
                "first": str(values.iloc[0]),
                "second": str(values.iloc[1]),
                "blanks": int(values.isna().sum()),
                "values": values.nunique(),
                "range": f"{values.min():g} to {values.max():g}" if numeric else _some(values),
            }
        )
    return pd.DataFrame(rows)


def _some(values: pd.Series) -> str:
    """The values of a text column where they are few, else the first of them."""
    different = [str(v) for v in values.unique()]
    return ", ".join(different) if len(different) <= 3 else f"{different[0]}, …"


def duplicates(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that repeat another, with and without the columns that number them: ``what, rows``."""
    measured = [name for name in frame if name not in ("udi", "product_id")]
    return pd.DataFrame(
        {
            "what": ["whole rows", "rows without their numbers", "UDI", "product"],
            "rows": [
                int(frame.duplicated().sum()),
                int(frame.duplicated(measured).sum()),
                int(frame.duplicated("udi").sum()),
                int(frame.duplicated("product_id").sum()),
            ],
        }
    )


def contradictions(frame: pd.DataFrame) -> pd.DataFrame:
    """Where ``failure_type`` and ``target`` say different things.

    Returns
    -------
    DataFrame
        ``failure_type``, ``target``, ``rows``, ``share`` (of all rows) and ``rule``, how many of
        them meet one of the documented `RULES`; a row for each combination that occurs.
    """
    failed = frame["failure_type"] != NO_FAILURE
    clash = frame[failed != (frame["target"] == 1)]
    table = clash.assign(rule=any_rule(clash)).groupby(["failure_type", "target"], as_index=False)
    table = table.agg(rows=("rule", "size"), rule=("rule", "sum"))
    return table.assign(share=table["rows"] / len(frame))


def any_rule(frame: pd.DataFrame) -> pd.Series:
    """Whether a row meets any of the `RULES`."""
    return pd.concat([rule(frame) for rule in RULES.values()], axis=1).any(axis=1)


def single_columns(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """What trees make of one column alone, out-of-fold: a column that gives the answer away shows.

    Returns
    -------
    DataFrame
        ``column``; ``failed``, the balanced accuracy of a tree with one split for "failed or not"
        (one half is guessing); ``random_folds`` and ``blocks``, the macro-F1 of a full tree for
        the six classes, on stratified random folds and on contiguous blocks of rows. Best first.
    """
    y = frame["failure_type"].astype(str)
    failed = y != NO_FAILURE
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    stump = DecisionTreeClassifier(max_depth=1, class_weight="balanced", random_state=seed)
    tree = DecisionTreeClassifier(min_samples_leaf=TREE_LEAF, random_state=seed)
    rows = []
    for name in frame.columns.drop("failure_type"):
        x = _as_number(frame[name]).to_numpy().reshape(-1, 1)
        rows.append(
            {
                "column": name,
                "failed": balanced_accuracy_score(
                    failed, cross_val_predict(stump, x, failed, cv=folds)
                ),
                "random_folds": _macro_f1(y, cross_val_predict(tree, x, y, cv=folds)),
                "blocks": _macro_f1(y, cross_val_predict(tree, x, y, cv=KFold(5))),
            }
        )
    return pd.DataFrame(rows).sort_values("failed", ascending=False, ignore_index=True)


def _macro_f1(y, predicted) -> float:
    return f1_score(y, predicted, labels=list(FAILURE_TYPES), average="macro", zero_division=0)


def _as_number(values: pd.Series) -> pd.Series:
    """A column as numbers: the digits of a serial number, the codes of other text."""
    if pd.api.types.is_numeric_dtype(values):
        return values
    digits = pd.to_numeric(values.astype(str).str.extract(r"(\d+)")[0])
    return digits if digits.notna().all() else pd.Series(pd.factorize(values)[0], values.index)


def class_counts(labels: pd.Series) -> pd.DataFrame:
    """``class``, ``rows`` and ``share`` of each failure type, in their fixed order."""
    rows = labels.astype(str).value_counts().reindex(FAILURE_TYPES, fill_value=0)
    table = rows.rename_axis("class").rename("rows").reset_index()
    return table.assign(share=table["rows"] / table["rows"].sum())


def before_and_after(X: pd.DataFrame, prepared: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation of each prepared column, before (blank if new) and after."""
    rows = []
    for name in prepared:
        raw = X[name] if name in X and pd.api.types.is_numeric_dtype(X[name]) else None
        rows.append(
            {
                "column": name,
                "mean_before": np.nan if raw is None else raw.mean(),
                "sd_before": np.nan if raw is None else raw.std(ddof=0),
                "mean_after": prepared[name].mean(),
                "sd_after": prepared[name].std(ddof=0),
            }
        )
    return pd.DataFrame(rows)


def feature_correlations(X: pd.DataFrame) -> pd.DataFrame:
    """Correlations of the measurements and the physics features with each other."""
    return X[MACHINE_FEATURES + PHYSICS_FEATURES].corr()


def class_correlations(X: pd.DataFrame, y: pd.Series) -> pd.DataFrame:
    """Correlation of each feature with belonging to a class: features by classes."""
    features = X[MACHINE_FEATURES + PHYSICS_FEATURES]
    return pd.DataFrame(
        {name: features.corrwith((y == name).astype(float)) for name in FAILURE_TYPES}
    )


def heat_by_rounding(frame: pd.DataFrame) -> int:
    """Heat failures that meet their rule only if the temperatures are not rounded to 0.1 K first.

    A difference of 8.6 K on paper is a little less in binary floating point.
    """
    labelled = frame["failure_type"] == "Heat Dissipation Failure"
    exact = heat_dissipation_rule(frame, decimals=None)
    return int((labelled & exact & ~heat_dissipation_rule(frame)).sum())


def rule_agreement(frame: pd.DataFrame) -> pd.DataFrame:
    """The documented rules against the labels.

    Returns
    -------
    DataFrame
        ``class``; ``meets``, rows that meet the rule; ``labelled``, rows with that label; ``both``;
        ``other_failure``, rows that meet the rule and wear another failure's label.
    """
    rows = []
    for name, rule in RULES.items():
        meets, labelled = rule(frame), frame["failure_type"] == name
        rows.append(
            {
                "class": name,
                "meets": int(meets.sum()),
                "labelled": int(labelled.sum()),
                "both": int((meets & labelled).sum()),
                "other_failure": int(
                    (meets & ~labelled & (frame["failure_type"] != NO_FAILURE)).sum()
                ),
            }
        )
    return pd.DataFrame(rows)
