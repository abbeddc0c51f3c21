"""What the NYSE data show, in sentences: each says the facts that it is given."""

import pandas as pd

from labkit.report.sentence import Sentence, as_text, counted, listing, number, percent
from labkit.volatility.exploration.fundamentals import Lopsided
from labkit.volatility.exploration.gaps import Gaps, SpreadOfBlanks
from labkit.volatility.exploration.jumps import Unadjusted
from labkit.volatility.exploration.market import (
    Companions,
    Groups,
    Memory,
    Returns,
    Shapes,
    Span,
    Survivors,
    Weather,
)
from labkit.volatility.panel import FEATURE_LABELS

QUANTITIES = {
    "log_return": "the return",
    "absolute_return": "the size of the return",
    "log_vol": "log volatility",
}


def span(found: Span) -> Sentence:
    """How many stocks over which days."""
    return Sentence(
        f"The prices are those of {counted(found.n_stocks, 'stock')} on "
        f"{counted(found.n_days, 'trading day')}, from {found.first:%Y-%m-%d} to "
        f"{found.last:%Y-%m-%d}."
    )


def absent(names: tuple[str, ...]) -> Sentence:
    """Which of the lab's three tables are not there."""
    if not names:
        return Sentence("The lab's three tables are all there.")
    return Sentence(
        f"These data have no {listing(names, 'and no')}: what the chapter would say of them, it "
        "says of the prices."
    )


def kept(columns: tuple[str, ...]) -> Sentence:
    """Which columns of the securities' file are kept."""
    if not columns:
        return Sentence("All columns are counted.")
    return Sentence(
        "Only the columns that are kept are counted. Of the securities these are "
        f"{listing(f'`{name}`' for name in columns)}; their file may have more."
    )


def survivorship(found: Survivors) -> Sentence:
    """Whose prices these are: of those that are left, or of all that there were."""
    verb = "has" if found.whole == 1 else "have"
    whole = f"{number(found.whole)} of {counted(found.n_stocks, 'stock')} {verb} every trading day"
    if found.to_the_end < found.n_stocks:
        gone = found.n_stocks - found.to_the_end
        return Sentence(
            f"{whole} from {found.first:%Y-%m-%d} to {found.last:%Y-%m-%d}; "
            f"{counted(gone, 'stock')} left before."
        )
    return Sentence(
        f"Every stock still trades on the last day, {found.last:%Y-%m-%d}, and {whole} since "
        f"{found.first:%Y-%m-%d}: these are the companies of the end traced back, not those of the "
        "beginning followed. Whoever failed or was bought on the way is missing. So the past may "
        "look calmer than it was, and no score here tells what a forecast is worth before a "
        "bankruptcy."
    )


def returns(found: Returns) -> Sentence:
    """Centre, spread and tails of the daily return."""
    weight = "heavier" if found.excess_kurtosis > 0 else "no heavier"
    return Sentence(
        f"The mean daily return is {percent(found.mean, 3)}, with a standard "
        f"deviation of {percent(found.sd, 2)}: the noise is "
        f"{number(found.noise_to_drift, '.0f')} times the drift. The tails "
        f"are {weight} than a normal distribution's ({_kurtosis(found)}): "
        f"{percent(found.far_share, 3)} of the daily returns lie "
        f"more than {number(found.far_multiple)} standard deviations out, "
        f"{number(found.far_times_normal, '.0f')} times what the normal would have."
    )


def tails_lesson(found: Returns) -> Sentence:
    """The tails of the return in half a sentence."""
    heavy = found.excess_kurtosis > 0
    return Sentence(
        f"Returns have {'heavier' if heavy else 'no heavier'} tails than the normal distribution "
        f"({_kurtosis(found)}), and their mean is to "
        f"their spread as {percent(found.mean, 3)} to {percent(found.sd, 2)}."
    )


def _kurtosis(found: Returns) -> str:
    """The excess kurtosis, and what it is without moves that no shareholder saw."""
    text = f"excess kurtosis {number(found.excess_kurtosis, '.1f')}"
    if not found.n_unadjusted:
        return text
    moves = counted(found.n_unadjusted, "move")
    return (
        f"{text}, and {number(found.kurtosis_without, '.1f')} without the {moves} for which the "
        "prices look unadjusted"
    )


def _other_gaps(found: Gaps) -> str:
    """How many stocks lack days and did not merely start late."""
    others = found.n_stocks - found.complete - found.late
    if others <= 0:
        return ""
    return f"; {number(others)} {'lacks' if others == 1 else 'lack'} days in between or at the end"


def missing(found: Gaps) -> Sentence:
    """Blanks of the prices, the panel's gaps, and the blanks of the statements."""
    holes = f"The price table has {counted(found.holes, 'row')} with a blank"
    text = (
        f"{holes}. What it lacks are whole days: "
        f"{number(found.complete)} of {counted(found.n_stocks, 'stock')} "
        f"{'has' if found.complete == 1 else 'have'} every trading day, and {number(found.late)} "
        f"{'starts' if found.late == 1 else 'start'} late{_other_gaps(found)}."
        if found.complete < found.n_stocks
        else f"{holes}, and every stock has every trading day."
    )
    if found.statement_columns is None:
        return Sentence(f"{text} There are no annual statements in these data.")
    if not found.blank_columns:
        return Sentence(f"{text} The annual statements have no blank.")
    blanks = "has blanks:" if found.blank_columns == 1 else "have blanks, most of them"
    each = " each" if len(found.emptiest) > 1 else ""
    return Sentence(
        f"{text} Of the {found.statement_columns} columns of the annual statements "
        f"{found.blank_columns} {blanks} {listing(found.emptiest)}, with "
        f"{percent(found.emptiest_share)}{each}."
    )


def blanks_by_group(found: SpreadOfBlanks | None) -> Sentence:
    """Whether a column's blanks are spread evenly over the groups."""
    if found is None:
        return Sentence("Whether blanks go with the kind of company cannot be asked of these data.")
    return Sentence(
        f"{found.column} is blank in {percent(found.most_share)} of the statements of "
        f"{found.most} and in {percent(found.least_share)} of those of {found.least}: "
        + (
            "the blanks are spread over all groups."
            if found.is_even
            else "it goes with the kind of company, not with chance, and a mean put in its place "
            "would be made up."
        )
    )


def ratios(found: Lopsided | None) -> Sentence:
    """The ratio of the statements that a mean says least of."""
    if found is None:
        return Sentence("These data have no annual statements, so there is nothing to describe.")
    return Sentence(
        f"Of these, a mean says least of the {found.ratio}: it is {number(found.mean, '.0f')} %, "
        f"the median {number(found.median, '.0f')} % and the highest "
        f"{number(found.highest, ',.0f')} %."
    )


def outliers(frame: pd.DataFrame) -> Sentence:
    """What leaving out the unadjusted moves changes in the tails of the return."""
    every, rest = frame.iloc[0], frame.iloc[1]
    left_out = int(every["count"] - rest["count"])
    if left_out == 0:
        return Sentence(
            "No move looks unadjusted, so both rows are the same: the tails "
            f"{'are real' if every['excess_kurtosis'] > 0 else 'are no heavier than the normal'}."
        )
    return Sentence(
        f"Leaving out {counted(left_out, 'row')} of {number(int(every['count']))} takes the excess "
        f"kurtosis from {number(every['excess_kurtosis'], '.1f')} to "
        f"{number(rest['excess_kurtosis'], '.1f')} and the share beyond five standard deviations "
        f"from {percent(every['far'], 3)} to {percent(rest['far'], 3)}. "
        + (
            "The tails that are left are no error of the file, as far as can be told, and stay."
            if rest["excess_kurtosis"] > 0
            else "Without them the tails are no heavier than the normal's."
        )
    )


def estimators(spread: pd.DataFrame) -> Sentence:
    """How much closer the second of two estimates comes; ``Mean`` and ``Sd`` by estimate."""
    (first, second), (wide, narrow) = spread.index, spread["Sd"]
    return Sentence(
        f"The error of the {second} estimate has a standard deviation of {number(narrow, '.2f')}, "
        f"that of the {first} one of {number(wide, '.2f')}; in variances, "
        f"{number((wide / narrow) ** 2, '.1f')} times less."
    )


def distributions(found: Shapes) -> Sentence:
    """What the logarithm does to the shape of volatility."""
    return Sentence(
        f"The logarithm takes the skewness of volatility from {number(found.skewness, '.2f')} to "
        f"{number(found.log_skewness, '.2f')} and its excess kurtosis from "
        f"{number(found.kurtosis, '.1f')} to {number(found.log_kurtosis, '.1f')}: "
        + (
            "the log is close enough to a bell for a squared error, which otherwise would spend "
            "itself on the few wildest days."
            if found.is_calmed
            else "on these data that does not make it a bell."
        )
    )


def distributions_lesson(found: Shapes) -> Sentence:
    """Skewness before and after the logarithm."""
    effect = "a more symmetric" if found.is_more_symmetric else "no more symmetric a"
    return Sentence(
        f"The logarithm gives volatility {effect} distribution: skewness "
        f"{number(found.log_skewness, '.2f')} instead of {number(found.skewness, '.2f')}."
    )


def groups(found: Groups) -> Sentence:
    """The calmest and the wildest group, and how little or much the group explains."""
    kind = found.kind
    return Sentence(
        f"The calmest {kind} is {as_text(found.calmest)}, with a median volatility of "
        f"{percent(found.calmest_volatility)} a year, the wildest {as_text(found.wildest)}, "
        f"with {percent(found.wildest_volatility)}. The {kind} explains "
        f"{percent(found.explained)} of the variance of log volatility; "
        f"{'most' if found.explained < 0.5 else 'the rest'} of it lies within a {kind}."
    )


def correlations(found: Companions) -> Sentence:
    """Which features go with tomorrow's volatility, and how little goes with tomorrow's return."""
    return Sentence(
        f"Tomorrow's log volatility goes most with *{FEATURE_LABELS[found.first]}* (rank "
        f"correlation {number(found.first_correlation, '.2f')}) and "
        f"*{FEATURE_LABELS[found.second]}* ({number(found.second_correlation, '.2f')}). No "
        "feature's correlation with tomorrow's return is beyond "
        f"{number(found.most_of_return, '.3f')} in size."
    )


def jumps(found: Unadjusted) -> Sentence:
    """How many of the largest moves look like adjustments that were never made."""
    if not found.n_unadjusted:
        return Sentence(
            f"None of the {found.n_moves} largest moves looks like a forgotten adjustment: each "
            "came with heavy trading, or grew during the day, or is too small for a split."
        )
    volume = number(found.most_volume, ".1f")
    if found.n_unadjusted > 1:
        volume = f"{number(found.least_volume, '.1f')} to {volume}"
    others = (
        ""
        if found.news_volume is None
        else f", where the other moves had {number(found.news_volume, '.1f')} times or more"
    )
    return Sentence(
        f"Of the {found.n_moves} largest moves, {found.n_unadjusted} happened overnight with no "
        f"rush to trade, at {volume} times the usual volume{others}: they look like splits, "
        "spin-offs or mergers for which the prices "
        f"before were not adjusted. {as_text(found.symbol)} on {found.date:%Y-%m-%d}, for one, "
        f"opens at {number(found.open, '.2f')} after a close of "
        f"{number(found.previous_close, '.2f')} (a change of "
        f"{percent(found.change, 0)}). If so, no shareholder gained or lost that."
    )


def jumps_lesson(found: Unadjusted) -> Sentence:
    """What the unadjusted prices mean for a target."""
    n = found.n_unadjusted
    if n == 0:
        return Sentence(
            f"None of the {found.n_moves} largest moves looks like a forgotten adjustment."
        )
    return Sentence(
        f"{number(n)} of the {found.n_moves} largest moves {'looks' if n == 1 else 'look'} like a "
        "forgotten adjustment: a target made within the day is safe from them."
    )


def clustering(found: Weather) -> Sentence:
    """The calmest and the stormiest week of the median stock, and whether stocks share it."""
    return Sentence(
        "The median stock's volatility, averaged over a week, was highest in "
        f"{found.stormiest:%B %Y}, at {percent(found.stormiest_volatility, 0)} a year, and lowest "
        f"in {found.calmest:%B %Y}, at {percent(found.calmest_volatility)}. On the same day, "
        f"two stocks' log volatilities have a mean correlation of {number(found.together, '.2f')}."
    )


def memory(found: Memory) -> Sentence:
    """How long the return, its size and the log volatility remember themselves."""
    now, later = found.one_day, found.later_days
    return Sentence(
        "From one day to the next, the median autocorrelation of the return is "
        f"{number(now['log_return'], '.2f')}, of its size {number(now['absolute_return'], '.2f')}, "
        f"and of log volatility {number(now['log_vol'], '.2f')}; {found.later} days later they are "
        f"{number(later['log_return'], '.2f')}, {number(later['absolute_return'], '.2f')} and "
        f"{number(later['log_vol'], '.2f')}."
    )


def why_this_target(found: Memory) -> Sentence:
    """Which of the three quantities has a memory to learn from."""
    return Sentence(
        f"Of the return, its size and log volatility, {QUANTITIES[found.longest]} remembers most: "
        f"its autocorrelation at one day is {number(found.times_return, '.0f')} times as far from "
        "zero as that of the return itself."
        if found.longest != "log_return"
        else "On these data the return itself remembers most, which is unusual."
    )
