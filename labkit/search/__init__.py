"""Grid search with scikit-learn's contract, trained as stacks."""

from labkit.search.grid import StackedGridSearchCV

__all__ = ["StackedGridSearchCV"]
