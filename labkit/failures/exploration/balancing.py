"""What balancing does to the training rows: counts, and how lifelike the invented rows are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.utils.class_weight import compute_sample_weight

from labkit.failures.exploration.machines import RULES, class_counts
from labkit.failures.features import MACHINE_FEATURES
from labkit.failures.preprocessing import QUALITIES
from labkit.failures.rules import power
from labkit.failures.samplers import class_weight


def counts_after(balanced: Mapping[str, tuple[pd.DataFrame, np.ndarray]]) -> pd.DataFrame:
    """Rows per class under each strategy: ``strategy`` and a column per failure type.

    ``balanced`` has, for each strategy, what `labkit.failures.balancing.resampled` gives.
    """
    rows = [
        {"strategy": strategy, **class_counts(pd.Series(y)).set_index("class")["rows"]}
        for strategy, (_, y) in balanced.items()
    ]
    return pd.DataFrame(rows)


def in_units(scaled: pd.DataFrame, X: pd.DataFrame) -> pd.DataFrame:
    """Standardised rows, back in the units of ``X``, on whose rows the scaling was fitted.

    ``type``, codes 0, 1, 2 in ``scaled``, becomes a letter again.
    """
    numeric = [name for name in scaled if name != "type"]
    rows = scaled[numeric] * X[numeric].std(ddof=0) + X[numeric].mean()
    letters = np.array(QUALITIES)[scaled["type"].round().astype(int)]
    return rows.assign(type=letters)


def marked(
    balanced: Mapping[str, tuple[pd.DataFrame, np.ndarray]], X: pd.DataFrame
) -> dict[str, tuple[pd.DataFrame, np.ndarray, np.ndarray]]:
    """Each strategy's rows in their units, their labels, and the weight of each row.

    A row weighs 1; under class weights, what `labkit.failures.samplers.class_weight` gives it.
    """
    return {
        strategy: (
            in_units(scaled, X),
            np.asarray(y),
            compute_sample_weight(class_weight(strategy, y), y),
        )
        for strategy, (scaled, y) in balanced.items()
    }


def synthetic_quality(
    balanced: Mapping[str, tuple[pd.DataFrame, np.ndarray]], X: pd.DataFrame
) -> pd.DataFrame:
    """How lifelike the rows are that a strategy invents.

    Returns
    -------
    DataFrame
        For each strategy that adds rows which are no copies: ``strategy``; ``new``, rows added;
        ``obeys``, the share of new rows of the `RULES`' classes that meet their class's rule;
        ``original``, the same share among the real rows; ``impossible``, the share of new rows
        with negative torque or wear; ``power_gap`` [W], the mean difference in size between a new
        row's power and its torque times its speed, which for real rows is zero.
    """
    originals = in_units(balanced["none"][0], X)
    known = set(map(tuple, originals[MACHINE_FEATURES].round(6).to_numpy()))
    real = _obeying(originals, balanced["none"][1])
    rows = []
    for strategy, (scaled, y) in balanced.items():
        units = in_units(scaled, X)
        new = np.array(
            [tuple(row) not in known for row in units[MACHINE_FEATURES].round(6).to_numpy()]
        )
        if not new.any():
            continue
        added = units[new]
        gap = added["power"] - power(added["torque"], added["rotational_speed"])
        rows.append(
            {
                "strategy": strategy,
                "new": int(new.sum()),
                "obeys": _obeying(added, np.asarray(y)[new]),
                "original": real,
                "impossible": float(((added["torque"] < 0) | (added["tool_wear"] < 0)).mean()),
                "power_gap": float(gap.abs().mean()),
            }
        )
    columns = ["strategy", "new", "obeys", "original", "impossible", "power_gap"]
    return pd.DataFrame(rows, columns=columns)


def _obeying(rows: pd.DataFrame, y: np.ndarray) -> float:
    """Share of rows of a class with a rule that meet it."""
    meets = np.concatenate([rule(rows[y == name]).to_numpy(bool) for name, rule in RULES.items()])
    return float(meets.mean())


@dataclass(frozen=True)
class Sizes:
    """Training rows as they are, and under the strategies that leave fewest and most.

    ``fewest_by`` and ``most_by`` are all that leave so many.
    """

    before: int
    fewest: int
    fewest_by: tuple[str, ...]
    most: int
    most_by: tuple[str, ...]


def sizes(counts: pd.DataFrame) -> Sizes:
    """Read the table of `counts_after`."""
    totals = counts.set_index("strategy").sum(axis=1)
    fewest, most = int(totals.min()), int(totals.max())
    fewest_by, most_by = (tuple(totals.index[totals == n]) for n in (fewest, most))
    return Sizes(int(totals["none"]), fewest, fewest_by, most, most_by)


@dataclass(frozen=True)
class Likeness:
    """Shares of rows that obey the rule of their class: real ones, and new ones of two strategies.

    ``impossible`` is the largest share of new rows that no machine has, by ``impossible_by``.
    """

    real: float
    best: str
    best_share: float
    worst: str
    worst_share: float
    impossible: float
    impossible_by: str


def likeness(quality: pd.DataFrame) -> Likeness | None:
    """Read the table of `synthetic_quality`; None where no row of a class with a rule is new."""
    quality = quality.dropna(subset=["obeys"])
    if quality.empty:
        return None
    obeys, impossible = quality["obeys"], quality["impossible"]
    best, worst = quality.loc[obeys.idxmax()], quality.loc[obeys.idxmin()]
    odd = quality.loc[impossible.idxmax()]
    return Likeness(
        real=worst["original"],
        best=best["strategy"],
        best_share=best["obeys"],
        worst=worst["strategy"],
        worst_share=worst["obeys"],
        impossible=odd["impossible"],
        impossible_by=odd["strategy"],
    )
