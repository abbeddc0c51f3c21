"""What a chapter opens with follows the environment, and nothing further in reads it."""

import ast
import dataclasses

import pytest

from labkit import lab
from labkit.failures.machines import machines
from labkit.files.provenance import DataError
from labkit.place import ROOT


@pytest.fixture(autouse=True)
def no_files(monkeypatch):
    monkeypatch.setenv("LABKIT_SOURCE", "embedded")
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setenv("LABKIT_PROFILE", "quick")


def test_another_source_is_other_data_in_the_same_process(monkeypatch, tmp_path, prices):
    """It was: whatever had been loaded first."""
    embedded, _ = lab.stocks()
    assert lab.stocks()[0] is embedded, "data are read once"
    (tmp_path / "nyse").mkdir()
    prices.to_csv(tmp_path / "nyse" / "prices.csv", index=False)
    monkeypatch.setenv("LABKIT_SOURCE", "environment")
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    named, _ = lab.stocks()
    assert named.provenance.source == "environment" and len(named.prices) == len(prices)
    monkeypatch.setenv("LABKIT_SOURCE", "embedded")
    assert lab.stocks()[0].provenance.source == "embedded"


def test_another_profile_is_another_size(monkeypatch):
    _, quick = lab.machines()
    monkeypatch.setenv("LABKIT_PROFILE", "thorough")
    _, thorough = lab.machines()
    assert (quick.name, thorough.name) == ("quick", "thorough")
    assert lab.stocks()[1].name == "thorough"


def test_another_seed_is_another_hold_out_in_the_same_process():
    """It was: the old hold-out, once it had been drawn."""
    data, profile = lab.machines()
    first, other = machines(data, profile.seed), machines(data, profile.seed + 1)
    assert list(first.test) != list(other.test)
    assert machines(data, profile.seed) is first


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[rows["failure_type"] != "Random Failures"], "Random Failures none"),
        (lambda rows: rows.head(300), "300 in all, .*Random Failures none"),
        (lambda rows: rows[rows.groupby("failure_type").cumcount() < 5], "each of 6 classes 6"),
        (
            lambda rows: rows[rows.groupby("failure_type").cumcount() < 900],
            "in all. Expected 2,000",
        ),
    ],
)
def test_too_few_machine_rows_are_told_before_any_study(change, told, monkeypatch):
    data = lab._machines(lab._named())
    few = dataclasses.replace(data, frame=change(data.frame))
    monkeypatch.setattr(lab, "_machines", lambda named: few)
    with pytest.raises(DataError, match=f"too few rows.*{told}"):
        lab.machines()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[rows["date"] < "2005"], "enough"),
        (lambda rows: rows[rows["date"] >= "2011"], "1 years with 200"),
        (lambda rows: rows[rows["symbol"] == "IBM"], "1 stock"),
    ],
)
def test_too_few_prices_are_told_before_any_study(change, told, monkeypatch):
    data = lab._stocks(lab._named())
    few = dataclasses.replace(data, prices=change(data.prices))
    monkeypatch.setattr(lab, "_stocks", lambda named: few)
    if told == "enough":
        assert lab.stocks()[0] is few
        return
    with pytest.raises(DataError, match=f"too few prices.*{told}"):
        lab.stocks()
    assert lab.provenances()[0] is data.provenance


def test_only_the_doors_read_the_environment():
    """Studies take data and profile as arguments. Files are found by what the environment says."""
    doors = {"config.py", "lab.py", "__main__.py"}
    for path in (ROOT / "labkit").rglob("*.py"):
        home = path.relative_to(ROOT / "labkit")
        if home.name in doors or home.parts[0] in ("bootstrap", "files", "book"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            assert getattr(node, "attr", "") not in ("environ", "getenv"), path
