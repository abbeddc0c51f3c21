"""Tables of both studies side by side, and of the reproducibility appendix."""

from dataclasses import replace

import pytest
from made_up import cells, failures_final, judged_remedies, regularized, volatility_final

from labkit.both import effects, reproducibility, tables
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
    assert first["Best remedy"] == "dropout" and first["With it"] == "0.530"
    assert second["Best remedy"] != "none", "a remedy that is none would cure nothing"
    assert first["Keeps epoch"] == "3"


def test_remedies_of_both_tasks_stand_in_one_table_with_the_lowest_loss_of_each_in_bold():
    some = regularized(dropout=[0.04] * 3)
    verdicts = some.verdicts.assign(fit="overfits", fit_seeds=2)
    diverged = verdicts.assign(convergence="diverged")
    other = replace(regularized(L2=[-0.1] * 3), verdicts=diverged.replace("dropout", "L2"))
    rows = cells(tables.remedies(replace(some, verdicts=verdicts), other))
    assert [row["Task"] for row in rows] == ["volatility"] * 3 + ["failures"] * 3
    bold = [(row["Task"], row["Remedy"]) for row in rows if row["Loss"].startswith("**")]
    assert ("volatility", "dropout") in bold and ("failures", "L2") not in bold
    none, stopped, dropout = rows[:3]
    assert (none["Valid."], none["Gap"], none["Dose"]) == ("0.490", "0.210", "–")
    assert (none["Epoch"], stopped["Epoch"]) == ("10", "3")
    assert dropout["Dose"] == "0.1" and dropout["Loss"] == "**0.470**"
    assert dropout["Curves"] == "overfits (2 of 3)" and rows[-1]["Curves"] == "diverged"


def test_judged_remedies_stand_before_and_after_with_what_they_gain():
    failures = judged_remedies(("cross-entropy", "macro-F1"), dropout=0.02, L2=-0.03)
    rows = cells(tables.judged_remedies(judged_remedies(dropout=0.0), failures))
    measures = ["R²", *["cross-entropy"] * 2, *["macro-F1"] * 2]
    assert [row["Measure"] for row in rows] == measures
    assert [row["Task"] for row in rows] == ["volatility"] + ["failures"] * 4
    assert rows[2]["Remedy"] == "L2" and rows[2]["Before"] == "0.500"
    assert rows[2]["After"] == "0.470" and rows[2]["Gain [95 %]"] == "−0.030 [−0.040, −0.020]"
    assert rows[2]["p, Holm"] == "0.002"


def test_what_a_remedy_did_stands_with_its_reading_and_every_reading_is_explained():
    facts = regularized(dropout=[0.04] * 3, L2=[-0.1] * 3)
    done = {"volatility": effects.effects(facts), "failures": effects.effects(facts)}
    rows = cells(tables.effects(facts, done))
    assert (rows[0]["Remedy"], rows[0]["Validation loss"]) == ("dropout", "−0.040 (lower)")
    assert rows[1]["Validation loss"] == "+0.100 (higher)" and rows[3]["Task"] == "failures"
    explained = {row["The remedy"]: row for row in cells(tables.readings())}
    for row in rows:
        own = explained[row["The remedy"]]
        assert f"({own['Train loss']})" in row["Train loss"]
        assert f"({own['Validation loss']})" in row["Validation loss"]


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
    limits = ("RISE", "GAP", "RISE", "IMPROVEMENT", "NOISE")
    assert shown == [f"{getattr(diagnostics, name):.0%}" for name in limits]
