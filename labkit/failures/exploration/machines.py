"""The machine rows looked at: contents, contradictions, leaks, classes, the documented rules."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, f1_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from labkit.failures.features import MACHINE_FEATURES, PHYSICS_FEATURES
from labkit.failures.rules import (
    FAILURE_TYPES,
    NO_FAILURE,
    heat_dissipation_rule,
    overstrain_rule,
    power_rule,
)
from labkit.failures.simulation import TOOL_LIFE
from labkit.report.sentence import number

RULES = {
    "Heat Dissipation Failure": heat_dissipation_rule,
    "Power Failure": power_rule,
    "Overstrain Failure": overstrain_rule,
}
"""The failures that a documented rule decides; the other two are a matter of chance."""

NUMBERING = ("udi", "product_id")
"""Columns that only number the rows."""

FORBIDDEN = (*NUMBERING, "target")
"""Columns that no model may see: the last is the answer."""

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
                "range": _range(values) if numeric else _some(values),
            }
        )
    return pd.DataFrame(rows)


def _range(values: pd.Series) -> str:
    return f"{number(values.min(), ',g')} to {number(values.max(), ',g')}"


def _some(values: pd.Series) -> str:
    """The values of a text column where they are few, else the first of them."""
    different = [str(v) for v in values.unique()]
    return ", ".join(different) if len(different) <= 3 else f"{different[0]}, …"


@dataclass(frozen=True)
class Cleanliness:
    """Blanks by column, rows that are another's double, rows that are so but for their numbers."""

    blanks: dict[str, int]
    duplicates: int
    repeated: int


def cleanliness(frame: pd.DataFrame) -> Cleanliness:
    """How clean the file is."""
    blanks = frame.isna().sum()
    measured = [name for name in frame if name not in NUMBERING]
    return Cleanliness(
        blanks[blanks > 0].astype(int).to_dict(),
        int(frame.duplicated().sum()),
        int(frame.duplicated(measured).sum()),
    )


@dataclass(frozen=True)
class Clash:
    """Rows with one label that say another thing in ``target``."""

    failure_type: str
    target: int
    rows: int


@dataclass(frozen=True)
class Contradictions:
    """How many rows say two things at once, of which kinds, and how many could be failures.

    ``ruled`` of them meet a documented rule; ``worn`` have a wear within `TOOL_LIFE`.
    """

    clashes: tuple[Clash, ...]
    rows: int
    share: float
    ruled: int
    worn: int


def contradicting(clashes: pd.DataFrame) -> Contradictions:
    """Read the table of `contradictions`."""
    kinds = clashes[["failure_type", "target", "rows"]].itertuples(index=False)
    return Contradictions(
        tuple(Clash(*kind) for kind in kinds),
        int(clashes["rows"].sum()),
        float(clashes["share"].sum()),
        int(clashes["rule"].sum()),
        int(clashes["worn"].sum()),
    )


def contradictions(frame: pd.DataFrame) -> pd.DataFrame:
    """Where ``failure_type`` and ``target`` say different things.

    Returns
    -------
    DataFrame
        ``failure_type``, ``target``, ``rows``, ``share`` (of all rows); ``rule``, how many of them
        meet one of the documented `RULES`; and ``worn``, how many have a tool wear within
        `TOOL_LIFE`, where a tool fails at a random time. A row for each combination that occurs.
    """
    failed = frame["failure_type"] != NO_FAILURE
    clash = frame[failed != (frame["target"] == 1)]
    clash = clash.assign(rule=any_rule(clash), worn=clash["tool_wear"].between(*TOOL_LIFE))
    table = clash.groupby(["failure_type", "target"], as_index=False)
    table = table.agg(rows=("rule", "size"), rule=("rule", "sum"), worn=("worn", "sum"))
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


@dataclass(frozen=True)
class Leak:
    """The forbidden column that tells failed from not best, and the best measurement.

    Scores are balanced accuracies of one split.
    """

    column: str
    score: float
    measurement: str
    measurement_score: float

    @property
    def is_one(self) -> bool:
        """Whether the forbidden column knows more than any sensor."""
        return self.score > self.measurement_score


def leak(alone: pd.DataFrame) -> Leak:
    """Read the table of `single_columns`, best first."""
    is_forbidden = alone["column"].isin(FORBIDDEN)
    worst, best = alone[is_forbidden].iloc[0], alone[~is_forbidden].iloc[0]
    return Leak(worst["column"], worst["failed"], best["column"], best["failed"])


@dataclass(frozen=True)
class RowNumberLeak:
    """Macro-F1 of a tree on a serial number, on random folds and on contiguous blocks."""

    column: str
    random_folds: float
    blocks: float

    @property
    def gain(self) -> float:
        """What neighbouring rows give away."""
        return self.random_folds - self.blocks


def row_number_leak(alone: pd.DataFrame) -> RowNumberLeak:
    """The serial number that gives most away, from the table of `single_columns`."""
    numbers = alone[alone["column"].isin(NUMBERING)]
    row = numbers.loc[(numbers["random_folds"] - numbers["blocks"]).idxmax()]
    return RowNumberLeak(row["column"], row["random_folds"], row["blocks"])


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


@dataclass(frozen=True)
class Rarity:
    """The most frequent class and its share, the rarest and its rows, and how many to one."""

    most: str
    most_share: float
    least: str
    least_rows: int
    ratio: float


def rarity(counts: pd.DataFrame) -> Rarity:
    """Read the table of `class_counts`."""
    ranked = counts.sort_values("rows", ascending=False)
    most, least = ranked.iloc[0], ranked.iloc[-1]
    return Rarity(
        most["class"],
        most["share"],
        least["class"],
        int(least["rows"]),
        most["rows"] / max(least["rows"], 1),
    )


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


@dataclass(frozen=True)
class Companion:
    """The feature that goes most with a failure, and how: a correlation, or a shift in sd."""

    failure: str
    feature: str
    value: float


@dataclass(frozen=True)
class Correlations:
    """The two measurements that go together most, and each failure's strongest feature."""

    first: str
    second: str
    value: float
    companions: tuple[Companion, ...]
    n_features: int


def correlated(between: pd.DataFrame, with_class: pd.DataFrame) -> Correlations:
    """Read the matrices of `feature_correlations` and `class_correlations`."""
    pairs = between.loc[MACHINE_FEATURES, MACHINE_FEATURES].stack()
    pairs = pairs[[a < b for a, b in pairs.index]].sort_values(key=abs, ascending=False)
    failures = with_class.drop(columns=NO_FAILURE)
    strongest = failures.abs().idxmax()
    companions = (Companion(c, f, failures.loc[f, c]) for c, f in strongest.items())
    return Correlations(*pairs.index[0], pairs.iloc[0], tuple(companions), int(strongest.nunique()))


def median_shifts(X: pd.DataFrame, y: pd.Series) -> tuple[Companion, ...]:
    """For each failure that occurs, the feature whose median is furthest from sound rows'."""
    numbers = X.select_dtypes("number")
    sound = numbers[y == NO_FAILURE]
    found = []
    for name in (c for c in FAILURE_TYPES[1:] if (y == c).any()):
        shift = (numbers[y == name].median() - sound.median()) / sound.std()
        feature = shift.abs().idxmax()
        found.append(Companion(name, feature, shift[feature]))
    return tuple(found)


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


@dataclass(frozen=True)
class Unexplained:
    """Labelled rows of a failure that do not meet its rule, and all that wear its label."""

    failure: str
    rows: int
    labelled: int


@dataclass(frozen=True)
class Agreement:
    """Where the documented rules and the labels part.

    ``by_rounding`` of the ``missed`` rows meet their rule only in binary floating point;
    ``other_failure`` rows meet a rule and wear another failure's label.
    """

    unexplained: tuple[Unexplained, ...]
    missed: int
    by_rounding: int
    other_failure: int


def agreement(rules: pd.DataFrame, by_rounding: int) -> Agreement:
    """Read the table of `rule_agreement`; ``by_rounding`` as `heat_by_rounding` counts."""
    rows = rules.assign(missed=rules["labelled"] - rules["both"])
    parted = rows[rows["missed"] > 0][["class", "missed", "labelled"]]
    return Agreement(
        tuple(Unexplained(*row) for row in parted.itertuples(index=False)),
        int(rows["missed"].sum()),
        by_rounding,
        int(rows["other_failure"].sum()),
    )
