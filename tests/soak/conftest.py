"""What takes hours, and is run by ``make soak`` alone.

``LABKIT_MUTANTS`` says how many faults are planted in a room (50), ``LABKIT_SUITES`` how often the
suite is run (30).
"""

import os
from pathlib import Path

import pytest

if not os.environ.get("LABKIT_SOAK"):
    collect_ignore_glob = ["*.py"]


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.soak)
