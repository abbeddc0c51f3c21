"""labkit: multilayer perceptrons in PyTorch, and the two studies of a literate lab report on them.

>>> from labkit import MLPClassifier
>>> X, y = [[0.0], [1.0], [2.0], [3.0]], ["low", "low", "high", "high"]
>>> model = MLPClassifier(hidden_sizes=(8,), learning_rate=0.05, epochs=100, random_state=0)
>>> model.fit(X, y).predict([[0.2], [2.8]]).tolist()
['low', 'high']

The names in ``__all__`` are the library's face. Each is imported when it is first asked for, so
that ``import labkit`` costs nothing, and ``python -m labkit`` runs before anything is installed.

The rooms, each importing only from those before it:

``errors``, ``place``, ``bootstrap``, ``config``
    The base of all errors that are meant for users; where the project lies; set-up and the lock;
    profiles and the seed.
``nets``
    MLPs, whatever the data: the network, its training, many at once, scikit-learn's estimators and
    searches over them. Knows no data set.
``files``
    Finding, fetching and checking files, and the record of where they came from.
``report``
    How a result is kept and shown: tables, figures, sentences, intervals, alarms.
``volatility``, ``failures``
    All about the stocks, and all about the machines. Neither imports from the other.
``lab``
    What a chapter opens with: the data in use and the profile, as the environment says.
``both``
    What compares the two studies.
``book``
    Rendering without Quarto, the chapters' linter, notebooks. Imports only ``errors``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from labkit.errors import LabkitError

if TYPE_CHECKING:
    from labkit.nets.estimators import MLPClassifier as MLPClassifier
    from labkit.nets.estimators import MLPRegressor as MLPRegressor
    from labkit.nets.mlp import MLP as MLP
    from labkit.nets.search import StackedGridSearchCV as StackedGridSearchCV
    from labkit.nets.search import StackedHalvingSearchCV as StackedHalvingSearchCV
    from labkit.nets.search import StackedRandomizedSearchCV as StackedRandomizedSearchCV
    from labkit.nets.training import TrainingConfig as TrainingConfig
    from labkit.nets.training import train as train

__version__ = "0.1.0"

_ROOM_OF = {
    "MLP": "labkit.nets.mlp",
    "MLPClassifier": "labkit.nets.estimators",
    "MLPRegressor": "labkit.nets.estimators",
    "StackedGridSearchCV": "labkit.nets.search",
    "StackedHalvingSearchCV": "labkit.nets.search",
    "StackedRandomizedSearchCV": "labkit.nets.search",
    "TrainingConfig": "labkit.nets.training",
    "train": "labkit.nets.training",
}

__all__ = ["LabkitError", *_ROOM_OF]


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ROOM_OF[name]), name)


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__})
