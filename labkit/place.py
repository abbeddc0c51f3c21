"""Where the project lies, if it is there: the folder of the book, or the one a user works in."""

from __future__ import annotations

from pathlib import Path

_ABOVE = Path(__file__).resolve().parents[1]

IN_CHECKOUT = (_ABOVE / "_quarto.yml").is_file()
"""Whether this is the book's repository, and not labkit installed apart from it, as a library."""

ROOT = _ABOVE if IN_CHECKOUT else Path.cwd()
"""The project's root, where ``_quarto.yml`` lies and ``results/`` is made.

Apart from it the current folder, so that nothing is ever written beside an installed package.
"""
