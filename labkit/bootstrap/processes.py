"""Running a command that must not take for ever."""

from __future__ import annotations

import os
import signal
import subprocess


def runs_within(command: list, seconds: float, quiet: bool) -> bool:
    """Run a command; end it, with all it started, after ``seconds``. True if it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    posix = os.name == "posix"
    process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=posix)
    try:
        return process.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        return False
    finally:
        if process.poll() is None:
            # pip builds in a process of its own, which would go on downloading.
            os.killpg(process.pid, signal.SIGKILL) if posix else process.kill()
            process.wait()
