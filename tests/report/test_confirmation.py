"""A search's best candidates on fresh folds: who is trained anew, how, and what is made of it."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit.nets.estimators import MLPClassifier
from labkit.nets.splits import stratified
from labkit.report import confirmation
from labkit.report.confirmation import Drawing, drawing_seeds, finalists_of, weighed
from labkit.report.grids import Grid, search_space, searched
from labkit.report.intervals import folds_interval

FIRST = MLPClassifier(hidden_sizes=(4,), learning_rate=1e-3, epochs=1, batch_size=64)
AXES = ["learning_rate", "optimizer", "hidden_sizes", "batch_size", "epochs"]


def pipeline(first, seed):
    return make_pipeline(StandardScaler(), clone(first).set_params(random_state=seed))


@pytest.fixture(scope="module")
def drawings():
    X, y = make_classification(
        300, 5, n_informative=4, n_redundant=0, n_classes=3, weights=[0.6, 0.3], random_state=0
    )
    X = pd.DataFrame(X)
    return [
        Drawing(X, y, list(stratified(3, 1, seed).split(X, y)), seed)
        for seed in drawing_seeds(0, 2)
    ]


@pytest.fixture(scope="module")
def grid(drawings):
    space = search_space(
        {"sgd": [0.03, 0.1], "adam": [0.01, 0.03]},
        {"hidden_sizes": [(8,), (16,)], "batch_size": [32], "epochs": [2, 6]},
    )
    with parallel_config(backend="sequential"):
        facts = searched(
            partial(pipeline, FIRST), space, drawings, scoring="f1_macro", floor=DummyClassifier()
        )
    return Grid(profile="full", **facts)


def test_the_ten_best_and_the_first_model_are_trained_anew(grid):
    """The first, one epoch at a small rate, is far behind them, and outside of all axes."""
    finalists = grid.confirmation.finalists
    assert len(grid.candidates) == (2 + 2) * 2 * 2 + 1
    assert sorted(finalists["place"])[:10] == list(range(1, 11)) and len(finalists) == 11
    assert finalists["fresh"].is_monotonic_decreasing
    first = grid.confirmation.first
    assert {axis: first[axis] for axis in AXES} == {axis: getattr(FIRST, axis) for axis in AXES}
    assert first["place"] > 10
    assert (first["lead"], first["low"], first["high"]) == (0, 0, 0)


def test_fresh_scores_are_those_of_the_same_pipeline_on_other_folds_with_other_seeds(
    grid, drawings
):
    """Every third, the best and the first model among them, against scikit-learn, fold by fold."""
    found = grid.confirmation
    search, *fresh = drawings
    assert found.scores.shape == (6, 11) and found.n_folds == 6 and found.n_drawings == 2
    assert found.judged_share == pytest.approx(0.5)
    for k, row in found.finalists.iterrows():
        assert row["fresh"] == pytest.approx(found.scores[:, k].mean())
        assert row["change"] == pytest.approx(row["fresh"] - row["search"])
        if k % 3 and not row["first"]:
            continue
        model = clone(FIRST).set_params(**{axis: confirmation.plain(row[axis]) for axis in AXES})
        one_by_one = np.concatenate(
            [
                cross_val_score(pipeline(model, own.seed), own.X, own.y, cv=own.folds,
                                scoring="f1_macro")
                for own in fresh
            ]
        )  # fmt: skip
        np.testing.assert_allclose(found.scores[:, k], one_by_one, atol=0.02)
    assert len({own.seed for own in drawings}) == 3
    for own in fresh:
        assert not np.array_equal(own.folds[0][1], search.folds[0][1])


def test_the_choice_is_the_best_on_fresh_folds_as_an_estimator_takes_it(grid):
    assert {type(value) for value in grid.parameters.values()} <= {int, float, str, tuple}
    assert list(grid.parameters) == AXES
    MLPClassifier(**grid.parameters)
    best = grid.confirmation.finalists["fresh"].idxmax()
    assert grid.parameters["epochs"] == grid.confirmation.finalists["epochs"][best]


def test_a_first_model_outside_of_all_axes_moves_no_edge_and_has_no_part_in_the_effects(grid):
    assert len(grid.crossed) == 16 and "1" not in set(grid.effects["value"])
    assert "4" not in set(grid.effects["value"])
    everything = grid.candidates.assign(crossed=True)
    wider = replace(grid, candidates=everything)
    assert (everything["epochs"].min(), grid.crossed["epochs"].min()) == (1, 2)
    smallest = replace(grid, confirmation=chosen_with(grid.confirmation, epochs=2))
    assert smallest.edges["epochs"] == "smallest"
    assert "epochs" not in replace(wider, confirmation=smallest.confirmation).edges


def chosen_with(found, **values):
    table = found.finalists.copy()
    for axis, value in values.items():
        table.loc[0, axis] = value
    return replace(found, finalists=table)


def test_a_first_model_that_is_a_candidate_is_not_tried_twice(drawings):
    space = search_space(
        {"adam": [1e-3, 1e-2]}, {"hidden_sizes": [(4,)], "batch_size": [64], "epochs": [1]}
    )
    with parallel_config(backend="sequential"):
        facts = searched(
            partial(pipeline, FIRST), space, drawings, scoring="f1_macro", floor=DummyClassifier()
        )
    assert len(facts["candidates"]) == 2 and facts["candidates"]["crossed"].all()


def test_who_learned_nothing_is_counted_against_a_model_without_inputs(grid, drawings):
    own = drawings[0]
    assert grid.floor == pytest.approx(
        cross_val_score(DummyClassifier(), own.X, own.y, cv=own.folds, scoring="f1_macro").mean()
    )
    scores = grid.candidates["mean_test_score"]
    assert grid.n_idle == sum(score <= grid.floor + 0.001 for score in scores)


CANDIDATES = pd.DataFrame({"epochs": [4, 2, 1], "layers": 1, "mean_test_score": [0.6, 0.5, 0.4]})


def test_a_search_without_the_first_model_is_refused():
    with pytest.raises(ValueError, match="no candidate is the first model, {'epochs': 7}"):
        finalists_of(CANDIDATES, {"epochs": 7})


def test_fresh_scores_make_the_choice_and_differences_are_paired_by_fold():
    """By hand: the folds lie far apart, the leads over the first model hardly."""
    scores = np.array([[0.3, 0.41, 0.30], [0.5, 0.63, 0.50], [0.7, 0.82, 0.70]])
    found = weighed(finalists_of(CANDIDATES, {"epochs": 1}), scores, 1, judged_share=0.0)
    assert list(found.finalists["place"]) == [2, 1, 3]
    assert (found.chosen["place"], found.winner["place"], found.first["place"]) == (2, 1, 3)
    assert found.winner["change"] == pytest.approx(-0.1)
    assert found.chosen["change"] == pytest.approx(0.12)
    lead = folds_interval([0.11, 0.13, 0.12], 0.0)
    assert found.gain.value == pytest.approx(0.12)
    assert found.gain.low == pytest.approx(lead.low) and found.gain.excludes_zero
    assert found.finalists.set_index("place").loc[1, "lead"] == pytest.approx(0)
    assert found.n_fell == 1, "only the winner lost more than the first, which gained 0.1"
    over = found.lead_over(np.array([0.41, 0.63, 0.82]))
    assert (over.value, over.low, over.high) == (0, 0, 0)


def test_a_drawing_says_how_many_rows_judge_for_each_that_trains():
    rows = np.arange(12)
    folds = [(rows[:8], rows[8:]), (rows[:9], rows[9:])]  # 4 / 8 and 3 / 9
    own = Drawing(pd.DataFrame({"x": rows}), rows, folds, seed=0)
    assert own.judged_share == pytest.approx((1 / 2 + 1 / 3) / 2)


def test_finalists_are_the_columns_that_are_told_of_and_numbered_from_zero():
    found = finalists_of(CANDIDATES.iloc[[2, 0, 1]], {"epochs": 1})
    assert list(found) == ["epochs", "layers", "place", "first", "mean_test_score"]
    assert list(found.index) == [0, 1, 2] and found["first"].tolist() == [True, False, False]
    assert found["place"].tolist() == [1, 2, 3]


def test_drawings_are_as_many_as_are_asked_for_beside_the_searchs():
    assert drawing_seeds(3, 0) == [3] and len(drawing_seeds(3, 4)) == 5
