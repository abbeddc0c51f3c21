"""scikit-learn's face of the MLP: estimators that train with skorch.

They keep scikit-learn's contract: ``get_params``, ``clone``, pipelines, ``GridSearchCV``.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from skorch import NeuralNet
from skorch.callbacks import LRScheduler
from torch import nn

from labkit.nets.mlp import MLP
from labkit.nets.parameters import TRAINING, keyword_parameters, shared_values, spell_out
from labkit.nets.private import _check_sample_weight
from labkit.nets.schedules import learning_rate_factor
from labkit.nets.skorch_net import (
    FixedSplit,
    InterruptibleNet,
    Patience,
    TensorSlices,
    WeightedMean,
)
from labkit.nets.training import (
    OPTIMIZERS,
    TrainingConfig,
    check_optimizer,
    count_batches,
    optimizer_options,
    seeded,
)


class TrainingRows(NamedTuple):
    """What an estimator trains on, after its checks and the encoding of labels.

    ``X`` is ``(rows, features)``; ``target`` ``(rows, 1)`` numbers or ``(rows,)`` class numbers;
    ``weight`` ``(rows,)``; ``strata`` the class numbers, or None.
    """

    X: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    n_outputs: int
    strata: np.ndarray | None


class _SkorchMLP(BaseEstimator):
    """What the regressor and the classifier share: everything but the target.

    ``network`` is the class of the network: ``network(n_inputs, n_outputs, **options)``. Its
    keyword-only parameters are parameters of the estimator, as are those of the training.
    Subclasses give ``loss``, a loss of each row, ``n_outputs`` and ``training_rows``.
    """

    network: ClassVar[type[nn.Module]] = MLP

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        spell_out(cls)

    def __init__(
        self,
        *,
        validation_fraction: float = 0.15,
        random_state: int | np.random.RandomState | None = 0,
        dtype: str = "float32",
        device: str = "cpu",
        **parameters: Any,
    ):
        for name, value in shared_values(self, parameters).items():
            setattr(self, name, value)
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.dtype = dtype
        self.device = device

    def network_options(self) -> dict[str, Any]:
        """The part of the parameters that says what to build."""
        return {name: getattr(self, name) for name in keyword_parameters(self.network)}

    def training_config(self, seed: int) -> TrainingConfig:
        """The part of the parameters that says how to train."""
        return TrainingConfig(**{name: getattr(self, name) for name in TRAINING}, seed=seed)

    def initial_module(self, n_inputs: int, n_outputs: int, seed: int) -> nn.Module:
        """The untrained network that this estimator starts from."""
        with seeded(seed):
            model = self.network(n_inputs, n_outputs, **self.network_options())
        return model.to(getattr(torch, self.dtype))

    def seed(self) -> int:
        """The seed of the weights, the batches and the dropout masks."""
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def validation_rows(
        self, strata: np.ndarray | None, n_rows: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows to train on, and rows that early stopping watches (none without a ``patience``).

        Drawn at random; by class where ``strata`` gives one and each has two rows or more.
        """
        rows = np.arange(n_rows)
        if self.patience is None:
            return rows, rows[:0]
        if not 0 < self.validation_fraction < 1:
            raise ValueError(
                f"validation_fraction is {self.validation_fraction!r}; expected a share between "
                "0 and 1"
            )
        if strata is not None and np.bincount(strata).min() < 2:
            strata = None
        train, validation = train_test_split(
            rows, test_size=self.validation_fraction, stratify=strata, random_state=seed
        )
        return np.sort(train), np.sort(validation)

    def _weighted_rows(
        self,
        X: np.ndarray,
        target: np.ndarray,
        weight: np.ndarray,
        n_outputs: int,
        strata: np.ndarray | None = None,
    ) -> TrainingRows:
        # A row without weight is no row: a batch of such rows alone would have no mean.
        counts = weight != 0
        if not counts.any():
            raise ValueError(
                "every row has a weight of 0, by its sample_weight or the class_weight of its "
                "class; expected one above 0 at least"
            )
        if not counts.all():
            X, target, weight = X[counts], target[counts], weight[counts]
            strata = None if strata is None else strata[counts]
        return TrainingRows(X, target, weight.astype(self.dtype), n_outputs, strata)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on ``X`` ``(rows, features)`` and ``y`` ``(rows,)``.

        Raises
        ------
        FloatingPointError
            When the training loss stops being finite.
        """
        return self._train(self.training_rows(X, y, sample_weight))

    def _train(self, data: TrainingRows) -> Self:
        check_optimizer(self.optimizer)
        seed = self.seed()
        config = self.training_config(seed)
        rows, watched = self.validation_rows(data.strata, len(data.X), seed)
        callbacks = []
        if config.schedule is not None:
            steps = config.epochs * count_batches(len(rows), config.batch_size)
            factor = learning_rate_factor(config.schedule, steps)
            callbacks.append(LRScheduler("LambdaLR", lr_lambda=factor, step_every="batch"))
        if config.patience is not None:
            callbacks.append(Patience(config.patience))
        self.net_ = InterruptibleNet(
            self.initial_module(data.X.shape[1], data.n_outputs, seed),
            criterion=WeightedMean(self.loss()),
            optimizer=OPTIMIZERS[config.optimizer],
            max_epochs=config.epochs,
            batch_size=config.batch_size,
            iterator_train=TensorSlices,
            iterator_train__generator=torch.Generator().manual_seed(seed),
            iterator_valid=TensorSlices,
            iterator_valid__batch_size=-1,
            train_split=FixedSplit(rows, watched) if len(watched) else None,
            callbacks=callbacks,
            callbacks__print_log=None,
            device=self.device,
            verbose=0,
            **{f"optimizer__{name}": value for name, value in optimizer_options(config).items()},
        )
        with seeded(seed):
            self.net_.fit(data.X, {"target": data.target, "weight": data.weight})
        self.n_iter_ = len(self.net_.history)
        self.check_training_loss(self.net_.history[-1, "train_loss"], self.n_iter_)
        return self

    def check_training_loss(self, loss: float, epoch: int) -> None:
        """Raise FloatingPointError when the training loss of the last epoch is not finite."""
        if not np.isfinite(loss):
            raise FloatingPointError(
                f"the training loss is {loss} after epoch {epoch}: training diverged. Lower "
                f"learning_rate={self.learning_rate}, or look for non-finite values in the "
                "features."
            )

    def adopt(self, module: nn.Module, n_iter: int) -> Self:
        """Take a network trained elsewhere on `training_rows`; return the fitted estimator."""
        self.net_ = NeuralNet(
            module, criterion=nn.Identity, iterator_valid=TensorSlices, device=self.device
        ).initialize()
        self.n_iter_ = n_iter
        return self

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=self.dtype)
        return self.net_.forward(X, training=False).cpu().numpy()


class MLPRegressor(RegressorMixin, _SkorchMLP):
    """An `MLP` that minimises the mean squared error.

    Parameters
    ----------
    **parameters
        Of the network, the keyword parameters of `MLP`: ``hidden_sizes``, ``dropout``, …; of the
        training, those of `TrainingConfig`: ``learning_rate``, ``epochs``, …. The signature has
        them all.
    validation_fraction : float
        Share of the rows that early stopping watches; unused when ``patience`` is None.
    random_state : int, RandomState or None
        Of the initial weights, the order of the batches, the dropout masks, the validation rows.
    dtype : {"float32", "float64"}
    device : str
        Where PyTorch trains: ``cpu``, ``cuda``.

    Attributes
    ----------
    net_ : skorch.NeuralNet
        The fitted net, its ``history`` and ``module_``.
    n_iter_ : int
        Epochs trained.

    Examples
    --------
    >>> X = np.linspace(-1, 1, 64)[:, None]
    >>> model = MLPRegressor(hidden_sizes=(8,), learning_rate=0.05, epochs=60).fit(X, X[:, 0] ** 2)
    >>> bool(model.score(X, X[:, 0] ** 2) > 0.9)
    True
    """

    def loss(self) -> nn.Module:
        """The squared error of each row."""
        return nn.MSELoss(reduction="none")

    def n_outputs(self, y: Any) -> int:
        """How many outputs a network for the targets ``y`` ``(rows,)`` has."""
        return 1

    def training_rows(self, X: Any, y: Any, sample_weight: Any = None) -> TrainingRows:
        """Check the data as `fit` does, and set the attributes that do not need training."""
        X, y = validate_data(self, X, y, dtype=self.dtype, y_numeric=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        return self._weighted_rows(X, y.astype(self.dtype)[:, None], weight, 1)

    def predict(self, X: Any) -> np.ndarray:
        """Predictions, shape ``(rows,)``."""
        return self._outputs(X)[:, 0]


class MLPClassifier(ClassifierMixin, _SkorchMLP):
    """An `MLP` that minimises the cross-entropy of several classes.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
        Weight of each class in the loss, as scikit-learn defines it.
    label_smoothing : float
        Share of the target probability spread evenly over the classes, in [0, 1).
    **parameters
        All the others are those of `MLPRegressor`.

    Attributes
    ----------
    classes_ : ndarray
        The labels, sorted; the order of the columns of ``predict_proba``.
    net_, n_iter_
        As in `MLPRegressor`.
    """

    def __init__(
        self,
        *,
        class_weight: str | Mapping[Any, float] | None = None,
        label_smoothing: float = 0.0,
        **parameters: Any,
    ):
        super().__init__(**parameters)
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing

    def loss(self) -> nn.Module:
        """The cross-entropy of each row.

        Raises
        ------
        ValueError
            When ``label_smoothing`` is no share, from 0 to less than 1.
        """
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"label_smoothing is {self.label_smoothing!r}; expected a share of 0 or more, and "
                "less than 1"
            )
        return nn.CrossEntropyLoss(reduction="none", label_smoothing=self.label_smoothing)

    def n_outputs(self, y: Any) -> int:
        """How many outputs a network for the labels ``y`` ``(rows,)`` has."""
        return len(np.unique(y))

    def training_rows(self, X: Any, y: Any, sample_weight: Any = None) -> TrainingRows:
        """Check the data as `fit` does, and set the attributes that do not need training."""
        X, y = validate_data(self, X, y, dtype=self.dtype)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        if self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, y)
            if not (weight >= 0).all():
                raise ValueError(
                    f"class_weight is {self.class_weight!r}; expected weights of 0 or more"
                )
        return self._weighted_rows(X, codes, weight, len(self.classes_), strata=codes)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities by softmax, shape ``(rows, classes)``."""
        return torch.softmax(torch.from_numpy(self._outputs(X)), dim=1).numpy()

    def predict(self, X: Any) -> np.ndarray:
        """The most probable label of each row, shape ``(rows,)``."""
        codes = self._outputs(X).argmax(axis=1)
        return self.classes_[codes]
