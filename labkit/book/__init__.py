"""The book's renderer, its linter, its notebooks, and the zip that is handed in.

Quarto renders the book where it is installed. Elsewhere this room does: it executes the chapters
(`execute`), puts code and outputs in place (`assemble`), numbers and checks what can be referred
to (`crossref`) and typesets HTML pages and a PDF (`typeset`). It covers the Quarto features that
the chapters use; `lint` refuses others.
"""

from labkit.book.errors import BookError
from labkit.book.lint import Problem, lint
from labkit.book.notebooks import notebooks
from labkit.book.render import Rendered, render
from labkit.book.submission import pack

__all__ = ["BookError", "Problem", "Rendered", "lint", "notebooks", "pack", "render"]
