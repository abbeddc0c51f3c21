"""Results → tables that render the same in HTML and PDF."""

from labkit.tables.markdown import Table, mean_and_spread, table, with_interval

__all__ = ["Table", "mean_and_spread", "table", "with_interval"]
