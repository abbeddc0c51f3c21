"""Rows against blocks of days: how wide each interval is, and what is said of it."""

import numpy as np
from made_up import text

from labkit.report.intervals import Resampled
from labkit.volatility.resampling import resampling, said

NARROW = Resampled(0.01, np.linspace(0.0, 0.02, 201))
WIDE = Resampled(0.01, np.linspace(-0.02, 0.04, 201))


def test_blocks_are_wider_where_rows_hang_together():
    found = resampling(NARROW, WIDE, 7)
    assert round(found.times_wider, 6) == 3
    sentence = text(said(found))
    assert "in blocks of 7 days" in sentence and "3.0 times as wide. The rows of a day" in sentence


def test_rows_that_are_independent_need_no_blocks():
    assert "rows would do" in text(said(resampling(WIDE, NARROW, 1)))
