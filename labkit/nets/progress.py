"""A bar in the terminal while many models train: how many are done, the best so far, time left.

Nothing is shown where standard error is no terminal, so nothing gets into notebooks, rendered
chapters and logs; nor before two seconds have passed.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

DELAY = 2.0
"""Seconds of work before a bar appears."""


class Progress:
    """Counts what is done.

    Parameters
    ----------
    total : int
        How much there is to do.
    label : str
        What is being done.
    unit : str
        What is counted, in the plural.
    """

    def __init__(self, total: int, label: str, unit: str = "fits"):
        self.total, self.label, self.unit = total, label, unit
        self.done, self.best = 0, ""
        self._bar = tqdm(
            total=total,
            desc=label,
            unit=f" {unit}",
            delay=DELAY,
            disable=None,  # where standard error is no terminal
            leave=False,
            dynamic_ncols=True,
            file=sys.stderr,
        )

    def advance(self, n: int, best: str | None = None) -> None:
        """``n`` more are done; ``best`` says what is best now."""
        self.done += n
        if best is not None and best != self.best:
            self.best = best
            self._bar.set_postfix_str(f"best {best}", refresh=False)
        self._bar.update(n)

    def say(self, line: str) -> None:
        """Print a line on standard output, above the bar."""
        self._bar.write(line)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()

    def interrupted(self) -> str:
        """What was finished when it was stopped."""
        best = f"; best so far {self.best}" if self.best else ""
        return f"{self.label} stopped: {self.done} of {self.total} {self.unit} finished{best}"


@contextmanager
def progress(total: int, label: str, unit: str = "fits") -> Iterator[Progress]:
    """Show a bar inside the block; on Ctrl-C say on standard error what was finished.

    >>> with progress(3, "search") as bar:
    ...     for score in (0.1, 0.3, 0.2):
    ...         bar.advance(1, best="0.3")
    >>> bar.done
    3
    """
    bar = Progress(total, label, unit)
    try:
        yield bar
    except KeyboardInterrupt:
        bar.close()
        print(f"\n{bar.interrupted()}", file=sys.stderr)
        raise
    finally:
        bar.close()
