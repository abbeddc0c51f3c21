"""The field's models: on markets whose truth is known, by hand, and blind to the future."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import LATE, SYMBOLS, synthetic_prices
from made_up import cells, text

from labkit.nets.splits import chronological
from labkit.volatility import compared, field
from labkit.volatility.data import load_nyse
from labkit.volatility.levels import usual_log_vol
from labkit.volatility.panel import volatility_panel
from labkit.volatility.profile import PROFILES
from labkit.volatility.scores import qlike
from labkit.volatility.stocks import EMBARGO


def development(prices):
    """Train and validation panels of the stocks that take part."""
    panel = volatility_panel(prices)
    split = chronological(panel.index["date"], embargo=EMBARGO)
    panels = {"train": panel.take(split.train), "validation": panel.take(split.validation)}
    symbols = field.stocks_of_field(panels["train"])
    return {s: own.take(field.rows_of(own, symbols)) for s, own in panels.items()}


@pytest.fixture(scope="module")
def long():
    """Six years: enough training rows for a GARCH model."""
    return synthetic_prices(start="2008-01-01")


@pytest.fixture(scope="module")
def panels(long):
    return development(long)


@pytest.fixture(scope="module")
def made(long, panels):
    return field.field(long, panels)


def by_stage(forecasts):
    return {model.stage: own for model, own in forecasts.items()}


def test_every_model_forecasts_every_row_of_every_set(panels, made):
    stages = {"ewma-returns", "ewma-gk", "garch", "gjr", "persistence", "har", "ridge",
              "har-leverage"}  # fmt: skip
    assert set(by_stage(made.log_vols)) == set(by_stage(made.variances)) == stages
    for forecasts in (made.log_vols, made.variances):
        for own in forecasts.values():
            assert {s: len(values) for s, values in own.items()} == {
                s: len(panel) for s, panel in panels.items()
            }
            assert all(np.isfinite(values).all() for values in own.values())
    assert all((v > 0).all() for own in made.variances.values() for v in own.values())


@pytest.mark.parametrize("stage", ["ewma-returns", "ewma-gk", "garch", "gjr"])
def test_over_a_stocks_training_years_log_and_variance_are_right_on_average(panels, made, stage):
    train = panels["train"]
    symbols = train.index["symbol"].to_numpy()
    residual = train.y.to_numpy() - by_stage(made.log_vols)[stage]["train"]
    ratio = np.exp(2 * train.y.to_numpy()) / by_stage(made.variances)[stage]["train"]
    assert pd.Series(residual).groupby(symbols).mean().abs().max() < 1e-9
    assert (pd.Series(ratio).groupby(symbols).mean() - 1).abs().max() < 1e-9


def test_an_average_by_hand(long, panels, made):
    """Weights of 0.94 a day, up to the factors of the stock, which a difference takes out."""
    own = long[long["symbol"] == "BBB"].set_index("date")
    squared = np.log(own["close"]).diff().dropna() ** 2
    rows = panels["validation"].index
    mine = (rows["symbol"] == "BBB").to_numpy()
    dates = rows["date"][mine]

    def half_log(date):
        past = squared[:date].to_numpy()[::-1]
        weights = 0.94 ** np.arange(len(past))
        return 0.5 * np.log(weights @ past / weights.sum())

    log_vol = by_stage(made.log_vols)["ewma-returns"]["validation"][mine]
    first, last = half_log(dates.iloc[0]), half_log(dates.iloc[-1])
    assert log_vol[-1] - log_vol[0] == pytest.approx(last - first)


@pytest.mark.parametrize("day", ["2011-12-30", "2012-06-29"])
def test_another_future_changes_no_forecast_and_no_fit(long, panels, made, day):
    """After the training years, and from then on, another market: forecasts up to it are the same.

    To the bit, with all parameters.
    """
    assert panels["train"].index["date"].max() < pd.Timestamp(day)
    other = synthetic_prices(seed=99, start="2008-01-01")
    rewritten = pd.concat([long[long["date"] <= day], other[other["date"] > day]])
    again = field.field(rewritten, panels)
    known = (panels["validation"].index["date"] <= day).to_numpy()
    for model, own in made.log_vols.items():
        np.testing.assert_array_equal(again.log_vols[model]["train"], own["train"])
        after = again.log_vols[model]["validation"]
        np.testing.assert_array_equal(after[known], own["validation"][known])
    for stage in ("ewma-returns", "ewma-gk", "garch", "gjr"):
        before, after = (by_stage(m.log_vols)[stage]["validation"] for m in (made, again))
        assert (before[~known] != after[~known]).mean() > 0.99


def garch_market(asymmetric, n_days=1800, seed=0):
    """Two stocks without nights whose variance follows a GARCH, and that variance by day."""
    random = np.random.default_rng(seed)
    days = pd.bdate_range("2008-01-01", periods=n_days)
    alpha, gamma = (0.02, 0.22) if asymmetric else (0.12, 0.0)
    beta = 0.85
    frames, truth = [], {}
    for symbol in ("AAA", "BBB"):
        variance, close, move, rows = np.full(n_days, 2e-4), np.log(50.0), 0.0, []
        for t in range(n_days):
            if t:
                weight = alpha + gamma * (move < 0)
                persistence = 1 - alpha - gamma / 2 - beta
                variance[t] = persistence * 2e-4 + weight * move**2 + beta * variance[t - 1]
            path = np.cumsum(random.normal(size=40)) * np.sqrt(variance[t] / 40)
            move = path[-1]
            rows.append(
                (close, close + max(0, path.max()), close + min(0, path.min()), close + move)
            )
            close += move
        prices = pd.DataFrame(np.exp(rows), columns=["open", "high", "low", "close"])
        frames.append(prices.assign(date=days, symbol=symbol, volume=1e6))
        truth[symbol] = pd.Series(variance, days)
    return pd.concat(frames, ignore_index=True), pd.DataFrame(truth)


def true_variance(panel, truth):
    """Of the day after each row."""
    tomorrow = truth.shift(-1)
    return np.array([tomorrow.loc[d, s] for d, s in panel.index.itertuples(index=False)])


@pytest.mark.parametrize(("asymmetric", "best"), [(False, "garch"), (True, "gjr")])
def test_a_market_is_forecast_best_by_the_model_it_follows(asymmetric, best):
    prices, truth = garch_market(asymmetric)
    panels = development(prices)
    made = field.field(prices, panels)
    true = true_variance(panels["validation"], truth)
    forecasts = {s: own["validation"] for s, own in by_stage(made.variances).items()}
    loss = {s: qlike(np.log(true), own * true.mean() / own.mean()) for s, own in forecasts.items()}
    assert loss[best] < 0.02
    assert loss[best] < min(loss["ewma-returns"], loss["ewma-gk"], loss["persistence"]) / 2
    assert np.corrcoef(np.log(forecasts[best]), np.log(true))[0, 1] > 0.95
    if asymmetric:
        assert loss["gjr"] < loss["garch"] / 2


def test_stocks_with_a_short_past_take_no_part(prices, long):
    panel = volatility_panel(long)
    train = panel.take(chronological(panel.index["date"], embargo=EMBARGO).train)
    assert field.stocks_of_field(train) == sorted([*SYMBOLS, LATE])
    short = train.take(np.flatnonzero((train.index["symbol"] != LATE)
                                      | (train.index["date"] > "2011-02-28")))  # fmt: skip
    assert field.stocks_of_field(short) == sorted(SYMBOLS)
    assert field.stocks_of_field(short, 2) == ["AAA", "DDD"]
    with pytest.raises(
        ValueError, match="no stock has 250 rows in the training years; the longest"
    ):
        field.stocks_of_field(short.take(np.arange(800)))
    rows = field.rows_of(short, ["AAA", "DDD"])
    assert set(short.take(rows).index["symbol"]) == {"AAA", "DDD"}


@pytest.fixture(scope="module")
def facts(long):
    data = dataclasses.replace(load_nyse("embedded"), prices=long, securities=None)
    profile = dataclasses.replace(PROFILES["quick"], bootstrap=100)
    return compared.field_on_validation(data, profile)


def test_the_study_compares_on_validation_all_models_alike(facts, panels, made):
    found = facts.found
    table = found.scores.set_index("stage")
    assert facts.n_stocks == 5 and len(table) == 8 and table["r2"].is_monotonic_decreasing
    again = compared.compared(
        made.log_vols, made.variances, "validation", panels["validation"],
        usual_log_vol(panels["train"]), resamples=100, seed=PROFILES["quick"].seed,
    )  # fmt: skip
    pd.testing.assert_frame_equal(found.scores, again.scores)
    y = panels["validation"].y.to_numpy()
    variance = by_stage(made.variances)["har"]["validation"]
    assert table["qlike"]["har"] == pytest.approx(qlike(2 * y, variance))
    # The made-up volatility is an autoregression: no forecast of yesterday's value alone is best.
    assert "persistence" not in found.by_square.inside
    assert set(found.scores["model"][found.scores["in_r2_set"]]) == set(found.by_square.inside)


def test_what_may_be_best_is_starred_and_said(facts):
    found = facts.found
    rows = cells(compared.shown(facts, found))
    starred = [row["Model (profile quick)"] for row in rows if row["R²"].endswith("*")]
    assert set(starred) == set(found.by_square.inside)
    said = text(compared.said(found))
    assert (
        f"{len(starred)} model" in said and "of 8 may be the best, at a confidence of 90 %" in said
    )
    assert all(name in said for name in found.by_qlike.inside)
