"""The lab's experiments by name: each returns tidy tables, made once and kept in ``results/``."""
