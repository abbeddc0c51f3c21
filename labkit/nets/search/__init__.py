"""Grid search with scikit-learn's contract, trained as stacks."""

from labkit.nets.search.grid import StackedGridSearchCV

__all__ = ["StackedGridSearchCV"]
