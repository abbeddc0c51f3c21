"""Whether one forecast is better than another by more than chance: tests on daily mean losses.

Stocks move together within a day, so the rows of a day are no independent evidence. All tests here
see one number for each day and model: the mean loss over the stocks of the day, each day counted
once however many stocks it has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from arch.bootstrap import MCS
from arch.covariance.kernel import Bartlett
from scipy.stats import t as student_t

from labkit.report.intervals import block_length, holm

CONFIDENCE_SET_SIZE = 0.1
"""How often, at most, the best model is left out of its confidence set."""


def daily_losses(losses: Mapping[str, np.ndarray], dates: pd.Series) -> pd.DataFrame:
    """Mean loss over the stocks of each day: days by models, in the order of the days.

    Parameters
    ----------
    losses : mapping of str to array, shape (rows,)
        By model.
    dates : Series, shape (rows,)
    """
    return pd.DataFrame(dict(losses)).groupby(np.asarray(dates)).mean()


@dataclass(frozen=True)
class DieboldMariano:
    """The test of equal expected loss.

    Attributes
    ----------
    difference : float
        Mean daily loss of the first model less that of the second: below zero, the first is better.
    standard_error : float
        Of the difference, by Newey and West.
    statistic, p_value : float
        The difference in standard errors, and the probability of one as far from zero, or further,
        were the expected losses equal.
    lags : int
        Autocovariances behind the standard error.
    autocorrelation : float
        Of the daily difference, from one day to the next.
    """

    difference: float
    standard_error: float
    statistic: float
    p_value: float
    lags: int
    autocorrelation: float


def diebold_mariano(daily_difference: np.ndarray, lags: int | None = None) -> DieboldMariano:
    """Test whether two forecasts have the same expected loss (Diebold and Mariano 1995).

    The mean of the daily loss differences over its standard error, which allows for autocorrelation
    by Newey and West's (1987) weights; the p-value by Student's t with one degree less than days,
    as Harvey, Leybourne and Newbold (1997) advise.

    Parameters
    ----------
    daily_difference : array, shape (days,)
        Loss of the first model less that of the second, a day a number, in the order of the days.
    lags : int, optional
        By default chosen from the differences (Newey and West 1994). Two forecasts that are the
        same differ by nothing, with a p-value of one.
    """
    daily = np.asarray(daily_difference, dtype=float)
    if not daily.any():
        return DieboldMariano(0.0, 0.0, 0.0, 1.0, 0, 0.0)
    estimator = Bartlett(daily, bandwidth=lags, force_int=True)
    standard_error = float(np.sqrt(np.squeeze(estimator.cov.long_run) / len(daily)))
    mean = float(daily.mean())
    statistic = mean / standard_error
    centred = daily - mean
    return DieboldMariano(
        difference=mean,
        standard_error=standard_error,
        statistic=statistic,
        p_value=float(2 * student_t.sf(abs(statistic), len(daily) - 1)),
        lags=int(estimator.bandwidth),
        autocorrelation=float(centred[1:] @ centred[:-1] / (centred @ centred)),
    )


def against_all(daily: pd.DataFrame, model: str) -> pd.DataFrame:
    """One model against every other, with p-values for that many tests.

    Parameters
    ----------
    daily : DataFrame, shape (days, models)
        As `daily_losses` gives it.
    model : str

    Returns
    -------
    DataFrame
        ``against``, the fields of `DieboldMariano`, and ``holm``, the p-value adjusted.
    """
    others = [name for name in daily if name != model]
    tests = [diebold_mariano(daily[model] - daily[name]) for name in others]
    table = pd.DataFrame([vars(test) for test in tests])
    table.insert(0, "against", others)
    return table.assign(holm=holm(table["p_value"]))


@dataclass(frozen=True)
class ConfidenceSet:
    """The models that may be the best.

    Attributes
    ----------
    table : DataFrame
        ``model``; ``mean_loss``, over days; ``p_value``, the size at which the set would just leave
        the model out; ``inside``, whether the set holds it. Lowest loss first.
    inside : tuple of str
        The models of the set, lowest loss first.
    size : float
        How often, at most, a set so made leaves the best model out.
    block : int
        Days in a block of the bootstrap.
    """

    table: pd.DataFrame
    inside: tuple[str, ...]
    size: float
    block: int


def confidence_set(
    daily: pd.DataFrame, *, resamples: int, seed: int, size: float = CONFIDENCE_SET_SIZE
) -> ConfidenceSet:
    """The model confidence set of Hansen, Lunde and Nason (2011), by the range statistic.

    Models are left out, the worst first, until the hypothesis that all that remain have the same
    expected loss is not rejected. Days are drawn in circular blocks, of the longest `block_length`
    among the models' losses less the mean loss over models.

    Parameters
    ----------
    daily : DataFrame, shape (days, models)
        As `daily_losses` gives it. Models with the same losses, of which there must be two
        different, share their p-value.
    resamples, seed : int
    size : float
    """
    twin = {
        name: next(other for other in daily if daily[other].equals(daily[name])) for name in daily
    }
    different = daily[list(dict.fromkeys(twin.values()))]
    apart = different.sub(different.mean(axis=1), axis=0)
    block = max(block_length(apart[name]) for name in apart)
    found = MCS(
        different, size, reps=resamples, block_size=block, method="R", bootstrap="circular",
        seed=seed,
    )  # fmt: skip
    found.compute()
    p_value = found.pvalues["Pvalue"]
    table = pd.DataFrame(
        {"model": name, "mean_loss": daily[name].mean(), "p_value": p_value[twin[name]]}
        for name in daily
    )
    table["inside"] = table["p_value"] > size
    table = table.sort_values("mean_loss", kind="stable", ignore_index=True)
    return ConfidenceSet(table, tuple(table.loc[table["inside"], "model"]), size, block)
