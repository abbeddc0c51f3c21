"""How fast the search is beside what else one could use; ``python -m labkit bench``."""
