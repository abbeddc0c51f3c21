"""The rows of several folds in one table, from which a stack trains."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
import torch
from sklearn.base import clone
from sklearn.utils.validation import validate_data
from torch import Tensor, nn

from labkit.nets.estimators import TrainingRows
from labkit.nets.membership import Estimator, member_of
from labkit.nets.schedules import learning_rate_factor
from labkit.nets.search.folds import Fold
from labkit.nets.search.plan import Fit
from labkit.nets.stacked import Member, name_of_loss
from labkit.nets.training import check_optimizer


@dataclass(eq=False)
class Part:
    """One fold in the table, from row ``start`` on, as ``estimator`` has checked and encoded it."""

    estimator: Estimator
    rows: TrainingRows
    start: int
    fold: Fold
    splits: dict[Hashable, tuple[Tensor, Tensor | None]] = field(default_factory=dict)
    modules: dict[Hashable, nn.Module] = field(default_factory=dict)

    def split(self, estimator: Estimator, seed: int) -> tuple[Tensor, Tensor | None]:
        """Rows to train on and rows that early stopping watches; the same object for all fits."""
        key = (seed, estimator.patience is None, estimator.validation_fraction)
        if key not in self.splits:
            n_rows = len(self.rows.X)
            train, validation = estimator.validation_rows(self.rows.strata, n_rows, seed)
            self.splits[key] = (
                torch.from_numpy(train) + self.start,
                torch.from_numpy(validation) + self.start if len(validation) else None,
            )
        return self.splits[key]

    def initial_module(self, estimator: Estimator, seed: int) -> nn.Module:
        """The untrained network of an estimator; those that start alike share it."""
        key = (seed, joblib.hash(estimator.network_options()))
        if key not in self.modules:
            n_inputs, n_outputs = self.rows.X.shape[1], self.rows.n_outputs
            self.modules[key] = estimator.initial_module(n_inputs, n_outputs, seed)
        return self.modules[key]

    def fitted(self, estimator: Estimator) -> Any:
        """A clone of ``estimator`` with what fitting learns from the data apart from training."""
        fitted = clone(estimator)
        for name, value in vars(self.estimator).items():
            if name.endswith("_"):
                setattr(fitted, name, value)
        return fitted

    def features(self, X: Any) -> Tensor:
        """Preprocessed rows as the network reads them."""
        X = validate_data(self.estimator, X, reset=False, dtype=self.estimator.dtype)
        return torch.from_numpy(np.require(X, requirements="W"))


class Table:
    """The folds that some fits need, below each other, each once."""

    def __init__(self, folds: Mapping[tuple[str, int], Fold]):
        self.folds = folds
        self.parts: dict[Hashable, Part] = {}
        self.n_rows = 0

    def part(self, fit: Fit) -> Part:
        """The fold of a fit. Class weights are part of the rows, so they tell folds apart too."""
        class_weight = getattr(fit.estimator, "class_weight", None)
        key = (fit.preprocessing, fit.split, repr(class_weight))
        if key not in self.parts:
            fold = self.folds[fit.preprocessing, fit.split]
            estimator = clone(fit.estimator)
            X, y, params = fold.fit_arguments
            part = Part(estimator, estimator.training_rows(X, y, **params), self.n_rows, fold)
            self.parts[key] = part
            self.n_rows += len(part.rows.X)
        return self.parts[key]

    def member(self, fit: Fit, goes_on: bool) -> Member:
        """The network of a fit as it is before, and how it is trained.

        ``goes_on`` asks for a checkpoint of each that can be trained further.
        """
        part = self.part(fit)
        estimator = clone(fit.estimator)
        check_optimizer(estimator.optimizer)
        learning_rate_factor(estimator.schedule, 1)
        seed = estimator.seed()
        rows, validation = part.split(estimator, seed)
        return member_of(
            estimator,
            part.initial_module(estimator, seed),
            seed,
            rows=rows,
            validation=validation,
            snapshots=tuple(fit.candidates.values()),
            start=fit.start,
            goes_on=goes_on and fit.run is not None,
        )

    def tensors(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """All features, targets and weights; no weights where all are one."""
        parts = [part.rows for part in self.parts.values()]
        X = torch.from_numpy(_below_each_other([rows.X for rows in parts]))
        y = torch.from_numpy(_below_each_other([rows.target for rows in parts]))
        weights = _below_each_other([rows.weight for rows in parts])
        return X, y, None if (weights == 1).all() else torch.from_numpy(weights)

    @property
    def loss(self) -> str:
        """What the fits minimise."""
        return name_of_loss(next(iter(self.parts.values())).estimator.loss())


def _below_each_other(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """One array of all rows; a single one is not copied if PyTorch can take it as it is."""
    if len(arrays) == 1:
        return np.require(arrays[0], requirements=["C", "W"])
    return np.concatenate(arrays)
