"""Which Python a command runs with."""

import os
import sys

import pytest

from labkit import bootstrap


@pytest.fixture
def done(monkeypatch, tmp_path):
    """What set-up did, instead of doing it: in a project of its own, on a machine like any."""
    done = []

    def note(name):
        return lambda *args, **kwargs: done.append((name, *args, *kwargs.values()))

    def start_again(*args):
        done.append(("start again", *args))
        raise SystemExit  # this process is no more

    monkeypatch.delenv("LABKIT_NO_VENV", raising=False)
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "install_missing", note("install missing"))
    monkeypatch.setattr(bootstrap.environment, "make", note("make"))
    monkeypatch.setattr(bootstrap.environment, "fill", note("fill"))
    monkeypatch.setattr(bootstrap, "expose_scripts", note("expose"))
    monkeypatch.setattr(bootstrap, "ensure_quarto", note("quarto"))
    monkeypatch.setattr("os.execv", start_again)
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setattr(sys, "argv", ["labkit", "data"])
    (tmp_path / "requirements.txt").write_text("labkit_absent==1.0\n")
    return done


def test_a_python_that_has_all_is_used_as_it_is(done, tmp_path):
    (tmp_path / "requirements.txt").write_text("pytest>=1\n")
    bootstrap.ensure_environment(retry_quarto=True)
    assert done == [("expose",), ("quarto", tmp_path, True)]


@pytest.mark.parametrize("why", ["asked for", "Colab"])
def test_no_environment_is_made_beside_one_to_be_kept(done, tmp_path, why, monkeypatch):
    if why == "asked for":
        monkeypatch.setenv("LABKIT_NO_VENV", "1")
    else:
        (tmp_path / "google" / "colab").mkdir(parents=True)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "google", raising=False)
    bootstrap.ensure_environment()
    assert done == [("install missing", tmp_path), ("expose",), ("quarto", tmp_path, False)]


def test_the_environments_own_python_fills_it(done, tmp_path, monkeypatch):
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    bootstrap.ensure_environment()
    assert done == [("fill", tmp_path), ("expose",), ("quarto", tmp_path, False)]


@pytest.mark.skipif(os.name != "posix", reason="on Windows a process cannot be replaced")
@pytest.mark.parametrize("reads", [True, False])
def test_any_other_python_makes_the_environment_and_starts_again_in_it(
    done, tmp_path, monkeypatch, reads
):
    if not reads:
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        bootstrap.ensure_environment()
    python = bootstrap.environment.python_of(tmp_path)
    again = ("start again", python, [str(python), "-m", "labkit", "data"])
    assert done == [("make", tmp_path), again]
    assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(tmp_path), "/elsewhere"]
