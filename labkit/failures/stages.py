"""Learners with their inputs and how they decide, trained for every split at once."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import train_test_split
from torch import Tensor

from labkit.failures import samplers
from labkit.failures.decision import MacroF1Rule
from labkit.failures.preprocessing import encoding, scaling
from labkit.failures.process import fresh_rows, training_rows
from labkit.failures.rules import FAILURE_TYPES
from labkit.nets.ensembles import Case, TrainedCase, train_cases
from labkit.nets.estimators import MLPClassifier
from labkit.nets.parallel import tied

INNER_SHARE = 1 / 3
"""Share of the training rows whose probabilities, by a network that trains on the other rows, a
decision rule is chosen from."""

MEMBER_SEED_STEP = 1000
"""Between the seeds of an ensemble's networks, so that repetitions share none."""

SINGLE = "single"
AVERAGED = "averaged"
DECIDED = "decided"
"""Forms in which a stage predicts: its first model, the mean of all, the mean with its rule."""

OUTER, INNER = "outer", "inner"
"""Whose trainings: a stage's members; the one that its rule is chosen from."""

ROWS_AT_ONCE = 4_000_000
"""Training rows of networks that are prepared together: those of all studies of the book."""

Predictions = dict[tuple[Hashable, str, int], np.ndarray]
"""(what a stage is called, the form, number of the split or protocol) → class probabilities."""


@dataclass(frozen=True)
class Split:
    """Positions of the rows to train on and of those to predict, and the seed for both."""

    train: np.ndarray
    out: np.ndarray
    seed: int


@dataclass(frozen=True)
class Stage:
    """A learner, the features it sees, what is done about rare classes, and how it decides.

    Parameters
    ----------
    learner : classifier
        An `MLPClassifier`, or any other of scikit-learn's form.
    features : list of str
    strategy : str
        One of `labkit.failures.samplers.STRATEGIES`.
    strength : float
        Share of the largest class that the strategy gives the others.
    normal : bool
        Whether numbers are mapped to normal quantiles; see `labkit.failures.preprocessing.scaling`.
    n_members : int
        Models, alike but for their seeds, whose probabilities are averaged.
    decides : bool
        Whether a `MacroF1Rule` is chosen: from probabilities of an `INNER_SHARE` of the training
        rows, or of fresh simulated rows where ``simulated`` rows are added.
    simulated : int
        Rows of the documented process that are added to the training rows; see
        `labkit.failures.process`.
    """

    learner: BaseEstimator
    features: list[str]
    strategy: str = "none"
    strength: float = samplers.STRENGTH
    normal: bool = False
    n_members: int = 1
    decides: bool = False
    simulated: int = 0

    def pipeline(self, y: Sequence, seed: int) -> Pipeline:
        """Scale, balance the training rows, encode, train: all fitted inside the training fold.

        ``y`` are the labels of those rows, by whose counts the classes are weighed.
        """
        weight = samplers.class_weight(self.strategy, y, self.strength)
        learner = seeded(self.learner, seed)
        if weight is not None:
            learner.set_params(class_weight=weight)
        return Pipeline(
            [
                ("scaling", scaling(self.features, normal=self.normal)),
                ("balancing", samplers.sampler(self.strategy, seed, self.strength)),
                ("encoding", encoding()),
                ("learner", learner),
            ]
        )

    def case(self, X: pd.DataFrame, y: pd.Series, split: Split) -> Case:
        """What the pipeline's learner would be given for a split, not yet trained."""
        rows, labels, out = X.iloc[split.train], codes(y.iloc[split.train]), X.iloc[split.out]
        if self.simulated:
            known, known_labels = training_rows(self.simulated)
            rows = pd.concat([rows, known])
            labels = np.concatenate([labels, codes(known_labels)])
            out = pd.concat([out, fresh_rows()]) if self.decides else out
        steps = self.pipeline(labels, split.seed).named_steps
        scaled = steps["scaling"].fit_transform(rows)
        if steps["balancing"] != "passthrough":
            scaled, labels = steps["balancing"].fit_resample(scaled, labels)
        inputs = steps["encoding"].fit_transform(scaled)
        out = steps["encoding"].transform(steps["scaling"].transform(out))
        return Case(steps["learner"], np.asarray(inputs), labels, np.asarray(out))


def seeded(model: BaseEstimator, seed: int) -> BaseEstimator:
    """A clone whose every random step draws from ``seed``."""
    model = clone(model)
    names = [name for name in model.get_params() if name.split("__")[-1] == "random_state"]
    return model.set_params(**dict.fromkeys(names, seed))


def codes(labels) -> np.ndarray:
    """Class numbers of labels, in the order of `FAILURE_TYPES`."""
    return pd.Categorical(labels, categories=FAILURE_TYPES).codes.astype(np.int64)


@dataclass(frozen=True)
class Task:
    """A stage to train and to let predict on one split; ``key`` tells it from the others."""

    key: Hashable
    stage: Stage
    split: Split


@dataclass(frozen=True, eq=False)
class Fitted:
    """What came of a task.

    Attributes
    ----------
    forms : dict of str to ndarray
        Class probabilities ``(rows to predict, 6)`` by form. Every stage gives its first model as
        `SINGLE`; one of several members their mean as `AVERAGED`; one that decides the mean with
        its rule's factors applied as `DECIDED`.
    weights : list of dict
        The state of each network that is averaged; empty where the learner is none.
    rule : MacroF1Rule or None
    """

    forms: dict[str, np.ndarray]
    weights: list[dict[str, Tensor]]
    rule: MacroF1Rule | None


def fit_tasks(tasks: Sequence[Task], X: pd.DataFrame, y: pd.Series) -> dict[Hashable, Fitted]:
    """What came of every task, by its key, all trained together."""
    work = [(task, part, own) for task in tasks for part, own in _parts(task.stage, y, task.split)]
    trained = _trained([(task.stage, own) for task, _, own in work], X, y)
    gathered: dict = {}
    for (task, part, _), own in zip(work, trained, strict=True):
        gathered.setdefault(task.key, {OUTER: [], INNER: []})[part].append(own)
    del trained  # members are let go of as their task is finished
    return {task.key: _fitted(task, gathered.pop(task.key)) for task in tasks}


def predict_tasks(
    tasks: Sequence[Task], X: pd.DataFrame, y: pd.Series
) -> dict[tuple[Hashable, str], np.ndarray]:
    """Class probabilities ``(rows to predict, 6)`` by (the task's key, form), as in `Fitted`."""
    fitted = fit_tasks(tasks, X, y)
    return {(key, form): own for key, one in fitted.items() for form, own in one.forms.items()}


def predict_stages(
    stages: Mapping[Hashable, Stage], X: pd.DataFrame, y: pd.Series, splits: Sequence[Split]
) -> Predictions:
    """Class probabilities of every stage for the rows to predict of every split.

    Returns
    -------
    dict
        (key in ``stages``, form, number of the split) → array ``(rows to predict, 6)``; forms as
        in `Fitted`.
    """
    tasks = [
        Task((name, k), stage, split)
        for name, stage in stages.items()
        for k, split in enumerate(splits)
    ]
    return {(name, form, k): own for ((name, k), form), own in predict_tasks(tasks, X, y).items()}


def _trained(
    wanted: Sequence[tuple[Stage, Split]], X: pd.DataFrame, y: pd.Series
) -> list[TrainedCase]:
    """What each stage's model gave on its split: networks in stacks, all others side by side.

    Cases are prepared as they are needed, and let go of: together they are many times the data.
    """

    def case(i: int) -> Case:
        stage, split = wanted[i]
        return stage.case(X, y, split)

    ours = [i for i, (stage, _) in enumerate(wanted) if isinstance(stage.learner, MLPClassifier)]
    others = sorted({*range(len(wanted))} - {*ours})
    found: list = [None] * len(wanted)
    sizes = [len(split.train) + stage.simulated for stage, split in wanted]
    for some in _batches(ours, [sizes[i] for i in ours]):
        networks = train_cases([case(i) for i in some], len(FAILURE_TYPES))
        for i, own in zip(some, networks, strict=True):
            found[i] = own
    fitted = Parallel(n_jobs=-1)(tied(delayed(_fit_and_predict)(case(i)) for i in others))
    for i, own in zip(others, fitted, strict=True):
        found[i] = own
    return found


def _batches(numbers: Sequence[int], rows: Sequence[int]) -> list[list[int]]:
    """Neighbours whose training rows are `ROWS_AT_ONCE` at most together, or one that has more."""
    batches: list[list[int]] = []
    filled = 0
    for number, own in zip(numbers, rows, strict=True):
        if not batches or filled + own > ROWS_AT_ONCE:
            batches.append([])
            filled = 0
        batches[-1].append(number)
        filled += own
    return batches


def _fit_and_predict(case: Case) -> TrainedCase:
    model = case.estimator.fit(case.X, case.y)
    probabilities = np.zeros((len(case.X_out), len(FAILURE_TYPES)), dtype=np.float32)
    probabilities[:, np.ravel(model.classes_)] = model.predict_proba(case.X_out)
    return TrainedCase(probabilities, {})


def _fitted(task: Task, parts: Mapping[str, list[TrainedCase]]) -> Fitted:
    """What came of a task, from its members and from its rule's model."""
    n_out = len(task.split.out)
    members = parts[OUTER]
    mean = np.mean([member.probabilities for member in members], axis=0)
    forms = {SINGLE: members[0].probabilities[:n_out]}
    rule = None
    if task.stage.n_members > 1:
        forms[AVERAGED] = mean[:n_out]
    if task.stage.decides:
        promised = mean[n_out:] if task.stage.simulated else parts[INNER][0].probabilities
        rule = MacroF1Rule(getattr(task.stage.learner, "label_smoothing", 0.0)).fit(promised)
        forms[DECIDED] = rule.apply(mean[:n_out])
    return Fitted(forms, [member.weights for member in members if member.weights], rule)


def _parts(stage: Stage, y: pd.Series, split: Split) -> list[tuple[str, Split]]:
    """The trainings behind a stage on one split: its members, and one for its rule."""
    members = [
        (OUTER, Split(split.train, split.out, split.seed + MEMBER_SEED_STEP * i))
        for i in range(stage.n_members)
    ]
    if stage.simulated or not stage.decides:
        return members
    labels = y.iloc[split.train]
    # A block of time may leave a class a single row, which cannot be on both sides.
    strata = labels if labels.value_counts().min() > 1 else None
    train, out = train_test_split(
        split.train, test_size=INNER_SHARE, stratify=strata, random_state=split.seed
    )
    return [*members, (INNER, Split(train, out, split.seed))]


def out_of_fold_stages(
    stages: Mapping[Hashable, Stage],
    X: pd.DataFrame,
    y: pd.Series,
    protocols: Sequence[Sequence[Split]],
) -> Predictions:
    """Out-of-fold class probabilities of every stage under every protocol.

    Parameters
    ----------
    protocols : sequence of sequences of Split
        The rows to predict of a protocol's splits cover all rows once.

    Returns
    -------
    dict
        (key in ``stages``, form, number of the protocol) → array ``(rows, 6)``; forms as in
        `Fitted`.
    """
    splits = [(i, split) for i, protocol in enumerate(protocols) for split in protocol]
    predicted = predict_stages(stages, X, y, [split for _, split in splits])
    found: Predictions = {}
    for (name, form, k), probabilities in predicted.items():
        i, split = splits[k]
        own = found.setdefault((name, form, i), np.zeros((len(X), len(FAILURE_TYPES))))
        own[split.out] = probabilities
    return found
