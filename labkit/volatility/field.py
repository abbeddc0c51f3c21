"""What the field forecasts volatility with, on the same rows: averages, GARCH, regressions.

Averages and GARCH models forecast the variance of one stock from its own past. Those made of
returns from close to close include the night, which the target, made from open to close, does not:
all of them are brought to the target's scale by two factors a stock from the training years
(`_scaled`). The regressions forecast the log of volatility and are fitted to all stocks at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from arch import arch_model
from sklearn.base import BaseEstimator
from sklearn.linear_model import LinearRegression

from labkit.report.models import BASELINE, Model
from labkit.volatility.contenders import baselines
from labkit.volatility.exploration.market import daily
from labkit.volatility.panel import HAR_FEATURES, Panel
from labkit.volatility.scores import Forecasts, variance_forecast

DECAY = 0.94
"""Of an average's weights from one day to the day before: RiskMetrics' for daily data."""

MIN_TRAINING_DAYS = 250
"""Rows of the training years that a stock needs for a GARCH model of its own: about a year."""

LEVERAGE = ["negative_return"]
MARKET = ["market_log_vol_1", "market_log_vol_5", "market_log_vol_22"]

OF_CONTENDERS = ("persistence", "har", "ridge")
"""Stages of the `baselines` that stand among the field's models too."""

PERCENT = 100
"""Returns are given to the optimizer of a GARCH model in per cent, a size that suits it."""


@dataclass(frozen=True)
class Field:
    """Every model's forecasts of the same rows.

    Attributes
    ----------
    log_vols : dict of Model to dict of str to array, shape (rows,)
        Log volatility, by model and set.
    variances : dict of Model to dict of str to array, shape (rows,)
        Variance, for QLIKE, in squared log returns from open to close.
    """

    log_vols: Forecasts
    variances: Forecasts


@dataclass(frozen=True)
class _Days:
    """Days by symbols: log returns from close to close, and the Garman–Klass variance.

    ``fitted_until`` is the last day whose return parameters may be fitted to.
    """

    returns: pd.DataFrame
    variance: pd.DataFrame
    fitted_until: pd.Timestamp


def field(prices: pd.DataFrame, panels: Mapping[str, Panel]) -> Field:
    """Fit the field's models to the panel ``train`` and forecast every row of every panel.

    Parameters
    ----------
    prices : DataFrame
        Columns ``date, symbol, open, high, low, close``, of the panels' stocks at least. A row of
        day t is forecast from prices up to day t, with parameters of the training years.
    panels : mapping of str to Panel
        By set, ``train`` among them; of stocks that `stocks_of_field` names.
    """
    alone, together = stock_by_stock(prices, panels), over_all_stocks(panels)
    return Field(alone.log_vols | together.log_vols, alone.variances | together.variances)


def stock_by_stock(prices: pd.DataFrame, panels: Mapping[str, Panel]) -> Field:
    """The averages and the GARCH models of `field`, each of one stock's own past."""
    days = _days(prices, panels["train"])
    made = {
        model: _scaled(forecast(days), panels) for model, forecast in _variance_models().items()
    }
    return Field(
        {model: log_vols for model, (log_vols, _) in made.items()},
        {model: variances for model, (_, variances) in made.items()},
    )


def over_all_stocks(panels: Mapping[str, Panel]) -> Field:
    """The `regressions` of `field`, each fitted to all stocks of the panel ``train`` at once."""
    train = panels["train"]
    log_vols: Forecasts = {}
    variances: Forecasts = {}
    for model, (estimator, features) in regressions().items():
        estimator.fit(train.X[features], train.y)
        made = {s: estimator.predict(panel.X[features]) for s, panel in panels.items()}
        residuals = train.y.to_numpy() - made["train"]
        log_vols[model] = made
        variances[model] = {s: variance_forecast(own, residuals) for s, own in made.items()}
    return Field(log_vols, variances)


def stocks_of_field(train: Panel, n: int | None = None) -> list[str]:
    """``n`` stocks, evenly spaced in the alphabet (None for all), of those with a long past.

    A stock takes part that has `MIN_TRAINING_DAYS` rows in the training years.

    Raises
    ------
    ValueError
        When there is none.
    """
    rows = train.index["symbol"].value_counts()
    symbols = np.sort(rows.index[rows >= MIN_TRAINING_DAYS])
    if len(symbols) == 0:
        raise ValueError(
            f"no stock has {MIN_TRAINING_DAYS} rows in the training years; the longest has "
            f"{rows.max()}. Give prices that begin earlier."
        )
    if n is not None and n < len(symbols):
        symbols = symbols[np.linspace(0, len(symbols) - 1, n).round().astype(int)]
    return list(symbols)


def rows_of(panel: Panel, symbols: list[str]) -> np.ndarray:
    """Positions of the panel's rows of these stocks."""
    return np.flatnonzero(panel.index["symbol"].isin(symbols))


def _variance_models() -> dict[Model, Callable[[_Days], pd.DataFrame]]:
    """Models of one stock's variance: from its days to the forecast made at each day's close."""
    return {
        Model("EWMA, returns", BASELINE, "ewma-returns"): lambda days: _ewma(days.returns**2),
        Model("EWMA, Garman–Klass", BASELINE, "ewma-gk"): lambda days: _ewma(days.variance),
        Model("GARCH(1,1)", BASELINE, "garch"): lambda days: _garch(days, asymmetric=False),
        Model("GJR-GARCH", BASELINE, "gjr"): lambda days: _garch(days, asymmetric=True),
    }


def regressions() -> dict[Model, tuple[BaseEstimator, list[str]]]:
    """Models of log volatility over all stocks, each with its features.

    Beside those of `labkit.volatility.contenders`, the autoregression with the day's fall (the
    leverage effect, Corsi and Renò 2012) and the volatility of all stocks.
    """
    shared = {model: own for model, own in baselines().items() if model.stage in OF_CONTENDERS}
    wider = Model("HAR, leverage and market", BASELINE, "har-leverage")
    return shared | {wider: (LinearRegression(), [*HAR_FEATURES, *LEVERAGE, *MARKET])}


def _days(prices: pd.DataFrame, train: Panel) -> _Days:
    own = daily(prices[prices["symbol"].isin(train.index["symbol"].unique())])
    wide = own.pivot(index="date", columns="symbol", values=["log_return", "log_vol"])
    return _Days(wide["log_return"], np.exp(2 * wide["log_vol"]), train.index["date"].max())


def _ewma(variance: pd.DataFrame) -> pd.DataFrame:
    """Exponentially weighted mean of each stock's days so far (J.P. Morgan and Reuters 1996)."""
    return variance.ewm(alpha=1 - DECAY, ignore_na=True).mean()


def _garch(days: _Days, *, asymmetric: bool) -> pd.DataFrame:
    """The next day's variance by a GARCH(1,1) (Bollerslev 1986) of each stock.

    A constant mean and normal likelihood, fitted to the training years. ``asymmetric`` lets falls
    weigh more than rises (Glosten, Jagannathan and Runkle 1993).
    """
    made = {}
    for symbol in days.returns:
        returns = PERCENT * days.returns[symbol].dropna()
        model = arch_model(returns, mean="Constant", vol="GARCH", p=1, o=int(asymmetric), q=1)
        last = int(returns.index.searchsorted(days.fitted_until, side="right"))
        fitted = model.fit(last_obs=last, disp="off", show_warning=False)
        made[symbol] = fitted.forecast(horizon=1, start=0).variance["h.1"]
    return pd.DataFrame(made).reindex(days.returns.index) / PERCENT**2


def _scaled(
    variance: pd.DataFrame, panels: Mapping[str, Panel]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Log volatility and variance at the target's scale, from variance forecast by day and stock.

    With ``e`` the target less half the log of the forecast, on the training rows of a stock: its
    log volatility is half the log plus the mean of ``e``, its variance that of `variance_forecast`:
    the forecast times the mean of ``exp(2·e)``. So over the training years the log is right on
    average, and the ratio of realised to forecast variance is one. The factors take out the night,
    and that the log of a mean is no mean of logs.
    """
    half_log = 0.5 * np.log(variance.where(variance > 0))
    own = {s: _at(half_log, panel) for s, panel in panels.items()}
    train = panels["train"]
    residuals = pd.Series(train.y.to_numpy() - own["train"])
    by_stock = residuals.groupby(train.index["symbol"].to_numpy())
    factors = by_stock.agg(log="mean", variance=lambda e: variance_forecast(0.0, e))
    log_vols, variances = {}, {}
    for s, panel in panels.items():
        factor = factors.loc[panel.index["symbol"]]
        log_vols[s] = own[s] + factor["log"].to_numpy()
        variances[s] = np.exp(2 * own[s]) * factor["variance"].to_numpy()
    return log_vols, variances


def _at(wide: pd.DataFrame, panel: Panel) -> np.ndarray:
    """The value of each row's day and stock, shape ``(rows,)``."""
    day = wide.index.get_indexer(panel.index["date"])
    symbol = wide.columns.get_indexer(panel.index["symbol"])
    return wide.to_numpy()[day, symbol]
