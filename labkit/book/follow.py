"""What studies say while chapters are executed, handed on line by line.

Most of a book is trained by its first chapter, which takes minutes. Studies log what they begin and
end; `labkit.lab` has the log written to the file that ``LABKIT_LOG`` names.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

LOG = "LABKIT_LOG"
"""The environment variable that names the log."""

BEGINS, MADE = " begins", " made: "
"""How a line of the log says that a study begins, and that it has ended."""

SILENCE = 15.0
"""Seconds after which it is said what goes on."""

_PAUSE = 0.2
"""Seconds between two looks at the log."""


@contextmanager
def following(
    report: Callable[[str], None], folder: Path, silence: float = SILENCE
) -> Iterator[Callable[[str], None]]:
    """Report each line of a log, which processes started in the block may write to.

    Gives a ``report`` for the block itself, so that what it says breaks the silence too.

    Parameters
    ----------
    report : callable
        Gets one line at a time.
    folder : Path
        Where the log is kept meanwhile.
    silence : float
        Seconds.
    """
    path = folder / "log"
    path.touch()
    before, os.environ[LOG] = os.environ.get(LOG), str(path)
    told = _Told(report)
    over = Event()
    thread = Thread(target=_hand_on, args=(path, told, silence, over), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        over.set()
        thread.join()
        if before is None:
            del os.environ[LOG]
        else:
            os.environ[LOG] = before


class _Told:
    """A report that remembers what has begun and has not ended, and when it was told last."""

    def __init__(self, report: Callable[[str], None]):
        self.report = report
        self.at = time.monotonic()
        self.begun: dict[str, float] = {}

    def __call__(self, line: str) -> None:
        self.at = time.monotonic()
        if line.endswith(BEGINS):
            self.begun[line.removesuffix(BEGINS)] = self.at
        self.begun.pop(line.partition(MADE)[0], None)
        self.report(line)

    def remind(self) -> None:
        """Say what goes on: of studies that need each other, the one begun last."""
        now = time.monotonic()
        what, since = next(reversed(self.begun.items()), ("rendering", self.at))
        self.report(f"{what} goes on: {now - since:.0f} s")


def _hand_on(path: Path, told: _Told, silence: float, over: Event) -> None:
    reminded = told.at
    with path.open(encoding="utf-8") as log:
        while True:
            last_look = over.is_set()
            for line in log:
                told(line.rstrip("\n"))
            if last_look:
                return
            now = time.monotonic()
            if now - max(told.at, reminded) > silence:
                reminded = now
                told.remind()
            over.wait(_PAUSE)
