"""Tables of both studies side by side, and of the reproducibility appendix."""

import pytest
from made_up import cells, failures_final, regularized, volatility_final

from labkit.both import reproducibility, tables
from labkit.config import PROFILES
from labkit.failures.data import load_maintenance
from labkit.failures.profile import PROFILES as FAILURE_PROFILES
from labkit.nets import diagnostics
from labkit.report import results
from labkit.report.facts import Facts
from labkit.report.results import Study
from labkit.volatility.data import load_nyse
from labkit.volatility.profile import PROFILES as VOLATILITY_PROFILES


def test_the_summary_bolds_the_best_of_each_task():
    made = cells(tables.summary(volatility_final(), failures_final()))
    bold = [(row["Task"], row["Model"]) for row in made if row["Score"].startswith("**")]
    assert bold == [("volatility", "MLP, regularized"), ("failures", "rule oracle")]
    assert {row["Accuracy"] for row in made if row["Task"] == "volatility"} == {"–"}


def test_tasks_are_compared_by_their_own_measures():
    first, second = cells(tables.tasks(regularized(dropout=[0.04] * 3), regularized(L2=[-0.1] * 3)))
    assert (first["Measure"], second["Measure"]) == ("R²", "macro-F1")
    assert first["Best remedy"] == "dropout" and first["Validation with it"] == "0.530"
    assert second["Best remedy"] != "none", "a remedy that is none would cure nothing"
    assert first["Epoch that early stopping keeps"] == "3"


def test_provenance_shows_each_file_with_its_hash():
    sources = [load_nyse("embedded").provenance, load_maintenance("embedded").provenance]
    made = cells(reproducibility.provenance(*sources))
    files = [file for source in sources for file in source.files]
    assert [row["SHA-256"].strip("`") for row in made] == [file.sha256[:12] for file in files]
    assert [row["Rows"] for row in made] == [f"{file.rows:,}" for file in files]


def test_versions_name_each_package_of_the_lab():
    shown = {row["What"]: row["Version"] for row in cells(reproducibility.versions())}
    assert set(reproducibility.PACKAGES) <= set(shown)
    assert shown["torch"].startswith("2.") and shown["Python"].startswith("3.")


@pytest.mark.parametrize("name", PROFILES)
def test_the_profiles_of_both_wings_are_shown_whole(name):
    used = {"volatility": VOLATILITY_PROFILES[name], "failures": FAILURE_PROFILES[name]}
    made = cells(reproducibility.profiles(*used.values()))
    for wing, profile in used.items():
        shown = {row["Setting"]: row["Value"] for row in made if row["Studies"] == wing}
        assert shown["name"] == name
        grids = [value for value in vars(profile).values() if isinstance(value, dict)]
        assert len(shown) == len(vars(profile)) - len(grids) + sum(map(len, grids))
        assert shown["grid, optimizer"] == "sgd, adam, rmsprop"
        shapes = ["-".join(map(str, sizes)) for sizes in profile.grid["hidden_sizes"]]
        assert shown["grid, hidden sizes"] == ", ".join(shapes)


def test_a_study_that_nobody_listed_is_among_the_timings(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)

    def a_study_of_my_own() -> Facts:
        return Facts(profile="quick")

    Study("of-my-own", a_study_of_my_own)()
    (row,) = cells(reproducibility.timings())
    assert row["Study"] == "`of-my-own`" and "a_study_of_my_own" in row["Made by"]
    assert row["Profile"] == "quick" and row["Seconds"] == "0.0"


def test_the_rules_shown_are_the_rules_used():
    shown = [row["Limit"] for row in cells(reproducibility.verdict_rules())]
    limits = ("RISE", "GAP", "IMPROVEMENT", "NOISE")
    assert shown == [f"{getattr(diagnostics, name):.0%}" for name in limits]
