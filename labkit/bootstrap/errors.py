"""The one error of set-up."""

from __future__ import annotations

from labkit.errors import LabkitError


class SetupError(LabkitError, RuntimeError):
    """Set-up cannot go on; the message says what to do."""
