"""The test year beside the final table: what is fitted anew, and the field on the same stocks."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import synthetic_prices
from joblib import parallel_config
from made_up import cells, text
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from labkit.report import results
from labkit.report.models import BASELINE, FLOOR, MLP, Model
from labkit.volatility import final, judging
from labkit.volatility.data import load_nyse
from labkit.volatility.field import rows_of, stocks_of_field
from labkit.volatility.panel import HAR_FEATURES
from labkit.volatility.profile import Profile
from labkit.volatility.refits import quarterly
from labkit.volatility.rivals import rivals
from labkit.volatility.scores import qlike
from labkit.volatility.stocks import stocks

pytestmark = pytest.mark.long

PROFILE = Profile(
    name="tiny",
    search_symbols=3, rival_symbols=4, field_symbols=3,
    learning_rates={"adam": [1e-3]},
    grid={"hidden_sizes": [(8,)], "batch_size": [512], "epochs": [1, 2]},
    confirmations=1, remedy_symbols=4, remedy_epochs=3,
    boosting={"max_leaf_nodes": [15], "min_samples_leaf": [50], "max_iter": [60]},
    wide_networks=1, folds=2, epochs=2, n_seeds=2, bootstrap=50,
)  # fmt: skip


SECURITIES = pd.DataFrame(
    {
        "symbol": ["AAA", "BBB", "CCC"],
        "security": "a company",
        "sector": ["Up", "Down", "Up"],
        "sub_industry": "any",
    }
)


def of(prices):
    return dataclasses.replace(load_nyse("embedded"), prices=prices, securities=SECURITIES)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Studies ask each other: all of this module keep theirs in one folder."""
    with pytest.MonkeyPatch.context() as patch, parallel_config(backend="sequential"):
        patch.setattr(results, "FOLDER", tmp_path_factory.mktemp("results"))
        yield


@pytest.fixture(scope="module")
def data(prices, kept):
    return of(prices)


@pytest.fixture(scope="module")
def finished(data):
    return final.final(data, PROFILE)


@pytest.fixture(scope="module")
def refitted(data):
    return judging.refitted(data, PROFILE)


def test_scores_of_a_year_and_of_a_sector_are_those_of_their_rows(finished):
    names = finished.scores.loc[finished.scores["set"] == "test", "model"].tolist()
    symbols = np.array(finished.symbols)
    groups = {"Up": ["AAA", "CCC"], "Down": ["BBB"], "unknown": ["DDD", "EEE"]}
    by_sector = finished.by_sector.set_index(["sector", "model"])

    def scored(s, forecast, inside):
        return pytest.approx(r2_score(finished.realised[s][inside], forecast[inside]), abs=1e-4)

    for s, forecasts in finished.forecasts.items():
        years = finished.days[s].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
        for name, forecast in zip(names, forecasts, strict=True):
            own = finished.by_year["model"].eq(name) & finished.by_year["set"].eq(s)
            of_years = finished.by_year[own].set_index("year")
            assert of_years.index.tolist() == np.unique(years).tolist()
            for year, r2 in of_years["r2"].items():
                assert r2 == scored(s, forecast, years == year)
    for name, forecast in zip(names, finished.forecasts["test"], strict=True):
        for sector, members in groups.items():
            inside = np.isin(symbols[finished.symbol_numbers["test"]], members)
            assert by_sector.loc[(sector, name), "r2"] == scored("test", forecast, inside)
            assert by_sector.loc[(sector, name), "rows"] == inside.sum()


def test_once_is_the_final_table_and_anew_the_expanding_window(data, finished, refitted):
    table = refitted.scores.set_index("stage")
    for stage, once in table["once"].items():
        assert once == pytest.approx(finished.test_r2[stage])
    own = stocks(data, None)

    def har(past, ahead):
        return LinearRegression().fit(past.X[HAR_FEATURES], past.y).predict(ahead.X[HAR_FEATURES])

    anew = quarterly(har, own.panel, own.split.test, own.split.embargo)
    assert table["quarterly"]["har"] == pytest.approx(r2_score(own.open_test().y, anew))
    assert refitted.fits == 4 and refitted.scores["quarterly"].is_monotonic_decreasing


def test_what_is_not_fitted_anew_is_named(finished, refitted):
    learned = set(finished.scores.query("kind != 'floor'")["model"])
    assert set(refitted.scores["model"]) | set(refitted.left_out) == learned
    assert not set(refitted.scores["model"]) & set(refitted.left_out)
    assert {"ridge-two-parts", "mlp-two-parts", "mlp-shared", "recipe", "boosting"} <= set(
        refitted.scores["stage"]
    )
    assert "gradient boosting, wide" in refitted.left_out


@pytest.mark.parametrize("day", ["2013-03-29", "2013-06-28"])
def test_another_future_changes_no_earlier_forecast_on_wide_inputs(data, prices, day):
    """Whatever comes after the end of a quarter; and every forecast of a later one is moved."""
    other = synthetic_prices(seed=99)
    rewritten = of(pd.concat([prices[prices["date"] <= day], other[other["date"] > day]]))
    found = rivals(data, PROFILE)
    before, after = (judging.many_inputs_anew(own, found, PROFILE) for own in (data, rewritten))
    test, again = (stocks(own, None).open_test().index for own in (data, rewritten))
    early = {name: (index["date"] <= day).to_numpy() for name, index in
             (("before", test), ("after", again))}  # fmt: skip
    pd.testing.assert_frame_equal(
        test[early["before"]].reset_index(drop=True), again[early["after"]].reset_index(drop=True)
    )
    assert len(before) == 6
    for model, made in before.items():
        np.testing.assert_array_equal(made[early["before"]], after[model][early["after"]])
        assert not np.isnan(made).any()
        assert np.isin(made[~early["before"]], after[model]).mean() < 0.01  # but for chance


def test_the_first_quarter_on_wide_inputs_is_fitted_to_more_than_the_training_years(data, finished):
    """The validation year is past by then: no forecast is that of the model fitted once."""
    found = rivals(data, PROFILE)
    anew = judging.many_inputs_anew(data, found, PROFILE)
    once = judging.forecasts_of(finished, finished.forecasts)
    for model, made in anew.items():
        assert np.abs(made - once[model]["test"]).max() > 1e-3
        assert np.corrcoef(made, once[model]["test"])[0, 1] > 0.5


def test_the_field_meets_every_model_on_the_same_rows(data, finished):
    facts = judging.field_on_test(data, PROFILE)
    own = stocks(data, None)
    test = own.open_test()
    symbols = stocks_of_field(own.train, PROFILE.field_symbols)
    assert facts.n_stocks == len(symbols) == 3
    rows = rows_of(test, symbols)
    table = facts.found.scores.set_index("stage")
    assert {"garch", "gjr", "ewma-returns", "ewma-gk", "har-leverage"} < set(table.index)
    assert set(finished.names) < set(table.index)
    for model, by_set in judging.forecasts_of(finished, finished.forecasts).items():
        y = test.y.to_numpy()[rows]
        assert table["r2"][model.stage] == pytest.approx(r2_score(y, by_set["test"][rows]))
        variance = judging.forecasts_of(finished, finished.variances)[model]["test"][rows]
        assert table["qlike"][model.stage] == pytest.approx(qlike(2 * y, variance), rel=1e-5)


def test_words_and_table_of_refits():
    kinds = {"HAR": BASELINE, "MLP": MLP, "boosting": BASELINE, "naive": FLOOR}
    models = {Model(name, kind, name): {} for name, kind in kinds.items()}
    rows = [
        {"model": "HAR", "kind": BASELINE, "stage": "har", "once": 0.5, "quarterly": 0.49},
        {"model": "MLP", "kind": MLP, "stage": "mlp", "once": 0.52, "quarterly": 0.55},
    ]
    facts = judging.Refitted(profile="full", fits=4, **judging.weighed(rows, models))
    assert facts.left_out == ("boosting",)
    assert "Fitted 4 times, MLP is best" in (said := text(judging.refits_said(facts)))
    assert "−0.0100 to +0.0300" in said and said.endswith("Not fitted anew: boosting.")
    first, second = cells(judging.refits_shown(facts))
    assert second == {"Model": "HAR", "Fitted once": "0.5000", "Anew each quarter": "0.4900",
                      "Gain": "−0.0100"}  # fmt: skip
    assert first["Gain"] == "+0.0300"
