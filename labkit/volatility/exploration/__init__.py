"""The stocks looked at: the chapter before any model."""
