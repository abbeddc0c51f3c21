"""What a search has trained, kept: the fitted candidates, their answers, and ensembles of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier

from labkit.nets.private import _MultimetricScorer, _score
from labkit.nets.search.averages import (
    AverageClassifier,
    AverageRegressor,
    by_class,
    classes_of,
)
from labkit.nets.search.folds import last_step
from labkit.nets.search.judging import Judged, headline
from labkit.nets.search.scoring import scores_at_once
from labkit.nets.stacked import Snapshot


@dataclass(frozen=True, eq=False)
class Kept:
    """A candidate of one fold after its training.

    ``answer`` is what it gives the test rows, ``(rows, classes)`` probabilities or ``(rows, 1)``
    predictions; None of a classifier without probabilities. ``network`` is what the estimator's
    last step still has to adopt: few of many candidates will be asked for, and it takes time.
    """

    estimator: Any
    answer: np.ndarray | None
    network: Snapshot | None = None

    def fitted(self) -> Any:
        """The fitted estimator, for rows as the search was given them."""
        if self.network is not None:
            last = last_step(self.estimator)
            last.adopt(self.network.model, last.n_iter_)
        return self.estimator


def answer_of(estimator: Any, X: Any) -> np.ndarray | None:
    """What a fitted estimator contributes to an average, as `Kept` has it."""
    if not is_classifier(estimator):
        return np.reshape(estimator.predict(X), (-1, 1))
    return estimator.predict_proba(X) if hasattr(estimator, "predict_proba") else None


class Chosen(NamedTuple):
    """Candidates in the order they were chosen, ``(n,)``, and the score with each, ``(n,)``."""

    candidates: np.ndarray
    scores: np.ndarray


Score = Callable[[int, np.ndarray], np.ndarray]
"""The scores ``(n_candidates,)`` of answers ``(n_candidates, rows, n_outputs)`` to a split."""


def choose_greedily(answers: Sequence[np.ndarray], score: Score, n: int) -> Chosen:
    """Add, ``n`` times, the candidate that makes the best average with those chosen before.

    A candidate may be chosen again, the first of equals is taken (Caruana et al. 2004, Ensemble
    selection from libraries of models: selection with replacement).

    Parameters
    ----------
    answers : sequence of ndarray, shape (n_candidates, rows, n_outputs)
        Of each split.
    score : callable
        Of a split and the answers to it; the mean over the splits chooses.
    n : int

    Raises
    ------
    ValueError
        When no average has a score.

    Examples
    --------
    The truth is zero. No second candidate goes well with the best one, which is taken twice; then
    two come in that err to either side.

    >>> answers = [np.array([3.0, -4.0, 1.0]).reshape(3, 1, 1)]
    >>> chosen = choose_greedily(answers, lambda split, own: -abs(own[:, 0, 0]), n=4)
    >>> chosen.candidates.tolist(), chosen.scores.round(2).tolist()
    ([2, 2, 1, 0], [-1.0, -1.0, -0.67, -0.25])
    """
    totals = [np.zeros_like(own[0]) for own in answers]
    candidates, scores = [], []
    for size in range(1, n + 1):
        means = np.mean(
            [score(i, (totals[i] + own) / size) for i, own in enumerate(answers)], axis=0
        )
        if np.isnan(means).all():
            raise ValueError(
                "no average of candidates has a score: scoring failed for all of them, see the "
                "warnings; choose another scoring"
            )
        best = int(np.nanargmax(means))
        totals = [total + own[best] for total, own in zip(totals, answers, strict=True)]
        candidates.append(best)
        scores.append(means[best])
    return Chosen(np.array(candidates), np.array(scores))


class _Given:
    """Stands for an estimator in an average: its answer to the rows it is asked about is known."""

    def __init__(self, answer: np.ndarray, classes: np.ndarray | None):
        self.answer, self.classes_ = answer, classes

    def predict(self, X: Any) -> np.ndarray:
        return self.answer[:, 0]

    def predict_proba(self, X: Any) -> np.ndarray:
        return self.answer


class Library:
    """The candidates that a search has trained, to choose ensembles from.

    Parameters
    ----------
    kept : mapping of (candidate, split) to Kept
        A fit that failed is not there.
    judged : sequence of Judged
        What candidates are scored on, split by split.
    scorer : callable
        As scikit-learn makes it.
    refit : bool, str or callable
        The search's; of several scores it names the one that chooses.
    """

    def __init__(
        self,
        kept: Mapping[tuple[int, int], Kept],
        judged: Sequence[Judged],
        scorer: Any,
        refit: Any,
    ):
        if isinstance(scorer, _MultimetricScorer) and refit in scorer._scorers:
            scorer = scorer._scorers[refit]
        self.kept, self.judged, self.scorer, self.refit = kept, judged, scorer, refit

    def ensemble(self, n: int, n_candidates: int) -> AverageRegressor | AverageClassifier:
        """Choose ``n`` times among the candidates; see `StackedSearch.ensemble_`."""
        if not isinstance(n, Integral) or n < 1:
            raise ValueError(f"n is {n!r}; expected a number of choices, 1 or more")
        answered = [own for own in range(n_candidates) if self._has_answered(own)]
        if not answered:
            raise ValueError(
                "no candidate has given predictions, or probabilities of the classes, for the test "
                "rows of all folds: there is nothing to average"
            )
        classes = [self._classes(split, answered) for split in self._splits]
        answers = [
            np.stack([self._answer(own, split, classes[split]) for own in answered])
            for split in self._splits
        ]

        def score(split: int, averages: np.ndarray) -> np.ndarray:
            return self._scores(split, averages, classes[split])

        chosen = choose_greedily(answers, score, int(n))
        candidates = np.array(answered)[chosen.candidates]
        weights = np.bincount(candidates, minlength=n_candidates) / n
        ensemble = self._average(weights)
        ensemble.candidates_, ensemble.scores_ = candidates, chosen.scores
        ensemble.weights_ = weights
        return ensemble

    @property
    def _splits(self) -> range:
        return range(len(self.judged))

    def _has_answered(self, candidate: int) -> bool:
        own = [self.kept.get((candidate, split)) for split in self._splits]
        return all(k is not None and k.answer is not None for k in own)

    def _classes(self, split: int, candidates: Sequence[int]) -> np.ndarray | None:
        """The classes that any of the candidates has seen of a split; None in a regression."""
        estimators = [self.kept[own, split].estimator for own in candidates]
        return classes_of(estimators) if is_classifier(estimators[0]) else None

    def _answer(self, candidate: int, split: int, classes: np.ndarray | None) -> np.ndarray:
        kept = self.kept[candidate, split]
        assert kept.answer is not None, "candidates without answers are left out before"
        if classes is None:
            return kept.answer
        return by_class(kept.answer, kept.estimator.classes_, classes)

    def _scores(self, split: int, averages: np.ndarray, classes: np.ndarray | None) -> np.ndarray:
        judged = self.judged[split]
        kind = AverageRegressor if classes is None else AverageClassifier

        def answering(average: np.ndarray) -> AverageRegressor | AverageClassifier:
            return kind([_Given(average, classes)], [1.0])

        scores: list[Any] = [None] * len(averages)
        if not judged.params_test:
            scores = scores_at_once(self.scorer, answering(averages[0]), judged.y_test, averages)
        for i, average in enumerate(averages):
            if scores[i] is None:
                rows = judged.X_test, judged.y_test
                params = judged.params_test
                # Where scoring fails the average has no score, whatever the search gives for it.
                scores[i] = _score(answering(average), *rows, self.scorer, params, np.nan)
        return np.array([headline(own, self.refit) for own in scores], float)

    def _average(self, weights: np.ndarray) -> AverageRegressor | AverageClassifier:
        """The networks of all folds of the candidates that have a weight."""
        members = [
            (own, split) for own in np.flatnonzero(weights).tolist() for split in self._splits
        ]
        estimators = [self.kept[key].fitted() for key in members]
        shares = [weights[own] / len(self.judged) for own, _ in members]
        kind = AverageClassifier if is_classifier(estimators[0]) else AverageRegressor
        return kind(estimators, shares)
