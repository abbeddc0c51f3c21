"""Mutants: small faults planted one at a time, each of which a test should notice.

Cosmic Ray says what a fault may be and plants it. Which tests can notice it is measured, not
listed: the suite is run once with coverage by test, and a mutant is held against the tests that
pass through its line, quick ones first. A line that runs on import is every test's of its module.
"""

import ast
import os
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import coverage
import numpy as np
from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator, operator_names

SLOWER = 3
"""A mutant's tests may take so many times as long as without it: what hangs is noticed too."""

START = 60
"""Seconds beside that, for the imports."""

ENOUGH = 120
"""Seconds of tests that a mutant is held against: who survives them may yet be noticed by a slower
one, so that what is said to be noticed is the least that is."""


@dataclass(frozen=True)
class Mutant:
    """A fault of a kind, at its place among all of that kind in a module."""

    module: Path
    operator: str
    occurrence: int
    start: tuple[int, int]
    end: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.module}:{self.start[0]} {self.operator.partition('/')[2]}"


FORBIDDING = {"dataclass": {"frozen", "kw_only"}, "zip": {"strict"}}
"""Arguments that, true, only refuse what would go on without them: who assigns to a field, leaves
out its name or pairs rows of two lengths. Whatever ran with them gives the same without them, so no
test of what is computed could tell."""


def mutants(root: Path, module: Path) -> Iterator[Mutant]:
    """All mutants of a module, but for those that nothing could notice.

    These are of annotations, which nothing reads, and of `FORBIDDING` arguments.
    """
    tree = get_ast_from_path(root / module)
    unread = _unread((root / module).read_text(encoding="utf-8"))
    for name in operator_names():
        operator = get_operator(name)
        if operator.arguments():
            continue
        own = operator()
        places = (place for node in ast_nodes(tree) for place in own.mutation_positions(node))
        for occurrence, (start, end) in enumerate(places):
            if not any(low <= start and end <= high for low, high in unread):
                yield Mutant(module, name, occurrence, start, end)


def drawn(root: Path, modules: Sequence[Path], n: int, seed: int) -> list[Mutant]:
    """So many mutants: a place is drawn, then one of the faults that it may have."""
    places: dict[tuple, list[Mutant]] = defaultdict(list)
    for module in modules:
        for mutant in mutants(root, module):
            places[module, mutant.start].append(mutant)
    choose = random.Random(seed)
    chosen = choose.sample(sorted(places), min(n, len(places)))
    return [choose.choice(places[place]) for place in chosen]


def _unread(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Where types are written, and what forbids."""
    found: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg | ast.AnnAssign):
            found.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            found.append(node.returns)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            names = FORBIDDING.get(node.func.id, set())
            true = (k.value for k in node.keywords if k.arg in names)
            found += [own for own in true if isinstance(own, ast.Constant) and own.value is True]
    return [
        ((own.lineno, own.col_offset), (own.end_lineno, own.end_col_offset))
        for own in found
        if own is not None
    ]


class Suite:
    """The tests of a copy of the project, by the lines that they pass through.

    Parameters
    ----------
    root : Path
        The copy; mutants are planted in it.
    tests : sequence of str
        What pytest is given.
    """

    def __init__(self, root: Path, tests: Sequence[str]):
        self.root = root
        arguments = ["--cov=labkit", "--cov-context=test", "--cov-report=", "--durations=0", "-vv"]
        done = self._pytest(*arguments, *tests)
        if done.returncode:
            raise RuntimeError(f"the tests fail without any mutant:\n{done.stdout[-3000:]}")
        self.seconds = _durations(done.stdout)
        self.data = coverage.CoverageData(str(root / ".coverage"))
        self.data.read()
        self.names = {name.partition("|")[0] for name in self.data.measured_contexts() if name}

    def through(self, mutant: Mutant) -> list[str]:
        """The tests that pass through a mutant's line, quick ones first, up to `ENOUGH` seconds."""
        contexts = self.data.contexts_by_lineno(str(self.root / mutant.module))
        own = contexts.get(mutant.start[0], [])
        if not any(own):  # it runs on import, or is part of a statement that begins before it
            own = {name for names in contexts.values() for name in names}
        names = {name.partition("|")[0] for name in own if name}
        # What tests of a module share is made when the first is set up, and told of that one alone.
        shared = {name.partition("::")[0] for name in own if name.endswith("|setup")}
        names |= {name for name in self.names if name.partition("::")[0] in shared}
        quick_first = sorted(names, key=lambda name: self.seconds.get(name, 0.0))
        seconds = np.cumsum([self.seconds.get(name, 0.0) for name in quick_first])
        return quick_first[: max(1, int((seconds <= ENOUGH).sum()))]

    def notices(self, mutant: Mutant) -> bool:
        """Whether a test fails where the mutant is planted."""
        tests = self.through(mutant)
        if not tests:
            return False
        limit = START + SLOWER * sum(self.seconds.get(name, 0.0) for name in tests)
        operator = get_operator(mutant.operator)()
        with use_mutation(self.root / mutant.module, operator, mutant.occurrence):
            try:
                return self._pytest("-x", *tests, timeout=limit).returncode != 0
            except subprocess.TimeoutExpired:
                return True

    def _pytest(
        self, *arguments: str, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        variables = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        variables.pop("LABKIT_SOAK", None)
        # Hypothesis' own profile for such runs: the same examples each time, however slow.
        options = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=ci"]
        return subprocess.run(
            [sys.executable, "-m", "pytest", *options, *arguments],
            cwd=self.root, env=variables, capture_output=True, text=True, timeout=timeout,
            check=False,
        )  # fmt: skip


def _durations(report: str) -> dict[str, float]:
    """Seconds of each test, from pytest's list of the slowest."""
    seconds: dict[str, float] = defaultdict(float)
    for line in report.splitlines():
        duration, _, rest = line.strip().partition("s ")
        kind, _, name = rest.partition(" ")
        if kind in ("call", "setup", "teardown"):
            seconds[name.strip()] += float(duration)
    return seconds
