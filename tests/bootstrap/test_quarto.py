"""Quarto is installed where that can be, and tried once."""

import os
import sysconfig

import pytest

from labkit.bootstrap import quarto
from labkit.bootstrap.quarto import ensure_quarto, expose_scripts

FAILED = "Quarto could not be installed"


@pytest.fixture
def root(offline):
    """A project that asks for a Quarto that no index has."""
    (offline.parent / "requirements-quarto.txt").write_text("labkit_no_quarto==1.0\n")
    return offline.parent


def test_quarto_is_tried_once_for_each_version(root, capsys):
    ensure_quarto(root)
    assert FAILED in capsys.readouterr().out
    ensure_quarto(root)
    assert capsys.readouterr().out == ""
    ensure_quarto(root, retry=True)
    assert FAILED in capsys.readouterr().out
    (root / "requirements-quarto.txt").write_text("labkit_no_quarto==2.0\n")
    ensure_quarto(root)
    assert FAILED in capsys.readouterr().out


def program_at(path):
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return True


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_quarto_on_the_path_is_left_alone(root, capsys):
    program_at(root / "quarto")
    ensure_quarto(root)
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(os.name != "posix", reason="the stand-in is a shell script")
def test_a_failure_is_forgotten_once_quarto_is_installed(root, monkeypatch, capsys):
    ensure_quarto(root)
    monkeypatch.setattr(quarto, "runs_within", lambda *_, quiet: program_at(root / "quarto"))
    ensure_quarto(root, retry=True)
    assert capsys.readouterr().out.count(FAILED) == 1
    assert list((root / ".labkit").iterdir()) == []


def test_scripts_of_the_running_python_are_found_first(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    expose_scripts()
    expose_scripts()
    expected = [sysconfig.get_path("scripts"), "/nowhere"]
    assert os.environ["PATH"].split(os.pathsep) == expected
