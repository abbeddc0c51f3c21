"""One network made in two ways: by a loop written out, and by the library's estimator."""

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.report.sentence import Sentence, counted, number


@dataclass(frozen=True)
class TwoWays:
    """R² of a network trained by a loop, and of the same one made by the estimator.

    Attributes
    ----------
    plain : float
        By the loop, at one seed.
    estimator : tuple of float
        By the estimator, a seed each.
    """

    plain: float
    estimator: tuple[float, ...]

    @property
    def low(self) -> float:
        """The lowest of the estimator's."""
        return min(self.estimator)

    @property
    def high(self) -> float:
        """The highest of the estimator's."""
        return max(self.estimator)

    @property
    def beyond(self) -> float:
        """How far the loop's lies outside the estimator's range; zero inside."""
        return max(self.low - self.plain, self.plain - self.high, 0.0)

    @property
    def agree(self) -> bool:
        """Whether the loop's lies no further outside the range than the range is wide."""
        return self.beyond <= self.high - self.low


def two_ways(plain: float, estimator: Sequence[float]) -> TwoWays:
    """Lay both ways side by side.

    >>> two_ways(0.5, [0.49, 0.52]).agree, two_ways(0.6, [0.49, 0.52]).agree
    (True, False)
    """
    return TwoWays(plain, tuple(estimator))


def said(found: TwoWays) -> Sentence:
    """Whether both ways lead to the same R², up to what seeds do."""
    scores = (
        f"The loop has a validation R² of {number(found.plain, '.3f')}, the estimator at "
        f"{counted(len(found.estimator), 'seed')} {number(found.low, '.3f')} to "
        f"{number(found.high, '.3f')}"
    )
    if found.agree:
        return Sentence(
            f"{scores}: the same, up to what the initial weights and the order of the rows do."
        )
    return Sentence(
        f"{scores}. The loop lies {number(found.beyond, '.3f')} outside that range, more than "
        "seeds explain here: with so few rows and epochs a network is not yet settled."
    )
