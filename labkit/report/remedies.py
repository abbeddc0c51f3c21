"""Regularizations of the first model, alone and together, tried by both studies."""

from dataclasses import dataclass

import pandas as pd

from labkit.report.curves import verdicts_over_seeds
from labkit.report.facts import Facts
from labkit.report.intervals import Interval, mean_interval, paired_gains, spread

NONE = "none"

REGULARIZATIONS = {
    NONE: {},
    "dropout": {"dropout": 0.2},
    "L2": {"weight_decay": 1e-3},
    "batch norm": {"batch_norm": True},
    "early stopping": {"patience": 3},
    "all together": {
        "dropout": 0.2,
        "weight_decay": 1e-3,
        "batch_norm": True,
        "patience": 3,
    },
}
"""Parameters that each regularization changes in an estimator, by name."""

STOPPED = "early stopping"

DOSES = {
    "dropout": [0.0, 0.1, 0.2, 0.3, 0.5],
    "weight_decay": [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2],
}
"""How much of a remedy is tried, by the estimator's parameter."""


@dataclass(frozen=True, kw_only=True)
class Remedies(Facts):
    """The first model and each regularization of it, over several seeds.

    Attributes
    ----------
    curves : DataFrame
        ``regularization``, ``seed``, ``epoch``, losses and accuracies on train and validation.
    scores : DataFrame
        ``regularization``, ``seed``, ``epochs``, ``best_epoch`` and the score on both sets.
    constant : DataFrame
        The loss of the best constant on each set, in one row.
    summary : DataFrame
        A row for each regularization: ``train``, ``validation`` (means), ``train_sd``,
        ``validation_sd``, ``gap`` between them, ``best_epoch``; and ``gain`` on validation over no
        regularization, paired by seed, with ``low`` and ``high``.
    verdicts : DataFrame
        What the curves say, a row for each regularization, as
        `labkit.report.curves.verdicts_over_seeds` gives it.
    chosen : str
        The best on validation, which may be none.
    leading : str
        The best remedy, with its ``leading_gain``.
    always : tuple of str
        Remedies that are better than none at every seed.
    n_seeds : int
    """

    curves: pd.DataFrame
    scores: pd.DataFrame
    constant: pd.DataFrame
    summary: pd.DataFrame
    verdicts: pd.DataFrame
    chosen: str
    leading: str
    leading_gain: Interval
    always: tuple[str, ...]
    n_seeds: int

    def of(self, regularization: str) -> pd.Series:
        """Its row of the summary."""
        return self.summary.set_index("regularization").loc[regularization]


def weighed(
    curves: pd.DataFrame, scores: pd.DataFrame, constant: pd.DataFrame, metric: str
) -> dict:
    """The facts of a comparison of regularizations, by the names of the fields of `Remedies`.

    Parameters
    ----------
    curves, scores, constant : DataFrame
        As `Remedies` describes them.
    metric : str
        The score, whose columns are ``train_<metric>`` and ``validation_<metric>``.
    """
    gains = paired_gains(scores, "regularization", f"validation_{metric}", NONE)
    intervals = {name: mean_interval(gain) for name, gain in gains.items()}
    summary = _summary(scores, metric, intervals)
    leading = gains.mean().idxmax()
    return {
        "curves": curves,
        "scores": scores,
        "constant": constant,
        "summary": summary,
        "verdicts": verdicts_over_seeds(curves, constant, "regularization"),
        "chosen": summary.loc[summary["validation"].idxmax(), "regularization"],
        "leading": leading,
        "leading_gain": intervals[leading],
        "always": tuple(name for name in gains if (gains[name] > 0).all()),
        "n_seeds": len(gains),
    }


def _summary(scores: pd.DataFrame, metric: str, gains: dict[str, Interval]) -> pd.DataFrame:
    rows = []
    itself = Interval(0.0, 0.0, 0.0)
    for name, own in scores.groupby("regularization", sort=False):
        train, validation = own[f"train_{metric}"], own[f"validation_{metric}"]
        gain = gains.get(name, itself)
        rows.append(
            {
                "regularization": name,
                "train": train.mean(),
                "train_sd": spread(train),
                "validation": validation.mean(),
                "validation_sd": spread(validation),
                "gain": gain.value,
                "low": gain.low,
                "high": gain.high,
                "gap": (train - validation).mean(),
                "best_epoch": own["best_epoch"].mean(),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class BestDose:
    """The dose of a remedy with the best mean validation score, beside none of it."""

    remedy: str
    dose: float
    score: float
    without: float


@dataclass(frozen=True, kw_only=True)
class Doses(Facts):
    """The first model at growing doses of each remedy.

    Attributes
    ----------
    scores : DataFrame
        ``remedy``, ``dose``, ``seed`` and the score on train and validation.
    best : tuple of BestDose
        For each remedy.
    """

    scores: pd.DataFrame
    best: tuple[BestDose, ...]


def all_doses() -> list[tuple[str, float]]:
    """(parameter, dose) of all that is tried."""
    return [(remedy, dose) for remedy, doses in DOSES.items() for dose in doses]


def best_doses(scores: pd.DataFrame, metric: str) -> tuple[BestDose, ...]:
    """The best dose of each remedy in the scores of `Doses`."""
    found = []
    for remedy, own in scores.groupby("remedy", sort=False):
        means = own.groupby("dose")[f"validation_{metric}"].mean()
        found.append(BestDose(remedy, float(means.idxmax()), float(means.max()), float(means[0.0])))
    return tuple(found)
