"""Every printed score once more, from the predictions that were kept, with scikit-learn alone.

Reads ``results/`` as anyone could: ``record.json`` and the files that it names, tables as CSV,
predictions as ``.npy``. Nothing of the studies' own code takes part.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn import metrics

from labkit.errors import LabkitError
from labkit.report import results, storage

AGREE = 5e-7
"""Scores that lie closer than this are the same: half of a seventh digit."""


def scored(folder: Path | None = None) -> pd.DataFrame:
    """Each score as the book has it, and as the kept predictions give it.

    Returns
    -------
    DataFrame
        ``study, where, model, score, kept, again``.

    Raises
    ------
    LabkitError
        When the final studies have not been made, or what they left is damaged.
    """
    folder = folder or results.FOLDER
    rows = [*_failures(folder / "classification-final"), *_volatility(folder / "regression-final")]
    return pd.DataFrame(rows, columns=["study", "where", "model", "score", "kept", "again"])


def differing(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of `scored` that do not agree."""
    return table[~np.isclose(table["kept"], table["again"], rtol=0, atol=AGREE)]


def _facts(home: Path) -> dict:
    record = storage.record_of(home)
    if record is None:
        raise LabkitError(
            f"{home.name} has not been made: there is no {home / storage.RECORD}. Render the book "
            "first, with `python -m labkit render`."
        )
    storage.check_files(home, record)
    return record["facts"]


def _array(home: Path, stored: dict) -> np.ndarray:
    return np.load(home / stored["file"], mmap_mode="r", allow_pickle=False)


def _failures(home: Path) -> Iterator[tuple]:
    facts = _facts(home)
    standing = pd.read_csv(home / facts["standings"]["file"])
    truth = pd.read_csv(home / facts["judged_rows"]["file"])
    classes = list(dict.fromkeys(pd.read_csv(home / facts["per_class"]["file"])["class"]))
    for judge, own in standing.groupby("judge", sort=False):
        y = truth.loc[truth["judge"] == judge, "true"].to_numpy()
        predictions = _array(home, facts["predictions"][judge])
        for (_, row), repeats in zip(own.iterrows(), predictions, strict=True):
            again = pd.DataFrame([_of_classes(y, p, classes) for p in repeats]).mean()
            for score, value in again.items():
                yield home.name, judge, row["model"], score, row[score], value


def _of_classes(y: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> dict[str, float]:
    predicted = np.array(classes)[probabilities.argmax(axis=1)]
    certain = probabilities[np.arange(len(y)), [classes.index(label) for label in y]]
    return {
        "accuracy": metrics.accuracy_score(y, predicted),
        "macro_f1": metrics.f1_score(
            y, predicted, labels=classes, average="macro", zero_division=0
        ),
        # Scikit-learn's log loss cuts off at the precision of its input; the book at 1e-12.
        "log_loss": float(-np.log(np.clip(certain.astype(float), 1e-12, 1)).mean()),
    }


def _volatility(home: Path) -> Iterator[tuple]:
    facts = _facts(home)
    scores = pd.read_csv(home / facts["scores"]["file"])
    for name, own in scores.groupby("set", sort=False):
        y, today = (_array(home, facts[key][name]) for key in ("realised", "today"))
        forecasts, variances = (
            _array(home, facts[key][name]) for key in ("forecasts", "variances")
        )
        for (_, row), forecast, variance in zip(own.iterrows(), forecasts, variances, strict=True):
            ratio = 2 * y - np.log(variance)
            again = {
                "r2": metrics.r2_score(y, forecast),
                "rmse": metrics.root_mean_squared_error(y, forecast),
                "mae": metrics.mean_absolute_error(y, forecast),
                "qlike": float(np.mean(np.exp(ratio) - ratio - 1)),
                "directional_accuracy": float(np.mean((forecast > today) == (y > today))),
            }
            for score, value in again.items():
                yield home.name, name, row["model"], score, row[score], value
