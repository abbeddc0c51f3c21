"""The bar: in a terminal, after a while, and what it says when it is stopped."""

import io
import sys

import pytest

from labkit.nets import progress as module
from labkit.nets.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def run(monkeypatch, stream, *, delay: float) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(module, "DELAY", delay)
    with progress(4, "Grid search") as bar:
        for _ in range(4):
            bar._bar.mininterval = 0
            bar.advance(1, best="0.61")
    return stream.getvalue()


def test_a_terminal_sees_how_many_and_the_best(monkeypatch):
    shown = run(monkeypatch, Terminal(), delay=0)
    assert "Grid search" in shown and "4/4" in shown and "best 0.61" in shown


def test_a_short_search_shows_nothing(monkeypatch):
    assert "Grid search" not in run(monkeypatch, Terminal(), delay=60)


def test_a_log_or_a_notebook_sees_nothing(monkeypatch):
    assert run(monkeypatch, io.StringIO(), delay=0) == ""


def test_an_interrupt_says_what_was_finished_and_goes_on_up(capsys):
    with pytest.raises(KeyboardInterrupt), progress(10, "Grid search") as bar:
        bar.advance(3, best="0.61")
        raise KeyboardInterrupt
    assert "Grid search stopped: 3 of 10 fits finished; best so far 0.61" in capsys.readouterr().err


def test_an_error_is_no_interrupt(capsys):
    with pytest.raises(ValueError, match="broken"), progress(10, "Grid search") as bar:
        bar.advance(3)
        raise ValueError("broken")
    assert capsys.readouterr().err == ""
