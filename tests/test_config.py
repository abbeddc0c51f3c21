"""The profiles: which one is chosen, and how large each makes the studies."""

import pytest

from labkit.config import PROFILES, USUAL, profile_name
from labkit.failures import profile as failures
from labkit.place import ROOT
from labkit.volatility import profile as volatility

AXES = {"learning_rate", "optimizer", "hidden_sizes", "batch_size", "epochs"}
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
    grid = profiles[name].grid
    assert set(grid) == AXES
    assert {"sgd", "adam", "rmsprop"} <= set(grid["optimizer"])
    assert len({len(sizes) for sizes in grid["hidden_sizes"]}) > 1, "layers do not vary"
    for axis in ("learning_rate", "epochs"):
        assert len(set(grid[axis])) > 1, f"{axis} does not vary"


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
