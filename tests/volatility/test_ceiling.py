"""The ceiling of the regression: the target's error, by simulation and from the target alone."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from made_up import cells, text
from sklearn.metrics import r2_score

from labkit.report.alarms import Alarm
from labkit.volatility import ceiling
from labkit.volatility.data import load_nyse
from labkit.volatility.panel import Panel
from labkit.volatility.profile import PROFILES


@pytest.fixture(scope="module")
def minutes():
    """The error of a day of 390 minutes."""
    return ceiling.noise(ceiling.STEPS, 40_000, seed=1)


def test_the_error_of_a_day_of_minutes_is_as_known(minutes):
    """Range alone: sd 0.29 of its log (Alizadeh, Brandt and Diebold 2002); four prices do better.

    The squared return, whose log is that of a chi-squared of one degree, has π²/8.
    """
    assert minutes.variance == pytest.approx(0.0713, abs=0.0015)
    assert minutes.variance < 0.29**2 < np.pi**2 / 8
    assert minutes.bias == pytest.approx(-0.117, abs=0.004)
    again = ceiling.noise(ceiling.STEPS, 40_000, seed=2)
    assert again != minutes and again.variance == pytest.approx(minutes.variance, rel=0.03)


def test_fewer_steps_have_a_larger_error_and_a_smaller_range(minutes):
    few = ceiling.noise(30, 40_000, seed=1)
    assert few.variance > minutes.variance + 0.02 and few.bias < minutes.bias - 0.1


def test_every_day_is_simulated_whatever_their_number():
    assert ceiling.noise(50, 7_001, seed=0) != ceiling.noise(50, 7_000, seed=0)
    assert ceiling.noise(50, 1, seed=0).variance == 0


def made_up_panel(noise_variance, persistence=0.95, n_days=1500, n_stocks=40, seed=0):
    """Log volatility as an autoregression of variance 0.15, its estimate with an error."""
    random = np.random.default_rng(seed)
    true = np.zeros((n_days, n_stocks))
    step = np.sqrt(0.15 * (1 - persistence**2))
    true[0] = random.normal(0, np.sqrt(0.15), n_stocks)
    for t in range(1, n_days):
        true[t] = persistence * true[t - 1] + step * random.normal(size=n_stocks)
    y = true + np.sqrt(noise_variance) * random.normal(size=true.shape)
    index = pd.DataFrame(
        {
            "date": np.repeat(pd.bdate_range("2010-01-01", periods=n_days), n_stocks),
            "symbol": np.tile([f"S{i:02}" for i in range(n_stocks)], n_days),
        }
    )
    own = pd.Series(y.ravel())
    return Panel(X=pd.DataFrame(index=index.index), y=own, next_return=own, index=index), true


def test_knowing_the_true_volatility_scores_the_ceiling():
    panel, true = made_up_panel(0.07)
    assert r2_score(panel.y, true.ravel()) == pytest.approx(
        ceiling.highest_r2(panel.y, 0.07), abs=0.005
    )
    assert ceiling.highest_r2(panel.y, 0.0) == 1


@pytest.mark.parametrize("noise_variance", [0.0, 0.03, 0.07])
def test_the_error_is_found_in_the_drop_of_the_autocovariance(noise_variance):
    panel, _ = made_up_panel(noise_variance)
    assert ceiling.extrapolated_noise(panel) == pytest.approx(noise_variance, abs=0.003)


def test_blanks_and_short_stocks_do_not_disturb_it():
    panel, _ = made_up_panel(0.05)
    dates, symbols = panel.index["date"], panel.index["symbol"]
    late = symbols.eq("S00") & (dates < dates.max() - pd.Timedelta(days=100))
    random = np.random.default_rng(0).random(len(panel)) < 0.02
    part = panel.take(np.flatnonzero(~late & ~random))
    assert ceiling.extrapolated_noise(part) == pytest.approx(0.05, abs=0.004)
    alone = panel.take(np.flatnonzero(symbols.eq("S00") & ~late))
    assert np.isnan(ceiling.extrapolated_noise(alone))


def test_what_lasts_for_a_day_counts_as_error():
    """Two parts of true volatility: the estimate is one from above."""
    slow, _ = made_up_panel(0.05)
    fast, _ = made_up_panel(0.0, persistence=0.1, seed=1)
    both = dataclasses.replace(slow, y=slow.y + 0.3 * fast.y)
    assert 0.05 < ceiling.extrapolated_noise(both) < 0.05 + 0.3**2 * 0.15


def test_the_study_on_prices_of_30_steps_a_day(prices):
    data = dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)
    facts = ceiling.ceiling.make(data, PROFILES["quick"])
    assert list(facts.sets["set"]) == ["train", "validation"]
    own = facts.sets.set_index("set").loc["validation"]
    assert own["ceiling"] == pytest.approx(1 - facts.noise_variance / own["target_variance"])
    assert own["noise_share"] == pytest.approx(1 - own["ceiling"])
    assert facts.validation == own["ceiling"] and facts.noise_bias < 0
    # The made-up days have 30 steps, whose error is 0.115: what the target itself shows.
    few = ceiling.noise(30, 40_000, seed=0)
    train = facts.sets.set_index("set").loc["train"]
    assert train["extrapolated_noise"] == pytest.approx(few.variance, abs=0.01)
    first, _ = cells(ceiling.shown(facts))
    assert first["Set (profile quick)"] == "train"


FACTS = ceiling.Ceiling(
    profile="full", noise_variance=0.0724, noise_bias=-0.117, steps=390, validation=0.687,
    validation_share=0.313, validation_extrapolated=0.653,
    sets=pd.DataFrame(
        [("validation", 0.23, 0.313, 0.687, 0.62, 0.08, 0.653)],
        columns=["set", "target_variance", "noise_share", "ceiling", "within_stock",
                 "extrapolated_noise", "extrapolated_ceiling"],
    ),
)  # fmt: skip


def test_the_ceiling_is_told_with_both_estimates():
    said = text(ceiling.said(FACTS))
    assert "variance of 0.072, which is 31 %" in said
    assert "score an R² of 0.69 there" in said
    assert said.endswith("of a single day is an error too, gives 0.65.")
    (row,) = cells(ceiling.shown(FACTS))
    assert row["Set"] == "validation" and row["Share of the error"] == "31.3%"


def test_an_r2_above_the_ceiling_is_an_alarm():
    ceiling.check_ceiling(0.68, 0.685)
    with pytest.raises(Alarm, match=r"R² of 0.7000 is above 0.6850.*day t \+ 1"):
        ceiling.check_ceiling(0.7, 0.685)
