"""Figures that explain a method: each bar, mark and interval where its facts put it."""

import numpy as np
import pandas as pd
from made_up import searched

from labkit.report.intervals import Resampled
from labkit.volatility import figures
from labkit.volatility.overlap import Overlap

OVERLAP = Overlap(5, pd.Timestamp("2014-12-24"), pd.Timestamp("2015-01-02"), 66, 61, 0.25)


def test_the_last_training_target_ends_before_validation_begins():
    (axis,) = figures.reach(OVERLAP).axes
    spans = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in axis.patches[:4]]
    past, target, later_past, later_target = spans
    assert past == (-71, -5) and target == (-5, -4), "66 days, the sixth before zero the last"
    assert later_past == (-65, 1) and later_target == (1, 2)


def test_resampled_scores_have_their_intervals_below_them():
    ways = {
        "rows": Resampled(0.0, np.linspace(-1, 1, 401)),
        "days": Resampled(0.0, np.linspace(-3, 3, 401)),
    }
    fig = figures.resampled(ways, "difference")
    (axis,) = fig.axes
    spans = [tuple(own.get_segments()[0][:, 0].round(2)) for own in axis.collections]
    assert spans == [(-0.95, 0.95), (-2.85, 2.85)]
    assert axis.get_xlabel() == "difference"


def test_candidates_stand_at_their_two_scores_by_optimizer():
    fig = figures.fitted_and_later(searched().candidates, "R²")
    (axis,) = fig.axes
    points = {own.get_label(): own.get_xydata().tolist() for own in axis.lines}
    assert points["Adam"] == [[0.6, 0.5]] and points["RMSprop"] == [[0.6, 0.45]]


def test_hopeless_candidates_are_counted_and_not_drawn():
    grid = searched(hidden=((8,),) * 3, scores=(0.5, -9.0, 0.45))
    (axis,) = figures.fitted_and_later(grid.candidates, "R²").axes
    assert "(1 far below not drawn)" in axis.get_title(loc="left")
