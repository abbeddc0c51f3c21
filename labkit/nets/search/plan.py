"""Which candidates can train together."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pickle import PicklingError
from typing import Any

import joblib
import numpy as np
from sklearn.base import BaseEstimator, clone
from torch import nn

from labkit.nets.membership import Estimator, why_alone
from labkit.nets.mlp import count_parameters
from labkit.nets.search.folds import Fold, last_step, preprocessing_params
from labkit.nets.stacked import Checkpoint, shape_of, trains_compiled
from labkit.nets.stacked.training import STACKS_PER_JOB, chunk_size, evenly


@dataclass(frozen=True, eq=False)
class Fit:
    """One network to train: candidates that differ in their epochs alone, on one fold.

    Parameters
    ----------
    estimator : MLPRegressor or MLPClassifier
        Unfitted, with the most epochs of these candidates.
    candidates : mapping
        Number of a candidate to its epochs.
    preprocessing : str
        What tells the preprocessing in front of it from others.
    split : int
    run : str or None
        What tells its training from others, however long; None where more epochs are another run
        and not a longer one.
    start : Checkpoint or None
        Where training goes on from.
    """

    estimator: Estimator
    candidates: Mapping[int, int]
    preprocessing: str
    split: int
    run: str | None
    start: Checkpoint | None = None

    @property
    def epochs(self) -> int:
        """To be trained."""
        return self.estimator.epochs - (0 if self.start is None else self.start.epoch)


@dataclass(frozen=True, eq=False)
class Plan:
    """How a grid is trained.

    Attributes
    ----------
    fits : list of Fit
        Networks for the stacks; the folds of a candidate are neighbours.
    preprocessings : dict
        A configured pipeline for each preprocessing among ``fits``.
    alone : dict
        Number of a candidate that cannot be stacked to the reason.
    """

    fits: list[Fit]
    preprocessings: dict[str, BaseEstimator]
    alone: dict[int, str]


@dataclass
class _Network:
    """Candidates that one training serves."""

    preprocessing: str
    estimators: list[Estimator] = field(default_factory=list)
    candidates: dict[int, int] = field(default_factory=dict)

    def longest(self) -> Estimator:
        return max(self.estimators, key=lambda estimator: estimator.epochs)


def make_plan(
    estimator: BaseEstimator, candidates: Sequence[Mapping[str, Any]], n_splits: int
) -> Plan:
    """Sort the candidates into networks for the stacks and those to be fitted one by one.

    Raises
    ------
    ValueError
        On a parameter that the estimator does not have.
    """
    preprocessings: dict[str, BaseEstimator] = {}
    networks: dict[str, _Network] = {}
    alone: dict[int, str] = {}
    for number, params in enumerate(candidates):
        configured = clone(estimator).set_params(**clone(params, safe=False))
        last = last_step(configured)
        reason = why_alone(last)
        if reason is not None:
            alone[number] = reason
            continue
        try:
            key = joblib.hash(preprocessing_params(estimator, params))
            training_key = _training_key(last, number)
        except (PicklingError, AttributeError, TypeError):
            alone[number] = "parameters that cannot be pickled cannot be compared"
            continue
        preprocessings.setdefault(key, configured)
        network = networks.setdefault(key + training_key, _Network(key))
        network.estimators.append(last)
        network.candidates[number] = last.epochs
    fits = [
        Fit(
            network.longest(),
            network.candidates,
            network.preprocessing,
            split,
            run=key if _is_open_ended(network.estimators[0]) else None,
        )
        for key, network in networks.items()
        for split in range(n_splits)
    ]
    return Plan(fits, preprocessings, alone)


def _is_open_ended(estimator: Estimator) -> bool:
    """Whether more epochs are the same run, only longer.

    A schedule ends with the last epoch, patience keeps the best of all, and a random seed is anew
    for each fit.
    """
    ends = estimator.schedule is not None or estimator.patience is not None
    return not ends and estimator.random_state is not None


def _training_key(estimator: Estimator, number: int) -> str:
    """The same for candidates that are one training, looked at after different epochs."""
    params = estimator.get_params()
    if _is_open_ended(estimator):
        params.pop("epochs")
    elif params["random_state"] is None:
        params["random_state"] = ("candidate", number)
    return joblib.hash(params)


def initial_modules(
    fits: Sequence[Fit],
    folds: Mapping[tuple[str, int], Fold],
    built: dict[Hashable, nn.Module | None],
) -> list[nn.Module | None]:
    """The network that each fit starts from, up to its weights; fits of one network share it.

    None where no network can be built: the fit will say why. ``built`` are those of earlier calls,
    and gets what is new.
    """
    options: dict[int, str] = {}
    sizes: dict[Hashable, tuple[int, int]] = {}
    modules = []
    for fit in fits:
        own = fit.estimator
        if id(own) not in options:  # the fits of a candidate have it in common
            options[id(own)] = joblib.hash([own.network_options(), own.dtype])
        fold = (fit.preprocessing, fit.split, type(own))
        if fold not in sizes:
            sizes[fold] = _size_of(own, folds[fit.preprocessing, fit.split])
        key = (options[id(own)], sizes[fold])
        if key not in built:
            built[key] = _built(own, *sizes[fold])
        modules.append(built[key])
    return modules


def _size_of(estimator: Estimator, fold: Fold) -> tuple[int, int]:
    """Features and outputs of a network for a fold; zero where the data are none for a network."""
    X, y, _ = fold.fit_arguments
    try:
        _, n_features = np.shape(X)
        return n_features, estimator.n_outputs(y)
    except (TypeError, ValueError):
        return 0, 0


def _built(estimator: Estimator, n_inputs: int, n_outputs: int) -> nn.Module | None:
    try:
        return estimator.initial_module(n_inputs, n_outputs, seed=0)
    except Exception:
        return None


def make_tasks(
    fits: Sequence[Fit],
    modules: Sequence[nn.Module | None],
    *,
    n_jobs: int,
    chunk: int | None,
) -> list[list[Fit]]:
    """Cut the fits into stacks, long ones first, enough of them to keep every process busy.

    Parameters
    ----------
    fits : sequence of Fit
    modules : sequence of Module or None
        Their `initial_modules`. Fits without one are on their own.
    n_jobs : int
        Processes that train.
    chunk : int or None
        The most networks in a stack; None chooses what is fast.
    """
    shapes = {id(module): shape_of(module) for module in modules if module is not None}
    groups: dict[Hashable, list[int]] = {}
    for i, (fit, module) in enumerate(zip(fits, modules, strict=True)):
        own = fit.estimator
        done = own.epochs - fit.epochs
        # One stack may train on many splits, but then it needs all their rows below each other.
        split = fit.split if trains_compiled(own.device) else None
        key = (type(own), shapes.get(id(module), i), repr(own.batch_size), own.device, done, split)
        groups.setdefault(key, []).append(i)
    tasks = []
    for group in groups.values():
        cost, fast = _size(fits[group[0]].estimator, modules[group[0]])
        tasks += [([fits[i] for i in part], cost) for part in evenly(group, chunk or fast)]
    wanted = 1 if n_jobs == 1 else STACKS_PER_JOB * n_jobs
    while len(tasks) < wanted and (splittable := [task for task in tasks if len(task[0]) > 1]):
        longest, cost = max(splittable, key=_time)
        half = len(longest) // 2
        tasks.remove((longest, cost))
        tasks += [(longest[:half], cost), (longest[half:], cost)]
    return [task for task, _ in sorted(tasks, key=_time, reverse=True)]


def _size(estimator: Estimator, module: nn.Module | None) -> tuple[float, int]:
    """The cost of an epoch of one network in units that compare, and how many to train at once."""
    if module is None:
        return 0.0, 1
    # Beside the products, which grow with the weights, there are calls for every batch.
    batch_size = estimator.batch_size
    return count_parameters(module) + 1e5 / batch_size, chunk_size(module, batch_size)


def _time(task: tuple[list[Fit], float]) -> float:
    fits, cost = task
    return cost * sum(fit.epochs for fit in fits)
