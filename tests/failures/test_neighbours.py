"""SMOTE's lines, Tomek's pairs: against imbalanced-learn's own, and on rows of known places."""

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.under_sampling import TomekLinks
from made_up import cells, text

from labkit.failures.exploration import neighbours, tables, words
from labkit.failures.rules import FAILURE_TYPES

SOUND, HEAT, POWER, STRAIN, WEAR, RANDOM = FAILURE_TYPES


@pytest.fixture(scope="module")
def cloud():
    """Two hundred rows in three dimensions, a tenth of them overstrained."""
    random = np.random.default_rng(0)
    points = random.normal(size=(200, 3))
    return points, np.where(np.arange(200) % 10 == 0, STRAIN, SOUND)


def test_every_row_that_smote_makes_lies_on_one_of_the_lines(cloud):
    points, labels = cloud
    lines = neighbours.smote_lines(points, np.flatnonzero(labels == STRAIN))
    assert lines.shape == (20 * 3, 2) and (labels[lines] == STRAIN).all()
    rows, _ = SMOTE(k_neighbors=3, random_state=0).fit_resample(points, labels)
    start, end = points[lines[:, 0]], points[lines[:, 1]]
    along = end - start
    for row in rows[len(points) :]:
        u = ((row - start) * along).sum(axis=1) / (along**2).sum(axis=1)
        gap = np.linalg.norm(start + u[:, None] * along - row, axis=1)
        assert gap[(u > -1e-9) & (u < 1 + 1e-9)].min() < 1e-9


def test_a_class_with_few_rows_has_lines_between_all_and_one_with_a_single_row_none():
    points = np.arange(4.0)[:, None]
    assert sorted(map(tuple, neighbours.smote_lines(points, np.array([1, 3])))) == [(1, 3), (3, 1)]
    assert neighbours.smote_lines(points, np.array([2])).shape == (0, 2)


def test_tomek_pairs_are_those_of_imbalanced_learn(cloud):
    points, labels = cloud
    pairs = neighbours.tomek_pairs(points, labels)
    cleaner = TomekLinks(sampling_strategy="all").fit(points, labels)
    cleaner.fit_resample(points, labels)
    gone = sorted(set(range(len(points))) - set(cleaner.sample_indices_.tolist()))
    assert sorted(pairs.ravel().tolist()) == gone and gone


def test_lines_within_a_region_meet_none_and_lines_across_meet_strangers():
    together = [[0.0, 0.0], [0.0, 0.1], [0.1, 0.0]]
    apart = [[10.0, 0.0], [20.0, 0.0]]
    between = [[15.0, 0.0], [5.0, 9.0]]
    points = np.array(together + apart + between)
    labels = np.array([HEAT] * 3 + [RANDOM] * 2 + [SOUND] * 2)
    found = neighbours.strangers(points, labels)
    assert found.to_dict("list") == {"class": [HEAT, RANDOM], "lines": [6, 2], "share": [0.0, 1.0]}
    shown = cells(tables.strangers(found))
    assert [row["Middle nearest to another class [%]"] for row in shown] == ["0", "100"]
    told = text(words.strangers(neighbours.met(found)))
    assert "Of the lines of random, 100 %" in told and "of those of heat dissipation, 0 %" in told


def test_what_smote_meets_is_told_of_one_failure_alike_and_none():
    alike = pd.DataFrame({"class": [HEAT, POWER], "lines": [3, 3], "share": [0.5, 0.5]})
    assert "differ in nothing" in words.strangers(neighbours.met(alike))
    assert "No failure has two rows" in words.strangers(neighbours.met(alike.iloc[:0]))


def test_a_drawing_has_the_lines_of_its_failure_and_new_rows_between_its_rows():
    random = np.random.default_rng(1)
    X = pd.DataFrame(
        {"tool_wear": random.uniform(0, 200, 100), "torque": random.uniform(0, 60, 100)}
    )
    y = pd.Series(np.where(np.arange(100) < 8, WEAR, SOUND))
    made = neighbours.drawn(X, y, WEAR, ["tool_wear", "torque"], seed=0)
    own = X[:8]
    assert set(made.lines.ravel()) == set(range(8)) and len(made.lines) == 24
    assert len(made.new) == neighbours.NEW_ROWS
    assert (made.new >= own.min().to_numpy()).all() and (made.new <= own.max().to_numpy()).all()
    labels = y.to_numpy()[made.pairs]
    assert all(sorted(pair) == sorted([WEAR, SOUND]) for pair in labels.tolist())


def test_a_failure_of_a_single_row_is_drawn_without_lines():
    X = pd.DataFrame({"tool_wear": [1.0, 2.0, 3.0], "torque": [1.0, 5.0, 2.0]})
    made = neighbours.drawn(X, pd.Series([WEAR, SOUND, SOUND]), WEAR, list(X), seed=0)
    assert made.lines.shape == (0, 2) and made.new.shape == (0, 2)
