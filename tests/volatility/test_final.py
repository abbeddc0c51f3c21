"""The final study of volatility: what it averages, and what happens when a model is added."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

from labkit.report import results
from labkit.report.models import BASELINE, MLP, Model
from labkit.volatility import contenders, final
from labkit.volatility import kept as kept_networks
from labkit.volatility.data import load_nyse
from labkit.volatility.evenings import evenings
from labkit.volatility.panel import FEATURES
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import FIRST
from labkit.volatility.stocks import stocks

pytestmark = pytest.mark.long

PROFILE = Profile(
    name="tiny",
    search_symbols=3,
    learning_rates={"adam": [1e-3], "sgd": [1e-3]},
    grid={"hidden_sizes": [(8,)], "batch_size": [512], "epochs": [1]},
    confirmations=1, folds=2, epochs=3, remedy_symbols=4, remedy_epochs=3, n_seeds=3, bootstrap=20,
)  # fmt: skip


@pytest.fixture
def data(prices, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with parallel_config(backend="sequential"):
        yield dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)


def averaged(facts):
    return facts.scores[facts.scores["stage"] == "averaged"].reset_index(drop=True)


def test_an_ensemble_names_its_members_and_a_model_added_to_the_stages_is_none(data, monkeypatch):
    """It was: the mean of whatever came after the recipe, so that R² fell from 0.40 to −0.17."""
    before = final.final.make(data, PROFILE)
    seeds = range(PROFILE.seed, PROFILE.seed + PROFILE.n_seeds)
    assert before.members == {"averaged": tuple(f"MLP, recipe, seed {seed}" for seed in seeds)}

    untrained = clone(FIRST).set_params(learning_rate=1e-12, epochs=1)

    def with_another(*given):
        return contenders.mlps(*given) | {Model("MLP, untrained", MLP, "untrained"): untrained}

    monkeypatch.setattr(final, "mlps", with_another)
    after = final.final.make(data, PROFILE)
    assert after.members == before.members
    pd.testing.assert_frame_equal(averaged(after), averaged(before), rtol=1e-4)
    assert after.test_r2["untrained"] < before.test_r2["averaged"] - 0.1
    assert {"untrained", "averaged"} <= set(after.names)


def test_a_baseline_added_has_its_row_in_every_table(data, monkeypatch):
    def with_another():
        more = Model("least squares", BASELINE, "ols")
        return contenders.baselines() | {more: (LinearRegression(), FEATURES)}

    monkeypatch.setattr(final, "baselines", with_another)
    facts = final.final.make(data, PROFILE)
    for table in (facts.scores, facts.by_sector, facts.by_year):
        assert "least squares" in set(table["model"])
    assert "least squares" in set(facts.differences["baseline"])
    assert "least squares" in facts.predictions and "ols" in facts.test_r2
    assert "least squares" in {margin.against for margin in facts.margins}


def test_an_ensemble_of_one_is_its_member_and_of_three_another_forecast(data):
    def forecasts(n_seeds):
        predictions = final.final.make(
            data, dataclasses.replace(PROFILE, n_seeds=n_seeds)
        ).predictions
        return predictions["MLP, recipe"], predictions["MLP, seeds averaged"]

    np.testing.assert_array_equal(*forecasts(1))
    alone, mean = forecasts(3)
    assert np.abs(alone - mean).max() > 1e-3


def test_kept_networks_forecast_once_more_what_their_table_was_scored_on(data):
    """From the files alone, on the year before the test year."""
    facts = final.final(data, PROFILE)
    validation = stocks(data, PROFILE.study_symbols).validation
    sets, _ = evenings(data, PROFILE.study_symbols, {"validation": validation})
    evening = sets["validation"]
    models = facts.scores[facts.scores["set"] == "validation"].reset_index(drop=True)
    assert set(models.loc[models["kind"] == MLP, "stage"]) == {
        *facts.networks,
        "mlp-wide",
        "mlp-shared",
    }
    for place, stage in enumerate(models["stage"]):
        given = facts.forecasts["validation"][place]
        if stage in ("mlp-two-parts", "mlp-shared"):
            kept = facts.networks["mlp-two-parts"]
            made = kept_networks.wide_forecast(
                kept, evening.X, evening.dates, shared=stage == "mlp-shared"
            )[evening.rows]
        elif stage in facts.networks:
            made = kept_networks.forecast(facts.networks[stage], validation.X)
        else:
            continue
        np.testing.assert_allclose(made, given, atol=2e-5, err_msg=stage)
