"""The one error of the book: what was found, where, and what to do next."""

from __future__ import annotations

from labkit.errors import LabkitError


class BookError(LabkitError, ValueError):
    """The book cannot be rendered; the message names file, line and the next step."""
