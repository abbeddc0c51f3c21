"""Networks with their inputs and how they decide, trained for every fold at once."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from labkit.failures import samplers
from labkit.failures.decision import MacroF1Rule
from labkit.failures.preprocessing import encoding, scaling
from labkit.failures.rules import FAILURE_TYPES
from labkit.nets.ensembles import Case, predict_cases
from labkit.nets.estimators import MLPClassifier

INNER_SHARE = 1 / 3
"""Share of the training rows whose probabilities, by a network that trains on the other rows, a
decision rule is chosen from."""

MEMBER_SEED_STEP = 1000
"""Between the seeds of an ensemble's networks, so that repetitions share none."""

SINGLE = "single"
AVERAGED = "averaged"
DECIDED = "decided"
"""Forms in which a stage predicts: its first network, the mean of all, the mean with its rule."""

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
    """An MLP, the features it sees, what is done about rare classes, and how it decides.

    Parameters
    ----------
    mlp : MLPClassifier
    features : list of str
    strategy : str
        One of `labkit.failures.samplers.STRATEGIES`.
    normal : bool
        Whether numbers are mapped to normal quantiles; see `labkit.failures.preprocessing.scaling`.
    n_members : int
        Networks, alike but for their seeds, whose probabilities are averaged.
    decides : bool
        Whether a `MacroF1Rule` is chosen from probabilities of an `INNER_SHARE` of the training
        rows.
    """

    mlp: MLPClassifier
    features: list[str]
    strategy: str = "none"
    normal: bool = False
    n_members: int = 1
    decides: bool = False

    def pipeline(self, seed: int) -> Pipeline:
        """Scale, balance the training rows, encode, train: all fitted inside the training fold."""
        weight = samplers.class_weight(self.strategy)
        return Pipeline(
            [
                ("scaling", scaling(self.features, normal=self.normal)),
                ("balancing", samplers.sampler(self.strategy, seed)),
                ("encoding", encoding()),
                ("mlp", clone(self.mlp).set_params(class_weight=weight, random_state=seed)),
            ]
        )

    def case(self, X: pd.DataFrame, y: pd.Series, split: Split) -> Case:
        """What the pipeline's network would be given for a split, the network not yet trained."""
        steps = self.pipeline(split.seed).named_steps
        scaled = steps["scaling"].fit_transform(X.iloc[split.train])
        labels = np.asarray(y.iloc[split.train])
        if steps["balancing"] != "passthrough":
            scaled, labels = steps["balancing"].fit_resample(scaled, labels)
        inputs = steps["encoding"].fit_transform(scaled)
        out = steps["encoding"].transform(steps["scaling"].transform(X.iloc[split.out]))
        return Case(steps["mlp"], np.asarray(inputs), codes(labels), np.asarray(out))


def codes(labels) -> np.ndarray:
    """Class numbers of labels, in the order of `FAILURE_TYPES`."""
    return pd.Categorical(labels, categories=FAILURE_TYPES).codes.astype(np.int64)


def predict_stages(
    stages: Mapping[Hashable, Stage], X: pd.DataFrame, y: pd.Series, splits: Sequence[Split]
) -> Predictions:
    """Class probabilities of every stage for the rows to predict of every split.

    Returns
    -------
    dict
        (key in ``stages``, form, number of the split) → array ``(rows to predict, 6)``. Every stage
        gives its first network as `SINGLE`; one of several members their mean as `AVERAGED`; one
        that decides the mean with its rule's factors applied as `DECIDED`.
    """
    work = [
        (name, k, part, own)
        for name, stage in stages.items()
        for k, split in enumerate(splits)
        for part, own in _parts(stage, y, split)
    ]
    cases = [stages[name].case(X, y, own) for name, _, _, own in work]
    predicted = predict_cases(cases, len(FAILURE_TYPES))
    gathered: dict = {}
    for (name, k, part, _), probabilities in zip(work, predicted, strict=True):
        parts = gathered.setdefault((name, k), {"outer": [], "inner": []})
        parts[part].append(probabilities)
    found: Predictions = {}
    for (name, k), parts in gathered.items():
        stage = stages[name]
        mean = np.mean(parts["outer"], axis=0)
        found[name, SINGLE, k] = parts["outer"][0]
        if stage.n_members > 1:
            found[name, AVERAGED, k] = mean
        if stage.decides:
            rule = MacroF1Rule(stage.mlp.label_smoothing).fit(parts["inner"][0])
            found[name, DECIDED, k] = rule.apply(mean)
    return found


def _parts(stage: Stage, y: pd.Series, split: Split) -> list[tuple[str, Split]]:
    """The trainings behind a stage on one split: its members, and one for its rule."""
    members = [
        ("outer", Split(split.train, split.out, split.seed + MEMBER_SEED_STEP * i))
        for i in range(stage.n_members)
    ]
    if not stage.decides:
        return members
    labels = y.iloc[split.train]
    # A block of time may leave a class a single row, which cannot be on both sides.
    strata = labels if labels.value_counts().min() > 1 else None
    train, out = train_test_split(
        split.train, test_size=INNER_SHARE, stratify=strata, random_state=split.seed
    )
    return [*members, ("inner", Split(train, out, split.seed))]


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
        `predict_stages`.
    """
    splits = [(i, split) for i, protocol in enumerate(protocols) for split in protocol]
    predicted = predict_stages(stages, X, y, [split for _, split in splits])
    found: Predictions = {}
    for (name, form, k), probabilities in predicted.items():
        i, split = splits[k]
        own = found.setdefault((name, form, i), np.zeros((len(X), len(FAILURE_TYPES))))
        own[split.out] = probabilities
    return found
