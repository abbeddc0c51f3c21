"""No data but those of a test: what all modules here begin with."""

import pytest

from labkit.files import sources


@pytest.fixture(autouse=True)
def no_settings(monkeypatch, tmp_path):
    """Nothing of this machine: no variables, no data/ of the project, no kagglehub cache."""
    for name in ("LABKIT_DATA", "LABKIT_SOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sources, "ROOT", tmp_path / "project")
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sources, "KAGGLE_INPUT", tmp_path / "input")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder that LABKIT_DATA names."""
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv("LABKIT_DATA", str(folder))
    return folder
