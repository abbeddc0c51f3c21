"""The environment .venv: how far it is, making it, filling it."""

import sys

import pytest

from labkit.bootstrap import SetupError, environment
from labkit.bootstrap.environment import STAMP, UNFINISHED, digest, python_of, state


def venv_at(root, version=sys.version_info):
    """A folder that looks like an environment, as far as its state is read from it."""
    (root / "requirements.txt").write_text("torch==1.0\n")
    (root / "requirements.lock").write_text("sympy==1.0\n")
    python = python_of(root)
    python.parent.mkdir(parents=True)
    python.touch()
    (root / ".venv" / "pyvenv.cfg").write_text(
        "home = /usr/bin\nversion = {}.{}.0\n".format(*version)
    )
    return root / ".venv" / STAMP


def test_stamp_tells_each_state(tmp_path):
    assert state(tmp_path) == "absent"
    stamp = venv_at(tmp_path)
    assert state(tmp_path) == "stale"
    stamp.write_text(UNFINISHED)
    assert state(tmp_path) == "unfinished"
    stamp.write_text(digest(tmp_path))
    assert state(tmp_path) == "complete"
    (tmp_path / "requirements.txt").write_text("torch==1.1\n")
    assert state(tmp_path) == "stale"
    stamp.write_text(digest(tmp_path))
    (tmp_path / "requirements.lock").write_text("torch==1.1\nsympy==1.1\n")
    assert state(tmp_path) == "stale"
    python_of(tmp_path).unlink()
    assert state(tmp_path) == "absent"


def test_environment_of_another_python_is_not_used(tmp_path):
    stamp = venv_at(tmp_path, version=(3, 10))
    stamp.write_text(digest(tmp_path))
    assert state(tmp_path) == "other-python"


# --- making it ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "cleared"), [(sys.version_info, False), ((3, 10), True)])
def test_one_made_by_hand_is_kept_and_one_of_another_python_replaced(tmp_path, version, cleared):
    venv_at(tmp_path, version)
    mine = tmp_path / ".venv" / "mine"
    mine.touch()
    environment.make(tmp_path)
    assert mine.exists() is not cleared
    assert state(tmp_path) == "stale", "for its own Python to fill"


def test_a_complete_one_is_not_made_again(tmp_path, capsys):
    venv_at(tmp_path).write_text(digest(tmp_path))
    environment.make(tmp_path)
    assert capsys.readouterr().out == ""


def test_a_python_that_makes_none_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SetupError, match="python3-venv"):
        environment.make(tmp_path)


def test_one_that_cannot_be_made_is_told_of(tmp_path):
    (tmp_path / ".venv").touch()
    with pytest.raises(SetupError, match="could not be made"):
        environment.make(tmp_path)


# --- filling it -----------------------------------------------------------------------------------


def test_the_stamp_is_written_last(tmp_path, monkeypatch):
    stamp = venv_at(tmp_path)
    asked = []

    def install(arguments):
        assert stamp.read_text() == UNFINISHED
        asked.append(arguments)

    def install_missing(root, exact):
        assert exact and asked, "the lock comes first"
        assert stamp.read_text() == UNFINISHED

    monkeypatch.setattr(environment.pip, "install", install)
    monkeypatch.setattr(environment, "install_missing", install_missing)
    environment.fill(tmp_path)
    assert "--require-hashes" in asked[0] and asked[0][-1] == str(tmp_path / "requirements.lock")
    assert state(tmp_path) == "complete"
    environment.fill(tmp_path)
    assert len(asked) == 1, "complete: nothing is installed again"


def test_an_unfinished_one_does_not_mend_itself(tmp_path):
    venv_at(tmp_path).write_text(UNFINISHED)
    with pytest.raises(SetupError, match="was left unfinished"):
        environment.fill(tmp_path)


def test_it_is_running_only_when_its_python_is(tmp_path, monkeypatch):
    assert not environment.is_running(tmp_path)
    venv_at(tmp_path)
    assert not environment.is_running(tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert environment.is_running(tmp_path)
