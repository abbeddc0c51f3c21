"""A command that must not take for ever."""

import os
import sys
import time

import pytest

from labkit.bootstrap.processes import runs_within


@pytest.mark.skipif(os.name != "posix", reason="ends a group of processes")
def test_a_hanging_installer_is_ended_with_its_children(tmp_path):
    alive = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(alive)!r}).touch()"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    start = time.monotonic()
    assert not runs_within([sys.executable, "-c", parent], seconds=0.5, quiet=True)
    assert time.monotonic() - start < 1.4
    time.sleep(1.5)
    assert not alive.exists()
