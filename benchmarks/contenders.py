"""One grid, five folds, several ways to search it.

All train the same networks with the same momentum, batches drawn anew in every epoch, nothing
stopped early, and are scored alike.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from joblib import Parallel, delayed
from sklearn import neural_network
from sklearn.datasets import make_classification
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold
from skorch import NeuralNetClassifier
from torch import nn

from labkit.nets.estimators import MLPClassifier
from labkit.nets.mlp import MLP
from labkit.nets.parallel import one_thread
from labkit.nets.search import StackedGridSearchCV
from labkit.nets.training import OPTIMIZERS, train

N_CLASSES, N_FEATURES = 6, 8
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)
SCORING = "f1_macro"
MOMENTUM = 0.9
"""Of SGD."""


@dataclass(frozen=True)
class Size:
    """How much is trained: rows, and the axes of the grid."""

    rows: int
    grid: dict

    def describe(self) -> str:
        """The grid in words."""
        axes = " × ".join(f"{name} {values}" for name, values in self.grid.items())
        n = len(ParameterGrid(self.grid))
        return f"{self.rows} × {N_FEATURES} rows, {N_CLASSES} classes; {n} candidates: {axes}"


def _grid(epochs: list[int]) -> dict:
    return {
        "learning_rate": [1e-3, 5e-3],
        "optimizer": ["sgd", "adam", "rmsprop"],
        "hidden_sizes": [(32,), (64,), (64, 32), (128, 64)],
        "batch_size": [64, 128],
        "epochs": epochs,
    }


SIZES = {
    "tiny": Size(600, {**_grid([1, 2]), "batch_size": [64], "hidden_sizes": [(32,)]}),
    "small": Size(8000, _grid([2, 6])),
    "full": Size(8000, _grid([10, 30])),
    "wide": Size(4000, {**_grid([2]), "batch_size": [128], "hidden_sizes": [(512, 512)]}),
    "narrow-batches": Size(4000, {**_grid([2]), "batch_size": [16], "hidden_sizes": [(32,)]}),
    "many-rows": Size(64000, {**_grid([1]), "batch_size": [512], "hidden_sizes": [(64, 32)]}),
}
"""What is searched: as many networks as the book trains, and where that helps less."""


def data(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels of the size that the machine data have; drawn, so that nothing is needed."""
    X, y = make_classification(
        size.rows,
        N_FEATURES,
        n_informative=6,
        n_classes=N_CLASSES,
        n_clusters_per_class=1,
        flip_y=0.05,
        random_state=0,
    )
    return X.astype("float32"), y


def scikit_learn(X, y, grid: dict) -> float:
    """scikit-learn's own ``MLPClassifier``, which knows no RMSprop."""
    names = {
        "learning_rate": "learning_rate_init",
        "optimizer": "solver",
        "hidden_sizes": "hidden_layer_sizes",
        "batch_size": "batch_size",
        "epochs": "max_iter",
    }
    model = neural_network.MLPClassifier(
        alpha=0.0,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        n_iter_no_change=10**6,
        random_state=0,
    )
    own = {names[name]: values for name, values in grid.items()}
    search = GridSearchCV(model, own, cv=FOLDS, scoring=SCORING, n_jobs=-1, refit=False)
    return search.fit(X, y).best_score_


def stock_skorch(X, y, grid: dict) -> float:
    """skorch in ``GridSearchCV`` as its documentation shows it."""
    net = NeuralNetClassifier(
        MLP,
        module__n_inputs=N_FEATURES,
        module__n_outputs=N_CLASSES,
        criterion=nn.CrossEntropyLoss,
        iterator_train__shuffle=True,
        train_split=False,
        verbose=0,
    )
    return _search_skorch(net, X, y, grid)


def remedied_skorch(X, y, grid: dict) -> float:
    """The same with what its documentation advises for speed: no callbacks, ready batches."""
    net = NeuralNetClassifier(
        MLP,
        module__n_inputs=N_FEATURES,
        module__n_outputs=N_CLASSES,
        criterion=nn.CrossEntropyLoss,
        iterator_train=ReadyBatches,
        iterator_train__shuffle=True,
        iterator_valid=ReadyBatches,
        iterator_valid__batch_size=-1,
        train_split=False,
        callbacks__epoch_timer=None,
        callbacks__train_loss=None,
        callbacks__print_log=None,
        verbose=0,
    )
    return _search_skorch(net, X, y, grid)


class ReadyBatches:
    """An iterator for skorch whose batches are slices of shuffled tensors."""

    def __init__(self, dataset, batch_size: int, shuffle: bool = False):
        self.X = torch.from_numpy(dataset.X)
        y = np.zeros(len(dataset.X), int) if dataset.y is None else dataset.y
        self.y, self.batch_size, self.shuffle = torch.from_numpy(y), batch_size, shuffle

    def __iter__(self):
        n_rows = len(self.X)
        order = torch.randperm(n_rows) if self.shuffle else torch.arange(n_rows)
        for rows in order.split(n_rows if self.batch_size == -1 else self.batch_size):
            yield self.X[rows], self.y[rows]


def _search_skorch(net, X, y, grid: dict) -> float:
    names = {
        "learning_rate": "lr",
        "optimizer": "optimizer",
        "hidden_sizes": "module__hidden_sizes",
        "batch_size": "batch_size",
        "epochs": "max_epochs",
    }
    own = {names[name]: values for name, values in grid.items()}
    grids = []
    for name in grid["optimizer"]:
        momentum = {"optimizer__momentum": [MOMENTUM]} if name == "sgd" else {}
        grids.append({**own, "optimizer": [OPTIMIZERS[name]], **momentum})
    search = GridSearchCV(net, grids, cv=FOLDS, scoring=SCORING, n_jobs=-1, refit=False)
    return search.fit(X, y).best_score_


def plain_loop(X, y, grid: dict) -> float:
    """`labkit.nets.training.train` for each candidate and fold, spread over the cores."""
    candidates = list(ParameterGrid(grid))
    folds = list(FOLDS.split(X, y))
    calls = (delayed(_train_plain)(X, y, *fold, params) for params in candidates for fold in folds)
    scores = Parallel(-1)(calls)
    return float(np.reshape(scores, (len(candidates), -1)).mean(1).max())


def _train_plain(X, y, fit, test, params: dict) -> float:
    with one_thread():
        estimator = MLPClassifier(momentum=MOMENTUM, **params)
        model = estimator.initial_module(N_FEATURES, N_CLASSES, seed=0)
        X, codes = torch.from_numpy(X), torch.from_numpy(y)
        loss, config = nn.CrossEntropyLoss(), estimator.training_config(seed=0)
        train(model, X[fit], codes[fit], loss=loss, config=config)
        with torch.no_grad():
            predicted = model.eval()(X[test]).argmax(1).numpy()
        return f1_score(y[test], predicted, average="macro")


def stacked(X, y, grid: dict) -> float:
    """`StackedGridSearchCV`."""
    search = StackedGridSearchCV(
        MLPClassifier(momentum=MOMENTUM), grid, cv=FOLDS, scoring=SCORING, n_jobs=-1, refit=False
    )
    return search.fit(X, y).best_score_


@dataclass(frozen=True)
class Contender:
    """A way to search, and the optimizers that it knows."""

    search: Callable[..., float]
    optimizers: tuple[str, ...] = ("sgd", "adam", "rmsprop")

    def grid(self, size: Size) -> dict:
        """What it searches of a size's grid."""
        known = [name for name in size.grid["optimizer"] if name in self.optimizers]
        return {**size.grid, "optimizer": known}


FEW = ("sgd", "adam")

CONTENDERS = {
    "GridSearchCV + skorch": Contender(stock_skorch),
    "GridSearchCV + skorch, remedied": Contender(remedied_skorch),
    "plain loop": Contender(plain_loop),
    "StackedGridSearchCV": Contender(stacked),
    "GridSearchCV + scikit-learn's MLPClassifier": Contender(scikit_learn, FEW),
    "StackedGridSearchCV, the same candidates": Contender(stacked, FEW),
}
"""The last two search what scikit-learn's network can be trained by."""
