"""Code of the library, shown in a chapter as it is: the reader sees what ran."""

import ast
import inspect
import textwrap

from IPython.display import Markdown


def source(thing, *, docstring: bool = False) -> Markdown:
    """The source of a function or class as a Markdown code block.

    Parameters
    ----------
    thing : function or class
    docstring : bool
        Whether to keep the docstrings, which are for readers of the library.
    """
    code = textwrap.dedent(inspect.getsource(thing))
    if not docstring:
        code = _without_docstrings(code)
    return Markdown(f"```python\n{code.rstrip()}\n```")


def _without_docstrings(code: str) -> str:
    lines = code.splitlines()
    drop: set[int] = set()
    for node in ast.walk(ast.parse(code)):
        documented = isinstance(node, (ast.FunctionDef, ast.ClassDef))
        if documented and ast.get_docstring(node) is not None:
            first = node.body[0]
            drop.update(range(first.lineno - 1, first.end_lineno))
            if first.end_lineno < len(lines) and not lines[first.end_lineno].strip():
                drop.add(first.end_lineno)
    return "\n".join(line for number, line in enumerate(lines) if number not in drop)
