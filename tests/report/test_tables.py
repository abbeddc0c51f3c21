"""The tables that both studies have."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import CONSTANT, ablated, cells, judged, judged_remedies, regularized, searched

from labkit.config import PROFILES
from labkit.report import tables
from labkit.report.curves import verdicts_over_seeds


def test_the_grid_shows_the_candidates_in_order_and_the_best_in_bold():
    grid = searched(scores=(0.52, 0.2, 0.5))
    first, second, third = cells(tables.grid(grid, "R²"))
    assert (first["Neurons"], first["Layers"], first["Batch"]) == ("64-32", "2", "1,024")
    assert (first["Learning rate"], second["Learning rate"]) == ("0.001", "0.005")
    assert (first["R²"], second["R²"], third["R²"]) == ("**0.5200**", "0.5000", "0.2000")
    assert len(cells(tables.grid(grid, "R²", n=2))) == 2


def test_an_axis_added_to_the_grid_has_its_column():
    first, *_ = cells(tables.grid(searched(weight_decay=[0.1, 0.0, 0.2]), "R²"))
    assert first["Weight decay"] == "0.100"


def test_finalists_stand_with_their_place_in_the_search_and_their_lead_over_the_first_model():
    """By hand: 0.5, 0.45 and 0.2 in the search; the last is the first model."""
    grid = searched(fresh=[0.4, 0.44, 0.21])
    ridge = pd.DataFrame({"model": ["ridge"], "search": 0.46, "fresh": 0.47, "change": 0.01})
    second, winner, first, reference = cells(tables.finalists(grid, "R²", ridge))
    assert second["Candidate"] == "place 2" and second["R², fresh"] == "0.4400"
    assert second["Lead [95 %]"] == "+0.230 [+0.230, +0.230]"
    assert winner["Candidate"] == "place 1" and winner["R², search"] == "**0.5000**"
    assert (winner["Change"], winner["± sd"]) == ("−0.1000", "0.0100")
    assert first["Candidate"] == "first model (place 3 of 3)"
    assert first["Lead [95 %]"] == "–"
    assert (reference["Candidate"], reference["R², fresh"]) == ("ridge", "**0.4700**")
    assert reference["± sd"] == reference["Lead [95 %]"] == "–"
    assert len(cells(tables.finalists(grid, "R²"))) == 3


@pytest.mark.parametrize("profile", PROFILES)
def test_a_table_of_a_study_names_its_profile_unless_it_is_the_usual_one(profile):
    facts = regularized(profile=profile, L2=[0.1] * 3)
    first = next(iter(cells(tables.regularization(facts, "loss", "R²"))[0]))
    expected = "Remedy" if profile == "full" else f"Remedy (profile {profile})"
    assert first == expected


def test_remedies_show_their_dose_gap_and_epochs_and_the_best_in_bold():
    facts = regularized(dropout=[0.04, 0.04, 0.04])
    none, stopped, dropout = cells(tables.regularization(facts, "loss", "R²"))
    assert none["R², valid."] == "0.490 ± 0.010" and none["Gap"] == "0.210"
    assert none["Dose"] == stopped["Dose"] == "–" and dropout["Dose"] == "0.1"
    assert none["Loss, valid."] == "0.510" and dropout["Loss, valid."] == "**0.470**"
    assert (none["Stops after"], none["Keeps epoch"]) == ("10", "10")
    assert (stopped["Stops after"], stopped["Keeps epoch"]) == ("8", "3")


def test_judged_remedies_stand_before_and_after_with_what_they_gain():
    facts = judged_remedies(("cross-entropy", "macro-F1"), dropout=0.02, L2=-0.03)
    rows = cells(tables.judged_remedies(facts))
    assert [row["Measure"] for row in rows] == ["cross-entropy"] * 2 + ["macro-F1"] * 2
    assert rows[1]["Remedy"] == "L2" and rows[1]["Before"] == "0.500"
    assert rows[1]["After"] == "0.470" and rows[1]["Gain [95 %]"] == "−0.030 [−0.040, −0.020]"
    assert rows[1]["p, after Holm"] == "0.002"


def test_an_ablation_shows_what_is_lost_without_each_part():
    facts = ablated(nothing=0.6, width=0.55, averaged=None)
    whole, width = cells(tables.ablation(facts, "F1"))
    assert whole == {
        "Left out": "nothing", "F1": "0.600 ± 0.007", "Difference [95 %]": "–", "The part": "–",
    }  # fmt: skip
    assert width["Difference [95 %]"] == "−0.050 [−0.051, −0.049]"
    assert width["The part"] == "helps"


def test_remedies_say_what_they_change_and_at_which_doses():
    by_name = {row["Remedy"]: row for row in cells(tables.remedies())}
    assert by_name["none"]["Parameters"] == "nothing" and by_name["none"]["Doses"] == "–"
    assert by_name["dropout"]["Parameters"] == "`dropout`"
    assert by_name["dropout"]["Doses"].startswith("0.1; 0.2; ")
    assert by_name["early stopping"]["Parameters"] == "`patience=10`"
    together = by_name["all together"]
    parameters = "`dropout`, `weight_decay`, `batch_norm=True`, `patience=10`"
    assert together["Parameters"] == parameters
    assert together["Doses"].startswith("0.1, 0.0001; ")


def test_verdicts_keep_their_words_and_figures():
    epochs = np.arange(1, 31)
    train = 0.3 + 0.6 * 0.7**epochs
    held_out = (train + 0.02, train + 0.02 + 0.005 * epochs, train * np.nan)
    verdicts = [judged(loss) for loss in held_out]
    curves = [
        pd.DataFrame({"name": name, "seed": 0, "epoch": epochs, "train_loss": train,
                      "validation_loss": loss})
        for name, loss in zip("abc", held_out, strict=True)
    ]  # fmt: skip
    found = verdicts_over_seeds(pd.concat(curves), pd.DataFrame([CONSTANT]), "name")
    facts = replace(regularized(), verdicts=found.rename(columns={"name": "regularization"}))
    fits, overfits, diverged = cells(tables.verdicts(facts))
    assert (fits["Fit"], overfits["Fit"]) == ("fits", "overfits")
    assert fits["Lowest loss at epoch"] == "30 of 30" and fits["Rise"] == "0.0%"
    assert overfits["Rise"] == f"{verdicts[1].rise:.1%}"
    assert diverged["Convergence"] == "diverged" and diverged["Rise"] == "–"


def test_a_verdict_says_how_many_seeds_share_it():
    facts = regularized()
    some = facts.verdicts.assign(fit="overfits", fit_seeds=2, seeds=3, best_epoch=4.5, epochs=9.0)
    row = cells(tables.verdicts(replace(facts, verdicts=some)))[0]
    assert row["Fit"] == "overfits (2 of 3)" and row["Lowest loss at epoch"] == "4.5 of 9"
    assert row["Convergence"] == facts.verdicts["convergence"][0], "where all agree"


def test_verdicts_on_several_models_stand_below_each_other():
    epochs = np.arange(1, 31)
    train = 0.3 + 0.6 * 0.7**epochs
    own = {"first": judged(train + 0.005 * epochs), "tuned": judged(train)}
    first, tuned = cells(tables.curve_verdicts(regularized(), own))
    assert (first["Model"], first["Fit"]) == ("first", "overfits")
    assert first["Lowest loss at epoch"] == f"{own['first'].best_epoch} of 30"
    assert first["Rise"] == f"{own['first'].rise:.1%}"
    assert (tuned["Model"], tuned["Fit"], tuned["Convergence"]) == ("tuned", "fits", "converged")
