"""The highest R² that a forecast of volatility can honestly have: the target is an estimate.

What is forecast is the log of the Garman–Klass volatility: the day's true volatility and an error,
which nobody can know the evening before. Who knew tomorrow's true volatility would still miss by
the error.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.report.alarms import Alarm
from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.sentence import Sentence, number, percent
from labkit.report.table import Table
from labkit.report.tables import study_table
from labkit.volatility.data import NYSE
from labkit.volatility.levels import usual_log_vol
from labkit.volatility.panel import Panel, log_volatility
from labkit.volatility.profile import Profile
from labkit.volatility.stocks import stocks

STEPS = 390
"""Steps of a simulated day: the minutes from half past nine to four."""

DAYS = 100_000
"""Simulated days: the variance of the error is then known to about 0.5 %."""

EXTRAPOLATED_FROM = 3
"""Lags from which the autocovariance is carried on to lag zero, by a parabola through them."""

MIN_DAYS = 200
"""Days that a stock needs on a set before its autocovariances are counted."""


@dataclass(frozen=True)
class Noise:
    """The error of a day's log volatility: its mean (``bias``) and its variance."""

    bias: float
    variance: float


def noise(steps: int, days: int, seed: int) -> Noise:
    """The error of the log Garman–Klass volatility of a Brownian motion, by simulation.

    The log price moves by ``steps`` independent normal steps a day and is seen at each: open, high,
    low and close are those of the steps (Garman and Klass 1980, who see it all the time: a day of
    few steps has too small a range, hence the bias). Volatility is constant within the day, and
    there is no tick: real prices, whose volatility changes from hour to hour, have larger errors.

    Parameters
    ----------
    steps, days, seed : int

    >>> small = noise(steps=390, days=20_000, seed=0)
    >>> round(small.bias, 1), round(small.variance, 2)
    (-0.1, 0.07)
    """
    random, errors = np.random.default_rng(seed), []
    for n in np.diff(np.arange(0, days + 5_000, 5_000).clip(max=days)):
        path = np.zeros((n, steps + 1))
        np.cumsum(random.standard_normal((n, steps)) / np.sqrt(steps), axis=1, out=path[:, 1:])
        prices = {"open": path[:, 0], "high": path.max(1), "low": path.min(1), "close": path[:, -1]}
        # Volatility is one, so the log of its estimate is the error.
        errors.append(log_volatility(np.exp(pd.DataFrame(prices))).to_numpy())
    error = np.concatenate(errors)
    return Noise(float(error.mean()), float(error.var()))


def highest_r2(y: np.ndarray, noise_variance: float) -> float:
    """R² of a forecast that knows the true volatility of each row: 1 − noise / variance of ``y``.

    Parameters
    ----------
    y : array, shape (rows,)
        Log volatility, as estimated, around whatever mean R² is measured from.
    noise_variance : float
        Of its error, which is taken to be independent of the true volatility.
    """
    return float(1 - noise_variance / np.var(np.asarray(y)))


def extrapolated_noise(panel: Panel) -> float:
    """The variance of the target's error, from the target alone.

    True volatility hangs together from day to day and the error does not, so the autocovariance of
    the target by lag drops from lag zero to the rest by the error's variance. The rest is carried
    on to lag zero by a parabola through the first `EXTRAPOLATED_FROM` lags, the mean over stocks.
    Where the autocovariance of true volatility is a mixture of decays (completely monotone, as of
    sums of autoregressions), it rises above the parabola towards lag zero: what moves volatility
    for a day and is gone the next is counted as error, and the estimate is one from above.

    Returns
    -------
    float
        ``nan`` where no stock has `MIN_DAYS` days.
    """
    wide = panel.index.assign(y=panel.y.to_numpy()).pivot(index="date", columns="symbol")["y"]
    values = wide.loc[:, wide.count() >= MIN_DAYS].to_numpy()
    if values.shape[1] == 0:
        return float("nan")
    centred = values - np.nanmean(values, axis=0)
    lags = np.arange(EXTRAPOLATED_FROM + 1)
    by_lag = [np.nanmean(centred[k:] * centred[: len(centred) - k], axis=0).mean() for k in lags]
    parabola = np.polyfit(lags[1:], by_lag[1:], EXTRAPOLATED_FROM - 1)
    return float(by_lag[0] - np.polyval(parabola, 0))


@dataclass(frozen=True, kw_only=True)
class Ceiling(Facts):
    """What the error of the target leaves for a forecast to explain.

    Attributes
    ----------
    noise_variance, noise_bias : float
        Of the error of a day's log volatility, simulated with ``steps`` steps a day.
    steps : int
    sets : DataFrame
        On ``train`` and ``validation``: ``set``; ``target_variance``; ``noise_share`` of it;
        ``ceiling``, the R² of knowing the true volatility; ``within_stock``, the same around each
        stock's training mean; ``extrapolated_noise`` and ``extrapolated_ceiling``, with the error's
        variance read from the target's autocovariance instead of simulated.
    validation : float
        The ceiling on the validation year.
    validation_share : float
        Share of the error in the variance of that year's target.
    validation_extrapolated : float
        The ceiling on the validation year by the extrapolated error.
    """

    noise_variance: float
    noise_bias: float
    steps: int
    sets: pd.DataFrame
    validation: float
    validation_share: float
    validation_extrapolated: float


@study("regression-ceiling")
def ceiling(data: NYSE, profile: Profile) -> Ceiling:
    """The error of the target and what it leaves, on the training years and the validation year."""
    own = stocks(data, profile.study_symbols)
    simulated = noise(STEPS, DAYS, profile.seed)
    usual = usual_log_vol(own.train)
    panels = {"train": own.train, "validation": own.validation}
    sets = pd.DataFrame(
        [{"set": s, **_limits(panel, simulated.variance, usual)} for s, panel in panels.items()]
    )
    validation = sets.set_index("set").loc["validation"]
    return Ceiling(
        profile=profile.name,
        noise_variance=simulated.variance,
        noise_bias=simulated.bias,
        steps=STEPS,
        sets=sets,
        validation=float(validation["ceiling"]),
        validation_share=float(validation["noise_share"]),
        validation_extrapolated=float(validation["extrapolated_ceiling"]),
    )


def _limits(panel: Panel, noise_variance: float, usual: pd.Series) -> dict[str, float]:
    """The row of a set in the table of `Ceiling`."""
    around = (panel.y - panel.index["symbol"].map(usual)).dropna()
    extrapolated = extrapolated_noise(panel)
    variance = float(np.var(panel.y))
    return {
        "target_variance": variance,
        "noise_share": noise_variance / variance,
        "ceiling": highest_r2(panel.y, noise_variance),
        "within_stock": highest_r2(around, noise_variance),
        "extrapolated_noise": extrapolated,
        "extrapolated_ceiling": highest_r2(panel.y, extrapolated),
    }


def check_ceiling(r2: float, ceiling: float) -> None:
    """No forecast explains the error of the target.

    Raises
    ------
    Alarm
        When ``r2`` is above ``ceiling``, the R² of knowing tomorrow's true volatility.
    """
    if r2 > ceiling:
        raise Alarm(
            f"an R² of {r2:.4f} is above {ceiling:.4f}, what tomorrow's true volatility would "
            "score, known beforehand: the rest of the target's variance is the error of its "
            "estimate. Check that no feature of day t is made of prices of day t + 1."
        )


def shown(facts: Ceiling) -> Table:
    """The error's share and the ceilings, a set a row."""
    columns = {
        "set": "Set",
        "target_variance": "Variance of the target",
        "noise_share": "Share of the error",
        "ceiling": "Highest R²",
        "within_stock": "Highest R², within stock",
        "extrapolated_ceiling": "Highest R², error extrapolated",
    }
    formats = {"noise_share": ".1%"} | dict.fromkeys(
        ["ceiling", "within_stock", "extrapolated_ceiling"], ".2f"
    )
    return study_table(facts, facts.sets, columns, formats=formats)


def said(facts: Ceiling) -> Sentence:
    """How much of the target is error, and the R² that is left."""
    return Sentence(
        f"The target is an estimate from four prices. For a price that moves by {facts.steps} "
        "independent steps a day, the error of its log has a variance of "
        f"{number(facts.noise_variance, '.3f')}, which is "
        f"{percent(facts.validation_share, 0)} of the target's variance on the validation year. "
        "Who knew tomorrow's true volatility would score an R² of "
        f"{number(facts.validation, '.2f')} there. The drop of the target's autocovariance after "
        "lag zero, to which a true move of a single day is an error too, gives "
        f"{number(facts.validation_extrapolated, '.2f')}."
    )
