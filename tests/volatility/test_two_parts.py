"""The two-part form, the network for many inputs, and the evenings they see."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.metrics import r2_score

from labkit.report.models import BASELINE, MLP, Model
from labkit.volatility import rivals
from labkit.volatility.data import load_nyse
from labkit.volatility.duels import FORMS, against_every, duels
from labkit.volatility.evenings import EXTREME, Bounded, evenings
from labkit.volatility.network import WideAndDeep, WideMLP, known_squares
from labkit.volatility.panel import evening_panel, volatility_panel
from labkit.volatility.profile import PROFILES
from labkit.volatility.rivals import CROSS, NARROW, WIDE
from labkit.volatility.scores import r2_of_means, r2_within
from labkit.volatility.stocks import stocks
from labkit.volatility.two_parts import TwoParts, day_means, joined
from labkit.volatility.wide_contenders import in_every_form, learners, wide_forecasts


@pytest.fixture(scope="module")
def days_and_stocks():
    """A target of a stock's part and a day's part, each linear in an input of its own."""
    random = np.random.default_rng(0)
    dates = np.repeat(np.arange(300), 20)
    own, market = random.normal(size=6000), random.normal(size=300)[dates]
    X = np.column_stack([own, market, random.normal(size=6000)])
    return X, 2 * own - market + 0.1 * random.normal(size=6000), dates


def test_the_parts_add_up_and_each_does_its_own(days_and_stocks):
    X, y, dates = days_and_stocks
    model = TwoParts(LinearRegression(), LinearRegression()).fit(X, y, dates)
    predicted = model.predict(X, dates)
    assert r2_score(y, predicted) > 0.99
    cross, level = model.cross_.predict(X), model.level_.predict(X)
    means = day_means(predicted, dates)
    np.testing.assert_allclose(means, day_means(level, dates))
    np.testing.assert_allclose(predicted - means, cross - day_means(cross, dates))
    # The market's input is the same for all stocks of a day: the cross-section has no use for it.
    assert abs(model.cross_.coef_[1]) < 0.05 < abs(model.level_.coef_[1])


def test_a_level_that_knows_nothing_leaves_the_cross_section_alone(days_and_stocks):
    X, y, dates = days_and_stocks
    good = TwoParts(LinearRegression(), LinearRegression()).fit(X, y, dates)
    flat = TwoParts(LinearRegression(), Ridge(1e12)).fit(X, y, dates)
    ours, theirs = good.predict(X, dates), flat.predict(X, dates)
    day = pd.Series(dates)
    assert r2_within(y, theirs, day) == pytest.approx(r2_within(y, ours, day))
    assert r2_of_means(y, theirs, day) < 0.01 < r2_of_means(y, ours, day)


def test_means_are_over_what_is_known_and_in_any_order(days_and_stocks):
    X, y, dates = days_and_stocks
    blank = y.copy()
    blank[::7] = np.nan
    both = np.column_stack([blank, y])
    means = day_means(both, dates)
    np.testing.assert_allclose(means[:20, 0], np.nanmean(blank[:20]))
    order = np.random.default_rng(1).permutation(6000)
    np.testing.assert_allclose(joined(y[order], X[order, 1], dates[order]),
                               joined(y, X[:, 1], dates)[order])  # fmt: skip


def test_the_network_starts_linear_as_nothing_and_learns(days_and_stocks):
    X, y, _ = days_and_stocks
    network = WideAndDeep(3, 2, (8,), 0.0)
    rows = torch.as_tensor(X[:5], dtype=torch.float32)
    torch.testing.assert_close(network(rows), network.deep(rows))
    model = WideMLP(epochs=20, batch_size=256, hidden_sizes=(16,)).fit(X, 5 + 3 * y)
    assert r2_score(5 + 3 * y, model.predict(X)) > 0.97
    again = clone(model).fit(X, 5 + 3 * y)
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_several_networks_are_averaged(days_and_stocks):
    X, y, _ = days_and_stocks
    small = WideMLP(epochs=1, batch_size=512, hidden_sizes=(4,))
    alone = [clone(small).set_params(random_state=s).fit(X, y).predict(X) for s in (0, 1)]
    both = clone(small).set_params(n_networks=2).fit(X, y).predict(X)
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-5)
    assert np.abs(alone[0] - alone[1]).max() > 1e-3


def test_what_is_missing_in_the_targets_is_not_learned():
    weights = torch.tensor([1.0, 0.3])
    outputs = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    targets = torch.tensor([[0.0, float("nan")], [1.0, 2.0]])
    loss = known_squares(weights)(outputs, targets)
    assert loss.item() == pytest.approx((1 + 4 + 0.3 * 4) / 2)
    loss.backward()
    np.testing.assert_allclose(outputs.grad, [[1.0, 0.0], [2.0, 0.6]], rtol=1e-6)


def test_inputs_are_bounded_and_known_and_the_future_has_no_part_in_their_scale():
    X = np.array([[0.0, 1.0, np.nan, 5.0], [2.0, np.nan, np.nan, 5.0], [4.0, 3.0, np.nan, 5.0]])
    scaling = Bounded().fit(X)
    made = scaling.transform(np.array([[2.0, np.nan, 7.0, 9.0], [1e9, 2.0, 1.0, 5.0]]))
    np.testing.assert_allclose(made, [[0, 0, 0, 0], [EXTREME, 0, 0, 0]])
    assert scaling.transform(X)[:, 0].std() == pytest.approx(1)


def test_an_evening_has_every_stock_also_one_that_does_not_trade_tomorrow(prices):
    day = prices["date"].unique()[700]
    gone = prices[~((prices["symbol"] == "CCC") & (prices["date"] > day))]
    panel, every = volatility_panel(gone), evening_panel(gone)
    there = every.index[every.index["date"] == day]["symbol"]
    assert "CCC" in set(there)
    assert "CCC" not in set(panel.index[panel.index["date"] == day]["symbol"])
    known = every.y.notna() & every.next_return.notna()
    pd.testing.assert_frame_equal(every.index[known].reset_index(drop=True), panel.index)


@pytest.fixture(scope="module")
def data(prices):
    return dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)


@pytest.fixture(scope="module")
def found(data):
    with parallel_config(backend="sequential"):
        return rivals.rivals.make(data, PROFILES["quick"])


def test_rows_of_the_panel_stand_among_the_evenings(data):
    own = stocks(data, None)
    made, names = evenings(data, None, {"train": own.train, "validation": own.validation})
    assert made["train"].X.dtype == np.float32
    assert len(names) == made["train"].X.shape[1] == len(names["input"].unique())
    for s, panel in (("train", own.train), ("validation", own.validation)):
        part = made[s]
        np.testing.assert_allclose(part.Y[part.rows, 0], panel.y, rtol=1e-6)
        assert (part.dates[part.rows] == panel.index["date"].to_numpy()).all()
        column = list(names["input"]).index("log_vol_lag_0")
        np.testing.assert_allclose(part.X[part.rows, column], panel.X["log_vol_1"], rtol=1e-6)


def test_each_family_is_searched_in_each_form_with_a_budget_that_is_told(found):
    assert len(found.best) == 5, "ridge on few inputs chooses its penalty by itself"
    for row in found.best.itertuples():
        tried = len(rivals.ALPHAS) if row.family == "ridge" else 2
        assert row.candidates == tried
        assert f"{row.family}, {row.form}" in found.chosen
    assert set(found.best["form"]) == {NARROW, WIDE, CROSS}


def test_the_best_candidate_is_the_one_of_the_highest_score():
    rows = [("ridge", form, {"alpha": a}, score)
            for form, by_alpha in {WIDE: {1.0: 0.3, 2.0: 0.45}, CROSS: {1.0: 0.2, 2.0: 0.1}}.items()
            for a, score in by_alpha.items()]  # fmt: skip
    facts = rivals.weighed(rows)
    assert facts["chosen"] == {"ridge, wide": {"alpha": 2.0},
                               "ridge, wide, cross-section": {"alpha": 1.0}}  # fmt: skip
    assert facts["best"]["score"].tolist() == [0.45, 0.2]
    assert facts["best"]["candidates"].tolist() == [2, 2]


def test_candidates_are_judged_on_the_end_of_the_training_years(data, found):
    own = stocks(data, PROFILES["quick"].rival_symbols)
    dates = own.train.index["date"]
    assert pd.Timestamp(found.last_judged) == dates.max()
    assert dates.min() < pd.Timestamp(found.first_judged) < dates.max()


def test_fewer_trees_of_a_larger_model_are_the_smaller_model(days_and_stocks):
    X, y, _ = days_and_stocks
    parameters = {"max_leaf_nodes": 7, "min_samples_leaf": 50}
    (by_count,) = rivals._grown(parameters, [3, 10], X[:4000], y[:4000], X[4000:])
    for n, predicted in by_count.items():
        alone = rivals.boosting(**parameters, max_iter=n).fit(X[:4000], y[:4000])
        np.testing.assert_allclose(predicted, alone.predict(X[4000:]))


def test_wide_forecasts_of_a_day_do_not_depend_on_which_stocks_trade_tomorrow(data, found):
    """The issue's weak point: a day's mean over the rows that have a target knows tomorrow."""
    profile, own = PROFILES["quick"], stocks(data, None)
    panels = {"train": own.train, "validation": own.validation}
    whole = wide_forecasts(data, found, profile, panels)
    some = {**panels, "validation": own.validation.take(np.arange(0, len(own.validation), 2))}
    fewer = wide_forecasts(data, found, profile, some)
    assert [m.kind for m in whole] == [BASELINE] * 6 + [MLP] * 3
    for model in whole:
        np.testing.assert_allclose(
            fewer[model]["validation"], whole[model]["validation"][::2], rtol=1e-6
        )


def test_the_shared_level_is_the_mean_of_two_and_the_cross_section_ones_own(data, found):
    """Who does not share a level has no part in the shared one, and is given it all the same."""
    own = stocks(data, None)
    sets, _ = evenings(data, None, {"train": own.train, "validation": own.validation})
    scaling = Bounded().fit(sets["train"].X)
    past, ahead = (
        dataclasses.replace(part, X=scaling.transform(part.X))
        for part in (sets["train"].take(sets["train"].rows), sets["validation"])
    )
    everyone = learners(found, PROFILES["quick"])
    made = {
        model.stage: by_set["new"]
        for model, by_set in in_every_form(everyone, past, {"new": ahead}).items()
    }
    level = {s: day_means(values, ahead.dates) for s, values in made.items()}
    expected = (level["ridge-wide"] + level["mlp-wide"]) / 2
    for family in ("ridge", "boosting", "mlp"):
        np.testing.assert_allclose(level[f"{family}-shared"], expected)
        np.testing.assert_allclose(level[f"{family}-two-parts"], level[f"{family}-wide"])
        np.testing.assert_allclose(
            made[f"{family}-shared"] - level[f"{family}-shared"],
            made[f"{family}-two-parts"] - level[f"{family}-two-parts"],
        )
    assert np.abs(level["boosting-wide"] - expected).max() > 1e-3


def test_duels_pair_the_same_form_and_know_the_better(prices):
    panel = volatility_panel(prices)
    y, random = panel.y.to_numpy(), np.random.default_rng(0)
    made = {}
    for form, (ours, theirs) in FORMS.items():
        made[Model(f"net, {form}", MLP, ours)] = {"x": y + random.normal(0, 0.2, len(y))}
        for k, stage in enumerate(theirs):
            noise = random.normal(0, 0.2 + 0.1 * k, len(y))
            made[Model(stage, BASELINE, stage)] = {"x": y + noise}
    table = duels(made, "x", panel, resamples=100, seed=0)
    assert len(table) == 2 * len(FORMS)
    even, worse = table.iloc[::2], table.iloc[1::2]
    assert worse["sure"].all() and (worse["difference"] > 0).all() and (worse["holm"] < 0.01).all()
    assert (even["difference"].abs() < 0.1 * worse["difference"].abs().to_numpy()).all()
    assert (table["holm"] >= table["p_value"]).all()
    first = next(iter(made))
    assert len(against_every(made, first, "x", panel)) == len(made) - 1
