"""One grid, five folds, four ways to search it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from joblib import Parallel, delayed
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
}


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
    own["optimizer"] = [OPTIMIZERS[name] for name in own["optimizer"]]
    search = GridSearchCV(net, own, cv=FOLDS, scoring=SCORING, n_jobs=-1, refit=False)
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
        estimator = MLPClassifier(**params)
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
        MLPClassifier(), grid, cv=FOLDS, scoring=SCORING, n_jobs=-1, refit=False
    )
    return search.fit(X, y).best_score_


CONTENDERS: dict[str, Callable] = {
    "GridSearchCV + skorch": stock_skorch,
    "GridSearchCV + skorch, remedied": remedied_skorch,
    "plain loop": plain_loop,
    "StackedGridSearchCV": stacked,
}
