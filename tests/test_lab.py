"""What a chapter opens with follows the environment, and nothing further in reads it."""

import ast

import pytest

from labkit import lab
from labkit.failures.machines import machines
from labkit.place import ROOT


@pytest.fixture(autouse=True)
def no_files(monkeypatch):
    monkeypatch.setenv("LABKIT_SOURCE", "embedded")
    monkeypatch.delenv("LABKIT_DATA", raising=False)
    monkeypatch.setenv("LABKIT_PROFILE", "quick")


PRICES = "date,symbol,open,close,low,high,volume\n2016-01-05,AAA,10,11,9,12,100\n"


def test_another_source_is_other_data_in_the_same_process(monkeypatch, tmp_path):
    """It was: whatever had been loaded first."""
    embedded, _ = lab.stocks()
    assert lab.stocks()[0] is embedded, "data are read once"
    (tmp_path / "nyse").mkdir()
    (tmp_path / "nyse" / "prices.csv").write_text(PRICES)
    monkeypatch.setenv("LABKIT_SOURCE", "environment")
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    named, _ = lab.stocks()
    assert named.provenance.source == "environment" and len(named.prices) == 1
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


def test_only_the_doors_read_the_environment():
    """Studies take data and profile as arguments. Files are found by what the environment says."""
    doors = {"config.py", "lab.py", "__main__.py"}
    for path in (ROOT / "labkit").rglob("*.py"):
        home = path.relative_to(ROOT / "labkit")
        if home.name in doors or home.parts[0] in ("bootstrap", "files", "book"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            assert getattr(node, "attr", "") not in ("environ", "getenv"), path
