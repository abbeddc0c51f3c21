"""The house: which room may import from which, and what words and tables may not do."""

import ast
from pathlib import Path

import pytest

from labkit.place import ROOT

HOME = ROOT / "labkit"

MAY_IMPORT = {
    "errors": set(),
    "place": set(),
    "bootstrap": {"errors", "place"},
    "config": {"errors"},
    "book": {"errors"},
    "nets": {"errors"},
    "files": {"errors", "place"},
    "report": {"errors", "place", "config", "nets", "files"},
    "volatility": {"errors", "config", "nets", "files", "report"},
    "failures": {"errors", "config", "nets", "files", "report"},
    "lab": {"errors", "config", "nets", "files", "report", "volatility", "failures"},
    "both": {"errors", "config", "nets", "files", "report", "volatility", "failures"},
}
"""Room → the rooms below it. The front door, ``__init__`` and ``__main__``, opens all of them."""


def room_of(path: Path) -> str:
    return path.relative_to(HOME).parts[0].removesuffix(".py")


def imported_rooms(path: Path) -> set[str]:
    """The rooms of labkit that a file imports from, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "labkit":
            names |= {f"labkit.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("labkit.")}


FILES = sorted(path for path in HOME.rglob("*.py") if not room_of(path).startswith("__"))


def test_the_list_of_rooms_is_whole():
    assert {room_of(path) for path in FILES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_a_room_imports_only_from_below(path):
    own = room_of(path)
    assert imported_rooms(path) - {own} <= MAY_IMPORT[own]


def test_the_order_of_rooms_has_no_circle():
    below = dict(MAY_IMPORT)
    while below:
        ground = {room for room, rooms in below.items() if not rooms & set(below)}
        assert ground, f"a circle among {sorted(below)}"
        below = {room: rooms for room, rooms in below.items() if room not in ground}


def test_no_two_files_import_each_other():
    """Circles within a room."""
    modules = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in FILES}
    waits = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        wanted = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                wanted |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        waits[name] = (wanted & set(modules)) - {name}
    while waits:
        free = {name for name, wanted in waits.items() if not wanted & set(waits)}
        assert free, f"a circle among {sorted(waits)}"
        waits = {name: wanted for name, wanted in waits.items() if name not in free}


COMPUTES = {
    "mean", "median", "std", "var", "sum", "cumsum", "min", "max", "idxmin", "idxmax", "argmin",
    "argmax", "quantile", "groupby", "corr", "nunique", "value_counts", "sort_values", "rank",
    "diff", "agg", "transform", "rolling",
}  # fmt: skip
"""What makes a new number out of others."""

FORMATTERS = [path for path in FILES if path.stem in ("words", "tables", "origin")]
SHOWN = {"Sentence", "Table"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(HOME)))
def test_what_tells_a_result_computes_none(path):
    """Words and tables, and functions that return a Sentence or a Table, only format facts."""
    tree = ast.parse(path.read_text())
    if path in FORMATTERS:
        told = [tree]
    else:
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        told = [f for f in functions if isinstance(f.returns, ast.Name) and f.returns.id in SHOWN]
    if path.parent.name == "report" and path.stem in ("table", "sentence"):
        return  # the typesetting itself, which sets the best value of a column in bold
    calls = [node.func for part in told for node in ast.walk(part) if isinstance(node, ast.Call)]
    names = {call.attr for call in calls if isinstance(call, ast.Attribute)}
    assert not names & COMPUTES, f"{path.name} computes: move it to the study"


def test_nothing_asks_what_a_name_begins_with():
    """A model's kind is a fact, never the beginning of a string."""
    for path in FILES:
        if room_of(path) in ("volatility", "failures", "both", "report", "lab"):
            text = path.read_text()
            assert 'startswith("MLP' not in text and 'endswith(", ' not in text, path
