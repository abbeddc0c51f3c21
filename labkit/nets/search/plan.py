"""Which candidates can train together."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from numbers import Integral

import joblib
from sklearn.base import clone

from labkit.nets.estimators import MLPClassifier, MLPRegressor
from labkit.nets.mlp import count_parameters
from labkit.nets.search.folds import last_step, preprocessing_params
from labkit.nets.stacked.training import chunk_size, evenly

SHAPE = ["hidden_sizes", "activation", "batch_norm", "batch_size", "dtype", "device"]
"""Parameters whose values must be the same in one stack."""

STACKS_PER_PROCESS = 2
"""At least so many, if there are networks enough: the processes then end at about one time."""


@dataclass(frozen=True, eq=False)
class Fit:
    """One network to train: candidates that differ in their epochs alone, on one fold.

    Parameters
    ----------
    estimator : MLPRegressor or MLPClassifier
        Unfitted, with the most epochs of these candidates.
    candidates : dict
        Number of a candidate to its epochs.
    preprocessing : int
        Number of the preprocessing in front of it.
    split : int
    """

    estimator: MLPRegressor | MLPClassifier
    candidates: dict[int, int]
    preprocessing: int
    split: int


@dataclass(frozen=True, eq=False)
class Plan:
    """How a grid is trained.

    Attributes
    ----------
    fits : list of Fit
        Networks for the stacks; the folds of a candidate are neighbours.
    preprocessings : list of estimator
        Configured pipelines, one for each set of preprocessing parameters among ``fits``.
    alone : dict
        Number of a candidate that cannot be stacked to the reason.
    """

    fits: list[Fit]
    preprocessings: list
    alone: dict[int, str]


@dataclass
class _Network:
    """Candidates that one training serves."""

    preprocessing: int
    estimators: list = field(default_factory=list)
    candidates: dict[int, int] = field(default_factory=dict)

    def longest(self):
        return max(self.estimators, key=lambda estimator: estimator.epochs)


def make_plan(estimator, candidates: Sequence[dict], n_splits: int) -> Plan:
    """Sort the candidates into networks for the stacks and those to be fitted one by one.

    Raises
    ------
    ValueError
        On a parameter that the estimator does not have.
    """
    preprocessings: dict[str, object] = {}
    networks: dict[str, _Network] = {}
    alone: dict[int, str] = {}
    for number, params in enumerate(candidates):
        configured = clone(estimator).set_params(**clone(params, safe=False))
        reason = why_alone(configured)
        if reason is not None:
            alone[number] = reason
            continue
        key = joblib.hash(preprocessing_params(estimator, params))
        preprocessings.setdefault(key, configured)
        last = last_step(configured)
        network = networks.setdefault(
            key + _training_key(last, number), _Network(list(preprocessings).index(key))
        )
        network.estimators.append(last)
        network.candidates[number] = last.epochs
    fits = [
        Fit(network.longest(), network.candidates, network.preprocessing, split)
        for network in networks.values()
        for split in range(n_splits)
    ]
    return Plan(fits, list(preprocessings.values()), alone)


def why_alone(estimator) -> str | None:
    """Why a configured estimator cannot be part of a stack; None if it can."""
    last = last_step(estimator)
    if type(last) not in (MLPRegressor, MLPClassifier):
        return f"{type(last).__name__} is none of MLPRegressor and MLPClassifier"
    if not isinstance(last.epochs, Integral) or last.epochs < 1:
        return f"epochs={last.epochs!r} is not a number of 1 or more"
    return None


def _training_key(estimator, number: int) -> str:
    """The same for candidates that are one training, looked at after different epochs."""
    params = estimator.get_params()
    # A schedule ends with the last epoch, patience keeps the best of all, and a random seed is
    # anew for each: then more epochs are another run, not a longer one.
    if params["schedule"] is None and params["patience"] is None:
        params.pop("epochs")
    if params["random_state"] is None:
        params["random_state"] = ("candidate", number)
    return joblib.hash(params)


def make_tasks(
    fits: Sequence[Fit], n_features: int, *, n_jobs: int, chunk: int | None
) -> list[list[Fit]]:
    """Cut the fits into stacks, long ones first, enough of them to keep every process busy.

    Parameters
    ----------
    n_features : int
        Of the preprocessed rows.
    n_jobs : int
        Processes that train.
    chunk : int or None
        The most networks in a stack; None chooses what is fast.
    """
    groups: dict[str, list[Fit]] = {}
    for fit in fits:
        params = fit.estimator.get_params()
        shape = [params[name] for name in SHAPE]
        switches = [bool(params["dropout"]), params["embedding_scale"] is None]
        groups.setdefault(joblib.hash([type(fit.estimator), shape, switches]), []).append(fit)
    tasks = []
    for group in groups.values():
        cost, fast = _size(group[0].estimator, n_features)
        tasks += [(part, cost) for part in evenly(group, chunk or fast)]
    wanted = 1 if n_jobs == 1 else STACKS_PER_PROCESS * n_jobs
    while len(tasks) < wanted and (splittable := [task for task in tasks if len(task[0]) > 1]):
        longest, cost = max(splittable, key=_time)
        half = len(longest) // 2
        tasks.remove((longest, cost))
        tasks += [(longest[:half], cost), (longest[half:], cost)]
    return [task for task, _ in sorted(tasks, key=_time, reverse=True)]


def _size(estimator, n_features: int) -> tuple[float, int]:
    """The cost of an epoch of one network in units that compare, and how many to train at once."""
    try:
        module = estimator.initial_module(n_features, 1, 0)
        n_stacked = chunk_size(module, estimator.batch_size)
    except (TypeError, ValueError, AttributeError):
        return 0.0, 1  # parameters that no network can be built from: the fit will say so
    # Beside the products, which grow with the weights, there are calls for every batch.
    return count_parameters(module) + 1e5 / estimator.batch_size, n_stacked


def _time(task: tuple[list[Fit], float]) -> float:
    fits, cost = task
    return cost * sum(max(fit.candidates.values()) for fit in fits)
