"""Every stock of every day of a set, with the wide inputs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from labkit.volatility.data import NYSE
from labkit.volatility.inputs.days import days_of
from labkit.volatility.inputs.wide import at_rows, auxiliary_columns, wide_inputs
from labkit.volatility.panel import Panel, evening_panel
from labkit.volatility.stocks import prices_of

EXTREME = 6.0
"""Standard deviations at which an input is cut off."""

TINY = 1e-6
"""Standard deviation below which a column is the same everywhere, but for rounding."""


@dataclass(frozen=True, eq=False)
class Evenings:
    """What is known on the evenings of a set: every stock of each day, with a target or without.

    Attributes
    ----------
    dates : array, shape (evenings,)
    X : array, shape (evenings, inputs)
        Single precision; missing where there are too few days.
    Y : array, shape (evenings, 1 + auxiliary targets)
        The target first; missing where it is.
    rows : array of int, shape (rows,)
        Where the rows of the set's panel stand.
    """

    dates: np.ndarray
    X: np.ndarray
    Y: np.ndarray
    rows: np.ndarray

    def take(self, which: np.ndarray) -> "Evenings":
        """Some of the evenings, each of them a row."""
        return Evenings(self.dates[which], self.X[which], self.Y[which], np.arange(len(which)))


def evenings(
    data: NYSE, n_symbols: int | None, panels: Mapping[str, Panel]
) -> tuple[dict[str, Evenings], pd.DataFrame]:
    """The evenings of each panel, and ``group`` and ``input`` of every column.

    Parameters
    ----------
    data : NYSE
    n_symbols : int or None
        The stocks, as `prices_of` has them, that the panels were made of.
    panels : mapping of str to Panel
        By set.
    """
    prices = prices_of(data, n_symbols)
    sectors = pd.Series(dtype=object)
    if data.securities is not None:
        sectors = data.securities.set_index("symbol")["sector"]
    days, every = days_of(prices, sectors), evening_panel(prices)
    indices = {
        s: every.index[every.index["date"].isin(panel.index["date"].unique())]
        for s, panel in panels.items()
    }
    columns = {s: [] for s in panels}
    names = []
    for group, name, frame in wide_inputs(days):
        names.append({"group": group, "input": name})
        for s, index in indices.items():
            columns[s].append(at_rows(frame, index).astype(np.float32))
    made = {}
    for s, index in indices.items():
        targets = np.column_stack([every.y[index.index], auxiliary_columns(days, index)])
        keys = pd.MultiIndex.from_frame(index)
        made[s] = Evenings(
            dates=index["date"].to_numpy(),
            X=np.stack(columns.pop(s), axis=1),
            Y=targets.astype(np.float32),
            rows=keys.get_indexer(pd.MultiIndex.from_frame(panels[s].index)),
        )
    return made, pd.DataFrame(names)


class Bounded(TransformerMixin, BaseEstimator):
    """Standardise columns, cut them off at `EXTREME`, and put their mean for what is missing.

    A column with nothing known in the rows fitted to, or with one value only, says nothing: zero.
    """

    def fit(self, X: np.ndarray, y=None) -> "Bounded":
        """Take mean and standard deviation of what is known in each column of ``X``."""
        columns = [column[~np.isnan(column)].astype(float) for column in X.T]
        self.centre_ = np.array([c.mean() if len(c) else 0.0 for c in columns], dtype=np.float32)
        scale = np.array([c.std() if len(c) else 0.0 for c in columns], dtype=np.float32)
        self.scale_ = np.where(scale > TINY, scale, np.inf).astype(np.float32)
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: np.ndarray) -> np.ndarray:
        """The columns, shape ``(rows, columns)``, none missing."""
        made = X - self.centre_
        made /= self.scale_
        np.clip(made, -EXTREME, EXTREME, out=made)
        return np.nan_to_num(made, copy=False, nan=0.0)
