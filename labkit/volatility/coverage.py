"""What the book's intervals are worth: how often the truth lies in one that says 95 %."""

from dataclasses import dataclass

import pandas as pd

from labkit.report.facts import Facts
from labkit.report.intervals import bootstrap_coverage
from labkit.report.results import study
from labkit.report.sentence import NO_BREAK, Sentence, number, percent
from labkit.report.table import Table
from labkit.report.tables import study_table
from labkit.volatility.data import NYSE
from labkit.volatility.profile import Profile
from labkit.volatility.stocks import stocks

AUTOCORRELATIONS = (0.0, 0.2, 0.4, 0.6, 0.8)
"""Of the simulated daily differences, from one day to the next."""


@dataclass(frozen=True, kw_only=True)
class Coverage(Facts):
    """The intervals from resampled blocks of days, on simulated years whose truth is known.

    Attributes
    ----------
    table : DataFrame
        ``autocorrelation`` of the daily differences; ``coverage``, the share of intervals that hold
        the truth; ``block``, the median block length chosen [days].
    n_days : int
        Of a simulated year: those of the test year.
    independent, persistent : float
        Coverage at the least and at the greatest autocorrelation, ``greatest``.
    """

    table: pd.DataFrame
    n_days: int
    independent: float
    persistent: float
    greatest: float


@study("regression-interval-coverage")
def interval_coverage(data: NYSE, profile: Profile) -> Coverage:
    """Years of daily differences as long as the test year: how often the truth is inside.

    As many years as the profile has resamples behind an interval.
    """
    spans = stocks(data, profile.study_symbols).spans().set_index("set")
    n_days = int(spans["days"]["test"])
    n = profile.bootstrap
    rows = [
        (a, *bootstrap_coverage(a, n_days, repetitions=n, resamples=n, seed=profile.seed))
        for a in AUTOCORRELATIONS
    ]
    table = pd.DataFrame(rows, columns=["autocorrelation", "coverage", "block"])
    return Coverage(
        profile=profile.name,
        table=table,
        n_days=n_days,
        independent=float(table["coverage"].iloc[0]),
        persistent=float(table["coverage"].iloc[-1]),
        greatest=AUTOCORRELATIONS[-1],
    )


def shown(facts: Coverage) -> Table:
    """Coverage and block length by autocorrelation."""
    columns = {
        "autocorrelation": "Autocorrelation, one day",
        "coverage": "Truth inside",
        "block": "Days in a block",
    }
    formats = {"autocorrelation": ".1f", "coverage": ".1%", "block": ".0f"}
    return study_table(facts, facts.table, columns, formats=formats)


def said(facts: Coverage) -> Sentence:
    """How far the intervals can be trusted."""
    return Sentence(
        f"In simulated years of {facts.n_days} days, an interval that says 95{NO_BREAK}% holds the "
        f"truth in {percent(facts.independent, 0)} of the years where days are independent, and in "
        f"{percent(facts.persistent, 0)} where the daily difference has an autocorrelation of "
        f"{number(facts.greatest, '.1f')}: "
        + (
            "a year is too short for the blocks that such a memory needs, and an interval whose "
            "end lies close to zero should not be called sure."
            if facts.persistent < 0.92
            else "the intervals are as wide as they should be."
        )
    )
