"""Splits: what may never be on two sides at once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.nets.splits import (
    MIN_TEST_DAYS,
    DateSeriesSplit,
    chronological,
    contiguous_blocks,
    stratified,
)


@pytest.fixture
def dates():
    """Four years of business days, three rows a day, in random order."""
    days = pd.bdate_range("2010-01-01", "2013-12-31")
    return pd.Series(np.random.default_rng(0).permutation(np.repeat(days, 3)))


def test_chronological_takes_the_last_two_years_in_order(dates):
    split = chronological(dates, embargo=5)
    assert split.validation_start == pd.Timestamp("2012-01-01")
    assert split.test_start == pd.Timestamp("2013-01-01")
    assert set(dates[split.validation].dt.year) == {2012}
    assert set(dates[split.test].dt.year) == {2013}
    assert dates[split.train].max() < dates[split.validation].min()
    assert dates[split.validation].max() < dates[split.test].min()


@pytest.mark.parametrize("embargo", [0, 1, 5, 22])
def test_chronological_drops_exactly_the_embargo(dates, embargo):
    split = chronological(dates, embargo=embargo)
    used = np.concatenate([split.train, split.validation, split.test])
    assert len(np.unique(used)) == len(used)
    days = pd.DatetimeIndex(np.sort(dates.unique()))
    for earlier, later in [(split.train, split.validation), (split.validation, split.test)]:
        last, first = days.get_indexer([dates[earlier].max(), dates[later].min()])
        assert first - last == embargo + 1
    assert len(dates) - len(used) == 2 * embargo * 3
    np.testing.assert_array_equal(
        split.development, np.concatenate([split.train, split.validation])
    )


def test_a_broken_last_year_joins_the_test_set():
    days = pd.bdate_range("2009-01-01", "2013-02-15")
    split = chronological(days, embargo=1)
    assert split.test_start == pd.Timestamp("2012-01-01")
    assert days[split.test].max() == days[-1]


def test_too_few_years_are_refused_with_their_span():
    with pytest.raises(ValueError, match=r"2 years.*2010-01-01 to 2011-12-30.*needs three"):
        chronological(pd.bdate_range("2010-01-01", "2011-12-31"), embargo=1)


@pytest.mark.parametrize("embargo", [1, 10])
def test_date_folds_expand_and_never_share_a_day(dates, embargo):
    days = pd.DatetimeIndex(np.sort(dates.unique()))
    before, seen = 0, []
    folds = list(DateSeriesSplit(4, embargo=embargo).split(np.zeros(len(dates)), groups=dates))
    assert len(folds) == DateSeriesSplit(4).get_n_splits() == 4
    for train, test in folds:
        last, first = days.get_indexer([dates[train].max(), dates[test].min()])
        assert first - last == embargo + 1
        assert len(train) > before, "the window does not expand"
        before = len(train)
        # Whole days: every row of a day is on the same side.
        assert len(train) == 3 * (last + 1)
        assert len(test) == 3 * dates[test].nunique()
        seen.append(set(dates[test]))
    assert sum(map(len, seen)) == len(set.union(*seen)), "two folds test on the same day"


def test_date_folds_do_not_depend_on_the_order_of_the_rows(dates):
    order = np.argsort(dates.to_numpy(), kind="stable")
    straight = dates.iloc[order].reset_index(drop=True)
    folds = zip(
        DateSeriesSplit(3).split(dates, groups=dates),
        DateSeriesSplit(3).split(straight, groups=straight),
        strict=True,
    )
    for (train, test), (train_sorted, test_sorted) in folds:
        assert set(dates[train]) == set(straight[train_sorted])
        assert set(dates[test]) == set(straight[test_sorted])


def test_date_folds_ask_for_dates():
    with pytest.raises(ValueError, match="groups="):
        next(DateSeriesSplit(3).split(np.zeros(10)))


def test_stratified_folds_keep_the_shares_and_change_with_the_repetition():
    y = np.repeat([0, 1, 2], [700, 200, 100])
    folds = list(stratified(5, 2, seed=3).split(y, y))
    assert len(folds) == 10
    for _, test in folds:
        np.testing.assert_array_equal(np.bincount(y[test]), [140, 40, 20])
    for repeat in (folds[:5], folds[5:]):
        assert sorted(np.concatenate([test for _, test in repeat])) == list(range(1000))
    assert not np.array_equal(folds[0][1], folds[5][1])
    again = next(stratified(5, 2, seed=3).split(y, y))
    np.testing.assert_array_equal(again[1], folds[0][1])


def test_blocks_are_neighbours():
    for train, test in contiguous_blocks(4).split(np.zeros(103)):
        np.testing.assert_array_equal(np.diff(test), 1)
        assert not np.isin(test, train).any()


# Any calendar: days missing, stocks that come and go, rows in any order.


@st.composite
def calendars(draw):
    """Dates of rows, shape ``(rows,)``: a few years of days, of which some stocks have some."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    first = pd.Timestamp("2005-01-01") + pd.Timedelta(days=draw(st.integers(0, 400)))
    days = pd.bdate_range(first, first + pd.Timedelta(days=draw(st.integers(900, 2500))))
    days = days[random.random(len(days)) < draw(st.sampled_from([1.0, 0.97, 0.9]))]
    rows = np.concatenate(
        [
            days[random.random(len(days)) < share]
            for share in (1.0, 0.9, 0.3)[: draw(st.integers(1, 3))]
        ]
    )
    return pd.DatetimeIndex(random.permutation(rows))


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(0, 30))
def test_no_calendar_puts_a_day_on_two_sides_or_a_later_one_before_an_earlier(dates, embargo):
    days = dates.unique().sort_values()
    if (days.year.value_counts() >= MIN_TEST_DAYS).sum() < 3:
        with pytest.raises(ValueError, match="needs three"):
            chronological(dates, embargo=embargo)
        return
    split = chronological(dates, embargo=embargo)
    sets = [split.train, split.validation, split.test]
    used = np.concatenate(sets)
    assert len(np.unique(used)) == len(used)
    for earlier, later, start in zip(
        sets, sets[1:], (split.validation_start, split.test_start), strict=False
    ):
        last, first = days.get_indexer([dates[earlier].max(), dates[later].min()])
        assert first - last > embargo
        assert dates[earlier].max() < start <= dates[later].min()
    dropped = np.setdiff1d(np.arange(len(dates)), used)
    assert len(dates[dropped].unique()) <= 2 * embargo
    assert (dates[split.test] >= split.test_start).sum() == (dates >= split.test_start).sum()


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(2, 6), st.integers(0, 20))
def test_folds_of_any_calendar_train_on_the_past_alone(dates, n_splits, embargo):
    days = dates.unique().sort_values()
    before = np.array([], dtype=int)
    for train, test in DateSeriesSplit(n_splits, embargo=embargo).split(dates, groups=dates):
        last, first = days.get_indexer([dates[train].max(), dates[test].min()])
        assert first - last == embargo + 1
        assert np.isin(before, train).all() and len(train) > len(before)
        before = train
    assert dates[test].max() == days[-1]


# At the limits.


def years(*lengths):
    """Dates of years that follow each other, each with so many days."""
    return pd.DatetimeIndex(
        np.concatenate(
            [pd.bdate_range(f"{2001 + k}-01-01", periods=n) for k, n in enumerate(lengths)]
        )
    )


def test_a_year_counts_from_its_200th_day_on():
    assert MIN_TEST_DAYS == 200
    split = chronological(years(250, 200, 200, 199), embargo=1)
    assert split.validation_start == pd.Timestamp("2002-01-01")
    assert split.test_start == pd.Timestamp("2003-01-01")
    with pytest.raises(ValueError, match="2 years with 200 trading days"):
        chronological(years(250, 199, 200), embargo=1)


def test_an_embargo_longer_than_the_past_leaves_nothing_to_train_on():
    """And not the last days of all, which a count below zero would begin at."""
    split = chronological(years(200, 200, 200), embargo=300)
    assert len(split.train) == 0
    assert len(split.validation) == 0 and len(split.test) == 200


def test_date_folds_are_three_with_a_day_between_unless_told_otherwise():
    dates = pd.bdate_range("2010-01-01", periods=40)
    folds = list(DateSeriesSplit().split(dates, groups=dates))
    assert [(len(train), test[0], len(test)) for train, test in folds] == [
        (9, 10, 10), (19, 20, 10), (29, 30, 10),
    ]  # fmt: skip
