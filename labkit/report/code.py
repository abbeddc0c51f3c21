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
    for name, tree in sorted(_reached(module).items()):
        digest.update(f"{name}\n{ast.unparse(tree)}\n".encode())
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
    imported = {
        name.partition(".")[0]
        for tree in _reached(module).values()
        for _, name in _imports(tree, package="")
    }
    outside = imported - {home, *sys.stdlib_module_names}
    known = packages_distributions()
    named = {own for name in outside for own in known.get(name, [])}
    found = {"python": platform.python_version()}
    for distribution in sorted(named | {need for own in named for need in _needs(own)}):
        try:
            found[distribution] = version(distribution)
        except PackageNotFoundError:  # needed on another system only
            continue
    return found


def _needs(distribution: str) -> Iterator[str]:
    """What a distribution requires by itself, without extras."""
    for line in requires(distribution) or []:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name.lower()


@cache
def _reached(name: str) -> dict[str, ast.Module]:
    """Module name to what counts of its code, for a module and all it imports of its package."""
    home = name.partition(".")[0]
    found: dict[str, ast.Module] = {}
    waiting = [name]
    while waiting:
        own = waiting.pop()
        path = _path_of(own)
        if own in found or path is None:
            continue
        tree = found[own] = _what_counts(ast.parse(path.read_text("utf-8")))
        package = own if path.name == "__init__.py" else own.rpartition(".")[0]
        for module, member in _imports(tree, package):
            if module.partition(".")[0] == home:
                # Packages on the way are run too, and a member may be a module itself.
                steps = member.split(".")
                waiting += [".".join(steps[: i + 1]) for i in range(len(steps))]
    return found


def _path_of(name: str) -> Path | None:
    """The file of a module; None for a name that is no module."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _imports(tree: ast.AST, package: str) -> Iterator[tuple[str, str]]:
    """(module, full name of what is imported from it) of every import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            module = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            yield from ((module, f"{module}.{alias.name}") for alias in node.names)


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
