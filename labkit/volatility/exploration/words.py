"""What the NYSE data show, in sentences."""

import pandas as pd

from labkit.report.sentence import Sentence, counted, listing, number, percent
from labkit.volatility.data import NYSE
from labkit.volatility.exploration.market import yearly
from labkit.volatility.panel import FEATURE_LABELS


def span(data: NYSE) -> Sentence:
    """How many stocks over which days."""
    dates = data.prices["date"]
    return Sentence(
        f"The prices are those of {counted(data.prices['symbol'].nunique(), 'stock')} on "
        f"{counted(dates.nunique(), 'trading day')}, from {dates.min():%Y-%m-%d} to "
        f"{dates.max():%Y-%m-%d}."
    )


def absent(data: NYSE) -> Sentence:
    """Which of the lab's three tables are not there; nothing where all are."""
    names = [name for name in ("fundamentals", "securities") if getattr(data, name) is None]
    if not names:
        return Sentence("")
    return Sentence(
        f"These data have no {listing(names, 'and no')}: what the chapter would say of them, it "
        "says of the prices."
    )


def returns(statistics: pd.Series, tails: pd.DataFrame) -> Sentence:
    """Centre, spread and tails of the daily return.

    Parameters
    ----------
    statistics : Series
        The row of `described` for the log return, in per cent.
    tails : DataFrame
        As `labkit.volatility.exploration.market.tails` gives it.
    """
    far = tails.iloc[-1]
    kurtosis = statistics["excess_kurtosis"]
    weight = "heavier" if kurtosis > 0 else "no heavier"
    often = far["observed"] / far["normal"]
    return Sentence(
        f"The mean daily return is {percent(statistics['mean'] / 100, 3)}, with a standard "
        f"deviation of {percent(statistics['sd'] / 100, 2)}: the noise is "
        f"{number(statistics['sd'] / abs(statistics['mean']), '.0f')} times the drift. The tails "
        f"are {weight} than a normal distribution's (excess kurtosis "
        f"{number(kurtosis, '.1f')}): {percent(far['observed'], 3)} of the days lie more than "
        f"{number(far['multiple'], '.0f')} standard deviations out, "
        f"{number(often, '.0f')} times what the normal would have."
    )


def tails_lesson(statistics: pd.Series) -> Sentence:
    """The tails of the return in half a sentence."""
    heavy = statistics["excess_kurtosis"] > 0
    return Sentence(
        f"Returns have {'heavier' if heavy else 'no heavier'} tails than the normal distribution "
        f"(excess kurtosis {number(statistics['excess_kurtosis'], '.1f')}), and their mean is to "
        "their spread as "
        f"{percent(statistics['mean'] / 100, 3)} to {percent(statistics['sd'] / 100, 2)}."
    )


def missing(data: NYSE, blanks: pd.DataFrame, coverage: pd.DataFrame) -> Sentence:
    """Blanks of the prices, the panel's gaps, and the blanks of the statements."""
    holes = int(data.prices.isna().any(axis=1).sum())
    full = int((coverage == 1).all(axis=1).sum())
    late = int((coverage.iloc[:, 0] == 0).sum())
    text = (
        f"The price table has {counted(holes, 'row')} with a blank. What it lacks are whole days: "
        f"{number(full)} of {counted(len(coverage), 'stock')} "
        f"{'has' if full == 1 else 'have'} every trading day, and {number(late)} "
        f"{'starts' if late == 1 else 'start'} late."
        if full < len(coverage)
        else f"The price table has {counted(holes, 'row')} with a blank, and every stock has every "
        "trading day."
    )
    if data.fundamentals is None:
        return Sentence(f"{text} There are no annual statements in these data.")
    if blanks.empty:
        return Sentence(f"{text} The annual statements have no blank.")
    first = blanks[blanks["missing"] == blanks["missing"].max()]
    names = listing(first["column"])
    return Sentence(
        f"{text} Of the {data.fundamentals.shape[1]} columns of the annual statements "
        f"{len(blanks)} have blanks, most of them {names}, with {percent(first['share'].iloc[0])} "
        f"{'each' if len(first) > 1 else ''}".rstrip()
        + "."
    )


def blanks_by_group(shares: pd.Series, column: str) -> Sentence:
    """Whether a column's blanks are spread evenly over the groups.

    ``shares`` is the share of blanks in ``column`` by group, most first; without any, no sentence.
    """
    if shares.empty:
        return Sentence("")
    most, least = shares.iloc[0], shares.iloc[-1]
    even = most < 2 * max(least, 0.01)
    return Sentence(
        f"{column} is blank in {percent(most)} of the statements of {shares.index[0]} and in "
        f"{percent(least)} of those of {shares.index[-1]}: "
        + (
            "the blanks are spread over all groups."
            if even
            else "it goes with the kind of company, not with chance, and a mean put in its place "
            "would be made up."
        )
    )


def distributions(statistics: pd.DataFrame) -> Sentence:
    """What the logarithm does to the shape of volatility.

    ``statistics`` has one row each for raw and for log volatility, in this order.
    """
    raw, log = (statistics.iloc[i] for i in (0, 1))
    calmer = abs(log["skewness"]) < min(1, abs(raw["skewness"]))
    return Sentence(
        f"The logarithm takes the skewness of volatility from {number(raw['skewness'], '.2f')} to "
        f"{number(log['skewness'], '.2f')} and its excess kurtosis from "
        f"{number(raw['excess_kurtosis'], '.1f')} to {number(log['excess_kurtosis'], '.1f')}: "
        + (
            "the log is close enough to a bell for a squared error, which otherwise would spend "
            "itself on the few wildest days."
            if calmer
            else "on these data that does not make it a bell."
        )
    )


def distributions_lesson(statistics: pd.DataFrame) -> Sentence:
    """Skewness before and after the logarithm; rows as in `distributions`."""
    raw, log = statistics["skewness"]
    effect = "a more symmetric" if abs(log) < abs(raw) else "no more symmetric a"
    return Sentence(
        f"The logarithm gives volatility {effect} distribution: skewness {number(log, '.2f')} "
        f"instead of {number(raw, '.2f')}."
    )


def groups(days: pd.DataFrame, kind: str, explained: float) -> Sentence:
    """The calmest and the wildest group, and how little or much the group explains.

    Parameters
    ----------
    days : DataFrame
        With the columns ``group`` and ``log_vol``.
    kind : str
        What the groups are.
    explained : float
        Share of the variance of log volatility between groups.
    """
    medians = yearly(days.groupby("group")["log_vol"].median()).sort_values()
    return Sentence(
        f"The calmest {kind} is {medians.index[0]}, with a median volatility of "
        f"{percent(medians.iloc[0] / 100)} a year, the wildest {medians.index[-1]}, with "
        f"{percent(medians.iloc[-1] / 100)}. The {kind} explains {percent(explained)} of the "
        f"variance of log volatility; {'most' if explained < 0.5 else 'the rest'} of it lies "
        f"within a {kind}."
    )


def correlations(matrix: pd.DataFrame) -> Sentence:
    """Which features go with tomorrow's volatility, and how little goes with tomorrow's return."""
    outcomes = ["target", "next_return"]
    features = matrix.drop(index=outcomes)
    ranked = features["target"].abs().sort_values(ascending=False)
    best, second = ranked.index[:2]
    of_return = features["next_return"].abs()
    return Sentence(
        f"Tomorrow's log volatility goes most with *{FEATURE_LABELS[best]}* (rank correlation "
        f"{number(features['target'][best], '.2f')}) and *{FEATURE_LABELS[second]}* "
        f"({number(features['target'][second], '.2f')}). No feature's correlation with tomorrow's "
        f"return is beyond {number(of_return.max(), '.3f')} in size."
    )


def jumps(table: pd.DataFrame) -> Sentence:
    """How many of the largest moves look like adjustments that were never made."""
    unadjusted = table[table["looks_like"] != "news"]
    if unadjusted.empty:
        return Sentence(
            f"None of the {len(table)} largest moves looks like a forgotten adjustment: each came "
            "with heavy trading, or grew during the day, or is too small for a split."
        )
    largest = unadjusted.loc[unadjusted["change"].abs().idxmax()]
    return Sentence(
        f"Of the {len(table)} largest moves, {len(unadjusted)} happened overnight on an "
        f"ordinary day's trading: they look like splits, spin-offs or mergers for which the prices "
        f"before were not adjusted. {largest['symbol']} on {largest['date']:%Y-%m-%d}, for one, "
        f"opens at {number(largest['open'], '.2f')} after a close of "
        f"{number(largest['previous_close'], '.2f')} (a change of "
        f"{percent(largest['change'], 0)}). If so, no shareholder gained or lost that."
    )


def jumps_lesson(table: pd.DataFrame) -> Sentence:
    """What the unadjusted prices mean for a target."""
    n = int((table["looks_like"] != "news").sum())
    if n == 0:
        return Sentence(
            f"None of the {len(table)} largest moves looks like a forgotten adjustment."
        )
    return Sentence(
        f"{number(n)} of the {len(table)} largest moves {'looks' if n == 1 else 'look'} like a "
        "forgotten adjustment: a target made within the day is safe from them."
    )


def clustering(market: pd.DataFrame, together: float) -> Sentence:
    """The calmest and the stormiest week of the median stock, and whether stocks share it.

    ``together`` is the mean correlation between two stocks' log volatilities.
    """
    low, high = (market.loc[i] for i in (market["median"].idxmin(), market["median"].idxmax()))
    return Sentence(
        f"The median stock's volatility, averaged over a week, was highest in "
        f"{high['date']:%B %Y}, at {percent(high['median'] / 100, 0)} a year, and lowest "
        f"in {low['date']:%B %Y}, at {percent(low['median'] / 100)}. On the same day, "
        f"two stocks' log volatilities have a mean correlation of {number(together, '.2f')}."
    )


def memory(autocorrelations: pd.DataFrame) -> Sentence:
    """How long the return, its size and the log volatility remember themselves."""
    median = autocorrelations.pivot(index="lag", columns="quantity", values="median")
    month = 22 if 22 in median.index else median.index[-1]
    now, later = median.loc[1], median.loc[month]
    return Sentence(
        f"From one day to the next, the median autocorrelation of the return is "
        f"{number(now['log_return'], '.2f')}, of its size {number(now['absolute_return'], '.2f')}, "
        f"and of log volatility {number(now['log_vol'], '.2f')}; {month} days later they are "
        f"{number(later['log_return'], '.2f')}, {number(later['absolute_return'], '.2f')} and "
        f"{number(later['log_vol'], '.2f')}."
    )


def why_this_target(autocorrelations: pd.DataFrame) -> Sentence:
    """Which of the three quantities has a memory to learn from."""
    first = autocorrelations[autocorrelations["lag"] == 1].set_index("quantity")["median"]
    names = {
        "log_return": "the return",
        "absolute_return": "the size of the return",
        "log_vol": "log volatility",
    }
    ranked = first.abs().sort_values(ascending=False)
    ratio = ranked.iloc[0] / max(first.abs()["log_return"], 1e-6)
    return Sentence(
        f"Of the three, {names[ranked.index[0]]} remembers most: its autocorrelation at one day is "
        f"{number(ratio, '.0f')} times that of the return in size."
        if ranked.index[0] != "log_return"
        else "On these data the return itself remembers most, which is unusual."
    )
