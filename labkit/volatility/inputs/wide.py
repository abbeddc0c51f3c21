"""All groups of inputs side by side, at the rows of a panel."""

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from labkit.volatility.inputs.auxiliary import auxiliary_targets
from labkit.volatility.inputs.betas import with_the_market
from labkit.volatility.inputs.calendar import calendar
from labkit.volatility.inputs.days import Days, Frames
from labkit.volatility.inputs.earnings import earnings
from labkit.volatility.inputs.market import market, sector
from labkit.volatility.inputs.own import other_estimates, own_volatility
from labkit.volatility.inputs.ranks import among_stocks
from labkit.volatility.inputs.returns import past_returns
from labkit.volatility.inputs.volume import traded

GROUPS: dict[str, Callable[[Days], Frames]] = {
    "own volatility": own_volatility,
    "other estimates of volatility": other_estimates,
    "returns": past_returns,
    "volume": traded,
    "market": market,
    "sector": sector,
    "betas": with_the_market,
    "ranks": among_stocks,
    "calendar of the next day": calendar,
    "earnings seasonality": earnings,
}
"""What makes the inputs, by group: here a further one is added."""


def wide_inputs(days: Days) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Group, name and frame, days by symbols, of every input; a group is made when it is due."""
    for group, make in GROUPS.items():
        for name, frame in make(days).items():
            yield group, name, frame


def at_rows(frame: pd.DataFrame, index: pd.DataFrame) -> np.ndarray:
    """Values at the ``date`` and ``symbol`` of each row, shape ``(rows,)``."""
    day = frame.index.get_indexer(index["date"])
    symbol = frame.columns.get_indexer(index["symbol"])
    return frame.to_numpy()[day, symbol]


def auxiliary_columns(days: Days, index: pd.DataFrame) -> np.ndarray:
    """The auxiliary targets at the rows of ``index``, shape ``(rows, targets)``."""
    columns = [at_rows(frame, index) for frame in auxiliary_targets(days).values()]
    return np.stack(columns, axis=1).astype(np.float32)
