"""scikit-learn's searches with its contract, trained as stacks."""

from labkit.nets.search.grid import StackedGridSearchCV
from labkit.nets.search.halving import StackedHalvingSearchCV
from labkit.nets.search.randomized import StackedRandomizedSearchCV

__all__ = ["StackedGridSearchCV", "StackedHalvingSearchCV", "StackedRandomizedSearchCV"]
