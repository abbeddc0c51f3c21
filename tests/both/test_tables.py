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


def test_the_summary_has_each_role_once_and_bolds_the_best_that_was_learned():
    made = cells(tables.summary(volatility_final(), failures_final()))
    roles = ["floor", "best other learner", "first MLP", "best MLP", "ceiling"]
    assert [(row["Task"], row["Role"]) for row in made] == [
        (task, role) for task in ("volatility", "failures") for role in roles
    ]
    bold = [(row["Task"], row["Role"]) for row in made if row["Score"].startswith("**")]
    assert bold == [("volatility", "best MLP"), ("failures", "best other learner")]
    assert made[4]["Score"] == "0.740" and made[4]["Model"] == "tomorrow's volatility, known"
    assert made[9]["Model"] == "rule oracle"
    assert {row["Accuracy"] for row in made if row["Task"] == "volatility"} == {"–"}


def test_every_model_of_both_studies_is_in_the_other_table():
    volatility, failures = volatility_final(), failures_final()
    made = cells(tables.every_model(volatility, failures))
    assert [row["Model"] for row in made if row["Task"] == "volatility"] == list(
        volatility.names.values()
    )
    held_out = failures.standings.query("judge == 'held-out rows'")
    assert [row["Model"] for row in made if row["Task"] == "failures"] == list(held_out["model"])
    assert sum(row["Score"].startswith("**") for row in made) == 2


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
        rates = ", ".join(str(rate) for rate in profile.learning_rates["sgd"])
        assert shown["learning rates, sgd"] == rates
        shapes = ["-".join(map(str, sizes)) for sizes in profile.grid["hidden_sizes"]]
        assert shown["grid, hidden sizes"] == ", ".join(shapes)


def test_a_study_that_nobody_listed_is_among_the_timings(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)

    def a_study_of_my_own() -> Facts:
        return Facts(profile="quick")

    Study("of-my-own", a_study_of_my_own)()
    assert not cells(reproducibility.timings("full"))
    (row,) = cells(reproducibility.timings("quick"))
    assert row["Study"] == "`of-my-own`" and "a_study_of_my_own" in row["Made by"]
    assert row["Profile"] == "quick" and row["Seconds"] == "0.0"


def test_the_rules_shown_are_the_rules_used():
    shown = [row["Limit"] for row in cells(reproducibility.verdict_rules())]
    limits = ("RISE", "GAP", "IMPROVEMENT", "NOISE")
    assert shown == [f"{getattr(diagnostics, name):.0%}" for name in limits]
