"""The profiles: which one is chosen, and how large each makes the studies."""

import pytest
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid

from labkit.config import PROFILES, USUAL, profile_name
from labkit.failures import profile as failures
from labkit.failures.recipe import FIRST as FIRST_OF_FAILURES
from labkit.place import ROOT
from labkit.report.grids import search_space, with_first
from labkit.volatility import profile as volatility
from labkit.volatility.recipe import FIRST as FIRST_OF_VOLATILITY

AXES = {"hidden_sizes", "batch_size", "epochs"}
WINGS = [volatility.PROFILES, failures.PROFILES]


def test_the_environment_chooses_the_profile_and_full_is_the_default(monkeypatch):
    monkeypatch.delenv("LABKIT_PROFILE", raising=False)
    assert profile_name() == "full"
    monkeypatch.setenv("LABKIT_PROFILE", "")
    assert profile_name() == "full"
    monkeypatch.setenv("LABKIT_PROFILE", "quick")
    assert profile_name() == "quick"


def test_an_unknown_profile_names_itself_and_the_known_ones(monkeypatch):
    monkeypatch.setenv("LABKIT_PROFILE", "fast")
    with pytest.raises(ValueError, match="'fast'.*full, quick"):
        profile_name()


@pytest.mark.parametrize("profiles", WINGS, ids=["volatility", "failures"])
def test_each_wing_has_every_profile_under_its_name(profiles):
    assert list(profiles) == list(PROFILES)
    assert all(profile.name == name for name, profile in profiles.items())
    assert len({profile.seed for profile in profiles.values()}) == 1


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("profiles", WINGS, ids=["volatility", "failures"])
def test_a_grid_spans_the_axes_of_the_brief(profiles, name):
    profile = profiles[name]
    assert set(profile.grid) == AXES
    assert set(profile.learning_rates) == {"sgd", "adam", "rmsprop"}
    assert len({len(sizes) for sizes in profile.grid["hidden_sizes"]}) > 1, "layers do not vary"
    for axis, values in profile.grid.items():
        assert len(set(values)) > 1, f"{axis} does not vary"
    assert any(len(set(rates)) > 1 for rates in profile.learning_rates.values())


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("wing", ["volatility", "failures"])
def test_the_first_model_is_a_candidate_once(wing, name):
    """As it stands in the book: a first model that is changed is still inside."""
    profile, first = {
        "volatility": (volatility.PROFILES[name], FIRST_OF_VOLATILITY),
        "failures": (failures.PROFILES[name], FIRST_OF_FAILURES),
    }[wing]
    for changes in ({}, {"optimizer": "adamw", "batch_size": 77, "hidden_sizes": (5,)}):
        model = clone(first).set_params(epochs=profile.epochs, **changes)
        space = search_space(profile.learning_rates, profile.grid)
        points = list(ParameterGrid(with_first(space, model)))
        own = {axis: model.get_params()[axis] for axis in points[0]}
        assert points.count(own) == 1
        assert {"learning_rate", "optimizer", *AXES} == set(own)


@pytest.mark.parametrize("profile", [volatility.PROFILES["full"], failures.PROFILES["full"]])
def test_where_the_book_is_meant_to_be_read_axes_of_numbers_have_an_inside(profile):
    rates = profile.learning_rates.values()
    for values in (*profile.grid.values(), *rates):
        assert len(set(values)) >= 3


@pytest.mark.parametrize("profiles", WINGS, ids=["volatility", "failures"])
def test_quick_is_smaller_than_full_in_every_number(profiles):
    full, quick = (vars(profiles[name]) for name in ("full", "quick"))
    sizes = [name for name, value in full.items() if isinstance(value, int) and name != "seed"]
    assert len(sizes) >= 5
    for size in sizes:
        assert quick[size] < full[size], size
    assert quick["n_seeds"] >= 2, "an interval needs two"


@pytest.mark.parametrize("profiles", WINGS, ids=["volatility", "failures"])
def test_thorough_is_more_of_the_same(profiles):
    full, thorough = (vars(profiles[name]) for name in ("full", "thorough"))
    more = {name for name in full if full[name] != thorough[name]} - {"name"}
    assert "n_seeds" in more
    assert all(thorough[name] > full[name] for name in more)


def test_every_profile_but_the_usual_one_has_its_file_for_quarto():
    for name in set(PROFILES) - {USUAL}:
        assert f"LABKIT_PROFILE={name}" in (ROOT / f"_environment-{name}").read_text()


def test_the_root_is_the_folder_of_the_book():
    assert (ROOT / "_quarto.yml").is_file()
