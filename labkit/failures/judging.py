"""Who judges: rows that no choice has seen, resampled to say how sure a score is.

Three judges, each with training seeds inside its intervals: the held-out rows; blocks of time, for
which every choice is made anew inside the training rows; and, beside them, out-of-fold predictions
of the development rows, on which choices are made and which therefore choose, but do not judge.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from labkit.failures.choosing import DEVELOPMENT, block_name
from labkit.failures.contenders import Contender, Family, references
from labkit.failures.machines import Machines, repeated_folds
from labkit.failures.profile import Profile
from labkit.failures.resampling import RowBootstrap
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import class_probabilities
from labkit.failures.stages import Fitted, Split, Stage, Task, fit_tasks
from labkit.nets.splits import contiguous_blocks
from labkit.report.intervals import Interval, holm, outcome

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
    choices : list of list of str
        By which search each of these splits' learners were chosen; see `labkit.failures.choosing`.
    """

    name: str
    rows: np.ndarray
    repeats: list[list[Split]]
    choices: list[list[str]]

    def bootstrap(self, y: pd.Series, profile: Profile) -> RowBootstrap:
        """Resamples of the judge's rows, whose classes are among ``y``."""
        own = y.iloc[self.rows]
        return RowBootstrap(own, len(self.repeats), profile.resamples, profile.seed)

    def splits(self) -> Iterator[tuple[int, str, Split]]:
        """(repeat, search that chose, split) of every training."""
        for repeat, (choices, splits) in enumerate(zip(self.choices, self.repeats, strict=True)):
            for choice, split in zip(choices, splits, strict=True):
                yield repeat, choice, split


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
            [[DEVELOPMENT]],
        ),
        Judge(
            HELD_OUT,
            rows.test,
            [[Split(rows.development, rows.test, seed)] for seed in seeds],
            [[DEVELOPMENT]] * profile.n_repeats,
        ),
        Judge(
            BLOCKS,
            np.arange(len(rows.X)),
            [[Split(train, out, seed) for train, out in blocks] for seed in seeds],
            [[block_name(k, r) for k in range(len(blocks))] for r in range(profile.n_repeats)],
        ),
        Judge(
            OUT_OF_FOLD,
            rows.development,
            of_development,
            [[DEVELOPMENT] * profile.folds] * profile.n_repeats,
        ),
    ]


def choices_of(all_judges: Sequence[Judge]) -> list[str]:
    """The searches whose choices are judged, each once."""
    return list(dict.fromkeys(choice for own in all_judges for _, choice, _ in own.splits()))


@dataclass(frozen=True, eq=False)
class Trained:
    """What was trained for judges.

    Attributes
    ----------
    predicted : dict
        Name of a judge → model → class probabilities, an array for each repeat. `references` are
        among the models.
    first : dict
        (name of a judge, key of the family, name of the stage) → the first training for it.
    """

    predicted: dict[str, dict[Contender, list[np.ndarray]]]
    first: dict[tuple[str, str, str], Fitted]


def train_judged(
    rows: Machines,
    all_judges: Sequence[Judge],
    families: Sequence[Family],
    entered: Mapping[str, Mapping[tuple[str, str], Stage]],
) -> Trained:
    """Train everything for every judge, all together.

    Parameters
    ----------
    rows : Machines
    all_judges : sequence of Judge
    families : sequence of Family
    entered : mapping
        Search that chose → (key of the family, name of the stage) → the stage so chosen.
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
    first: dict = {}
    all_fitted = fit_tasks(tasks, rows.X, rows.y)
    for key in list(all_fitted):
        fitted = all_fitted.pop(key)  # its probabilities are copied into those of its judge
        j, repeat, _, family, tier = key
        judge = all_judges[j]
        first.setdefault((judge.name, family, tier), fitted)
        places = np.searchsorted(judge.rows, outs[key])
        for form, own in fitted.forms.items():
            repeats = found[judge.name].setdefault(by_key[family].at(tier, form), _empty(judge))
            repeats[repeat][places] = own
    return Trained(found, first)


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


def standings(judge: str, predicted: Predicted, bootstrap: RowBootstrap) -> pd.DataFrame:
    """How every model stands before a judge, by name, whose rows are resampled.

    Returns
    -------
    DataFrame
        ``judge`` and what `Contender.row` says; mean ``accuracy``, ``macro_f1`` and ``log_loss``
        over repeats; and the 95 % intervals ``low``, ``high``, ``log_loss_low``, ``log_loss_high``.
    """
    rows = []
    for model, probabilities in predicted.items():
        f1 = bootstrap.macro_f1(probabilities).interval
        loss = bootstrap.log_loss(probabilities).interval
        right = [own.argmax(axis=1) == bootstrap.truth for own in probabilities]
        rows.append(
            {
                "judge": judge,
                **model.row,
                "accuracy": float(np.mean(right)),
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
    judge: str,
    predicted: Predicted,
    model: Contender,
    others: Sequence[Contender],
    score: str,
    bootstrap: RowBootstrap,
) -> pd.DataFrame:
    """A model's score less that of others before a judge, paired row by row and seed by seed.

    Parameters
    ----------
    judge : str
        Name of the judge, whose rows are resampled.
    predicted : mapping
    model : Contender
    others : sequence of Contender
    score : {"macro_f1", "log_loss"}
    bootstrap : RowBootstrap

    Returns
    -------
    DataFrame
        ``judge, score, model, against`` and its ``family``; ``difference`` with ``low`` and
        ``high``; ``p_value``; and ``adjusted``, the p-values after Holm, for as many as there are
        others.
    """
    resampled = getattr(bootstrap, score)
    own = resampled(predicted[model])
    rows = []
    for other in others:
        gain = own - resampled(predicted[other])
        rows.append(
            {
                "judge": judge,
                "score": score,
                "model": model.name,
                "against": other.name,
                "family": other.family,
                "difference": gain.value,
                "low": gain.interval.low,
                "high": gain.interval.high,
                "p_value": gain.p_value,
            }
        )
    table = pd.DataFrame(rows)
    return table.assign(adjusted=holm(table["p_value"]))


@dataclass(frozen=True)
class Standing:
    """A model's scores before a judge, with their intervals."""

    name: str
    accuracy: float
    macro_f1: Interval
    log_loss: Interval


@dataclass(frozen=True)
class Duel:
    """One model's score less another's, of a ``family``, before a judge.

    ``adjusted`` is the p-value after Holm.
    """

    judge: str
    against: str
    family: str
    gain: Interval
    adjusted: float

    @property
    def outcome(self) -> str:
        """As `labkit.report.intervals.outcome` has it."""
        return outcome(self.gain, self.adjusted)


def standing_of(standing: pd.DataFrame, stage: str, judge: str) -> Standing:
    """The row of a stage and a judge in a table of `standings`."""
    own = standing[standing["judge"] == judge].set_index("stage").loc[stage]
    return Standing(
        own["model"],
        float(own["accuracy"]),
        Interval(*own[["macro_f1", "low", "high"]]),
        Interval(*own[["log_loss", "log_loss_low", "log_loss_high"]]),
    )


def duels(differences: pd.DataFrame, against: Collection[str]) -> tuple[Duel, ...]:
    """The rows of a table of differences that hold a model against these others."""
    own = differences[differences["against"].isin(against)]
    return tuple(
        Duel(
            row["judge"],
            row["against"],
            row["family"],
            Interval(row["difference"], row["low"], row["high"]),
            row["adjusted"],
        )
        for _, row in own.iterrows()
    )
