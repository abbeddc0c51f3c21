"""The machine rows as models see them: features, labels, hold-out, folds and tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
import torch
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS, machine_features
from labkit.failures.preprocessing import machine_preprocessing
from labkit.failures.profile import Profile
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores
from labkit.failures.stages import Split, codes
from labkit.nets.ensembles import outputs, train_members
from labkit.nets.estimators import MLPClassifier
from labkit.nets.splits import stratified
from labkit.nets.stacked import Trained
from labkit.nets.training import Watched, class_accuracy

TEST_SHARE = 0.2
"""Share of the machine rows that is held out for the final table."""


@dataclass(frozen=True, eq=False)
class Machines:
    """The machine rows: the development part, and a test part that stays closed.

    ``X`` has the columns of `labkit.failures.features.machine_features`, physics included; ``y``
    the failure types. ``development`` and ``test`` are row positions, every class in the same
    share.
    """

    X: pd.DataFrame
    y: pd.Series
    development: np.ndarray
    test: np.ndarray

    def development_rows(self) -> tuple[pd.DataFrame, pd.Series]:
        """Rows that models are fitted to and choices are made on."""
        return self.X.iloc[self.development], self.y.iloc[self.development]

    def open_test(self) -> tuple[pd.DataFrame, pd.Series]:
        """Rows that judge. Only the final study may call this."""
        return self.X.iloc[self.test], self.y.iloc[self.test]


@lru_cache(maxsize=2)
def machines(data: Maintenance, seed: int) -> Machines:
    """Features, labels and the hold-out split, drawn by ``seed``."""
    X = machine_features(data.frame)
    y = data.frame["failure_type"].astype(str)
    development, test = train_test_split(
        np.arange(len(X)), test_size=TEST_SHARE, stratify=y, random_state=seed
    )
    return Machines(X, y, np.sort(development), np.sort(test))


def repeated_folds(
    X: pd.DataFrame, y: pd.Series, profile: Profile, n_repeats: int
) -> list[list[Split]]:
    """Stratified folds, drawn anew for every repetition, each with its own seed."""
    return [
        [Split(train, out, seed) for train, out in stratified(profile.folds, 1, seed).split(X, y)]
        for seed in range(profile.seed, profile.seed + n_repeats)
    ]


@dataclass(frozen=True)
class RowTensors:
    """Machine rows as a network sees them: ``X`` ``(rows, features)``, ``y`` ``(rows,)`` codes."""

    X: Tensor
    y: Tensor

    @property
    def watched(self) -> Watched:
        """With the share of rows classified rightly."""
        return Watched(self.X, self.y, class_accuracy(self.y))


def row_tensors(
    X: pd.DataFrame,
    y: pd.Series,
    others: Mapping[str, tuple[pd.DataFrame, pd.Series]],
    features: Sequence[str] = PHYSICS,
    *,
    normal: bool = False,
) -> dict[str, RowTensors]:
    """Training rows, and other sets prepared by what was learned on them, as tensors."""
    preprocessing = machine_preprocessing(features, normal=normal).fit(X)
    sets = {"train": (X, y), **others}
    return {
        name: RowTensors(
            torch.as_tensor(np.asarray(preprocessing.transform(X_s)), dtype=torch.float32),
            torch.as_tensor(codes(y_s)),
        )
        for name, (X_s, y_s) in sets.items()
    }


def train_on(sets: Mapping[str, RowTensors], members: Sequence[MLPClassifier]) -> list[Trained]:
    """Train networks on the set ``train``, all sets watched."""
    return train_members(
        members,
        sets["train"].X,
        sets["train"].y,
        n_outputs=len(FAILURE_TYPES),
        loss="cross_entropy",
        watch={name: rows.watched for name, rows in sets.items()},
    )


def macro_f1(model: nn.Module, rows: RowTensors) -> float:
    """Macro-F1 of a network on machine rows."""
    labels = np.array(FAILURE_TYPES)
    predicted = labels[outputs(model, rows.X).argmax(axis=1)]
    return classification_scores(labels[rows.y.numpy()], predicted)["macro_f1"]


def class_share_losses(sets: Mapping[str, RowTensors]) -> dict[str, float]:
    """Cross-entropy of the training rows' class shares on each set."""
    y_train = sets["train"].y
    shares = torch.bincount(y_train, minlength=len(FAILURE_TYPES)) / len(y_train)
    loss = -shares.clamp_min(1e-12).log()
    return {name: float(loss[rows.y].mean()) for name, rows in sets.items()}
