"""What a study's result depends on besides data and profile: the code it can reach, and packages.

Code is reached by imports, from module to module. Comments, docstrings and how a result is shown
(functions that return a `Sentence`, a `Table` or a `Figure`) are left out, and so is an import that
serves those alone: none of them can change a number.
"""

import ast
import hashlib
import importlib.util
import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

from packaging.requirements import Requirement

SHOWN = {"Sentence", "Table", "Figure"}
"""Return annotations of functions that only show."""

KEEPING = {"study"}
"""Decorators that only keep what a function returns."""


@cache
def code_fingerprint(module: str) -> str:
    """A hash of all code of this package that a module, by its name, can reach."""
    digest = hashlib.sha256()
    for name, code in sorted(_reached(module).items()):
        digest.update(f"{name}\n{code}\n".encode())
    return digest.hexdigest()


@cache
def versions(module: str) -> dict[str, str]:
    """Python, and the packages that the code reached by a module imports, with what those need.

    Returns
    -------
    dict
        Distribution to installed version.
    """
    home = module.partition(".")[0]
    imported = {name.partition(".")[0] for own in _reached(module) for name in _read(own)[1]}
    outside = imported - {home, *sys.stdlib_module_names}
    named = {own for name in outside for own in _distributions().get(name, [])}
    found = {"python": platform.python_version()}
    for distribution in sorted(named | {need for own in named for need in _needs(own)}):
        with suppress(PackageNotFoundError):  # needed on another system only
            found[distribution] = version(distribution)
    return found


_distributions = cache(packages_distributions)


def _needs(distribution: str) -> Iterator[str]:
    """What a distribution requires by itself, without extras."""
    for line in requires(distribution) or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name.lower()


@cache
def _reached(name: str) -> dict[str, str]:
    """Module name to what counts of its code, for a module and all it imports of its package."""
    home = name.partition(".")[0]
    found: dict[str, str] = {}
    waiting = {name}
    while waiting:
        own = waiting.pop()
        code, imports = _read(own)
        if code is not None:
            found[own] = code
            waiting |= {step for step in imports if step.partition(".")[0] == home} - found.keys()
    return found


@cache
def _read(name: str) -> tuple[str | None, frozenset[str]]:
    """What counts of a module's code, and all that it imports; None for a name that is no module.

    Packages on the way to an import are run too, and what is imported may be a module itself.
    """
    path = _path_of(name)
    if path is None:
        return None, frozenset()
    tree = _what_counts(ast.parse(path.read_text("utf-8")))
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    parts = [imported.split(".") for imported in _imports(tree, package)]
    return ast.unparse(tree), frozenset(
        ".".join(own[: i + 1]) for own in parts for i in range(len(own))
    )


def _path_of(name: str) -> Path | None:
    """The file of a module; None for a name that is no module."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _imports(tree: ast.AST, package: str) -> Iterator[str]:
    """Full name of everything imported, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _what_counts(tree: ast.Module) -> ast.Module:
    """The code without docstrings and what only shows or keeps, and the imports of those."""
    bare = _Bare()
    tree = bare.visit(tree)
    unused = bare.dropped - _names(tree)
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            node.names = [a for a in node.names if (a.asname or a.name) not in unused]
    tree.body = [node for node in tree.body if getattr(node, "names", True)]
    return tree


def _names(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


class _Bare(ast.NodeTransformer):
    """Drops texts that stand by themselves, functions that show, and decorators that keep.

    ``dropped`` are the names that these used.
    """

    def __init__(self) -> None:
        self.dropped: set[str] = set()

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if _is_text(node) else self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        if isinstance(node.returns, ast.Name) and node.returns.id in SHOWN:
            self.dropped |= _names(node)
            return None
        for decorator in [d for d in node.decorator_list if _is_keeping(d)]:
            self.dropped |= _names(decorator)
            node.decorator_list.remove(decorator)
        return self._with_body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._with_body(node)

    def _with_body(self, node):
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        return node


def _is_text(node: ast.Expr) -> bool:
    return isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _is_keeping(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") in KEEPING
