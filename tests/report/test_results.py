"""Results are kept, found again, and made anew as soon as anything they depend on changed."""

import dataclasses
import json
import time
from dataclasses import dataclass
from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from labkit.report import results
from labkit.report.checkpoints import Checkpoint
from labkit.report.facts import Facts
from labkit.report.intervals import Interval
from labkit.report.results import Study, clean, records
from labkit.volatility.profile import PROFILES

QUICK = PROFILES["quick"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    return tmp_path / "results"


@dataclass(frozen=True, kw_only=True)
class Found(Facts):
    """A fact of every type that a study may return."""

    scores: pd.DataFrame
    best: str
    share: float
    count: int
    sure: bool
    gain: Interval
    members: dict[str, tuple[str, ...]]
    margins: tuple[Interval, ...]
    none: float | None
    some: float | None


def facts(value=1.0, profile="quick"):
    table = pd.DataFrame(
        {
            "sizes": [(64, 32), (8,)],
            "score": [value, 0.1 + 0.2],
            "name": ["", "nan"],
            "rows": [1, 10**12],
            "date": pd.to_datetime(["2016-01-05", "2016-12-30"]),
            "is_best": [True, False],
            "blank": [float("nan"), 1e-300],
        }
    ).astype({"name": "str"})
    return Found(
        profile=profile, scores=table, best="ridge", share=0.1 + 0.2, count=3, sure=True,
        gain=Interval(0.1, float("nan"), float("inf")), members={"all": ("a", "b"), "no": ()},
        margins=(Interval(1.0, 0.0, 2.0),), none=None, some=0.5,
    )  # fmt: skip


def counted(name="a-study", value=1.0):
    """A study that counts how often it had to be made."""

    def make(data, profile) -> Found:
        make.times += 1
        return facts(value, profile.name)

    make.times = 0
    return Study(name, make), make


def data(fingerprint="data"):
    return SimpleNamespace(provenance=SimpleNamespace(fingerprint=fingerprint))


def test_facts_are_made_once_and_read_back_exactly():
    study, make = counted()
    made, read = study(data(), QUICK), study(data(), QUICK)
    assert make.times == 1
    expected = facts()
    for found in (made, read):
        pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)
        for field in dataclasses.fields(Found):
            if field.name not in ("scores", "gain"):
                assert getattr(found, field.name) == getattr(expected, field.name), field.name
        assert str(found.gain) == str(expected.gain), "nan and inf come back as they were"
        assert type(found.members["all"]) is tuple


def test_tables_can_be_read_without_labkit_and_the_record_names_what_made_it(folder):
    study, _ = counted()
    study(data(), QUICK)
    home = folder / "a-study"
    assert pd.read_csv(home / "scores.csv")["score"].tolist() == [1.0, 0.1 + 0.2]
    record = json.loads((home / "record.json").read_text())
    assert (record["study"], record["profile"]) == ("a-study", "quick")
    assert record["made_by"].endswith("test_results.counted.<locals>.make")
    assert record["facts"]["best"] == "ridge"


@pytest.mark.parametrize(
    "changed",
    [
        (data("other"), QUICK),
        (data(), PROFILES["full"]),
        (data(), dataclasses.replace(QUICK, seed=1)),
        (data(), dataclasses.replace(QUICK, n_seeds=3)),
    ],
    ids=["data", "profile", "seed", "repetitions"],
)
def test_other_data_profile_or_seed_make_it_anew(changed):
    counted(value=1.0)[0](data(), QUICK)
    study, make = counted(value=2.0)
    assert study(*changed).scores["score"][0] == 2.0
    assert study(*changed).scores["score"][0] == 2.0 and make.times == 1
    again, unused = counted(value=3.0)
    assert again(*changed).scores["score"][0] == 2.0 and unused.times == 0, "the old one was kept"


def test_a_trained_model_comes_back_and_loads_without_labkit(folder):
    @dataclass(frozen=True, kw_only=True)
    class Trained(Facts):
        networks: dict[str, Checkpoint]

    state = torch.nn.Linear(3, 2).state_dict()
    parts = {"network": {"n_inputs": 3, "hidden_sizes": (8, 4)}, "weights": [state], "rule": None}

    def make(data, profile) -> Trained:
        return Trained(profile=profile.name, networks={"mlp-raw": Checkpoint(parts)})

    make.__annotations__["return"] = Trained
    found = Study("trained", make)(data(), QUICK).networks["mlp-raw"].parts
    assert (found["network"], found["rule"]) == (parts["network"], None)
    loaded = torch.load(folder / "trained" / "networks.mlp-raw.pt", weights_only=True)
    for weights in (found["weights"], loaded["weights"]):
        torch.testing.assert_close(weights[0], state, rtol=0, atol=0)


@pytest.mark.parametrize("what", ["code_fingerprint", "versions"])
def test_other_code_or_packages_make_it_anew(monkeypatch, what):
    counted(value=1.0)[0](data(), QUICK)
    monkeypatch.setattr(results, what, lambda module: "another")
    assert counted(value=2.0)[0](data(), QUICK).scores["score"][0] == 2.0


def test_a_study_that_fails_leaves_the_old_result_whole():
    counted(value=1.0)[0](data(), QUICK)

    def fails(data, profile) -> Found:
        raise RuntimeError("no")

    fails.__qualname__ = counted()[1].__qualname__
    with pytest.raises(RuntimeError):
        Study("a-study", fails)(data("other"), QUICK)
    study, unused = counted(value=9.0)
    assert study(data(), QUICK).scores["score"][0] == 1.0 and unused.times == 0


def test_a_write_that_was_cut_off_is_no_result(folder):
    """What lies in the new folder when the power goes is thrown away by the next write."""
    left = folder / "a-study.new"
    left.mkdir(parents=True)
    (left / "stale.csv").write_text("half a tab")
    counted()[0](data(), QUICK)
    assert sorted(p.name for p in folder.iterdir()) == ["a-study"]
    assert not (folder / "a-study" / "stale.csv").exists()


def test_a_new_result_leaves_nothing_of_the_old(folder):
    counted()[0](data(), QUICK)
    (folder / "a-study" / "old.csv").write_text("of another version")
    counted()[0](data("other"), QUICK)
    names = {path.name for path in (folder / "a-study").iterdir()}
    assert names == {"scores.csv", "record.json"}


def test_studies_are_listed_and_forgotten():
    assert records().empty
    for name in ("b", "a"):
        counted(name)[0](data(), QUICK)
    kept = records()
    assert kept["study"].tolist() == ["a", "b"] and (kept["seconds"] >= 0).all()
    clean()
    assert records().empty
    clean()


def test_a_caller_cannot_change_what_others_read():
    study, _ = counted()
    mine = study(data(), QUICK).scores
    mine.loc[0, "score"] = 99.0
    assert study(data(), QUICK).scores["score"][0] == 1.0


def test_what_no_study_may_return_is_refused_by_name():
    @dataclass(frozen=True, kw_only=True)
    class Wrong(Facts):
        model: object

    def make(data, profile) -> Wrong:
        return Wrong(profile="quick", model=object())

    with pytest.raises(TypeError, match="model is a object"):
        Study("wrong", make)(data(), QUICK)


def test_a_column_of_objects_is_refused_by_name():
    @dataclass(frozen=True, kw_only=True)
    class Wrong(Facts):
        table: pd.DataFrame

    def make(data, profile) -> Wrong:
        return Wrong(profile="quick", table=pd.DataFrame({"mixed": [1, "a"]}, dtype=object))

    with pytest.raises(TypeError, match="column 'mixed' holds objects such as 1"):
        Study("wrong", make)(data(), QUICK)


def slow(name, seconds, *first):
    """A study that takes some seconds of its own, after others."""

    def make(data, profile) -> Found:
        for study in first:
            study(data, profile)
        time.sleep(seconds)
        return facts()

    return Study(name, make)


def test_the_seconds_of_a_study_are_its_own_not_those_of_the_studies_it_asked_for():
    slow("outer", 0.1, slow("inner", 0.3))(data(), QUICK)
    seconds = records().set_index("study")["seconds"]
    assert seconds["inner"] >= 0.3
    assert 0.1 <= seconds["outer"] < 0.3


def test_a_study_that_fails_leaves_the_clock_of_the_next_right():
    def make(data, profile) -> Found:
        time.sleep(0.2)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        slow("outer", 0, Study("fails", make))(data(), QUICK)
    slow("after", 0)(data(), QUICK)
    assert records().set_index("study")["seconds"]["after"] < 0.2
