"""The stocks as models see them: the panel, split by date, and its tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from sklearn.metrics import r2_score
from torch import Tensor, nn

from labkit.nets.ensembles import outputs, train_members
from labkit.nets.estimators import MLPRegressor
from labkit.nets.splits import ChronologicalSplit, chronological
from labkit.nets.stacked import Trained
from labkit.nets.training import Watched, directional_accuracy
from labkit.volatility.data import NYSE
from labkit.volatility.panel import FEATURES, Panel, panel_preprocessing, volatility_panel

EMBARGO = 5
"""Trading days dropped before validation and test: the target's one day, and a week to spare."""


@dataclass(frozen=True, eq=False)
class Stocks:
    """The panel, split; the test year stays closed until `open_test`.

    ``y`` is in units of the training years' standard deviation around their mean, ``scale`` and
    ``centre``, so that a network starts near its target; R² and correlations do not change by it.
    """

    panel: Panel
    split: ChronologicalSplit
    sectors: pd.Series
    centre: float
    scale: float

    @property
    def train(self) -> Panel:
        """Rows that models are fitted to."""
        return self.panel.take(self.split.train)

    @property
    def validation(self) -> Panel:
        """Rows that choices are made on."""
        return self.panel.take(self.split.validation)

    def open_test(self) -> Panel:
        """Rows that judge. Only studies that judge may call this."""
        return self.panel.take(self.split.test)

    def spans(self) -> pd.DataFrame:
        """Dates, days, stocks and rows of each set: all that may be known of the test year."""
        rows = []
        for name in ("train", "validation", "test"):
            index = self.panel.index.iloc[getattr(self.split, name)]
            date, symbol = index["date"], index["symbol"]
            rows.append(
                (name, date.min(), date.max(), date.nunique(), symbol.nunique(), len(index))
            )
        return pd.DataFrame(rows, columns=["set", "from", "to", "days", "stocks", "rows"])

    def standardise(self, log_vol: pd.Series) -> np.ndarray:
        """Log volatility in the target's units."""
        return ((log_vol - self.centre) / self.scale).to_numpy(copy=True)

    def to_log_vol(self, standardised: np.ndarray) -> np.ndarray:
        """The inverse of `standardise`."""
        return standardised * self.scale + self.centre


@lru_cache(maxsize=2)
def stocks(data: NYSE, n_symbols: int | None = None) -> Stocks:
    """The panel of the stocks of `prices_of`, split."""
    panel = volatility_panel(prices_of(data, n_symbols))
    split = chronological(panel.index["date"], embargo=EMBARGO)
    y = panel.y.iloc[split.train]
    sectors = pd.Series(dtype=object)
    if data.securities is not None:
        sectors = data.securities.set_index("symbol")["sector"]
    return Stocks(panel, split, sectors, y.mean(), y.std())


def prices_of(data: NYSE, n_symbols: int | None) -> pd.DataFrame:
    """The prices of ``n_symbols`` symbols, evenly spaced in the alphabet (None for all)."""
    symbols = np.sort(data.prices["symbol"].unique())
    if n_symbols is not None and n_symbols < len(symbols):
        symbols = symbols[np.linspace(0, len(symbols) - 1, n_symbols).round().astype(int)]
    return data.prices[data.prices["symbol"].isin(symbols)]


@dataclass(frozen=True)
class PanelTensors:
    """A panel as a network sees it.

    ``X`` is ``(rows, features)``; ``y`` and ``today`` are ``(rows, 1)``.
    """

    X: Tensor
    y: Tensor
    today: Tensor

    @property
    def watched(self) -> Watched:
        """With the directional accuracy: up or down from today?"""
        return Watched(self.X, self.y, directional_accuracy(self.y, self.today))


def tensors(own: Stocks, panels: Mapping[str, Panel]) -> dict[str, PanelTensors]:
    """Panels as tensors, standardised by the training rows."""
    preprocessing = panel_preprocessing(FEATURES).fit(own.train.X)

    def column(log_vol: pd.Series) -> Tensor:
        return torch.as_tensor(own.standardise(log_vol)[:, None], dtype=torch.float32)

    return {
        name: PanelTensors(
            X=torch.as_tensor(np.asarray(preprocessing.transform(panel.X)), dtype=torch.float32),
            y=column(panel.y),
            today=column(panel.X["log_vol_1"]),
        )
        for name, panel in panels.items()
    }


def development_tensors(own: Stocks) -> dict[str, PanelTensors]:
    """The rows that models are fitted to, ``train``, and those that choices are made on."""
    return tensors(own, {"train": own.train, "validation": own.validation})


def train_on(
    sets: Mapping[str, PanelTensors], members: Sequence[MLPRegressor], *, watched: bool
) -> list[Trained]:
    """Train networks on the set ``train``, all sets watched or none."""
    return train_members(
        members,
        sets["train"].X,
        sets["train"].y,
        n_outputs=1,
        loss="squared_error",
        watch={name: rows.watched for name, rows in sets.items()} if watched else {},
    )


def constant_losses(sets: Mapping[str, PanelTensors]) -> pd.DataFrame:
    """The loss of the constant forecast on each set, in one row."""
    return pd.DataFrame({name: [float((rows.y**2).mean())] for name, rows in sets.items()})


def r2_scores(model: nn.Module, sets: Mapping[str, PanelTensors]) -> dict[str, float]:
    """R² of a network on each set, ``<set>_r2``."""
    return {f"{name}_r2": r2_of(outputs(model, own.X), own) for name, own in sets.items()}


def r2_of(standardised: np.ndarray, rows: PanelTensors) -> float:
    """R² of forecasts in the target's units, shape ``(rows, 1)``."""
    return r2_score(rows.y.numpy(), standardised)
