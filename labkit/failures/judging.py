"""Who judges: rows that no choice has seen, resampled to say how sure a score is.

Three judges, each with training seeds inside its intervals: the held-out rows; blocks of time, for
which every choice is made anew inside the training rows; and, beside them, out-of-fold predictions
of the development rows, on which choices are made and which therefore choose, but do not judge.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, clone

from labkit.failures.choosing import DEVELOPMENT, block_name
from labkit.failures.contenders import Contender, Family, references
from labkit.failures.machines import Machines, repeated_folds
from labkit.failures.profile import Profile
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import (
    class_probabilities,
    classification_scores,
    macro_f1_of,
    most_probable,
)
from labkit.failures.stages import Split, Stage, Task, codes, predict_tasks
from labkit.nets.splits import contiguous_blocks
from labkit.report.intervals import Resampled, holm

HELD_OUT = "held-out rows"
BLOCKS = "blocks of time"
OUT_OF_FOLD = "out-of-fold"

Predicted = Mapping[Contender, Sequence[np.ndarray]]
"""Class probabilities ``(rows judged, 6)`` of every model, an array for each repeat."""


@dataclass(frozen=True, eq=False)
class Judge:
    """Rows that judge, and the trainings that are judged on them.

    Parameters
    ----------
    name : str
    rows : ndarray
        Positions of the rows that judge, in order.
    repeats : list of list of Split
        The rows to predict of the splits of a repeat are the judge's, each once.
    choices : tuple of str
        On which rows each split's learners were chosen; see `labkit.failures.choosing`.
    """

    name: str
    rows: np.ndarray
    repeats: list[list[Split]]
    choices: tuple[str, ...]

    def splits(self) -> Iterator[tuple[int, str, Split]]:
        """(repeat, rows of the choice, split) of every training."""
        for repeat, splits in enumerate(self.repeats):
            for rows, split in zip(self.choices, splits, strict=True):
                yield repeat, rows, split


TRAINING = "training rows"


def judges(rows: Machines, profile: Profile) -> list[Judge]:
    """The three judges; and the training rows, which judge nothing, beside the held-out ones."""
    seeds = range(profile.seed, profile.seed + profile.n_repeats)
    X, y = rows.development_rows()
    blocks = list(contiguous_blocks(profile.folds).split(rows.X))
    of_development = [
        [Split(rows.development[s.train], rows.development[s.out], s.seed) for s in splits]
        for splits in repeated_folds(X, y, profile, profile.n_repeats)
    ]
    return [
        Judge(
            TRAINING,
            rows.development,
            [[Split(rows.development, rows.development, profile.seed)]],
            (DEVELOPMENT,),
        ),
        Judge(
            HELD_OUT,
            rows.test,
            [[Split(rows.development, rows.test, seed)] for seed in seeds],
            (DEVELOPMENT,),
        ),
        Judge(
            BLOCKS,
            np.arange(len(rows.X)),
            [[Split(train, out, seed) for train, out in blocks] for seed in seeds],
            tuple(block_name(k) for k in range(len(blocks))),
        ),
        Judge(OUT_OF_FOLD, rows.development, of_development, (DEVELOPMENT,) * profile.folds),
    ]


class RowBootstrap:
    """Scores of models on the same resampled rows, so that their differences are paired.

    Each resample draws as many rows as there are, with replacement, and one of the repeats: so the
    intervals hold what other rows and other training seeds would change.

    Parameters
    ----------
    y : Series
        True classes of the rows that judge.
    n_repeats : int
    resamples : int
    seed : int
    """

    def __init__(self, y: pd.Series, n_repeats: int, resamples: int, seed: int):
        random = np.random.default_rng(seed)
        self.truth = codes(y)
        n_rows = len(y)
        self.times = np.empty((resamples, n_rows), dtype=np.float32)
        for times in self.times:
            times[:] = np.bincount(random.integers(n_rows, size=n_rows), minlength=n_rows)
        self.repeat = random.integers(n_repeats, size=resamples)

    def macro_f1(self, probabilities: Sequence[np.ndarray]) -> Resampled:
        """Macro-F1 of a model, from its probabilities in each repeat."""
        return self._resampled([self._cells(own) for own in probabilities], _macro_f1_of_cells)

    def log_loss(self, probabilities: Sequence[np.ndarray]) -> Resampled:
        """Log loss of a model, from its probabilities in each repeat."""
        losses = [self._losses(own)[:, None] for own in probabilities]
        return self._resampled(losses, lambda sums: sums[..., 0] / len(self.truth))

    def _cells(self, probabilities: np.ndarray) -> sparse.csr_array:
        """Which cell of the confusion matrix each row falls in: ``(rows, 36)`` indicators."""
        n_classes = len(FAILURE_TYPES)
        cells = self.truth * n_classes + np.asarray(probabilities).argmax(axis=1)
        ones = np.ones(len(cells), dtype=np.float32)
        shape = (len(cells), n_classes**2)
        return sparse.csr_array((ones, (np.arange(len(cells)), cells)), shape=shape)

    def _losses(self, probabilities: np.ndarray) -> np.ndarray:
        own = np.asarray(probabilities, dtype=float)[np.arange(len(self.truth)), self.truth]
        return -np.log(np.clip(own, 1e-12, 1)).astype(np.float32)

    def _resampled(self, values: Sequence, score) -> Resampled:
        everything = np.ones((1, len(self.truth)), dtype=np.float32)
        point = np.mean([score(everything @ own) for own in values])
        draws = np.stack([score(self.times @ own) for own in values])
        return Resampled(float(point), draws[self.repeat, np.arange(len(self.repeat))])


def _macro_f1_of_cells(cells: np.ndarray) -> np.ndarray:
    n_classes = len(FAILURE_TYPES)
    return macro_f1_of(cells.reshape(*cells.shape[:-1], n_classes, n_classes))


def predict_judged(
    rows: Machines,
    all_judges: Sequence[Judge],
    families: Sequence[Family],
    entered: Mapping[str, Mapping[tuple[str, str], Stage]],
) -> dict[str, dict[Contender, list[np.ndarray]]]:
    """Train everything for every judge, all together.

    Parameters
    ----------
    rows : Machines
    all_judges : sequence of Judge
    families : sequence of Family
    entered : mapping
        On which rows a choice was made → (key of the family, name of the stage) → the stage so
        chosen.

    Returns
    -------
    dict
        Name of a judge → model → class probabilities, an array for each repeat. `references` are
        among the models.
    """
    tasks = [
        Task((j, repeat, k, family, tier), stage, split)
        for j, judge in enumerate(all_judges)
        for k, (repeat, choice, split) in enumerate(judge.splits())
        for (family, tier), stage in entered[choice].items()
    ]
    by_key = {family.key: family for family in families}
    outs = {task.key: task.split.out for task in tasks}
    found: dict = {
        judge.name: {
            model: _by_repeat(judge, lambda split, own=own: _reference(own, rows, split))
            for model, own in references().items()
        }
        for judge in all_judges
    }
    for (key, form), own in predict_tasks(tasks, rows.X, rows.y).items():
        j, repeat, _, family, tier = key
        model = by_key[family].at(tier, form)
        repeats = found[all_judges[j].name].setdefault(model, _empty(all_judges[j]))
        repeats[repeat][np.searchsorted(all_judges[j].rows, outs[key])] = own
    return found


def _empty(judge: Judge) -> list[np.ndarray]:
    shape = (len(judge.rows), len(FAILURE_TYPES))
    return [np.zeros(shape, dtype=np.float32) for _ in judge.repeats]


def _by_repeat(judge: Judge, predict: Callable[[Split], np.ndarray]) -> list[np.ndarray]:
    repeats = _empty(judge)
    for repeat, _, split in judge.splits():
        repeats[repeat][np.searchsorted(judge.rows, split.out)] = predict(split)
    return repeats


def _reference(estimator: BaseEstimator, rows: Machines, split: Split) -> np.ndarray:
    fitted = clone(estimator).fit(rows.X.iloc[split.train], rows.y.iloc[split.train])
    return class_probabilities(fitted, rows.X.iloc[split.out])


def standings(judge: Judge, y: pd.Series, predicted: Predicted, profile: Profile) -> pd.DataFrame:
    """How every model stands before a judge.

    Returns
    -------
    DataFrame
        ``judge`` and what `Contender.row` says; mean ``accuracy``, ``macro_f1`` and ``log_loss``
        over repeats; and the 95 % intervals ``low``, ``high``, ``log_loss_low``, ``log_loss_high``.
    """
    own = y.iloc[judge.rows]
    bootstrap = _bootstrap(judge, own, profile)
    rows = []
    for model, probabilities in predicted.items():
        f1 = bootstrap.macro_f1(probabilities).interval
        loss = bootstrap.log_loss(probabilities).interval
        scores = [classification_scores(own, most_probable(p))["accuracy"] for p in probabilities]
        rows.append(
            {
                "judge": judge.name,
                **model.row,
                "accuracy": float(np.mean(scores)),
                "macro_f1": f1.value,
                "low": f1.low,
                "high": f1.high,
                "log_loss": loss.value,
                "log_loss_low": loss.low,
                "log_loss_high": loss.high,
            }
        )
    return pd.DataFrame(rows)


def differences(
    judge: Judge,
    y: pd.Series,
    predicted: Predicted,
    pairs: Sequence[tuple[Contender, Contender]],
    score: str,
    profile: Profile,
) -> pd.DataFrame:
    """One model's score less another's before a judge, paired row by row and seed by seed.

    Parameters
    ----------
    judge : Judge
    y : Series
    predicted : mapping
    pairs : sequence of (Contender, Contender)
    score : {"macro_f1", "log_loss"}
    profile : Profile

    Returns
    -------
    DataFrame
        ``judge, score, model, against`` and its ``family``; ``difference`` with ``low`` and
        ``high``; ``p_value``; and ``adjusted``, the p-values after Holm, for as many as there are
        pairs.
    """
    bootstrap = _bootstrap(judge, y.iloc[judge.rows], profile)
    rows = []
    for model, other in pairs:
        gain = getattr(bootstrap, score)(predicted[model]) - getattr(bootstrap, score)(
            predicted[other]
        )
        rows.append(
            {
                "judge": judge.name,
                "score": score,
                "model": model.name,
                "against": other.name,
                "family": other.family,
                "difference": gain.interval.value,
                "low": gain.interval.low,
                "high": gain.interval.high,
                "p_value": gain.p_value,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(adjusted=holm(table["p_value"]))


def _bootstrap(judge: Judge, y: pd.Series, profile: Profile) -> RowBootstrap:
    return RowBootstrap(y, len(judge.repeats), profile.resamples, profile.seed)
