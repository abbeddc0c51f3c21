"""A finished search as facts: candidates in order, the winner, what each axis is worth."""

import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit.nets.estimators import MLPClassifier
from labkit.report.grids import axes_of, axis_effects, candidates_of, found, spreads_of

AXES = ["learning_rate", "optimizer", "hidden_sizes", "batch_size", "epochs"]


@pytest.fixture(scope="module")
def rows():
    return make_classification(
        240, 5, n_informative=4, n_redundant=0, n_classes=3, weights=[0.6, 0.3], random_state=0
    )


@pytest.fixture(scope="module")
def search(rows):
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(epochs=1))
    grid = {
        "mlpclassifier__learning_rate": [1e-3, 1e-2],
        "mlpclassifier__optimizer": ["adam", "sgd"],
        "mlpclassifier__hidden_sizes": [(8,), (8, 4)],
        "mlpclassifier__batch_size": [32],
        "mlpclassifier__epochs": [1, 3],
    }
    return GridSearchCV(pipeline, grid, cv=2, return_train_score=True, refit=False).fit(*rows)


def test_a_grid_becomes_one_row_a_candidate_best_first(search):
    made = candidates_of(search)
    assert len(made) == 16
    assert made["mean_test_score"].is_monotonic_decreasing
    assert made.loc[0, "mean_test_score"] == search.best_score_
    best = search.best_params_
    for axis in ("learning_rate", "optimizer", "hidden_sizes", "epochs"):
        assert made.loc[0, axis] == best[f"mlpclassifier__{axis}"]
    two = made[made["hidden_sizes"] == (8, 4)]
    assert len(two) == 8 and set(two["layers"]) == {2} and set(two["neurons"]) == {12}


def test_effects_are_the_best_and_the_median_of_those_that_share_a_value(search):
    made = candidates_of(search)
    effects = axis_effects(made, AXES).set_index(["axis", "value"])
    assert len(effects) == 2 + 2 + 2 + 1 + 2
    own = made[made["optimizer"] == "sgd"]["mean_test_score"]
    assert effects.loc[("optimizer", "sgd"), "best"] == own.max()
    assert effects.loc[("optimizer", "sgd"), "median"] == own.median()
    assert ("hidden_sizes", "8-4") in effects.index
    assert effects["best"].max() == search.best_score_


def test_grids_below_each_other_are_read_as_one(rows):
    """As scikit-learn takes them: each optimizer at rates of its own."""
    rest = {"hidden_sizes": [(4,)], "epochs": [1, 2]}
    grids = [
        {"learning_rate": [0.1, 0.3], "optimizer": ["sgd"], **rest},
        {"learning_rate": [1e-3], "optimizer": ["adam"], **rest},
    ]
    search = GridSearchCV(MLPClassifier(batch_size=32), grids, cv=2, refit=False).fit(*rows)
    assert axes_of(search) == ["learning_rate", "optimizer", "hidden_sizes", "epochs"]
    made = candidates_of(search)
    tried = made.groupby("optimizer")["learning_rate"].agg(set).to_dict()
    assert len(made) == 6 and tried == {"sgd": {0.1, 0.3}, "adam": {1e-3}}
    effects = axis_effects(made, axes_of(search)).set_index(["axis", "value"])
    assert effects.loc[("learning_rate", "0.001"), "best"] == (
        made[made["optimizer"] == "adam"]["mean_test_score"].max()
    )


def test_learning_rates_are_compared_at_the_winners_optimizer():
    """By hand: SGD's rates lie 0.1 apart; that Adam's only one is worse says nothing of rates."""
    table = pd.DataFrame(
        [("sgd", 0.1, 1, 0.5), ("sgd", 0.3, 1, 0.4), ("adam", 0.01, 2, 0.1)],
        columns=["optimizer", "learning_rate", "epochs", "mean_test_score"],
    )
    spreads = spreads_of(table, ["optimizer", "learning_rate", "epochs"])
    assert spreads == pytest.approx({"optimizer": 0.4, "learning_rate": 0.1, "epochs": 0.4})
    assert "learning_rate" not in spreads_of(table.iloc[::2], ["learning_rate"])


def test_an_axis_added_to_the_grid_is_found_with_the_others(rows):
    grid = {"mlpclassifier__hidden_sizes": [(4,)], "mlpclassifier__weight_decay": [0.0, 0.1]}
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(epochs=1))
    search = GridSearchCV(pipeline, grid, cv=2, refit=False).fit(*rows)
    facts = found(candidates_of(search).assign(crossed=True), axes_of(search))
    assert list(facts["candidates"])[:2] == ["hidden_sizes", "weight_decay"]
    assert list(facts["spreads"]) == ["weight_decay"]
