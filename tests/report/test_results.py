"""Results are kept, found again, and made anew as soon as anything they depend on changed."""

import dataclasses
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from books import files

from labkit.errors import LabkitError
from labkit.report import results, storage
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
    record = json.loads((home / "record.json").read_text())
    table = pd.read_csv(home / record["facts"]["scores"]["file"])
    assert table["score"].tolist() == [1.0, 0.1 + 0.2]
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
    (path,) = (folder / "trained").glob("*/networks.mlp-raw.pt")
    loaded = torch.load(path, weights_only=True)
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


def test_a_write_that_was_cut_off_is_no_result_and_is_cleared_up(folder):
    left = folder / "a-study" / "0123abcd-4567"
    left.mkdir(parents=True)
    (left / "scores.csv").write_text("half a tab")
    (left / "record.json").write_text("{")
    counted()[0](data(), QUICK)
    assert not left.exists()


def test_a_write_that_fails_leaves_the_old_result_whole(folder, monkeypatch):
    counted(value=1.0)[0](data(), QUICK)
    before = files(folder)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage, "write_table", full)
    with pytest.raises(LabkitError, match="a-study .*No space left on device; free some space"):
        counted()[0](data("other"), QUICK)
    assert files(folder) == before


def test_a_new_result_leaves_nothing_of_the_old(folder):
    counted()[0](data(), QUICK)
    old = set((folder / "a-study").iterdir())
    (folder / "a-study" / "old.csv").write_text("of another version")
    counted()[0](data("other"), QUICK)
    home = folder / "a-study"
    (made,) = set(home.iterdir()) - old
    assert {p.name for p in made.iterdir()} == {"scores.csv"}
    assert {p.name for p in home.iterdir()} == {"record.json", ".lock", made.name}


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


# Damage -----------------------------------------------------------------------------------------


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


DAMAGES = {
    "empty": lambda content: b"",
    "truncated": truncated,
    "its last byte gone": lambda content: content[:-1],
    "zeros": lambda content: bytes(len(content)),
    "a byte more": lambda content: content + b" 1",
    "other JSON": lambda content: b"[1]",
    "nested": lambda content: b"[" * 100_000,
    "no text": lambda content: b"\xff\xfe\x00",
}


@dataclass(frozen=True, kw_only=True)
class Predicted(Facts):
    """A file of every kind."""

    scores: pd.DataFrame
    predictions: dict[str, np.ndarray]
    network: Checkpoint
    best: float


def predicted(name="a-study", value=1.0):
    def make(data, profile) -> Predicted:
        make.times += 1
        return Predicted(
            profile="quick",
            scores=pd.DataFrame({"score": [value, 0.5]}),
            predictions={"../../out of/here": np.full(3, value), "../../out-of/here": np.zeros(2)},
            network=Checkpoint({"weights": torch.full((2,), value)}),
            best=value,
        )

    make.times = 0
    return Study(name, make), make


def same(found: Predicted, value: float) -> bool:
    return (
        found.best == value
        and found.scores["score"].tolist() == [value, 0.5]
        and [a.tolist() for a in found.predictions.values()] == [[value] * 3, [0.0, 0.0]]
        and found.network.parts["weights"].tolist() == [value, value]
    )


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("ending", ["json", "csv", "npy", "pt"])
def test_a_damaged_file_is_named_and_its_result_made_anew(folder, caplog, ending, damage):
    study, make = predicted()
    study(data(), QUICK)
    path = sorted((folder / "a-study").rglob(f"*.{ending}"))[0]
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert same(study(data(), QUICK), 1.0) and make.times == 2
    assert path.name in caplog.text and "a-study" in caplog.text
    assert same(study(data(), QUICK), 1.0) and make.times == 2


@pytest.mark.parametrize("ending", ["json", "csv", "npy", "pt"])
def test_a_file_that_is_gone_has_its_result_made_anew(folder, ending):
    study, make = predicted()
    study(data(), QUICK)
    sorted((folder / "a-study").rglob(f"*.{ending}"))[0].unlink()
    assert same(study(data(), QUICK), 1.0) and make.times == 2


@pytest.mark.parametrize("ending", ["json", "csv", "npy", "pt"])
def test_no_flipped_bit_goes_unnoticed(folder, ending):
    study, make = predicted()
    study(data(), QUICK)
    path = sorted((folder / "a-study").rglob(f"*.{ending}"))[0]
    content = path.read_bytes()
    for k in np.random.default_rng(0).choice(len(content) * 8, 60):
        flipped = bytearray(content)
        flipped[k // 8] ^= 1 << (k % 8)
        path.write_bytes(flipped)
        with pytest.raises(storage.DamagedError, match=path.name):
            storage.check_files(folder / "a-study", storage.record_of(folder / "a-study"))
    path.write_bytes(content)
    assert same(study(data(), QUICK), 1.0) and make.times == 1


def test_names_in_data_lead_no_file_out_of_the_results(folder):
    predicted()[0](data(), QUICK)
    names = {path.name for path in folder.rglob("*.npy")}
    assert names == {"predictions...-..-out-of-here.npy", "predictions...-..-out-of-here-2.npy"}


def test_a_damaged_record_costs_the_list_one_row(folder, caplog):
    for name in ("a", "b"):
        predicted(name)[0](data(), QUICK)
    (folder / "a" / "record.json").write_text("")
    assert records()["study"].tolist() == ["b"]
    assert "record.json" in caplog.text


def test_a_place_that_cannot_be_written_to_is_named_before_anything_is_trained(folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("a file where the folder should be")
    study, make = predicted()
    with pytest.raises(LabkitError, match="a-study cannot be kept: .*results"):
        study(data(), QUICK)
    assert make.times == 0


# Several processes ------------------------------------------------------------------------------

RACE = """
import random, sys, time
from pathlib import Path
sys.path[:0] = sys.argv[4:]
from labkit.report import results
results.FOLDER = Path(sys.argv[1])
from test_results import data, predicted, same, QUICK
random.seed(int(sys.argv[2]))
studies = {(name, value): predicted(name, value)[0] for name in "ab" for value in (1.0, 2.0, 3.0)}
wrong = 0
for _ in range(int(sys.argv[3])):
    (name, value), study = random.choice(list(studies.items()))
    wrong += not same(study(data(str(value)), QUICK), value)
print(wrong)
"""


def test_processes_that_share_results_never_read_each_others(folder):
    """Each asks for results of several keys, which replace one another."""
    here = Path(__file__).parent
    command = [sys.executable, "-c", RACE, str(folder)]
    paths = [str(here), str(here.parent), str(here.parents[1])]
    running = [
        subprocess.Popen(
            [*command, str(seed), "300", *paths],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed in range(2)
    ]
    for process in running:
        out, errors = process.communicate()
        assert (process.returncode, out.strip()) == (0, "0"), errors


def test_the_second_process_waits_and_reads_what_the_first_has_made(folder):
    made = []

    def make(data, profile) -> Found:
        made.append(1)
        time.sleep(0.5)
        return facts()

    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(Study("slow", make), data(), QUICK) for _ in range(2)]
        assert [call.result().best for call in calls] == ["ridge", "ridge"]
    assert made == [1]


def test_a_process_killed_while_it_makes_a_result_costs_no_other(folder):
    code = (
        "import sys, time; from pathlib import Path; sys.path[:0] = sys.argv[2:]\n"
        "from labkit.report import results; results.FOLDER = Path(sys.argv[1])\n"
        "from test_results import slow, data, QUICK\n"
        "print('ready', flush=True); slow('a-study', 60)(data('other'), QUICK)"
    )
    counted(value=1.0)[0](data(), QUICK)
    here = Path(__file__).parent
    paths = [str(here), str(here.parent), str(here.parents[1])]
    process = subprocess.Popen([sys.executable, "-c", code, str(folder), *paths], stdout=-1)
    process.stdout.readline()
    time.sleep(0.5)
    process.kill()
    process.wait()
    study, unused = counted(value=9.0)
    assert study(data(), QUICK).scores["score"][0] == 1.0 and unused.times == 0
    assert study(data("other"), QUICK).scores["score"][0] == 9.0
