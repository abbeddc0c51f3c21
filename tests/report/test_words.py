"""Sentences that both studies say: two results, two sentences, both true."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import (
    CONSTANT,
    EPOCHS,
    ablated,
    judged,
    searched,
    text,
)

from labkit.report import ablations, words
from labkit.report.curves import verdicts_over_seeds
from labkit.report.intervals import Interval

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
    sentence = text(words.verdict(verdict, "The MLP"))
    assert sentence.startswith("The MLP **")
    assert all(part in sentence for part in says)
    assert not any(part in sentence for part in never)


def test_a_verdict_names_the_set_it_was_judged_on():
    sentence = text(words.verdict(judged(FITS_ON_TEST, held_out="test"), "It", "test"))
    assert "the test loss" in sentence and "validation" not in sentence


FITS_ON_TEST = 0.33 + 0.6 * 0.7**EPOCHS


def test_one_epoch_gets_no_word_on_convergence_or_noise():
    unknown = text(words.verdict(judged([0.5]), "The MLP"))
    assert unknown == (
        "The MLP was trained for one epoch, which does not tell whether it **fits**. At epoch 1 "
        "the training loss is 0.7200 and the validation loss 0.5000."
    )
    parted = text(words.verdict(judged([0.8], [0.2]), "The MLP"))
    assert parted.startswith("The MLP **overfits**") and parted.endswith("what there was to learn.")
    for sentence in (unknown, parted):
        assert "converged" not in sentence and "stable" not in sentence
    assert text(words.verdict_in_short(judged([0.8], [0.2]), "It")) == (
        "It overfits after its only epoch"
    )
    assert "does not tell" in words.verdict_in_short(judged([0.5]), "It")


def test_a_second_descent_is_told():
    held = np.interp(EPOCHS, [1, 10, 18, 22], [0.9, 0.5, 0.6, 0.4])
    sentence = text(words.verdict(judged(held, 0.9 * 0.8**EPOCHS), "The MLP"))
    assert "overfits" not in sentence and "after it had turned up" in sentence


def test_a_verdict_in_short():
    assert text(words.verdict_in_short(RISES, "The first")) == (
        f"The first overfits and has converged; its held-out loss was lowest at epoch "
        f"{RISES.best_epoch} of 30"
    )
    assert text(words.verdict_in_short(BROKEN, "The first")) == "The first diverged"


def run(name, seed, held):
    """The curves of one seed; its training loss falls smoothly."""
    epochs = np.arange(1, len(held) + 1)
    train = 0.3 + 0.6 * 0.7**epochs
    return pd.DataFrame({"regularization": name, "seed": seed, "epoch": epochs,
                         "train_loss": train, "validation_loss": held})  # fmt: skip


def verdicts_of(*runs):
    """The one row of the verdicts on a variant whose seeds had these held-out losses."""
    curves = pd.concat([run("dropout", seed, held) for seed, held in enumerate(runs)])
    made = verdicts_over_seeds(curves, pd.DataFrame([CONSTANT]), "regularization")
    assert list(made["regularization"]) == ["dropout"]
    return made.iloc[0]


GOOD, UP = 0.33 + 0.6 * 0.7**EPOCHS, 0.33 + 0.6 * 0.7**EPOCHS + 0.03 * EPOCHS


def test_each_seed_is_judged_by_itself_and_most_of_them_decide():
    row = verdicts_of(GOOD, UP, GOOD)
    assert (row["fit"], row["fit_seeds"], row["seeds"]) == ("fits", 2, 3)
    assert (row["convergence"], row["convergence_seeds"]) == ("converged", 3)
    assert row["rise"] == 0, "the median"
    assert verdicts_of(GOOD, UP, UP)["fit"] == "overfits"


def test_of_equally_many_seeds_the_worst_decide():
    row = verdicts_of(GOOD, UP)
    assert (row["fit"], row["fit_seeds"]) == ("overfits", 1)


def test_seeds_that_overfit_at_different_times_do_not_hide_each_other():
    """One early, one late: the mean of the two turns up by less than either."""
    early = np.r_[np.linspace(0.8, 0.4, 5), np.linspace(0.4, 0.6, 25)]
    late = np.r_[np.linspace(0.8, 0.4, 25), np.linspace(0.4, 0.6, 5)]
    row = verdicts_of(early, late)
    assert (row["fit"], row["fit_seeds"]) == ("overfits", 2)


def test_a_seed_that_stopped_early_is_judged_on_the_epochs_it_had():
    row = verdicts_of(GOOD, UP[:9], UP[:9])
    assert row["epochs"] == 9 and row["fit"] == "overfits"


def test_the_winner_of_a_grid_is_named_with_its_parameters():
    grid = searched(scores=(0.1, 0.5123, 0.2))
    assert text(words.best_candidate(grid, "R²")) == (
        "SGD (momentum 0.9) with a learning rate of 0.01, hidden layers of 64-32 units, batches of "
        "64 and 2 epochs, with a mean R² of 0.5123 over 3 fresh folds (standard deviation 0.0100)"
    )
    assert text(words.best_candidate(searched(scores=(0.1, 0.2, 0.5)), "R²")).startswith("RMSprop")
    brief = searched(scores=(0.1, 0.5, 0.2), epochs=[8, 1, 2])
    assert "batches of 64 and 1 epoch, with" in words.best_candidate(brief, "R²")


def test_an_axis_added_to_the_grid_is_named_too():
    grid = searched(weight_decay=[0.1, 0.0, 0.2])
    assert "of 0.001, a weight decay of 0.1, hidden layers of" in words.best_candidate(grid, "R²")


def test_the_axis_that_matters_most_is_the_one_with_the_widest_spread():
    """An axis with one value was not tried: nothing is known about it."""
    grid = searched(hidden=[(8,), (8,), (8,)], scores=(0.52, 0.4, 0.51), dropout=[0.0, 0.0, 0.1])
    sentence = text(words.widest_axis(grid))
    assert (
        "most is the optimizer: between its values the best score of the search differs by 0.1200"
        in sentence
    )
    assert "least is the batch size, with 0.0100" in sentence
    assert "hidden sizes" not in sentence


def test_a_choice_at_the_edges_of_a_grid_is_said_to_be_there():
    """By hand: all of one optimizer, 0.005 lies between 0.001 and 0.01; batches have two values."""
    one_optimizer = {"optimizer": ["adam"] * 3}
    inside = text(words.grid_limits(searched(scores=(0.3, 0.2, 0.45), **one_optimizer)))
    assert inside.startswith(
        "The choice has an outermost value of the batch size (smallest) and the epochs (smallest): "
        "better"
    )
    at_edge = text(words.grid_limits(searched(**one_optimizer)))
    assert (
        "of the learning rate (smallest), the batch size (largest) and the epochs (largest)"
        in at_edge
    )
    one_value = {"batch_size": [64] * 3, "epochs": [2] * 3, "batch_norm": [True, False, True]}
    same = searched(scores=(0.3, 0.2, 0.45), **one_optimizer, **one_value)
    assert "On no axis of numbers does the choice have an outermost" in text(
        words.grid_limits(same)
    )


def test_a_rate_is_at_the_edge_of_those_tried_with_its_optimizer():
    """By hand: of SGD's rates 0.01 is the largest; that Adam has a larger one is no matter."""
    rates = {"learning_rate": [0.01, 0.001, 0.1], "epochs": [2] * 3, "batch_size": [64] * 3}
    by_optimizer = searched(optimizer=["sgd", "sgd", "adam"], **rates)
    assert by_optimizer.edges == {"learning_rate": "largest"}
    assert searched(optimizer=["sgd"] * 3, **rates).edges == {}
    assert searched(**rates).edges == {}, "one rate of SGD has no edge"


def test_the_edges_are_those_of_the_choice_on_fresh_folds_and_not_of_the_searchs_winner():
    grid = searched(optimizer=["adam"] * 3, fresh=[0.1, 0.5, 0.2])
    assert grid.parameters["learning_rate"] == 0.005
    assert "learning_rate" not in grid.edges


def test_spreads_within_the_noise_of_the_folds_are_said_to_be():
    """The folds' standard deviation is 0.01: batches of 1024 against 64 differ by 0.005."""
    sentence = text(words.grid_limits(searched(scores=(0.5, 0.2, 0.495))))
    assert "(0.0100), and so perhaps chance, are the spreads of hidden sizes (0.0050), " in sentence
    assert "batch size (0.0050) and epochs (0.0050)." in sentence
    wide = text(words.grid_limits(searched(scores=(0.5, 0.2, 0.45))))
    assert wide.endswith("The spread of every axis is wider than the standard deviation of the "
                         "search's winner over the folds (0.0100).")  # fmt: skip


def test_rates_are_named_with_their_optimizer_and_sgd_with_its_momentum():
    grid = searched(optimizer=["adam", "sgd", "sgd"])
    assert text(words.rates_tried(grid)) == "Adam at 0.001 and SGD (momentum 0.9) at 0.005 and 0.01"


@pytest.mark.parametrize(("floor", "n"), [(0.1, "Every"), (0.2, "1 of the 3"), (0.44999, "2 of")])
def test_candidates_that_learned_nothing_are_counted(floor, n):
    """The scores are 0.5, 0.45 and 0.2; a thousandth more than nothing is nothing."""
    assert text(words.idle_candidates(searched(floor=floor), "R²")).startswith(n)


def test_what_the_winner_owes_to_luck_is_measured_beside_the_first_model():
    """By hand: 0.5, 0.45 and 0.2 in the search, the last the first model's."""
    cursed = text(words.winners_curse(searched(fresh=[0.4, 0.44, 0.21]), "R²"))
    assert cursed.startswith(
        "The winner of the search had a mean R² of 0.5000 on the folds that it won on, and has "
        "0.4000 on fresh ones (−0.1000); the first model, which no score had picked, went from "
        "0.2000 to 0.2100 (+0.0100). That is the *winner's curse*: the best of 3 noisy means"
    )
    assert cursed.endswith("again; for 2 of the 3 best of the search the change was worse than for "
                           "the first model.")  # fmt: skip
    easier = text(words.winners_curse(searched(fresh=[0.6, 0.48, 0.25]), "R²"))
    assert "no clear sign here: for 1 of the 3 best" in easier
    alone = text(words.winners_curse(searched(fresh=[0.4, 0.46, 0.21]), "R²"))
    assert "no clear sign here: for 1 of the 3 best" in alone, (
        "the winner, but not most of the best"
    )
    itself = text(words.winners_curse(searched(fresh=[0.4, 0.44, 0.21], first=0), "R²"))
    assert itself.endswith("(−0.1000); it is the first model itself.")


@pytest.mark.parametrize(
    ("fresh", "says"),
    [
        ([0.4, 0.44, 0.21], "is place 2 of the search: ahead of the untuned first model there "
         "(difference +0.2300, 95 % interval +0.2300 to +0.2300). Tuning has paid. As the best"),
        ([0.5, 0.45, 0.2], "is the search's winner: ahead of"),
        ([0.1, 0.1, 0.2], "On the fresh folds the first model has the highest mean of the 3, and "
         "stays"),
    ],
)  # fmt: skip
def test_what_was_chosen_is_said_beside_the_first_model(fresh, says):
    assert says in text(words.choice(searched(fresh=fresh)))


def test_a_choice_whose_lead_may_be_chance_has_not_shown_that_tuning_pays():
    grid = searched(fresh=[0.4, 0.44, 0.21])
    wide = grid.confirmation.finalists.assign(low=-0.1, high=0.3)
    sentence = words.choice(replace(grid, confirmation=replace(grid.confirmation, finalists=wide)))
    assert "level with the untuned" in sentence and "has not been shown" in sentence


@pytest.mark.parametrize(
    ("lead", "says"),
    [
        ((0.1, 0.05, 0.2), "ahead of"),
        ((0.1, -0.1, 0.3), "level with"),
        ((-0.1, -0.2, -0.05), "behind"),
    ],
)
def test_a_lead_is_one_where_its_interval_excludes_zero(lead, says):
    assert words.standing(Interval(*lead)) == says


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
    assert text(words.change(before, after, "F1")) == says


def test_an_ablation_names_what_helps_hurts_is_idle_and_what_cannot_be_told():
    facts = ablated(nothing=0.6, width=0.5, depth=0.58, rest=0.6, more=0.65, both=0.62,
                    averaged="both")  # fmt: skip
    assert text(words.ablation(facts, "F1")) == (
        "The part worth most is width: without it the F1 falls by 0.100 (95 % interval 0.099 to "
        "0.101). By the 95 % intervals, width and depth help; more hurts; rest is idle, worth less "
        "than 0.005 either way. Averaging seeds changes it by +0.020 (95 % interval +0.019 to "
        "+0.021)."
    )
    worse = text(words.ablation(ablated(nothing=0.6, width=0.7), "F1"))
    assert worse == "No part alone raises the F1. By the 95 % intervals, width hurts."


def test_where_the_interval_is_wide_the_sign_says_nothing():
    facts = ablated(nothing=0.6, width=0.59, rest=0.61, margin=0.03)
    assert facts.parts["cannot tell"] == ("width", "rest") and not facts.parts["idle"]
    assert text(words.ablation(facts, "F1")).endswith(
        "By the 95 % intervals, of width and rest the data cannot tell."
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.001, 0.002, "helps"),
        (-0.002, -0.001, "hurts"),
        (-0.004, 0.004, "idle"),
        (0.0, 0.0, "idle"),
        (-0.006, 0.001, "cannot tell"),
        (-0.001, 0.006, "cannot tell"),
        (np.nan, np.nan, "cannot tell"),
    ],
)
def test_the_verdict_on_a_part_is_that_of_its_interval(low, high, verdict):
    assert ablations.Part("width", Interval((low + high) / 2, low, high)).verdict == verdict


def test_the_second_quantity_is_read_beside_the_loss_and_the_test_curve_by_its_course():
    history = pd.DataFrame({"epoch": [1, 2, 3], "validation_loss": [0.5, 0.6, 0.7]})
    history["test_loss"] = [0.52, 0.5, 0.65]
    for name, values in {
        "train": [0.6, 0.7],
        "validation": [0.61, 0.59],
        "test": [0.5, 0.5],
    }.items():
        history[f"{name}_accuracy"] = [values[0], 0.0, values[1]]
    told = text(words.accuracies(history, "directional accuracy"))
    assert "from 0.600 to 0.700 on train, from 0.610 to 0.590 on validation and from" in told
    assert "shows on its own rows only" in told
    assert "goes from 0.5200 to 0.6500, and ends 0.0500 below that of validation" in told
    history["validation_accuracy"] = [0.6, 0, 0.65]
    assert "helps on other rows too" in text(words.accuracies(history, "accuracy"))
    history["train_accuracy"] = [0.6, 0, 0.6]
    assert "not called better" in text(words.accuracies(history, "accuracy"))
    one = text(words.accuracies(history.iloc[[2]], "accuracy"))
    assert one == (
        "After its one epoch the accuracy is 0.600 on train, 0.650 on validation and 0.500 on test."
    )
