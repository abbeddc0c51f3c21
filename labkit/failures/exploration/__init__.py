"""The machine rows looked at: the chapter before any model."""
