"""Sentences about training and results: two results, two sentences, both true."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from labkit.both import words as conclusions
from labkit.config import PROFILES, ROOT
from labkit.failures.balancing import STRATEGIES
from labkit.failures.data import load_maintenance
from labkit.failures.rules import FAILURE_TYPES
from labkit.nets.diagnostics import diagnose
from labkit.report import words as learning
from labkit.report.results import Result
from labkit.report.sentence import Sentence
from labkit.volatility.data import load_nyse

CONSTANT = {"train": 1.0, "validation": 1.0, "test": 1.0}


def text(sentence):
    """The words of a sentence, checked for what no reader should see, on one line."""
    assert isinstance(sentence, Sentence)
    assert not re.search(r"\b(nan|inf|NaN|None(?! raises))\b", sentence), sentence
    assert not re.search(r"(?<!\d)-\d", sentence), f"a hyphen for a minus: {sentence}"
    assert "  " not in sentence
    return sentence.replace("\xa0", " ")


def judged(held, train=None, held_out="validation"):
    train = 0.3 + 0.6 * 0.7 ** np.arange(1, len(held) + 1) if train is None else train
    epochs = np.arange(1, len(held) + 1)
    frame = pd.DataFrame({"epoch": epochs, "train_loss": train, f"{held_out}_loss": held})
    return diagnose(frame, CONSTANT, held_out)


EPOCHS = np.arange(1, 31)
FITS = judged(0.33 + 0.6 * 0.7**EPOCHS)
RISES = judged(0.33 + 0.6 * 0.7**EPOCHS + 0.005 * EPOCHS)
PARTS = judged(0.6 + 0.3 * 0.7**EPOCHS, 0.05 + 0.85 * 0.9**EPOCHS)
IMPROVES = judged(0.98 - 0.01 * EPOCHS, 0.97 - 0.01 * EPOCHS)
NOISY = judged(0.33 + 0.6 * 0.7**EPOCHS + 0.04 * np.random.default_rng(0).normal(size=30))
GROWN = judged(np.r_[0.5 * np.ones(5), 3.0, 4.0], np.r_[0.5 * np.ones(5), 2.0, 5.0])
BROKEN = judged(np.r_[0.5, 0.4, np.nan], np.r_[0.5, 0.4, np.nan])


@pytest.mark.parametrize(
    ("verdict", "says", "never"),
    [
        (FITS, ["**fits**", "**has converged**", "**stable**", "no more than 1 %"], ["overfits"]),
        (RISES, ["**overfits**", f"lowest at epoch {RISES.best_epoch}", "risen by"], ["parted"]),
        (PARTS, ["**overfits**", "parted by"], ["risen", "converged**,"]),
        (IMPROVES, ["**underfits**", "**still improves**", "neither is as low"], ["overfits"]),
        (NOISY, ["**noisy**", "(more than 1 %)"], ["stable"]),
        (GROWN, ["**diverged**", "ends at 5 after 7 epochs", "worse than a constant"], ["fits"]),
        (BROKEN, ["**diverged**", "at epoch 3", "no longer finite"], ["constant", "–"]),
    ],
    ids=["fits", "rises", "parts", "improves", "noisy", "grown", "broken"],
)
def test_a_verdict_says_what_was_judged_and_nothing_else(verdict, says, never):
    sentence = text(learning.verdict(verdict, "The MLP"))
    assert sentence.startswith("The MLP **")
    for words in says:
        assert words in sentence
    for words in never:
        assert words not in sentence


def test_a_verdict_names_the_set_it_was_judged_on():
    sentence = text(learning.verdict(judged(FITS_ON_TEST, held_out="test"), "It", "test"))
    assert "the test loss" in sentence and "validation" not in sentence


FITS_ON_TEST = 0.33 + 0.6 * 0.7**EPOCHS


def test_a_verdict_in_short():
    assert text(learning.verdict_in_short(RISES, "The first")) == (
        f"The first overfits and has converged; its held-out loss was lowest at epoch "
        f"{RISES.best_epoch} of 30"
    )
    assert text(learning.verdict_in_short(BROKEN, "The first")) == "The first diverged"


def test_verdicts_read_the_mean_of_the_seeds_up_to_the_last_epoch_they_share():
    def run(name, seed, held):
        epochs = np.arange(1, len(held) + 1)
        train = 0.3 + 0.6 * 0.7**epochs
        return pd.DataFrame({"regularization": name, "seed": seed, "epoch": epochs,
                             "train_loss": train, "validation_loss": held})  # fmt: skip

    up, down = 0.33 + 0.01 * EPOCHS, 0.60 - 0.008 * EPOCHS
    curves = pd.concat(
        [run("none", 0, up), run("none", 1, up), run("stopped", 0, up), run("stopped", 1, down[:9])]
    )
    constant = pd.DataFrame([CONSTANT])
    made = learning.verdicts(curves, constant).set_index("regularization")
    assert list(made.index) == ["none", "stopped"]
    assert made.loc["none", "fit"] == "overfits" and made.loc["none", "epochs"] == 30
    assert made.loc["stopped", "epochs"] == 9
    mean = (up[8] + down[8]) / 2
    assert made.loc["stopped", "held_out_loss"] == pytest.approx(mean)


def test_the_winner_of_a_grid_is_named_with_its_parameters():
    best = pd.Series(
        {"optimizer": "sgd", "learning_rate": 0.005, "hidden_sizes": (64, 32), "batch_size": 1024,
         "epochs": 8, "mean_test_score": 0.5123, "std_test_score": 0.0101}, dtype=object,
    )  # fmt: skip
    assert text(learning.best_candidate(best, "R²")) == (
        "SGD with a learning rate of 0.005, hidden layers of 64-32 units, batches of 1,024 and 8 "
        "epochs, with a mean R² of 0.5123 over the folds (standard deviation 0.0101)"
    )
    best["optimizer"] = "rmsprop"
    assert text(learning.best_candidate(best, "R²")).startswith("RMSprop with")


def effects(**by_axis):
    rows = [
        {"axis": axis, "value": str(i), "best": best, "median": best}
        for axis, values in by_axis.items()
        for i, best in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_axis_that_matters_most_is_the_one_with_the_widest_spread():
    sentence = text(
        learning.widest_axis(effects(learning_rate=[0.5, 0.52], optimizer=[0.4, 0.52, 0.5],
                                     epochs=[0.52, 0.519]))
    )  # fmt: skip
    assert "most is the optimizer: between its values the best score differs by 0.1200" in sentence
    assert "least is the epochs, with 0.0010" in sentence
    other = learning.widest_axis(effects(learning_rate=[0.1, 0.52], optimizer=[0.52, 0.5]))
    assert "most is the learning rate" in other


def test_an_axis_with_one_value_does_not_matter_least():
    """It was not tried: nothing is known about it."""
    sentence = learning.widest_axis(
        effects(batch_size=[0.52], optimizer=[0.4, 0.52], epochs=[0.52, 0.51])
    )
    assert "batch size" not in sentence and "least is the epochs" in sentence


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (0.5, 0.6, "raised the F1 from 0.5000 to 0.6000 (by 0.1000)"),
        (0.6, 0.5, "lowered the F1 from 0.6000 to 0.5000 (by 0.1000)"),
        (0.50001, 0.5, "left the F1 at 0.5000"),
        (-0.1, 0.1, "raised the F1 from −0.1000 to 0.1000 (by 0.2000)"),
    ],
)
def test_a_change_goes_the_way_it_went(before, after, says):
    assert text(learning.change(before, after, "F1")) == says


def regularized(**gains):
    rows = []
    for name, by_seed in {"none": [0, 0, 0], **gains}.items():
        for seed, gain in enumerate(by_seed):
            validation = 0.5 + 0.01 * seed + gain
            rows.append((name, seed, 0.7 - gain, validation, 10, 10))
    columns = ["regularization", "seed", "train_r2", "validation_r2", "epochs", "best_epoch"]
    return pd.DataFrame(rows, columns=columns)


def test_a_regularization_helps_where_it_helps_every_seed():
    scores = regularized(dropout=[0.02, 0.01, 0.03], L2=[0.05, 0.04, -0.01])
    sentence = text(learning.regularization_effect(scores, "r2", "R²"))
    assert "The largest mean gain in R² is that of **L2**, +0.027 over 3 seeds" in sentence
    assert "interval −0.053 to +0.107" in sentence, "Student's t with two degrees of freedom"
    assert "better than no regularization at every seed: dropout." in sentence
    assert "0.190 without regularization and 0.137 with L2" in sentence


def test_where_none_helps_none_is_said_to():
    scores = regularized(dropout=[-0.02, -0.01, -0.03], L2=[-0.05, -0.04, 0.01])
    sentence = text(learning.regularization_effect(scores, "r2", "R²"))
    assert "None raises the mean R²; **dropout** comes closest, with −0.020" in sentence
    assert "no regularization is better than none at every seed" in sentence


@pytest.mark.parametrize(
    ("difference", "low", "high", "says"),
    [
        (0.03, 0.01, 0.05, ["is better than ridge by 0.0300", "leaves zero out"]),
        (-0.03, -0.05, -0.01, ["is worse than ridge by 0.0300", "−0.0500", "leaves zero out"]),
        (0.01, -0.01, 0.03, ["is better than", "includes zero, so the order could be chance"]),
    ],
)
def test_a_difference_is_as_sure_as_its_interval(difference, low, high, says):
    row = {"model": "MLP", "baseline": "ridge", "difference": difference, "low": low, "high": high}
    sentence = text(learning.difference_interval(pd.Series(row)))
    assert all(words in sentence for words in says)


def test_classes_are_found_or_missed_by_their_f1():
    f1 = [0.99, 0.9, 0.8, 0.5, 0.1, 0.0]
    per_class = pd.DataFrame({"class": FAILURE_TYPES, "f1": f1})
    found, missed = text(learning.hardest_classes(per_class)).split("; ")
    assert all(f"({score:.2f})" in found for score in f1[:4])
    assert "(0.10)" in missed and "(0.00)" in missed and "(0.50)" not in missed
    everything = text(learning.hardest_classes(per_class.assign(f1=0.9)))
    assert "none is mostly missed" in everything
    nothing = text(learning.hardest_classes(per_class.assign(f1=0.1)))
    assert nothing.startswith("mostly missed") and "found" not in nothing


def balanced(**f1):
    names = list(STRATEGIES)
    scores = pd.DataFrame(
        [(s, r, f1.get(s, 0.5) + 0.001 * r, 0.5, 0.1) for s in names for r in (0, 1)],
        columns=["strategy", "repeat", "macro_f1", "macro_recall", "log_loss"],
    )
    rows = []
    for s in names:
        for c in FAILURE_TYPES:
            sound = c == "No Failure"
            rows.append((s, c, 0.99 if sound else 0.8 if s == "SMOTE" else 0.4, 0.3))
    return scores, pd.DataFrame(rows, columns=["strategy", "class", "recall", "precision"])


def test_balancing_that_helps_and_balancing_that_does_not():
    better = text(learning.balancing_effect(*balanced(none=0.55, SMOTE=0.6)))
    assert "comes from **SMOTE**; SMOTE raises the macro-F1 above the 0.55" in better
    assert "recall goes from 0.40 to 0.80 with **SMOTE**" in better
    worse = text(learning.balancing_effect(*balanced(none=0.7)))
    assert "comes from **none**; no strategy raises the macro-F1 above the 0.70" in worse


def targets(close=0.99, ret=0.001, vol=0.5, naive=0.2):
    names = ["same-day close", "next-day return", "next-day log-volatility"]
    return pd.DataFrame(
        {"target": names, "naive_r2": [close, -0.002, naive], "linear_r2": [0.9999, ret, vol],
         "mlp_r2": [0.98, ret - 0.01, vol - 0.02]}
    )  # fmt: skip


def test_the_textbook_target_is_weighed_by_what_was_found():
    usual = text(learning.textbook(targets()))
    assert "R² of 0.9900, and least squares 0.9999" in usual
    assert "0.0010, next to nothing" in usual
    assert "today's value has 0.200 and the better model 0.500: here is something" in usual
    strange = text(learning.textbook(targets(ret=0.2, vol=0.01)))
    assert "0.2000, which is more than one should believe" in strange
    assert "hardly anything to learn" in strange


def test_the_better_model_is_a_model_and_not_todays_value():
    sentence = text(learning.textbook(targets(vol=0.3, naive=0.4)))
    assert "today's value has 0.400 and the better model 0.300" in sentence
    lesson = text(learning.textbook_lesson(targets(ret=-0.02)))
    assert "the best model has −0.0200 on the next return and 0.500 on the next" in lesson


def final(**r2):
    given = {"persistence": 0.2, "HAR": 0.5, "ridge regression": 0.53, "MLP, first": 0.49,
             "MLP, tuned": 0.52, "MLP, regularized": 0.54} | r2  # fmt: skip
    sets = ("train", 0.9), ("validation", None), ("test", None)
    rows = [(m, s, known or v) for m, v in given.items() for s, known in sets]
    return pd.DataFrame(rows, columns=["model", "set", "r2"])


def differences(scores):
    test = scores[scores["set"] == "test"].set_index("model")["r2"]
    rows = [
        (m, b, test[m] - test[b], test[m] - test[b] - 0.02, test[m] - test[b] + 0.02)
        for m in test.index if m.startswith("MLP")
        for b in test.index if not b.startswith("MLP")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "baseline", "difference", "low", "high"])


WINS, LOSES = final(), final(**{"ridge regression": 0.6, "MLP, tuned": 0.45})


def test_one_score_is_that_of_the_model_and_set_asked_for():
    assert learning.score_of(WINS, "HAR", "r2") == 0.5
    assert learning.score_of(WINS, "HAR", "r2", on="train") == 0.9


def test_the_best_model_is_the_best_whoever_it_is():
    assert text(learning.best_model(WINS, "r2", "R²")) == (
        "the best model is MLP, regularized with an R² of 0.5400, before ridge regression, the "
        "best baseline, with 0.5300"
    )
    assert text(learning.best_model(LOSES, "r2", "R²")) == (
        "the best model is ridge regression with an R² of 0.6000; the best MLP is MLP, "
        "regularized with 0.5400"
    )


def test_the_regression_outcome_has_a_margin_to_each_baseline():
    wins = text(learning.regression_outcome(WINS, differences(WINS)))
    assert "**MLP, regularized** did best on the validation year; on the test" in wins
    assert "it has an R² of 0.5400" in wins
    assert "+0.340 against persistence (+0.320 to +0.360)" in wins
    assert "+0.010 against ridge regression (−0.010 to +0.030, an interval that inc" in wins
    loses = text(learning.regression_outcome(LOSES, differences(LOSES)))
    assert "−0.060 against ridge regression (−0.080 to −0.040)" in loses


def test_the_mlp_presented_is_chosen_on_validation_even_where_another_tests_better():
    scores = final()
    is_first = (scores["model"] == "MLP, first") & (scores["set"] == "validation")
    scores.loc[is_first, "r2"] = 0.8
    assert learning.best_on_validation(scores) == "MLP, first"
    sentence = text(learning.regression_outcome(scores, differences(scores)))
    assert "**MLP, first**" in sentence and "R² of 0.4900" in sentence


def test_the_headline_of_the_regression_holds_every_baseline():
    sentence = text(conclusions.headline_regression(WINS, differences(WINS)))
    assert "(MLP, regularized) explains 54.0 % of the variance" in sentence
    assert "persistence 0.200, HAR 0.500 and ridge regression 0.530." in sentence
    assert sentence != conclusions.headline_regression(LOSES, differences(LOSES))


def folds(**f1):
    given = {
        "majority class": 0.164,
        "rule oracle": 0.66,
        "logistic regression": 0.4,
        "random forest, raw": 0.53,
        "random forest, physics": 0.64,
        "MLP, first": 0.56,
        "MLP, physics features": 0.58,
        "MLP, tuned": 0.6,
        "MLP, regularized": 0.59,
    } | f1
    rows = [
        (m, i, v + 0.001 * i, 0.965 if m == "majority class" else 0.98)
        for m, v in given.items()
        for i in (-1, 1)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "repeat", "macro_f1", "accuracy"])


BELOW = folds()
ABOVE = folds(**{"MLP, tuned": 0.5, "MLP, regularized": 0.65})
BLOCKS = pd.DataFrame(
    {"model": list(dict.fromkeys(BELOW["model"])), "macro_f1": np.linspace(0.1, 0.5, 9)}
)


def test_the_classification_outcome_takes_sides_by_the_scores():
    below = text(learning.classification_outcome(BELOW, BLOCKS))
    assert "**MLP, tuned**, has a macro-F1 of 0.600 (95 % interval 0.587 to 0.613), bel" in below
    assert "below random forest, physics" in below
    # The repetitions of both go up and down together, so that the difference is sure.
    assert "the two differ by −0.0400 (95 % interval −0.0400 to −0.0400)." in below
    assert "majority class has 0.164 and the rule oracle 0.660" in below
    assert "accuracy of 0.9800 stands beside the majority class's 0.9650" in below
    assert below.endswith("macro-F1 is 0.450.")
    above = text(learning.classification_outcome(ABOVE, BLOCKS))
    assert "**MLP, regularized**, has a macro-F1 of 0.650" in above
    assert "above random forest" in above
    assert above.endswith("macro-F1 is 0.500.")


def test_the_headline_of_the_classification_never_leaves_an_accuracy_alone():
    sentence = text(conclusions.headline_classification(BELOW))
    assert "best network (MLP, tuned) has a macro-F1 of 0.600; random forest, physics" in sentence
    assert "0.9800" in sentence and "failure already has 0.9650" in sentence
    assert "(MLP, regularized)" in conclusions.headline_classification(ABOVE)


def test_the_grids_favourite_shape():
    candidates = pd.DataFrame(
        {"hidden_sizes": [(64, 32), (64, 32), (16,)], "mean_test_score": [0.5, 0.2, 0.45]}
    )
    sentence = text(conclusions.architecture(candidates, "R²", "volatility"))
    assert "preferred 64-32 hidden units" in sentence and "16, reached" in sentence
    assert "lower by 0.0500" in sentence
    turned = candidates.assign(mean_test_score=[0.3, 0.2, 0.45])
    assert "preferred 16 hidden units" in conclusions.architecture(turned, "R²", "volatility")


def test_physics_may_help_the_one_and_harm_the_other():
    sentence = text(conclusions.physics(BELOW))
    assert "raised the macro-F1 from 0.530 to 0.640 (by 0.110) of a random forest" in sentence
    assert "raised the macro-F1 from 0.560 to 0.580" in sentence
    harmed = text(conclusions.physics(folds(**{"MLP, physics features": 0.5})))
    assert "lowered the macro-F1 from 0.560 to 0.500" in harmed


def test_folds_and_blocks_are_those_of_the_same_model():
    assert "of 0.600 over stratified folds and of 0.450 over" in conclusions.blocks(BELOW, BLOCKS)
    assert "of 0.650 over stratified folds and of 0.500 over" in conclusions.blocks(ABOVE, BLOCKS)


def test_accuracy_and_macro_f1_disagree_about_the_majority_class():
    sentence = text(conclusions.metrics_disagree(BELOW))
    assert "accuracy of 0.9650" in sentence and "macro-F1 of 0.164" in sentence


def test_overfitting_is_told_for_the_model_without_remedies():
    regression = Result({"scores": regularized(dropout=[0.3, 0.3, 0.3])})
    renamed = {f"{s}_r2": f"{s}_macro_f1" for s in ("train", "validation")}
    classification = Result({"scores": regularized(L2=[0.1] * 3).rename(columns=renamed)})
    sentence = text(conclusions.overfitting(regression, classification))
    assert "for volatility its R² is 0.700 on train and 0.510 on validation" in sentence
    assert "for failures its macro-F1 is 0.700 on train" in sentence


def test_tuning_is_measured_from_the_same_start():
    assert "tuning raised the test R² from 0.4900 to 0.5200" in conclusions.tuning_regression(WINS)
    assert "tuning lowered the test R² from 0.4900 to" in conclusions.tuning_regression(LOSES)
    tuned = text(conclusions.tuning_classification(BELOW))
    assert "raised the out-of-fold macro-F1 from 0.5800 to 0.6000" in tuned
    assert "lowered" in conclusions.tuning_classification(ABOVE)


@pytest.mark.parametrize(
    ("r2", "f1", "says"),
    [
        (0.54, 0.6, "first signal is nearly linear"),
        (0.7, 0.6, "Both signals bend"),
        (0.7, 0.41, "The first signal bends; in the second task a linear model"),
        (0.54, 0.41, "In both tasks a linear model is hard to beat"),
    ],
)
def test_the_tasks_are_compared_by_what_a_network_gains(r2, f1, says):
    mlps = {m: f1 for m in BELOW["model"] if m.startswith("MLP")}
    sentence = text(conclusions.tasks_compared(final(**{"MLP, regularized": r2}), folds(**mlps)))
    assert says in sentence
    gain = f"{r2 - 0.53:+.3f}".replace("-", "−")
    assert f"{gain} against ridge regression" in sentence


@pytest.fixture(scope="module")
def provenances():
    return load_nyse("embedded").provenance, load_maintenance("embedded").provenance


def test_the_data_in_use_are_named_with_their_rows_and_profile(provenances):
    sentence = text(conclusions.data_in_use(*provenances, PROFILES["quick"]))
    for used in provenances:
        assert f"{used.title} ({used.rows:,} rows)" in sentence
    assert "*quick*" in sentence and "*full*" not in sentence


def test_limits_follow_the_source_of_the_data(provenances):
    embedded = text(conclusions.limits(*provenances))
    assert "nothing here speaks for the NYSE" in embedded and "simulated anew" in embedded
    nyse, machines = provenances
    real = (replace(nyse, source="kaggle", is_nyse=True), replace(machines, is_real=True))
    from_kaggle = text(conclusions.limits(*real))
    assert "embedded default" not in from_kaggle and "simulated anew" not in from_kaggle


def renamed(scores):
    """Regularization scores of the regression as those of the classification."""
    return scores.rename(columns={f"{s}_r2": f"{s}_macro_f1" for s in ("train", "validation")})


def conclusions_of(r2, f1, grid, remedies, balancing, provenances):
    """What the setup cell of the conclusions makes, from results of one's own."""
    study = {
        "grid": Result({"candidates": grid}),
        "remedies": Result({"scores": remedies}),
        "remedies_f1": Result({"scores": renamed(remedies)}),
        "balancing": Result(dict(zip(["scores", "per_class"], balancing, strict=True))),
    }
    nyse, machines = provenances
    return {
        "say": conclusions,
        "volatility": Result({"scores": r2}),
        "failures": Result({"out_of_fold": f1, "blocks": BLOCKS}),
        "regression": SimpleNamespace(
            regression_grid=lambda: study["grid"], nyse=lambda: SimpleNamespace(provenance=nyse)
        ),
        "classification": SimpleNamespace(
            classification_grid=lambda: study["grid"],
            balancing=lambda: study["balancing"],
            maintenance=lambda: SimpleNamespace(provenance=machines),
        ),
        "regularization": SimpleNamespace(
            regression_regularization=lambda: study["remedies"],
            classification_regularization=lambda: study["remedies_f1"],
        ),
    }


def test_the_conclusions_say_something_else_of_other_results(provenances):
    """Every computed sentence of the chapter, from two sets of results that disagree."""
    chapter = (ROOT / "chapters/06-conclusions.qmd").read_text()
    expressions = re.findall(r"`\{python\} (.+?)`", chapter)
    assert len(expressions) >= 12
    grid = pd.DataFrame({"hidden_sizes": [(64, 32), (16,)], "mean_test_score": [0.5, 0.45]})
    nyse, machines = provenances
    real = (replace(nyse, source="kaggle", is_nyse=True), replace(machines, is_real=True))
    one = conclusions_of(
        WINS, BELOW, grid, regularized(dropout=[0.02, 0.01, 0.03]),
        balanced(none=0.55, SMOTE=0.6), real,
    )  # fmt: skip
    lower = regularized(dropout=[-0.02, -0.01, -0.03]).assign(train_r2=0.9)
    above = ABOVE.assign(macro_f1=ABOVE["macro_f1"] + 0.002, accuracy=0.97)
    other = conclusions_of(
        LOSES, above, grid[::-1].assign(mean_test_score=[0.7, 0.2]),
        lower, balanced(none=0.7), provenances,
    )  # fmt: skip
    for expression in expressions:
        first, second = (str(eval(expression, namespace)) for namespace in (one, other))
        assert first != second, expression
        assert "nan" not in first + second and len(first) > 20, expression
