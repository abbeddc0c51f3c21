"""R² said rightly: how much of it is telling stocks apart, how much telling days apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score

from labkit.report.sentence import Sentence, number, percent
from labkit.volatility.panel import Panel
from labkit.volatility.scores import r2_around, r2_of_means, r2_within, share_between


@dataclass(frozen=True)
class Levels:
    """The R² of one forecast on one set, and on the parts of its variance.

    Attributes
    ----------
    pooled : float
        Over all rows, around their one mean: what tables call R².
    within_stock : float
        Around each stock's mean of the training years.
    within_day : float
        Around each day's mean over the stocks, of target and forecast.
    day_level : float
        Of the days' means themselves, a day counted once.
    between_stocks : float
        Share of the target's variance on the set that lies between the stocks' means there.
    """

    pooled: float
    within_stock: float
    within_day: float
    day_level: float
    between_stocks: float


def levels(panel: Panel, predicted: np.ndarray, usual: pd.Series) -> Levels:
    """The R² of a forecast of a panel's rows.

    Parameters
    ----------
    panel : Panel
        The set that is judged.
    predicted : array, shape (rows,)
        Log volatility.
    usual : Series
        Each stock's mean log volatility over the training years, as `usual_log_vol` gives it.
    """
    y, dates, symbols = panel.y.to_numpy(), panel.index["date"], panel.index["symbol"]
    return Levels(
        pooled=r2_score(y, predicted),
        within_stock=r2_around(y, predicted, symbols.map(usual).to_numpy(dtype=float)),
        within_day=r2_within(y, predicted, dates),
        day_level=r2_of_means(y, predicted, dates),
        between_stocks=share_between(y, symbols),
    )


def usual_log_vol(train: Panel) -> pd.Series:
    """Mean log volatility of each stock over the training years, by symbol."""
    return train.y.groupby(train.index["symbol"]).mean()


def said(found: Levels, name: str) -> Sentence:
    """The pooled R² of a model and what it is made of."""
    return Sentence(
        f"The R² of {name}, {number(found.pooled, '.3f')}, is pooled over stocks and days, and "
        f"{percent(found.between_stocks, 0)} of the target's variance lies between stocks: some "
        "are always wilder than others, which takes no forecast to know. Around each stock's mean "
        f"of the training years the R² is {number(found.within_stock, '.3f')}. Among the stocks "
        f"of one day it is {number(found.within_day, '.3f')}, and for the day's mean level "
        f"{number(found.day_level, '.3f')}."
    )
