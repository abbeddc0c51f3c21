"""Scores of forecasts of volatility: answers known beforehand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score

from labkit.volatility import levels, scores
from labkit.volatility.panel import Panel

SD = 0.4
"""Of the error of the log in the made-up rows."""


@pytest.fixture(scope="module")
def lognormal():
    """Forecasts of log volatility, and what came: independent normal errors of sd `SD`."""
    random = np.random.default_rng(0)
    forecast = random.normal(-4, 0.5, 200_000)
    return forecast, forecast + random.normal(0, SD, len(forecast))


def test_the_corrected_variance_is_right_on_average_and_the_plain_one_is_not(lognormal):
    forecast, y = lognormal
    fitted, new = slice(0, 100_000), slice(100_000, None)
    variance = scores.variance_forecast(forecast[new], y[fitted] - forecast[fitted])
    np.testing.assert_allclose(variance / np.exp(2 * forecast[new]), np.exp(2 * SD**2), rtol=0.01)
    ratio = np.exp(2 * y[new]) / variance
    assert ratio.mean() == pytest.approx(1, abs=0.015)
    plain = np.exp(2 * (y[new] - forecast[new])).mean()
    assert plain == pytest.approx(np.exp(2 * SD**2), rel=0.015) and plain > 1.35


def test_the_correction_assumes_no_normal_distribution():
    random = np.random.default_rng(1)
    errors = random.choice([-0.5, 0.1, 0.3], 90_000)
    variance = scores.variance_forecast(np.full(10, -4.0), errors[:45_000])
    assert np.exp(2 * (-4 + errors[45_000:])).mean() == pytest.approx(variance[0], rel=0.01)


def test_qlike_is_least_at_the_true_variance_though_what_is_realised_is_noisy():
    """Realised: the true variance times a mean-one chi-squared of 8 degrees of freedom."""
    random = np.random.default_rng(2)
    true = np.exp(random.normal(-8, 1, 200_000))
    realised = np.log(true * random.chisquare(8, len(true)) / 8)
    loss = {c: scores.qlike(realised, c * true) for c in (0.5, 0.8, 0.95, 1.0, 1.05, 1.25, 2.0)}
    assert min(loss, key=loss.get) == 1.0
    assert loss[0.5] > loss[2.0], "too low costs more than too high"
    expected = -stats.gamma(4, scale=0.25).expect(np.log)
    assert loss[1.0] == pytest.approx(expected, abs=0.005)


def test_the_corrected_forecast_has_the_lower_qlike(lognormal):
    forecast, y = lognormal
    plain = scores.regression_scores(y, forecast, forecast, np.exp(2 * forecast))["qlike"]
    variance = scores.variance_forecast(forecast, y - forecast)
    corrected = scores.regression_scores(y, forecast, forecast, variance)["qlike"]
    # E[exp(2e) − 2e − 1] = exp(2·sd²) − 1, and corrected log E[exp(2e)] = 2·sd².
    assert plain == pytest.approx(np.exp(2 * SD**2) - 1, rel=0.02)
    assert corrected == pytest.approx(2 * SD**2, rel=0.02)


def test_qlike_by_hand_and_lopsided():
    """Variance forecast at half the realised: 2 − log 2 − 1; too low costs more than too high."""
    assert scores.qlike([np.log(2)], [1.0]) == pytest.approx(1 - np.log(2))
    assert scores.qlike([-np.log(2)], [1.0]) == pytest.approx(np.log(2) - 0.5)
    assert scores.qlike([np.log(2)], [1.0]) > scores.qlike([-np.log(2)], [1.0])
    np.testing.assert_allclose(scores.qlike_losses([0.0, np.log(2)], [1.0, 1.0])[0], 0)


def test_qlike_is_least_at_the_mean_variance():
    """Patton 2011: the best constant is the mean of the variance, not of its log."""
    log_variance = np.random.default_rng(0).normal(-8, 1, 1000)
    best = np.mean(np.exp(log_variance))
    least = scores.qlike(log_variance, np.full(1000, best))
    for other in (0.98 * best, 1.02 * best, np.exp(log_variance.mean())):
        assert scores.qlike(log_variance, np.full(1000, other)) > least


@pytest.fixture(scope="module")
def forecast():
    random = np.random.default_rng(0)
    today = random.normal(-4, 0.5, 400)
    y = today + random.normal(0, 0.3, 400)
    return y, y + random.normal(0, 0.2, 400), today


def test_regression_scores_are_scikit_learns(forecast):
    y, predicted, _ = forecast
    variance = np.exp(2 * predicted + 0.1)
    made = scores.regression_scores(*forecast, variance)
    assert made["r2"] == pytest.approx(r2_score(y, predicted))
    assert made["rmse"] == pytest.approx(metrics.mean_squared_error(y, predicted) ** 0.5)
    assert made["mae"] == pytest.approx(metrics.mean_absolute_error(y, predicted))
    right = sum((p > t) == (v > t) for v, p, t in zip(*forecast, strict=True))
    assert made["directional_accuracy"] == right / 400
    assert made["qlike"] == scores.qlike(2 * y, variance)
    uncorrected = scores.regression_scores(*forecast, np.exp(2 * predicted))
    assert uncorrected == made | {"qlike": scores.qlike(2 * y, np.exp(2 * predicted))}


def test_perfect_and_constant_forecasts_score_as_they_must(forecast):
    y, _, today = forecast
    assert scores.regression_scores(y, y, today, np.exp(2 * y)) == pytest.approx(
        {"r2": 1, "rmse": 0, "mae": 0, "qlike": 0, "directional_accuracy": 1}
    )
    constant = np.full(400, y.mean())
    made = scores.regression_scores(y, constant, today, np.exp(2 * constant))
    assert made["r2"] == pytest.approx(0)


def test_persistence_says_today():
    X = pd.DataFrame({"other": [9.0, 9.0], "today": [1.0, 2.0]})
    model = scores.Persistence("today")
    with pytest.raises(NotFittedError):
        model.predict(X)
    np.testing.assert_array_equal(model.fit(X).predict(X), [1.0, 2.0])
    with pytest.raises(KeyError, match="tomorrow"):
        scores.Persistence("tomorrow").fit(X)


@pytest.fixture(scope="module")
def market():
    """Stock effects of variance 4, day effects of 1, and the rest of 1; a panel of them."""
    random = np.random.default_rng(3)
    n_stocks, n_days = 200, 300
    stock, day = random.normal(0, 2, n_stocks), random.normal(0, 1, n_days)
    stock, day = stock - stock.mean(), day - day.mean()
    rest = random.normal(size=(n_days, n_stocks))
    y = (stock + day[:, None] + rest).ravel()
    index = pd.DataFrame(
        {
            "date": np.repeat(pd.bdate_range("2015-01-01", periods=n_days), n_stocks),
            "symbol": np.tile([f"S{i:03}" for i in range(n_stocks)], n_days),
        }
    )
    panel = Panel(X=pd.DataFrame(index=index.index), y=pd.Series(y), next_return=pd.Series(y),
                  index=index)  # fmt: skip
    return panel, stock, day, rest


def test_knowing_the_stocks_is_worth_a_pooled_r2_and_nothing_within(market):
    panel, stock, day, _ = market
    usual = pd.Series(stock, index=[f"S{i:03}" for i in range(len(stock))])
    by_stock = np.tile(stock, len(day))
    found = levels.levels(panel, by_stock, usual)
    between = stock.var() / panel.y.var(ddof=0)
    assert found.between_stocks == pytest.approx(between, abs=0.01) and between > 0.5
    assert found.pooled == pytest.approx(between, abs=0.01)
    assert found.within_stock == pytest.approx(0, abs=1e-3)
    assert found.within_day == pytest.approx(stock.var() / (stock.var() + 1), abs=0.01)
    assert found.day_level < 0.001


def test_knowing_the_days_is_worth_nothing_among_the_stocks_of_a_day(market):
    panel, stock, day, _ = market
    usual = pd.Series(stock, index=[f"S{i:03}" for i in range(len(stock))])
    by_day = np.repeat(day, len(stock))
    found = levels.levels(panel, by_day, usual)
    assert found.within_day == pytest.approx(0, abs=1e-9)
    assert found.day_level > 0.99
    assert found.pooled == pytest.approx(day.var() / panel.y.var(ddof=0), abs=0.01)


def test_within_stock_is_around_the_training_years_means_and_level_shifts_do_not_count(market):
    """A forecast that is right but for one level shared by all rows, as is the usual level."""
    panel, stock, day, _ = market
    names = [f"S{i:03}" for i in range(len(stock))]
    both = np.tile(stock, len(day)) + np.repeat(day, len(stock))
    exact = levels.levels(panel, both, pd.Series(stock, index=names))
    shifted = levels.levels(panel, both, pd.Series(stock + 5, index=names))
    assert exact.within_stock == pytest.approx(shifted.within_stock)
    assert exact.within_stock == pytest.approx(day.var() / (day.var() + 1), abs=0.01)


def test_a_stock_without_training_years_is_left_out_of_the_within_stock_r2(market):
    panel, stock, day, _ = market
    usual = pd.Series(stock, index=[f"S{i:03}" for i in range(len(stock))]).drop("S000")
    wild = np.where(panel.index["symbol"] == "S000", 100.0, np.tile(stock, len(day)))
    assert levels.levels(panel, wild, usual).within_stock == pytest.approx(0, abs=1e-3)


def test_a_days_mean_counts_once_however_many_stocks_it_has():
    day = pd.Series(["a", "b", "b", "b"])
    y, predicted = np.array([0.0, 2, 2, 2]), np.array([1.0, 1, 2, 3])
    assert scores.r2_of_means(y, predicted, day) == r2_score([0, 2], [1, 2]) == 0.5


def test_the_usual_level_is_the_mean_of_each_stocks_training_rows(market):
    panel, *_ = market
    usual = levels.usual_log_vol(panel)
    own = panel.y[panel.index["symbol"] == "S007"]
    assert usual["S007"] == own.mean() and len(usual) == 200


def test_levels_are_said_with_what_they_are_of():
    found = levels.Levels(0.47, 0.361, 0.402, 0.553, 0.27)
    said = levels.said(found, "ridge regression").replace("\xa0", " ")
    assert said.startswith("The R² of ridge regression, 0.470, is pooled over stocks and days")
    assert "27 % of the target's variance lies between stocks" in said
    assert "training years the R² is 0.361" in said and "one day it is 0.402" in said
    assert said.endswith("for the day's mean level 0.553.")


def test_r2_around_a_centre_and_within_groups_by_hand():
    y, predicted = np.array([1.0, 3.0, 6.0, 8.0]), np.array([2.0, 2.0, 7.0, 9.0])
    # Less the centre: −1, 1, 1, 3 and 0, 0, 2, 4; squares off by 4, of 8 around the mean of 1.
    assert scores.r2_around(y, predicted, np.array([2.0, 2, 5, 5])) == pytest.approx(0.5)
    # Each around its own group's mean: −1, 1, −1, 1 and 0, 0, −1, 1; off by 2 of 4.
    group = pd.Series(["a", "a", "b", "b"])
    assert scores.r2_within(y, predicted, group) == pytest.approx(0.5)
    # Between the means, 2 and 7, lies 6.25 of a variance of 7.25.
    assert scores.share_between(y, group) == pytest.approx(6.25 / 7.25)


def test_a_direction_is_that_from_today():
    y, today = np.array([1.0, -1.0, 0.0, 2.0]), np.zeros(4)
    predicted = np.array([0.5, 0.5, -0.5, -0.5])
    made = scores.regression_scores(y, predicted, today, np.ones(4))
    assert made["directional_accuracy"] == 0.5, "no change is not up"
