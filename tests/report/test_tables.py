"""The tables that both studies have."""

import numpy as np
import pandas as pd
import pytest
from made_up import ablated, cells, judged, regularized, searched

from labkit.config import PROFILES
from labkit.report import tables


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
    facts = ablated(profile=profile, nothing=0.6, width=0.5)
    first = next(iter(cells(tables.ablation(facts, "F1"))[0]))
    expected = "Left out" if profile == "full" else f"Left out (profile {profile})"
    assert first == expected


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


def test_verdicts_on_several_models_stand_below_each_other():
    epochs = np.arange(1, 31)
    train = 0.3 + 0.6 * 0.7**epochs
    own = {"first": judged(train + 0.005 * epochs), "tuned": judged(train)}
    first, tuned = cells(tables.curve_verdicts(regularized(), own))
    assert (first["Model"], first["Fit"]) == ("first", "overfits")
    assert first["Lowest loss at epoch"] == f"{own['first'].best_epoch} of 30"
    assert first["Rise"] == f"{own['first'].rise:.1%}"
    assert (tuned["Model"], tuned["Fit"], tuned["Convergence"]) == ("tuned", "fits", "converged")


def test_every_axis_of_a_grid_has_its_values_and_every_optimizer_its_rates():
    by_axis = {row["Axis"]: row for row in cells(tables.axes(searched()))}
    assert by_axis["learning rate with Adam"]["Values tried"] == "0.001"
    assert by_axis["batch size"] == {
        "Axis": "batch size", "Values tried": "64 and 1024", "Number": "2",
    }  # fmt: skip
    assert by_axis["hidden sizes"]["Values tried"] == "16 and 64-32"
    assert "optimizer" not in by_axis and "learning rate" not in by_axis
    assert by_axis["learning rate with SGD (momentum 0.9)"]["Values tried"] == "0.01"
