"""The NYSE data looked at: contents, distributions, groups, memory."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from labkit.volatility.data import NYSE
from labkit.volatility.panel import Panel, log_volatility
from labkit.volatility.scores import share_between

TRADING_DAYS = 252
"""Trading days of a year, to state a daily volatility as a yearly one."""

EXAMPLES = ["AAPL", "IBM", "MSFT"]
"""Stocks that both the Kaggle files and the embedded default hold."""

MONTH = 22
"""Trading days of a month."""

MIN_DAYS = 250
"""Days of its own that a stock needs before its autocorrelations are counted."""

DAILY_LABELS = {
    "close": "close [$]",
    "volume": "volume [millions]",
    "log_return": "return [%]",
    "volatility": "volatility [% a year]",
    "log_vol": "log volatility",
}
"""Columns of `daily` to describe, with their units."""

DAILY_UNITS = {"volume": 1e6, "log_return": 0.01}
"""What one unit of `DAILY_LABELS` is in a column's own; one where nothing is said."""


@dataclass(frozen=True)
class Span:
    """How many stocks over which days."""

    n_stocks: int
    n_days: int
    first: pd.Timestamp
    last: pd.Timestamp


def span(data: NYSE) -> Span:
    """What the prices cover."""
    dates = data.prices["date"]
    return Span(data.prices["symbol"].nunique(), dates.nunique(), dates.min(), dates.max())


@dataclass(frozen=True)
class Survivors:
    """How many of the stocks are there from the first to the last day.

    ``to_the_end`` of the ``n_stocks`` still trade on the ``last`` day; ``whole`` have every trading
    day since the ``first``.
    """

    n_stocks: int
    to_the_end: int
    whole: int
    first: pd.Timestamp
    last: pd.Timestamp


def survivors(data: NYSE) -> Survivors:
    """Whether stocks leave the prices before their end, as companies leave a market."""
    dates = data.prices.groupby("symbol")["date"].agg(["max", "nunique"])
    found = span(data)
    return Survivors(
        n_stocks=found.n_stocks,
        to_the_end=int((dates["max"] == found.last).sum()),
        whole=int((dates["nunique"] == found.n_days).sum()),
        first=found.first,
        last=found.last,
    )


def absent_tables(data: NYSE) -> tuple[str, ...]:
    """Which of the lab's tables are not there."""
    return tuple(name for name in ("fundamentals", "securities") if getattr(data, name) is None)


def contents(data: NYSE) -> pd.DataFrame:
    """One row per table of the data: ``table``, ``what``, ``rows``, ``columns``, ``names``.

    ``columns`` are those that are kept of the file, as `kept_columns` names them.
    """
    tables = [
        ("prices", "a stock and trading day", data.prices, "symbol"),
        ("fundamentals", "a company and fiscal year", data.fundamentals, "symbol"),
        ("securities", "a company", data.securities, "symbol"),
    ]
    rows = [
        {
            "table": name,
            "what": what,
            "rows": len(frame),
            "columns": frame.shape[1],
            "names": frame[symbol].nunique(),
        }
        for name, what, frame, symbol in tables
        if frame is not None
    ]
    return pd.DataFrame(rows)


def kept_columns(data: NYSE) -> tuple[str, ...]:
    """The columns kept of the securities' file, which has more; none where there is no file."""
    return () if data.securities is None else tuple(data.securities)


def daily(prices: pd.DataFrame) -> pd.DataFrame:
    """Prices with what a day brought, row by row.

    Adds ``previous_close``; ``log_return``, from yesterday's close to today's; ``overnight``, the
    part of it before the open; ``log_vol``, the log of the Garman–Klass volatility; ``volatility``,
    the same in per cent a year. The first day of each stock has no return.
    """
    prices = prices.sort_values(["symbol", "date"], ignore_index=True)
    previous = prices.groupby("symbol", sort=False)["close"].shift(1)
    log_vol = log_volatility(prices)
    return prices.assign(
        previous_close=previous,
        log_return=np.log(prices["close"] / previous),
        overnight=np.log(prices["open"] / previous),
        log_vol=log_vol,
        volatility=yearly(log_vol),
    )


def yearly(log_vol):
    """A day's log volatility as volatility in per cent a year."""
    return 100 * np.sqrt(TRADING_DAYS) * np.exp(log_vol)


def described(days: pd.DataFrame) -> pd.DataFrame:
    """Descriptive statistics of the columns in `DAILY_LABELS`, one row each, in those units.

    Columns: ``column``, ``quantity`` (its label), ``count``, ``mean``, ``sd``, ``min``, ``q25``,
    ``median``, ``q75``, ``max``, ``skewness`` and ``excess_kurtosis`` (zero for a normal).
    """
    rows = []
    for name, label in DAILY_LABELS.items():
        values = days[name].dropna().to_numpy(float) / DAILY_UNITS.get(name, 1)
        low, q25, median, q75, high = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
        rows.append(
            {
                "column": name,
                "quantity": label,
                "count": len(values),
                "mean": values.mean(),
                "sd": values.std(ddof=1),
                "min": low,
                "q25": q25,
                "median": median,
                "q75": q75,
                "max": high,
                "skewness": stats.skew(values),
                "excess_kurtosis": stats.kurtosis(values),
            }
        )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Shapes:
    """Skewness and excess kurtosis of volatility, and of its logarithm."""

    skewness: float
    kurtosis: float
    log_skewness: float
    log_kurtosis: float

    @property
    def is_calmed(self) -> bool:
        """Whether the logarithm brings volatility close to a bell."""
        return abs(self.log_skewness) < min(1, abs(self.skewness))

    @property
    def is_more_symmetric(self) -> bool:
        """Whether the logarithm takes some of the skewness away."""
        return abs(self.log_skewness) < abs(self.skewness)


def shapes(statistics: pd.DataFrame) -> Shapes:
    """What the logarithm does to the shape of volatility; from the table of `described`."""
    by_column = statistics.set_index("column")[["skewness", "excess_kurtosis"]]
    return Shapes(*by_column.loc["volatility"], *by_column.loc["log_vol"])


@dataclass(frozen=True)
class Returns:
    """Centre, spread and tails of the daily return, as shares of one.

    ``far_share`` of the days lie more than ``far_multiple`` standard deviations out,
    ``far_times_normal`` times what the normal distribution would have. ``kurtosis_without`` is the
    excess kurtosis without the ``n_unadjusted`` moves that look like adjustments never made.
    """

    mean: float
    sd: float
    noise_to_drift: float
    excess_kurtosis: float
    n_unadjusted: int
    kurtosis_without: float
    far_multiple: int
    far_share: float
    far_times_normal: float


def returns(statistics: pd.DataFrame, days: pd.DataFrame, moves: pd.DataFrame) -> Returns:
    """The daily return.

    Parameters
    ----------
    statistics : DataFrame
        The table of `described`.
    days : DataFrame
        As `daily` gives it.
    moves : DataFrame
        The largest of its moves, and what they look like, as `largest_jumps` gives them.
    """
    row = statistics.set_index("column").loc["log_return"]
    mean, sd = (row[name] * DAILY_UNITS["log_return"] for name in ("mean", "sd"))
    far = tails(days["log_return"]).iloc[-1]
    odd = moves.loc[moves["looks_like"] != "news", ["date", "symbol"]]
    marked = days[["date", "symbol", "log_return"]].merge(odd, how="left", indicator=True)
    adjusted = marked.loc[marked["_merge"] == "left_only", "log_return"]
    return Returns(
        mean=mean,
        sd=sd,
        noise_to_drift=sd / abs(mean),
        excess_kurtosis=row["excess_kurtosis"],
        n_unadjusted=len(odd),
        kurtosis_without=float(stats.kurtosis(adjusted.dropna())),
        far_multiple=int(far["multiple"]),
        far_share=far["observed"],
        far_times_normal=far["observed"] / far["normal"],
    )


def outliers(days: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """The daily return with and without the moves that look unadjusted, a row each.

    Parameters
    ----------
    days : DataFrame
        As `daily` gives it.
    moves : DataFrame
        As `labkit.volatility.exploration.jumps.largest_jumps` gives them.

    Returns
    -------
    DataFrame
        ``rows`` (which), ``count``; ``sd``, ``min`` and ``max`` in per cent; ``skewness``,
        ``excess_kurtosis``; ``far``, the share of days more than five standard deviations out.
    """
    every = days.dropna(subset=["log_return"])
    odd = moves.loc[moves["looks_like"] != "news", ["date", "symbol"]]
    marked = every.merge(odd, how="left", on=["date", "symbol"], indicator=True)
    is_odd = (marked["_merge"] == "both").to_numpy()
    parts = {
        "all": every["log_return"],
        "without the moves that look unadjusted": every["log_return"][~is_odd],
    }
    return pd.DataFrame(
        {
            "rows": name,
            "count": len(own),
            "sd": 100 * own.std(),
            "min": 100 * own.min(),
            "max": 100 * own.max(),
            "skewness": stats.skew(own),
            "excess_kurtosis": stats.kurtosis(own),
            "far": float(tails(own)["observed"].iloc[-1]),
        }
        for name, own in parts.items()
    )


@dataclass(frozen=True)
class Companions:
    """The two features that go most with tomorrow's volatility, and what goes with the return."""

    first: str
    first_correlation: float
    second: str
    second_correlation: float
    most_of_return: float


def companions(matrix: pd.DataFrame) -> Companions:
    """Read the matrix of `feature_correlations`."""
    features = matrix.drop(index=["target", "next_return"])
    first, second = features["target"].abs().sort_values(ascending=False).index[:2]
    return Companions(
        first,
        features["target"][first],
        second,
        features["target"][second],
        features["next_return"].abs().max(),
    )


def feature_correlations(panel: Panel) -> pd.DataFrame:
    """Rank correlations of the features, tomorrow's log volatility and tomorrow's return.

    Ranks, so that a few unadjusted prices do not decide. The day of the week, a name and no
    quantity, is left out.
    """
    columns = panel.X.drop(columns="weekday").assign(
        target=panel.y.to_numpy(), next_return=panel.next_return.to_numpy()
    )
    return columns.rank().corr()


def second_quantity(data: NYSE, days: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """A second quantity to compare between groups, with its label.

    The profit margin of the annual statements [%], a row per company and year; the daily return
    [%] where there are no statements.

    Returns
    -------
    frame, label
        The frame has the columns ``symbol`` and ``value``.
    """
    if data.fundamentals is None:
        return days.assign(value=100 * days["log_return"])[["symbol", "value"]], "Daily return [%]"
    statements = data.fundamentals
    return statements.assign(value=statements["Profit Margin"])[["symbol", "value"]], (
        "Profit margin [%]"
    )


def tails(returns: pd.Series, multiples: tuple[int, ...] = (3, 5)) -> pd.DataFrame:
    """Share of returns further from the mean than some standard deviations, against the normal.

    Columns: ``multiple``, ``observed``, ``normal``.
    """
    standardised = (returns - returns.mean()) / returns.std()
    observed = [float((standardised.abs() > m).mean()) for m in multiples]
    normal = [2 * stats.norm.sf(m) for m in multiples]
    return pd.DataFrame({"multiple": multiples, "observed": observed, "normal": normal})


def grouped(frame: pd.DataFrame, securities: pd.DataFrame | None) -> tuple[pd.DataFrame, str]:
    """Rows with the sector of their stock, or the stock itself where these are of one sector.

    Returns
    -------
    frame, kind
        The frame with the column ``group``; stocks that are not among the securities are in
        "unknown". The kind is ``"sector"`` or ``"stock"``.
    """
    sectors = {} if securities is None else securities.set_index("symbol")["sector"]
    sector = frame["symbol"].map(sectors)
    if sector.nunique() < 2:
        return frame.assign(group=frame["symbol"]), "stock"
    return frame.assign(group=sector.fillna("unknown")), "sector"


@dataclass(frozen=True)
class Groups:
    """The calmest and the wildest group, by the median volatility of a day, in shares a year.

    ``explained`` is the share of the variance of log volatility between groups.
    """

    kind: str
    calmest: str
    calmest_volatility: float
    wildest: str
    wildest_volatility: float
    explained: float


def groups(days: pd.DataFrame, kind: str) -> Groups:
    """Compare groups; ``days`` has the columns ``group`` and ``log_vol``."""
    medians = yearly(days.groupby("group")["log_vol"].median()).sort_values() / 100
    return Groups(
        kind,
        medians.index[0],
        medians.iloc[0],
        medians.index[-1],
        medians.iloc[-1],
        explained_by_group(days, "log_vol"),
    )


def example_symbols(symbols: Iterable[str], n: int = 3) -> list[str]:
    """Up to ``n`` stocks to draw: the `EXAMPLES` that are there, then the first in the alphabet."""
    symbols = sorted(set(symbols))
    known = [name for name in EXAMPLES if name in symbols]
    return (known + [name for name in symbols if name not in known])[:n]


def market_volatility(days: pd.DataFrame) -> pd.DataFrame:
    """Volatility over all stocks by day, in per cent a year: ``date, q10, median, q90``.

    Each is the mean of the last five days, so that weeks of calm and storm stand out.
    """
    quantiles = days.groupby("date")["volatility"].quantile([0.1, 0.5, 0.9]).unstack()
    quantiles.columns = ["q10", "median", "q90"]
    return quantiles.rolling(5, min_periods=1).mean().reset_index()


@dataclass(frozen=True)
class Weather:
    """The stormiest and the calmest week of the median stock, in shares a year.

    ``together`` is the mean correlation between two stocks' log volatilities.
    """

    stormiest: pd.Timestamp
    stormiest_volatility: float
    calmest: pd.Timestamp
    calmest_volatility: float
    together: float


def weather(market: pd.DataFrame, days: pd.DataFrame) -> Weather:
    """Read the table of `market_volatility`, which was made of ``days``."""
    median = market.set_index("date")["median"] / 100
    return Weather(
        median.idxmax(), median.max(), median.idxmin(), median.min(), mean_correlation(days)
    )


def mean_correlation(days: pd.DataFrame) -> float:
    """Mean correlation, over pairs of stocks, of their log volatilities on the same day."""
    wide = days.pivot(index="date", columns="symbol", values="log_vol")
    pairs = wide.corr(min_periods=MIN_DAYS).to_numpy()
    return float(np.nanmean(pairs[~np.eye(len(pairs), dtype=bool)]))


def explained_by_group(frame: pd.DataFrame, column: str) -> float:
    """Share of a column's variance that lies between the means of the column ``group``."""
    values = frame[["group", column]].dropna()
    return share_between(values[column], values["group"])


def autocorrelations(days: pd.DataFrame, lags: int = 66) -> pd.DataFrame:
    """Autocorrelation by lag of the return, of its size, and of the log volatility.

    Returns
    -------
    DataFrame
        ``quantity``, ``lag`` [trading days], and over the stocks ``median``, ``q10``, ``q90``.
        Stocks with fewer than `MIN_DAYS` days are left out.
    """
    days = days.assign(absolute_return=days["log_return"].abs())
    parts = []
    for name in ("log_return", "absolute_return", "log_vol"):
        wide = days.pivot(index="date", columns="symbol", values=name)
        wide = wide.loc[:, wide.count() >= MIN_DAYS]
        by_lag = autocorrelation(wide.to_numpy(), lags)
        q10, median, q90 = np.nanquantile(by_lag, [0.1, 0.5, 0.9], axis=1)
        parts.append(
            pd.DataFrame(
                {
                    "quantity": name,
                    "lag": np.arange(1, lags + 1),
                    "median": median,
                    "q10": q10,
                    "q90": q90,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Memory:
    """Median autocorrelation of each quantity, one day and ``later`` days on.

    ``longest`` is the quantity that remembers most from one day to the next, ``times_return`` how
    many times what the return does.
    """

    later: int
    one_day: dict[str, float]
    later_days: dict[str, float]
    longest: str
    times_return: float


def memory(autocorrelations: pd.DataFrame) -> Memory:
    """Read the table of `autocorrelations`."""
    median = autocorrelations.pivot(index="lag", columns="quantity", values="median")
    later = MONTH if MONTH in median.index else int(median.index[-1])
    one_day = median.loc[1]
    longest = one_day.abs().idxmax()
    return Memory(
        later,
        one_day.to_dict(),
        median.loc[later].to_dict(),
        longest,
        abs(one_day[longest]) / max(abs(one_day["log_return"]), 1e-6),
    )


def autocorrelation(values: np.ndarray, lags: int) -> np.ndarray:
    """Autocorrelation of each column at lags 1 to ``lags``, blanks left out of the sums.

    Parameters
    ----------
    values : array, shape (times, series)

    Returns
    -------
    array, shape (lags, series)

    >>> autocorrelation(np.array([[1.0], [-1.0]] * 50), 2).round(1).ravel()
    array([-1.,  1.])
    """
    centred = values - np.nanmean(values, axis=0)
    variance = np.nanmean(centred**2, axis=0)
    return np.array(
        [
            np.nanmean(centred[lag:] * centred[:-lag], axis=0) / variance
            for lag in range(1, lags + 1)
        ]
    )
