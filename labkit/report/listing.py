"""Code of the library, shown in a chapter as it is: the reader sees what ran."""

import ast
import inspect
import textwrap

from IPython.display import Markdown


def source(
    *things, label: str | None = None, caption: str = "", docstring: bool = False
) -> Markdown:
    """The source of functions and classes as one Markdown code block.

    Parameters
    ----------
    *things : function or class
        Shown below each other.
    label : str, optional
        Begins with ``lst-``: makes a numbered listing of the block, which the text can refer to.
    caption : str
        Of the listing, as Markdown.
    docstring : bool
        Whether to keep the docstrings, which are for readers of the library.
    """
    codes = [textwrap.dedent(inspect.getsource(thing)) for thing in things]
    if not docstring:
        codes = [_without_docstrings(code) for code in codes]
    code = "\n\n\n".join(code.rstrip() for code in codes)
    if label is None:
        return Markdown(f"```python\n{code}\n```")
    quoted = caption.replace("\\", "\\\\").replace('"', '\\"')
    return Markdown(
        f'```{{#{label} .python lst-cap="{quoted}" code-line-numbers="true"}}\n{code}\n```'
    )


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
