"""The profiles."""

import pytest

from labkit.config import PROFILES, ROOT, profile

AXES = {"learning_rate", "optimizer", "hidden_sizes", "batch_size", "epochs"}


def test_the_environment_chooses_the_profile_and_full_is_the_default(monkeypatch):
    monkeypatch.delenv("LABKIT_PROFILE", raising=False)
    assert profile().name == "full"
    monkeypatch.setenv("LABKIT_PROFILE", "")
    assert profile().name == "full"
    monkeypatch.setenv("LABKIT_PROFILE", "quick")
    assert profile().name == "quick"


def test_an_unknown_profile_names_itself_and_the_known_ones(monkeypatch):
    monkeypatch.setenv("LABKIT_PROFILE", "fast")
    with pytest.raises(ValueError, match="'fast'.*full, quick"):
        profile()


@pytest.mark.parametrize("name", PROFILES)
def test_a_grid_spans_the_axes_of_the_brief(name):
    used = PROFILES[name]
    assert used.name == name
    for grid in (used.regression_grid, used.classification_grid):
        assert set(grid) == AXES
        assert {"sgd", "adam", "rmsprop"} <= set(grid["optimizer"])
        assert len({len(sizes) for sizes in grid["hidden_sizes"]}) > 1, "layers do not vary"
        for axis in ("learning_rate", "epochs"):
            assert len(set(grid[axis])) > 1, f"{axis} does not vary"


def test_quick_is_smaller_than_full_in_everything_that_costs_time():
    full, quick = PROFILES["full"], PROFILES["quick"]
    for size in (
        "search_symbols",
        "regression_folds",
        "classification_folds",
        "regression_epochs",
        "classification_epochs",
        "n_seeds",
        "forest_trees",
        "bootstrap",
    ):
        assert getattr(quick, size) < getattr(full, size)
    assert quick.n_seeds >= 2, "an interval needs two"


def test_thorough_is_more_of_the_same():
    full, thorough = vars(PROFILES["full"]), vars(PROFILES["thorough"])
    more = {name for name in full if full[name] != thorough[name]} - {"name"}
    assert {"recipe_epochs", "ensemble", "n_seeds", "n_repeats", "ceiling_rows"} <= more
    for name in more - {"ceiling_rows"}:
        assert thorough[name] > full[name]
    assert max(thorough["ceiling_rows"]) == 100_000


def test_every_profile_but_the_usual_one_has_its_file_for_quarto():
    for name in PROFILES.keys() - {"full"}:
        assert f"LABKIT_PROFILE={name}" in (ROOT / f"_environment-{name}").read_text()


def test_the_root_is_the_folder_of_the_book():
    assert (ROOT / "_quarto.yml").is_file()
