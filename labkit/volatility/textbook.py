"""The textbook target, and why it misleads: three targets beside a forecast that knows nothing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.sentence import Sentence, number
from labkit.report.table import Table
from labkit.report.tables import study_table
from labkit.volatility.alarms import check_return_forecast
from labkit.volatility.data import NYSE
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import FIRST
from labkit.volatility.stocks import stocks

CLOSE = "same-day close"
RETURN = "next-day return"
VOLATILITY = "next-day log-volatility"


@dataclass(frozen=True)
class TargetScores:
    """R² on one target: of knowing nothing, of least squares, of the better model, of the best."""

    naive: float
    linear: float
    model: float
    best: float


@dataclass(frozen=True, kw_only=True)
class Textbook(Facts):
    """What the same two models score on three targets.

    Attributes
    ----------
    scores : DataFrame
        ``target``, ``naive_r2``, ``linear_r2``, ``mlp_r2`` on the validation year.
    close, next_return, volatility : TargetScores
    """

    scores: pd.DataFrame
    close: TargetScores
    next_return: TargetScores
    volatility: TargetScores


@study("regression-textbook")
def textbook(data: NYSE, profile: Profile) -> Textbook:
    """R² on the validation year, for three targets.

    Raises
    ------
    Alarm
        When tomorrow's return is forecast better than is honest.
    """
    own = stocks(data, profile.study_symbols)
    split, prices = own.split, data.prices
    same_day = prices[prices["symbol"].isin(own.panel.index["symbol"].unique())]
    day = same_day["date"]
    fit = same_day[day < split.validation_start]
    judge = same_day[(day >= split.validation_start) & (day < split.test_start)]
    ohl = ["open", "high", "low"]
    train, validation = own.train, own.validation
    today = validation.X["log_vol_1"]
    cases = {
        CLOSE: (fit[ohl], fit["close"], judge[ohl], judge["close"], judge["open"]),
        RETURN: (train.X, train.next_return, validation.X, validation.next_return, 0.0),
        VOLATILITY: (train.X, train.y, validation.X, validation.y, today),
    }
    rows = []
    for target, (X, y, X_judge, y_judge, naive) in cases.items():
        linear = LinearRegression().fit(X, y)
        rows.append(
            {
                "target": target,
                "naive_r2": r2_score(y_judge, np.broadcast_to(naive, len(y_judge))),
                "linear_r2": r2_score(y_judge, linear.predict(X_judge)),
                "mlp_r2": r2_score(y_judge, _mlp(profile).fit(X, y).predict(X_judge)),
            }
        )
    facts = Textbook(profile=profile.name, **weighed(pd.DataFrame(rows)))
    check_return_forecast(facts.next_return.model)
    return facts


def _mlp(profile: Profile) -> TransformedTargetRegressor:
    """The first MLP on standardised features and target, for a few epochs."""
    mlp = clone(FIRST).set_params(epochs=min(3, profile.epochs), random_state=profile.seed)
    return TransformedTargetRegressor(
        make_pipeline(StandardScaler(), mlp), transformer=StandardScaler()
    )


def weighed(scores: pd.DataFrame) -> dict:
    """The facts of a table of scores, by the names of the fields of `Textbook`."""
    targets = {}
    for row in scores.itertuples():
        model = max(row.linear_r2, row.mlp_r2)
        best = max(row.naive_r2, model)
        targets[row.target] = TargetScores(row.naive_r2, row.linear_r2, model, best)
    return {
        "scores": scores,
        "close": targets[CLOSE],
        "next_return": targets[RETURN],
        "volatility": targets[VOLATILITY],
    }


def shown(facts: Textbook) -> Table:
    """R² of the three forecasts, a target a row."""
    columns = {
        "target": "Target",
        "naive_r2": "Knows nothing",
        "linear_r2": "Least squares",
        "mlp_r2": "MLP",
    }
    formats = dict.fromkeys(["naive_r2", "linear_r2", "mlp_r2"], ".4f")
    return study_table(facts, facts.scores, columns, formats=formats)


def said(facts: Textbook) -> Sentence:
    """Why the first two targets are not worth a network."""
    close, of_return, volatility = facts.close, facts.next_return, facts.volatility
    return Sentence(
        "The same-day close is its own forecast: the day's open, which no model made, already has "
        f"an R² of {number(close.naive, '.4f')}, and least squares "
        f"{number(close.linear, '.4f')}. That says that prices lie far apart, not that "
        "anything was predicted. For tomorrow's return the best of the three has "
        f"{number(of_return.best, '.4f')}, {_about_nothing(of_return.best)}. For tomorrow's "
        f"volatility, today's value has {number(volatility.naive, '.3f')} and the better "
        f"model {number(volatility.model, '.3f')}: here is "
        f"{'something' if volatility.model > 0.05 else 'hardly anything'} to learn."
    )


def lesson(facts: Textbook) -> Sentence:
    """The textbook target in one sentence."""
    return Sentence(
        f"A forecast that knows nothing has an R² of {number(facts.close.naive, '.4f')} on the "
        f"same-day close; the best model has {number(facts.next_return.model, '.4f')} on the "
        f"next return and {number(facts.volatility.model, '.3f')} on the next volatility."
    )


def _about_nothing(r2: float) -> str:
    return "next to nothing" if r2 < 0.01 else "which is more than one should believe"
