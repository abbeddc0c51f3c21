"""The ceiling on simulated rows, SMOTE in the wrong place, and what is said of probabilities."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from made_up import cells
from sklearn.base import clone

from labkit.failures import ceiling, figures, smote_mistake, words
from labkit.failures.calibration import Reliability, calibration_error, reliability
from labkit.failures.ceiling import BAYES, MAJORITY, NETWORK, ceiling_mlp, ceiling_scores
from labkit.failures.features import machine_features
from labkit.failures.recipe import FIRST
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.simulation import simulate
from labkit.failures.smote_mistake import BEFORE, INSIDE, smote_scores


@pytest.fixture(scope="module", autouse=True)
def one_process():
    """These networks are smaller than the start of a process."""
    with parallel_config(backend="sequential"):
        yield


@pytest.fixture(scope="module")
def scores():
    mlp = ceiling_mlp().set_params(hidden_sizes=(16,), epochs=8)
    return ceiling_scores(mlp, (300, 4000), 3000, seed=5)


def score(table, rows, model, name):
    return table.set_index(["rows", "stage"]).loc[(rows, model.stage), name]


# The ceiling.


def test_every_size_has_every_model_once(scores):
    assert list(scores["rows"].unique()) == [300, 4000]
    assert (
        scores.groupby("rows")["model"].unique().map(list)
        == [[model.name for model in (NETWORK, BAYES, MAJORITY)]] * 2
    ).all()


def test_no_network_beats_the_bayes_classifier(scores):
    """In log loss, with room for the sampling noise of 3,000 test rows."""
    for rows in (300, 4000):
        assert (
            score(scores, rows, NETWORK, "log_loss")
            > score(scores, rows, BAYES, "log_loss") - 0.005
        )


def test_more_rows_bring_the_network_nearer(scores):
    assert score(scores, 4000, NETWORK, "log_loss") < score(scores, 300, NETWORK, "log_loss")
    assert score(scores, 4000, NETWORK, "log_loss") < score(scores, 4000, MAJORITY, "log_loss")


def test_the_ceiling_is_the_same_whatever_the_network_saw(scores):
    assert score(scores, 300, BAYES, "log_loss") == score(scores, 4000, BAYES, "log_loss")
    assert score(scores, 300, BAYES, "macro_f1") > score(scores, 300, MAJORITY, "macro_f1") + 0.3


def test_the_ceilings_network_is_not_smoothed():
    assert ceiling_mlp().label_smoothing == 0.0


# SMOTE in the wrong place.


def test_smote_before_the_split_inflates_the_score():
    frame = simulate(3000)
    enough = frame.groupby("failure_type")["udi"].transform("size") >= 8
    frame = frame[enough].reset_index(drop=True)
    mlp = clone(FIRST).set_params(epochs=4)
    made = smote_scores(mlp, machine_features(frame), frame["failure_type"].astype(str), 2, seed=1)
    made = made.set_index("protocol")
    assert made.loc[BEFORE, "macro_f1"] > made.loc[INSIDE, "macro_f1"] + 0.05


# Sentences.


def ceiling_table(mlp_losses=(0.15, 0.06)):
    rows = []
    for n, f1, loss in zip((1000, 9000), (0.4, 0.6), mlp_losses, strict=True):
        rows += [(n, NETWORK, f1, loss), (n, BAYES, 0.7, 0.05), (n, MAJORITY, 0.2, 0.25)]
    table = pd.DataFrame(
        [{"rows": n, **model.row, "macro_f1": f1, "log_loss": loss} for n, model, f1, loss in rows]
    )
    return ceiling.Ceiling(profile="full", **ceiling.weighed(table))


def test_the_way_to_the_ceiling_is_told_for_the_fewest_and_the_most_rows():
    text = ceiling.said(ceiling_table()).replace("\xa0", " ")
    assert "goes, with 1,000 training rows, 40 % in macro-F1 and 50 % in log loss" in text
    assert "with 9,000 rows, 80 % in macro-F1 and 95 % in log loss." in text
    assert "falls short" not in text
    assert "is then 0.600" in text and "gives 0.700" in text
    assert "did not bring" not in text


def test_a_network_worse_than_the_majority_class_goes_none_of_the_way():
    text = ceiling.said(ceiling_table((0.4, 0.06))).replace("\xa0", " ")
    assert "40 % in macro-F1 and none in log loss (it falls short of the majority class);" in text
    assert "−" not in text


def test_rows_that_do_not_help_are_said_not_to():
    assert "did not bring it nearer" in ceiling.said(ceiling_table((0.06, 0.15)))


@pytest.mark.parametrize(
    ("before", "said"), [(0.95, "adds **0.450**"), (0.45, "does not raise the score")]
)
def test_the_inflation_is_the_difference_of_the_protocols(before, said):
    table = pd.DataFrame(
        {"protocol": [BEFORE, INSIDE], "macro_f1": [before, 0.5], "accuracy": [0.99, 0.97]}
    )
    facts = smote_mistake.SmoteMistake(profile="full", **smote_mistake.weighed(table))
    assert said in smote_mistake.said(facts)
    wrong, right = cells(smote_mistake.shown(facts))
    assert (wrong["Protocol"], right["Macro-F1"]) == (BEFORE, "0.500")
    assert (wrong["Macro-F1"], wrong["Accuracy"]) == (f"{before:.3f}", "0.990")


# Probabilities.


@pytest.fixture(scope="module")
def forecasts():
    """An honest forecaster and one who says three times as much, on the same 20,000 rows."""
    random = np.random.default_rng(0)
    risk = random.choice([0.01, 0.1, 0.3], size=20_000, p=[0.8, 0.15, 0.05])
    failed = random.random(len(risk)) < risk
    frames = []
    for model, factor in [("honest", 1), ("shrill", 3)]:
        own = pd.DataFrame(0.0, index=range(len(risk)), columns=list(FAILURE_TYPES))
        own["Power Failure"] = risk * factor
        own["No Failure"] = 1 - risk * factor
        true = np.where(failed, "Power Failure", "No Failure")
        frames.append(own.assign(model=model, row=range(len(risk)), true=true))
    return pd.concat(frames, ignore_index=True)


def test_calibration_error_is_the_mean_gap():
    predicted = np.array([0.1, 0.1, 0.6, 0.6])
    happened = np.array([False, False, True, False])
    assert calibration_error(predicted, happened, n_bins=2) == pytest.approx(0.1)


def test_probabilities_are_called_what_they_are(forecasts):
    def said(model):
        own = forecasts[forecasts["model"] == model]
        return words.reliability(
            reliability(model, own[list(FAILURE_TYPES)].to_numpy(), own["true"])
        )

    assert "which is small" in said("honest")
    shrill = said("shrill")
    assert "which is not small" in shrill and "too high" in shrill


def test_label_smoothing_is_named_where_it_makes_the_forecast_too_high(forecasts):
    """An honest forecaster whose every class was promised a little more."""
    own = forecasts[forecasts["model"] == "honest"]
    honest, truth = own[list(FAILURE_TYPES)].to_numpy(), own["true"]
    smoothed = 0.9 * honest + 0.1 / 6
    plain, raised = reliability("a", smoothed, truth), reliability("a", smoothed, truth, 0.1)
    assert raised.expected_unsmoothed == pytest.approx((1 - honest[:, 0]).mean())
    assert "too high" in words.reliability(plain)
    assert "smoothing" not in words.reliability(plain)
    assert "smoothing is the cause" in words.reliability(raised)
    shrill = forecasts[forecasts["model"] == "shrill"][list(FAILURE_TYPES)].to_numpy()
    assert "smoothing" not in words.reliability(reliability("b", shrill, truth, 1e-4))


def test_the_reliability_curve_of_an_honest_forecaster_is_the_diagonal(forecasts):
    axis = figures.reliability(forecasts).axes[0]
    lines = {bars.get_label(): bars.lines[0].get_xydata() for bars in axis.containers}
    np.testing.assert_allclose(lines["honest"][:, 0], lines["honest"][:, 1], atol=0.03)
    assert lines["shrill"][-1, 0] > 2 * lines["shrill"][-1, 1]


def test_precision_and_recall_of_classes_that_occur(forecasts):
    legend = figures.precision_recall(forecasts, "honest").axes[0].get_legend()
    assert [text.get_text().split(" (")[0] for text in legend.get_texts()] == ["Power"]


def test_the_ceiling_has_a_line_for_every_model_and_score(scores):
    fig = figures.ceiling(scores)
    for axis in fig.axes:
        labels = [line.get_label() for line in axis.get_lines()]
        assert labels == [model.name for model in (NETWORK, BAYES, MAJORITY)]


def lean(expected, failed, error, unsmoothed=0.0):
    return Reliability("MLP", expected, failed, error, unsmoothed)


def test_a_lean_is_a_bias_of_half_the_error_or_more():
    assert lean(0.040, 0.030, 0.020).lean == lean(0.050, 0.030, 0.020).lean == "too high"
    assert lean(0.039, 0.030, 0.020).lean is None
    assert lean(0.019, 0.030, 0.020).lean == "too low"
    assert lean(0.03, 0.03, 0.005).is_small and not lean(0.03, 0.03, 0.0051).is_small


def test_smoothing_is_the_cause_where_it_makes_half_of_what_is_too_much():
    assert lean(0.05, 0.03, 0.02, unsmoothed=0.039).is_raised_by_smoothing
    assert not lean(0.05, 0.03, 0.02, unsmoothed=0.041).is_raised_by_smoothing
    assert not lean(0.02, 0.03, 0.01, unsmoothed=0.0).is_raised_by_smoothing, "it is too low"


def test_bins_are_equal_in_rows_and_weigh_by_them():
    """Three rows of a gap of .2 and two of .5: .32 a row. The order given does not matter."""
    predicted = np.array([0.5, 0.2, 0.2, 0.5, 0.2])
    happened = np.array([1, 0, 0, 1, 0])
    assert calibration_error(predicted, happened, n_bins=2) == pytest.approx(0.32)
    assert calibration_error(predicted, happened) == pytest.approx(
        calibration_error(predicted, happened, n_bins=5)
    ), "no more bins than rows"
