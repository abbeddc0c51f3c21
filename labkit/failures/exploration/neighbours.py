"""Rows and their neighbours: the lines that SMOTE puts new rows on, and Tomek's pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.neighbors import NearestNeighbors

from labkit.failures.rules import FAILURE_TYPES, NO_FAILURE
from labkit.failures.samplers import NEIGHBOURS

NEW_ROWS = 60
"""New rows that a drawing shows."""


def smote_lines(points: np.ndarray, own: np.ndarray, k: int = NEIGHBOURS) -> np.ndarray:
    """The lines that SMOTE puts new rows of a class on: from each row to its nearest of the class.

    Parameters
    ----------
    points : array, shape (rows, numbers)
        Of comparable size.
    own : array of int, shape (rows of the class,)
        Their positions.
    k : int
        Neighbours of each row; all others of the class where it has fewer.

    Returns
    -------
    array of int, shape (lines, 2)
        Positions of both ends; none where a class has a single row.
    """
    k = min(k, len(own) - 1)
    if k < 1:
        return np.empty((0, 2), dtype=int)
    nearest = NearestNeighbors(n_neighbors=k).fit(points[own]).kneighbors(return_distance=False)
    return np.column_stack([np.repeat(own, k), own[nearest.ravel()]])


def tomek_pairs(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Pairs of rows of different classes that are each other's nearest neighbour.

    >>> tomek_pairs(np.array([[0.0], [1.0], [5.0], [5.5]]), np.array(["a", "b", "a", "a"]))
    array([[0, 1]])
    """
    nearest = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)[:, 0]
    rows = np.arange(len(points))
    paired = (nearest[nearest] == rows) & (rows < nearest) & (labels != labels[nearest])
    return np.column_stack([rows[paired], nearest[paired]])


def strangers(points: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """How often the middle of SMOTE's lines is nearest to a row of another class.

    Returns
    -------
    DataFrame
        ``class``, ``lines`` and ``share``, for each failure with lines.
    """
    index = NearestNeighbors(n_neighbors=1).fit(points)
    rows = []
    for name in FAILURE_TYPES[1:]:
        lines = smote_lines(points, np.flatnonzero(labels == name))
        if len(lines):
            nearest = index.kneighbors(points[lines].mean(axis=1), return_distance=False)[:, 0]
            share = float((labels[nearest] != name).mean())
            rows.append({"class": name, "lines": len(lines), "share": share})
    return pd.DataFrame(rows, columns=["class", "lines", "share"])


@dataclass(frozen=True)
class Strangers:
    """The failures whose lines meet rows of other classes least and most often, with the shares."""

    least: str
    least_share: float
    most: str
    most_share: float


def met(lines: pd.DataFrame) -> Strangers | None:
    """Read the table of `strangers`; None where no failure has a line."""
    if lines.empty:
        return None
    ends = [lines.loc[own] for own in (lines["share"].idxmin(), lines["share"].idxmax())]
    return Strangers(*(value for own in ends for value in (own["class"], float(own["share"]))))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Rows in a plane, and what a sampler sees there of one failure.

    Attributes
    ----------
    failure : str
    rows : DataFrame
        Two columns in their units, and ``class``.
    lines : array of int, shape (lines, 2)
        Of `smote_lines`, in the plane.
    new : array, shape (new rows, 2)
        Rows that SMOTE might make, in the units of the columns.
    pairs : array of int, shape (pairs, 2)
        Tomek's pairs with a row of the failure and a sound one, in the plane.
    """

    failure: str
    rows: pd.DataFrame
    lines: np.ndarray
    new: np.ndarray
    pairs: np.ndarray


def drawn(X: pd.DataFrame, y: pd.Series, failure: str, columns: Sequence[str], seed: int) -> Drawn:
    """Two columns alone, standardised, as a plane in which neighbours can be seen.

    Parameters
    ----------
    X : DataFrame
    y : Series
        Failure types.
    failure : str
    columns : sequence of two str
    seed : int
        Of the new rows.
    """
    numbers, labels = X[list(columns)], y.to_numpy()
    points = ((numbers - numbers.mean()) / numbers.std()).to_numpy()
    lines = smote_lines(points, np.flatnonzero(labels == failure))
    pairs = tomek_pairs(points, labels)
    of_both = np.sort(labels[pairs], axis=1) == sorted([failure, NO_FAILURE])
    random = np.random.default_rng(seed)
    some = lines[random.integers(len(lines), size=NEW_ROWS)] if len(lines) else lines
    start, end = (numbers.to_numpy(float)[some[:, i]] for i in (0, 1))
    new = start + random.uniform(size=(len(some), 1)) * (end - start)
    rows = numbers.assign(**{"class": labels}).reset_index(drop=True)
    return Drawn(failure, rows, lines, new, pairs[of_both.all(axis=1)])
