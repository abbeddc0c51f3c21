"""Rows far from the others: by Tukey's fences, and by a robust distance in all dimensions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.covariance import MinCovDet

from labkit.failures.features import MACHINE_FEATURES
from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE

FENCE = 1.5
"""Tukey's fences (1977): so many interquartile ranges outside the middle half of the rows."""

LEVEL = 0.05
"""Of the test of whether a kind of failure is flagged more often than sound rows."""

OUTLIER_LEVEL = 0.999
"""Share of a normal distribution's rows that the robust distance lets pass."""


def outliers(X: pd.DataFrame, y: pd.Series, seed: int = 0) -> pd.DataFrame:
    """Each row's outlyingness, by two methods.

    Returns
    -------
    DataFrame
        ``class``; ``iqr``, whether any measurement lies outside Tukey's fences; ``distance``, the
        robust Mahalanobis distance from the centre of the five measurements (Rousseeuw and Van
        Driessen 1999); ``robust``, whether its square is beyond the `OUTLIER_LEVEL` quantile of
        the chi-squared distribution with five degrees of freedom.
    """
    measured = X[MACHINE_FEATURES]
    q25, q75 = measured.quantile(0.25), measured.quantile(0.75)
    margin = FENCE * (q75 - q25)
    outside = (measured < q25 - margin) | (measured > q75 + margin)
    standardised = (measured - measured.mean()) / measured.std()
    squared = MinCovDet(random_state=seed).fit(standardised).mahalanobis(standardised)
    return pd.DataFrame(
        {
            "class": y.astype(str),
            "iqr": outside.any(axis=1),
            "distance": np.sqrt(squared),
            "robust": squared > stats.chi2.ppf(OUTLIER_LEVEL, len(MACHINE_FEATURES)),
        },
        index=X.index,
    )


def distance_limit() -> float:
    """The robust distance beyond which `outliers` calls a row one."""
    return float(np.sqrt(stats.chi2.ppf(OUTLIER_LEVEL, len(MACHINE_FEATURES))))


def outliers_by_class(rows: pd.DataFrame) -> pd.DataFrame:
    """``class``, ``rows``, and the shares ``iqr`` and ``robust`` of outliers among them."""
    table = rows.groupby("class").agg(
        rows=("iqr", "size"), iqr=("iqr", "mean"), robust=("robust", "mean")
    )
    return table.reindex(FAILURE_TYPES).dropna().astype({"rows": int}).reset_index()


def outliers_by_column(X: pd.DataFrame) -> pd.DataFrame:
    """Each measurement's fences: ``column, low, high``, and the ``share`` of rows outside."""
    rows = []
    for name in MACHINE_FEATURES:
        q25, q75 = X[name].quantile([0.25, 0.75])
        low, high = q25 - FENCE * (q75 - q25), q75 + FENCE * (q75 - q25)
        share = float(((X[name] < low) | (X[name] > high)).mean())
        rows.append({"column": name, "low": low, "high": high, "share": share})
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Flagged:
    """Shares of rows that a method calls outliers: of all, of failures, of sound rows."""

    all: float
    failures: float
    sound: float


@dataclass(frozen=True)
class Outlying:
    """What the two methods flag, and what deleting it would cost.

    ``columns`` are the measurements with values beyond the fences, by their share, most first;
    ``hardest`` is the failure of which the robust distance would take most, ``hardest_share``.
    ``above`` and ``below`` are the failures of which more lies beyond the fences than of sound
    rows, and those of which no more does, with their shares; ``outstanding`` those that both
    methods flag more often than sound rows, at the `LEVEL` of a one-sided binomial test.
    """

    fences: Flagged
    robust: Flagged
    columns: dict[str, float]
    hardest: str
    hardest_share: float
    above: dict[str, float]
    below: dict[str, float]
    outstanding: tuple[str, ...]


def outlying(by_class: pd.DataFrame, by_column: pd.DataFrame) -> Outlying:
    """Read the tables of `outliers_by_class` and `outliers_by_column`."""
    sound = by_class[by_class["class"] == NO_FAILURE]
    failures = by_class[by_class["class"] != NO_FAILURE]

    def flagged(method: str) -> Flagged:
        groups = (by_class, failures, sound)
        return Flagged(*(float(np.average(own[method], weights=own["rows"])) for own in groups))

    touched = by_column[by_column["share"] > 0].sort_values("share", ascending=False)
    top = failures.loc[failures["robust"].idxmax()]
    shares = failures.set_index("class")["iqr"].sort_values(ascending=False)
    fences, robust = flagged("iqr"), flagged("robust")
    above = shares > fences.sound
    limits = {"iqr": fences.sound, "robust": robust.sound}
    stands_out = [
        all(_more_often(row, method, limit) for method, limit in limits.items())
        for _, row in failures.iterrows()
    ]
    return Outlying(
        fences,
        robust,
        touched.set_index("column")["share"].to_dict(),
        top["class"],
        top["robust"],
        shares[above].to_dict(),
        shares[~above].to_dict(),
        tuple(failures.loc[stands_out, "class"]),
    )


def _more_often(row: pd.Series, method: str, limit: float) -> bool:
    """Whether more of a class's rows are flagged than chance explains at a share of ``limit``."""
    return _chance(row, method, limit) < LEVEL


def _chance(row: pd.Series, method: str, limit: float) -> float:
    """The probability of so many flagged rows of a class, or more, at a share of ``limit``."""
    n_flagged = round(row[method] * row["rows"])
    test = stats.binomtest(n_flagged, int(row["rows"]), float(limit), alternative="greater")
    return float(test.pvalue)


def against_chance(by_class: pd.DataFrame) -> pd.DataFrame:
    """How many rows of each failure are flagged, and how many would be if it were like sound rows.

    Parameters
    ----------
    by_class : DataFrame
        As `outliers_by_class` gives it.

    Returns
    -------
    DataFrame
        ``class``, ``rows``, and for each ``method`` of `outliers` the number flagged,
        ``expected`` at the share of sound rows, and ``p_value``, of so many or more by chance
        (one-sided binomial test). Columns are ``<method>``, ``<method>_expected`` and
        ``<method>_p_value``.
    """
    sound = by_class[by_class["class"] == NO_FAILURE].iloc[0]
    rows = []
    for _, own in by_class[by_class["class"] != NO_FAILURE].iterrows():
        row = {"class": own["class"], "rows": int(own["rows"])}
        for method in ("iqr", "robust"):
            row[method] = round(own[method] * own["rows"])
            row[f"{method}_expected"] = float(sound[method] * own["rows"])
            row[f"{method}_p_value"] = _chance(own, method, sound[method])
        rows.append(row)
    return pd.DataFrame(rows)
