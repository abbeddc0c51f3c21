"""The tables that both studies have."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import CONSTANT, ablated, balanced, cells, judged, regularized, searched

from labkit.config import PROFILES
from labkit.failures import balancing
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
    first = next(iter(cells(tables.regularization(facts, "R²"))[0]))
    expected = "Regularization" if profile == "full" else f"Regularization (profile {profile})"
    assert first == expected


def test_regularizations_show_gap_and_spread_and_the_best_in_bold():
    facts = regularized(dropout=[0.04, 0.04, 0.04])
    none, _, dropout = cells(tables.regularization(facts, "R²"))
    assert none["R², validation"] == "0.510 ± 0.010" and none["Gap"] == "0.190"
    assert dropout["R², validation"] == "**0.550 ± 0.010**" and dropout["Gap"] == "0.110"
    # Paired by seed the gain is 0.04 at each: what the seeds share does not widen its interval.
    assert none["Gain [95 %]"] == "–" and dropout["Gain [95 %]"] == "+0.040 [+0.040, +0.040]"


def test_an_ablation_shows_what_is_lost_without_each_part():
    facts = ablated(nothing=0.6, width=0.55, averaged=None)
    whole, width = cells(tables.ablation(facts, "F1"))
    assert whole == {
        "Left out": "nothing", "F1": "0.600 ± 0.007", "Difference [95 %]": "–", "The part": "–",
    }  # fmt: skip
    assert width["Difference [95 %]"] == "−0.050 [−0.051, −0.049]"
    assert width["The part"] == "helps"


def test_balancing_leaves_the_sound_class_out_of_the_failures_means():
    made = cells(balancing.shown(balanced(SMOTE=0.6)))
    by_name = {row["Strategy"]: row for row in made}
    assert by_name["none"]["Failures, recall"] == "0.400"
    assert by_name["SMOTE"]["Failures, recall"] == "**0.800**"
    assert {row["Failures, precision"] for row in made} == {"**0.300**"}
    assert [row["Strategy"] for row in made if row["Macro-F1"].startswith("**")] == ["SMOTE"]


def test_remedies_say_what_they_change():
    by_name = {row["Regularization"]: row["Changes"] for row in cells(tables.remedies())}
    assert by_name["none"] == "nothing" and by_name["dropout"] == "`dropout=0.2`"


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
    assert fits["Best epoch"] == "30 of 30" and fits["Rise"] == "0.0%"
    assert overfits["Rise"] == f"{verdicts[1].rise:.1%}"
    assert diverged["Convergence"] == "diverged" and diverged["Rise"] == "–"


def test_a_verdict_says_how_many_seeds_share_it():
    facts = regularized()
    some = facts.verdicts.assign(fit="overfits", fit_seeds=2, seeds=3, best_epoch=4.5, epochs=9.0)
    row = cells(tables.verdicts(replace(facts, verdicts=some)))[0]
    assert row["Fit"] == "overfits (2 of 3)" and row["Best epoch"] == "4.5 of 9"
    assert row["Convergence"] == facts.verdicts["convergence"][0], "where all agree"
