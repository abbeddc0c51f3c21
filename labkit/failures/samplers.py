"""What can be done about rare classes: samplers, applied to training rows only, and weights."""

from collections import Counter

import numpy as np
from imblearn.combine import SMOTETomek
from imblearn.over_sampling import SMOTENC, RandomOverSampler
from imblearn.over_sampling.base import BaseOverSampler
from imblearn.under_sampling import RandomUnderSampler
from sklearn.covariance import LedoitWolf
from sklearn.utils import check_random_state

MINORITY_SHARE = 0.25
"""Rows of each rare class after balancing, as a share of the most frequent class."""

NEIGHBOURS = 3
"""Neighbours that SMOTE interpolates between: the rarest class has about eleven rows a fold."""

STRATEGIES = {
    "none": "the training rows as they are",
    "class weights": "rows as they are; each class counts by the inverse of its frequency",
    "random oversampling": "rare rows repeated",
    "random undersampling": "frequent rows dropped",
    "SMOTE": "new rows between a rare row and one of its neighbours (Chawla et al. 2002)",
    "SMOTE + Tomek links": "SMOTE, then pairs of neighbours of different classes removed",
    "Gaussian synthesis": "new rows drawn from a normal distribution fitted to each rare class",
}
"""The balancing strategies by name, with what they do in a phrase."""


def class_weight(strategy: str) -> str | None:
    """The ``class_weight`` of an estimator under this strategy."""
    _check_strategy(strategy)
    return "balanced" if strategy == "class weights" else None


def sampler(strategy: str, seed: int):
    """The imblearn sampler of this strategy; ``"passthrough"`` where rows stay as they are.

    It takes the output of `labkit.failures.preprocessing.scaling`, a DataFrame whose first column
    ``type`` holds codes and whose others are standardised numbers, and gives the same columns.

    Raises
    ------
    ValueError
        When the strategy is not one of `STRATEGIES`.
    """
    _check_strategy(strategy)
    smote = SMOTENC(
        [0], sampling_strategy=counts_with_neighbours, k_neighbors=NEIGHBOURS, random_state=seed
    )
    samplers = {
        "random oversampling": RandomOverSampler(
            sampling_strategy=raised_counts, random_state=seed
        ),
        "random undersampling": RandomUnderSampler(
            sampling_strategy=lowered_counts, random_state=seed
        ),
        "SMOTE": smote,
        "SMOTE + Tomek links": SMOTETomek(
            sampling_strategy=counts_with_neighbours, smote=smote, random_state=seed
        ),
        "Gaussian synthesis": GaussianSampler(random_state=seed),
    }
    return samplers.get(strategy, "passthrough")


def counts_with_neighbours(y) -> dict[str, int]:
    """`raised_counts`, but for classes too rare to have `NEIGHBOURS`, which stay as they are."""
    rows = Counter(y)
    return {name: n for name, n in raised_counts(y).items() if rows[name] > NEIGHBOURS}


def raised_counts(y) -> dict:
    """Rows per rare class after oversampling: at least `MINORITY_SHARE` of the largest class.

    >>> raised_counts(["a"] * 100 + ["b"] * 5 + ["c"] * 40)
    {'b': 25}
    """
    counts = Counter(y)
    target = int(MINORITY_SHARE * max(counts.values()))
    return {label: target for label, n in counts.items() if n < target}


def lowered_counts(y) -> dict:
    """Rows per frequent class after undersampling, the rarest class kept whole.

    >>> lowered_counts(["a"] * 100 + ["b"] * 5 + ["c"] * 40)
    {'a': 20, 'c': 20}
    """
    counts = Counter(y)
    target = int(min(counts.values()) / MINORITY_SHARE)
    return {label: target for label, n in counts.items() if n > target}


class GaussianSampler(BaseOverSampler):
    """Draw new rows of each rare class from a normal distribution fitted to its rows.

    The covariance is shrunk towards a sphere (Ledoit and Wolf 2004), since a class may have fewer
    rows than columns. ``type`` is drawn from the class's own frequencies.

    Parameters
    ----------
    random_state : int, RandomState or None
    """

    def __init__(self, random_state=None):
        super().__init__(sampling_strategy=raised_counts)
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


def _check_strategy(strategy: str) -> None:
    if strategy not in STRATEGIES:
        raise ValueError(
            f"strategy is {strategy!r}; expected one of {', '.join(map(repr, STRATEGIES))}"
        )
