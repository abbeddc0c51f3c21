"""Results are kept, found again, and made anew as soon as anything they depend on changed."""

import dataclasses
import json
import time

import pandas as pd
import pytest
import torch

from labkit.config import PROFILES
from labkit.nets.mlp import MLP
from labkit.report import results
from labkit.report.results import Result, clean, code_fingerprint, records, stored

QUICK = PROFILES["quick"]


class Study:
    """Makes a result, and counts how often it had to."""

    def __init__(self, value=1.0):
        self.value, self.made = value, 0

    def __call__(self):
        self.made += 1
        table = pd.DataFrame({"sizes": [(64, 32), (8,)], "score": [self.value, 0.1 + 0.2]})
        return Result({"scores": table}, {"first": MLP(2, 1, hidden_sizes=(3,))})


def ask(study, folder, name="a-study", data="data", profile=QUICK):
    return stored(name, study, data=data, profile=profile, folder=folder)


def test_a_result_is_made_once_and_read_back_exactly(tmp_path):
    study = Study()
    made, read = ask(study, tmp_path), ask(study, tmp_path)
    assert study.made == 1
    pd.testing.assert_frame_equal(made["scores"], read["scores"], check_exact=True)
    assert read["scores"]["sizes"].tolist() == [(64, 32), (8,)], "tuples came back as text"


def test_what_is_kept_can_be_read_without_labkit(tmp_path):
    study = Study()
    made = ask(study, tmp_path)
    home = tmp_path / "a-study"
    assert pd.read_csv(home / "scores.csv")["score"].tolist() == [1.0, pytest.approx(0.3)]
    weights = torch.load(home / "first.pt", weights_only=True)
    for name, value in made.models["first"].state_dict().items():
        assert torch.equal(weights[name], value)
    record = json.loads((home / "record.json").read_text())
    assert record["study"] == "a-study" and record["profile"] == "quick"


@pytest.mark.parametrize(
    "changed",
    [
        {"data": "other data"},
        {"profile": PROFILES["full"]},
        {"profile": dataclasses.replace(QUICK, seed=1)},
        {"profile": dataclasses.replace(QUICK, n_seeds=3)},
    ],
    ids=["data", "profile", "seed", "repetitions"],
)
def test_other_data_profile_or_seed_make_it_anew(tmp_path, changed):
    ask(Study(1.0), tmp_path)
    anew = Study(2.0)
    assert ask(anew, tmp_path, **changed)["scores"]["score"][0] == 2.0
    assert anew.made == 1
    again = Study(3.0)
    assert ask(again, tmp_path, **changed)["scores"]["score"][0] == 2.0, "the old one was kept"


@pytest.mark.parametrize("what", ["code_fingerprint", "version"])
def test_other_code_or_packages_make_it_anew(tmp_path, monkeypatch, what):
    ask(Study(1.0), tmp_path)
    monkeypatch.setattr(results, what, lambda *package: "another")
    assert ask(Study(2.0), tmp_path)["scores"]["score"][0] == 2.0


def test_a_study_that_fails_leaves_the_old_result_whole(tmp_path):
    ask(Study(1.0), tmp_path)

    def fails():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        ask(fails, tmp_path, data="other data")
    unused = Study(9.0)
    assert ask(unused, tmp_path)["scores"]["score"][0] == 1.0 and unused.made == 0


def test_a_write_that_was_cut_off_is_no_result(tmp_path):
    """What lies in the new folder when the power goes is thrown away by the next write."""
    left = tmp_path / "a-study.new"
    left.mkdir()
    (left / "stale.csv").write_text("half a tab")
    ask(Study(), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-study"]
    assert not (tmp_path / "a-study" / "stale.csv").exists()


def test_a_new_result_leaves_nothing_of_the_old(tmp_path):
    ask(Study(), tmp_path)
    ask(lambda: Result({"other": pd.DataFrame({"x": [1]})}), tmp_path, data="other data")
    names = {path.name for path in (tmp_path / "a-study").iterdir()}
    assert names == {"other.csv", "tables.pkl", "record.json"}


def test_studies_are_listed_timed_and_forgotten(tmp_path):
    assert records(tmp_path).empty
    for name in ("b", "a"):
        ask(Study(), tmp_path, name=name)
    kept = records(tmp_path)
    assert kept["study"].tolist() == ["a", "b"] and (kept["seconds"] >= 0).all()
    clean(tmp_path)
    assert records(tmp_path).empty
    clean(tmp_path)


def test_a_caller_cannot_change_what_others_read():
    result = Study()()
    mine = result["scores"]
    mine.loc[0, "score"] = 99.0
    assert result["scores"]["score"][0] == 1.0


def test_a_missing_table_names_those_there_are():
    with pytest.raises(KeyError, match="'score' here; there are scores"):
        Study()()["score"]


def test_the_fingerprint_covers_what_computes_and_not_what_shows(tmp_path, monkeypatch):
    for name in ("training.py", "volatility/grid.py", "report/bars/figures.py", "report/words.py"):
        path = tmp_path / "labkit" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    monkeypatch.setattr(results, "ROOT", tmp_path)

    def fingerprint():
        return code_fingerprint.__wrapped__()

    before = fingerprint()
    for shown in ("report/bars/figures.py", "report/words.py"):
        (tmp_path / "labkit" / shown).write_text("x = 2\n")
    assert fingerprint() == before
    for computes in ("training.py", "volatility/grid.py"):
        (tmp_path / "labkit" / computes).write_text("x = 2\n")
        assert fingerprint() != before
        before = fingerprint()


def test_the_seconds_of_a_study_are_its_own_not_those_of_the_studies_it_asked_for(tmp_path):
    def inner():
        time.sleep(0.3)
        return Study()()

    def outer():
        ask(inner, tmp_path, name="inner")
        time.sleep(0.1)
        return Study()()

    ask(outer, tmp_path, name="outer")
    seconds = records(tmp_path).set_index("study")["seconds"]
    assert seconds["inner"] >= 0.3
    assert 0.1 <= seconds["outer"] < 0.3


def test_a_study_that_fails_leaves_the_clock_of_the_next_right(tmp_path):
    def fails():
        time.sleep(0.2)
        raise RuntimeError("no")

    def outer():
        with pytest.raises(RuntimeError):
            ask(fails, tmp_path, name="fails")
        return Study()()

    ask(outer, tmp_path, name="outer")
    ask(Study(), tmp_path, name="after")
    assert records(tmp_path).set_index("study")["seconds"]["after"] < 0.2
