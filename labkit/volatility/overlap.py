"""What the embargo between the sets guarantees, and what it does not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.report.sentence import Sentence, counted, percent
from labkit.volatility.panel import HORIZON
from labkit.volatility.stocks import Stocks

LONGEST_WINDOW = 66
"""Days that a feature looks back on at most, its own day among them."""


@dataclass(frozen=True)
class Overlap:
    """The training years and the validation year, laid side by side.

    Attributes
    ----------
    embargo : int
        Trading days between the two that belong to none.
    last_target : Timestamp
        The last day whose volatility is a training target.
    first_day : Timestamp
        The first day of the validation year.
    window : int
        Days that the features look back on at most.
    reaching : int
        Days of the validation year whose features look back on days of training targets.
    share : float
        Of the validation rows that are of these days.
    """

    embargo: int
    last_target: pd.Timestamp
    first_day: pd.Timestamp
    window: int
    reaching: int
    share: float


def overlap(own: Stocks) -> Overlap:
    """How far the features of the validation year reach into the training years."""
    days = np.sort(own.panel.index["date"].unique())
    of_train, of_validation = own.train.index["date"], own.validation.index["date"]
    last_target = np.searchsorted(days, of_train.max()) + HORIZON
    position = np.searchsorted(days, of_validation)
    reaches = position - (LONGEST_WINDOW - 1) <= last_target
    return Overlap(
        embargo=own.split.embargo,
        last_target=pd.Timestamp(days[last_target]),
        first_day=of_validation.min(),
        window=LONGEST_WINDOW,
        reaching=of_validation[reaches].nunique(),
        share=float(reaches.mean()),
    )


def said(found: Overlap) -> Sentence:
    """What the embargo is for."""
    return Sentence(
        f"Between the sets lie {counted(found.embargo, 'trading day')} that belong to none, an "
        "embargo. It guarantees that no set learns from a day that a later set is judged on: the "
        f"last training target is the volatility of {found.last_target:%Y-%m-%d}, and validation "
        f"begins on {found.first_day:%Y-%m-%d}. It does not part the features, which look back on "
        f"up to {counted(found.window, 'day')}: those of the first "
        f"{counted(found.reaching, 'validation day')}, {percent(found.share, 0)} of the rows, are "
        "made in part of days that were training targets. That is no leak, since on the evening of "
        "the forecast these days are past; but the two sets are not independent."
    )
