"""What it changes to resample blocks of days in place of single rows."""

from dataclasses import dataclass

from labkit.report.intervals import Interval, Resampled
from labkit.report.sentence import Sentence, counted, number


@dataclass(frozen=True)
class Resampling:
    """The interval of one difference in R², from rows and from blocks of days.

    Attributes
    ----------
    by_row, by_block : Interval
    block : int
        Days in a block.
    """

    by_row: Interval
    by_block: Interval
    block: int

    @property
    def times_wider(self) -> float:
        """Width of the interval from blocks, in widths of that from rows."""
        wide, narrow = (own.high - own.low for own in (self.by_block, self.by_row))
        return wide / narrow


def resampling(by_row: Resampled, by_block: Resampled, block: int) -> Resampling:
    """Lay both intervals side by side."""
    return Resampling(by_row.interval, by_block.interval, block)


def said(found: Resampling) -> Sentence:
    """How wide each interval is, and which one to believe."""
    rows, blocks = found.by_row, found.by_block
    return Sentence(
        f"The difference is {number(rows.value, '+.4f')}. Drawn row by row, its interval is "
        f"{number(rows.low, '+.4f')} to {number(rows.high, '+.4f')}; drawn in blocks of "
        f"{counted(found.block, 'day')}, {number(blocks.low, '+.4f')} to "
        f"{number(blocks.high, '+.4f')}, {number(found.times_wider, '.1f')} times as wide. "
        + (
            "The rows of a day are no independent evidence, and whoever treats them as such is "
            "too sure."
            if found.times_wider > 1
            else "Here days and stocks hang together little, and rows would do."
        )
    )
