"""What can be done about rare classes: samplers, applied to training rows only, and weights.

Each has a strength: the share of the largest class that every other class has afterwards, in rows,
or in weights. So strategies can be compared at equal strength.
"""

from collections import Counter
from collections.abc import Hashable
from functools import partial

import numpy as np
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import SMOTENC, RandomOverSampler
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.covariance import LedoitWolf
from sklearn.utils import check_random_state

STRENGTH = 0.25
"""The strength where none is asked for: rare classes are raised to a quarter of the largest."""

NEIGHBOURS = 3
"""Neighbours that SMOTE interpolates between: the rarest class has about eleven rows a fold."""

STRATEGIES = {
    "none": "the training rows as they are",
    "class weights": "rows as they are, but each row of a rare class counts as several",
    "random oversampling": "rare rows repeated",
    "random undersampling": "frequent rows dropped until rare ones have their share",
    "SMOTE": "new rows between a rare row and one of its neighbours (Chawla et al. 2002)",
    "SMOTE + Tomek links": "SMOTE, then pairs of neighbours of different classes removed",
    "Gaussian synthesis": "new rows drawn from a normal distribution fitted to each rare class",
}
"""The balancing strategies by name, with what they do in a phrase."""


def class_weight(strategy: str, y, strength: float = STRENGTH) -> dict[Hashable, float] | None:
    """The ``class_weight`` of an estimator that is fitted to the labels ``y``; None for equal ones.

    A rare class weighs as much as if it had ``strength`` of the rows of the largest. The mean over
    rows is 1; at a strength of 1 these are scikit-learn's "balanced" weights.

    >>> class_weight("class weights", ["a"] * 8 + ["b"] * 2, 0.5)
    {'a': 0.8333333333333334, 'b': 1.6666666666666667}
    """
    _check(strategy, strength)
    if strategy != "class weights":
        return None
    counts = Counter(y)
    floor = strength * max(counts.values())
    raised = {label: max(n, floor) for label, n in counts.items()}
    scale = len(y) / sum(raised.values())
    return {label: scale * raised[label] / n for label, n in counts.items()}


def sampler(strategy: str, seed: int, strength: float = STRENGTH):
    """The imblearn sampler of this strategy; ``"passthrough"`` where rows stay as they are.

    It takes the output of `labkit.failures.preprocessing.scaling`, a DataFrame whose first column
    ``type`` holds codes and whose others are standardised numbers, and gives the same columns.

    Raises
    ------
    ValueError
        When the strategy is not one of `STRATEGIES`, or the strength not above 0 and at most 1.
    """
    _check(strategy, strength)
    with_neighbours = partial(counts_with_neighbours, strength=strength)
    smote = SMOTENC(
        [0], sampling_strategy=with_neighbours, k_neighbors=NEIGHBOURS, random_state=seed
    )
    samplers = {
        "random oversampling": RandomOverSampler(
            sampling_strategy=partial(raised_counts, strength=strength), random_state=seed
        ),
        "random undersampling": RandomUnderSampler(
            sampling_strategy=partial(lowered_counts, strength=strength), random_state=seed
        ),
        "SMOTE": smote,
        "SMOTE + Tomek links": SMOTETomek(
            sampling_strategy=with_neighbours, smote=smote, random_state=seed
        ),
        "Gaussian synthesis": GaussianSampler(strength=strength, random_state=seed),
    }
    return samplers.get(strategy, "passthrough")


def counts_with_neighbours(y, strength: float = STRENGTH) -> dict[Hashable, int]:
    """`raised_counts`, but for classes too rare to have `NEIGHBOURS`, which stay as they are."""
    rows = Counter(y)
    return {name: n for name, n in raised_counts(y, strength).items() if rows[name] > NEIGHBOURS}


def raised_counts(y, strength: float = STRENGTH) -> dict[Hashable, int]:
    """Rows per rare class after oversampling: at least ``strength`` of the largest class.

    >>> raised_counts(["a"] * 100 + ["b"] * 5 + ["c"] * 40)
    {'b': 25}
    """
    counts = Counter(y)
    target = int(strength * max(counts.values()))
    return {label: target for label, n in counts.items() if n < target}


def lowered_counts(y, strength: float = STRENGTH) -> dict[Hashable, int]:
    """Rows per frequent class after undersampling, the rarest class kept whole.

    >>> lowered_counts(["a"] * 100 + ["b"] * 5 + ["c"] * 40)
    {'a': 20, 'c': 20}
    """
    counts = Counter(y)
    target = int(min(counts.values()) / strength)
    return {label: target for label, n in counts.items() if n > target}


class GaussianSampler(BaseOverSampler):
    """Draw new rows of each rare class from a normal distribution fitted to its rows.

    The covariance is shrunk towards a sphere (Ledoit and Wolf 2004), since a class may have fewer
    rows than columns. ``type`` is drawn from the class's own frequencies.

    Parameters
    ----------
    strength : float
        Share of the largest class that each rare class is raised to.
    random_state : int, RandomState or None
    """

    def __init__(self, strength=STRENGTH, random_state=None):
        super().__init__(sampling_strategy=partial(raised_counts, strength=strength))
        self.strength = strength
        self.random_state = random_state

    def _fit_resample(self, X: np.ndarray, y: np.ndarray, **params):
        """Append drawn rows to ``X`` ``(rows, 1 + numbers)``, codes of ``type`` first."""
        random = check_random_state(self.random_state)
        new_X, new_y = [X], [y]
        for label, n_new in self.sampling_strategy_.items():
            rows = X[y == label]
            normal = LedoitWolf().fit(rows[:, 1:])
            drawn = random.multivariate_normal(normal.location_, normal.covariance_, n_new)
            types = random.choice(rows[:, 0], n_new)
            new_X.append(np.column_stack([types, drawn]))
            new_y.append(np.full(n_new, label, dtype=y.dtype))
        return np.concatenate(new_X), np.concatenate(new_y)


def _check(strategy: str, strength: float) -> None:
    if strategy not in STRATEGIES:
        raise ValueError(
            f"strategy is {strategy!r}; expected one of {', '.join(map(repr, STRATEGIES))}"
        )
    if not 0 < strength <= 1:
        raise ValueError(f"strength is {strength!r}; expected a share above 0 and at most 1")
