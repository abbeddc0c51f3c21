"""How many planted faults the suite notices, room by room."""

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray")
from soak.mutants import Suite, drawn

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "networks": ["labkit/nets/**/*.py"],
    "inputs": [
        "labkit/failures/preprocessing.py", "labkit/failures/samplers.py",
        "labkit/failures/features.py", "labkit/volatility/panel.py",
        "labkit/volatility/evenings.py", "labkit/volatility/inputs/*.py",
    ],
    "evaluation": [
        "labkit/failures/decision.py", "labkit/failures/stages.py", "labkit/failures/choosing.py",
        "labkit/failures/judging.py", "labkit/failures/resampling.py", "labkit/failures/scores.py",
        "labkit/failures/final.py", "labkit/volatility/scores.py", "labkit/volatility/duels.py",
        "labkit/volatility/levels.py", "labkit/volatility/significance.py",
        "labkit/volatility/refits.py", "labkit/volatility/final.py", "labkit/report/intervals.py",
    ],
    "alarms": ["labkit/**/alarms.py"],
}  # fmt: skip
"""What is mutated: where a fault would change a number and nothing would look wrong."""

PER_ROOM = int(os.environ.get("LABKIT_MUTANTS", "50"))
UNSEEN = {"labkit/nets/stacked/kernel.py"}
"""Compiled: coverage cannot tell which tests pass through it."""

BAR = 0.85


def tests_of(modules):
    """The tests of the rooms that the modules stand in, their examples, and the planted leaks."""
    rooms = sorted({path.parts[1] for path in modules})
    own = [f"{folder}/{room}" for room in rooms for folder in ("tests", "labkit")]
    return [*own, "tests/test_leaks.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_planted_faults_are_noticed(room, tmp_path):
    shutil.copytree(
        ROOT, tmp_path / "copy", ignore=shutil.ignore_patterns(".*", "_book", "results")
    )
    root = tmp_path / "copy"
    found = {path.relative_to(root) for pattern in ROOMS[room] for path in root.glob(pattern)}
    modules = sorted(path for path in found if str(path) not in UNSEEN)
    suite = Suite(root, tests_of(modules))
    outcome = {mutant: suite.notices(mutant) for mutant in drawn(root, modules, PER_ROOM, seed=1)}
    counts = Counter(outcome.values())
    score = counts[True] / len(outcome)
    print(f"\n{room}: {counts[True]} of {len(outcome)} noticed, {score:.0%}; the others:")
    print("\n".join(f"  {mutant}" for mutant, noticed in outcome.items() if not noticed))
    assert score >= BAR
