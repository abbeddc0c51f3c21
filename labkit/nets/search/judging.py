"""What a candidate is scored on, and the score that a search goes by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labkit.nets.private import _BaseScorer, _MultimetricScorer, _PassthroughScorer


@dataclass(frozen=True, eq=False)
class Judged:
    """The rows of a split that candidates are scored on, as the user gave them.

    ``X_test`` and ``X_train`` are there for scorers that may look at more than predictions;
    ``y_train`` only where training scores are asked for.
    """

    n_test: int
    y_test: Any
    params_test: Mapping[str, Any]
    y_train: Any
    params_train: Mapping[str, Any]
    X_test: Any
    X_train: Any


def needs_rows(scorer: Any) -> bool:
    """Whether a scorer may look at more than an estimator's predictions.

    So may a function of the user's that is not made by ``make_scorer``.
    """
    if isinstance(scorer, _MultimetricScorer):
        return any(map(needs_rows, scorer._scorers.values()))
    return not isinstance(scorer, (_BaseScorer, _PassthroughScorer))


def headline(scores: Any, refit: Any) -> float:
    """The score that a search with this ``refit`` is for, of several."""
    if not isinstance(scores, dict):
        return scores
    return scores[refit] if refit in scores else next(iter(scores.values()))
