"""Wall time, processor time and peak memory of a function and of the processes it works with.

joblib's worker processes are fresh for each function, and have imported what they need before the
clock starts, as the kernel is compiled: a session pays for that once, whatever it searches with.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import psutil
from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import get_reusable_executor

from labkit.nets.stacked import compile_ahead

INTERVAL = 0.1
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Measured:
    """What a call returned and what it took, the worker processes included.

    ``cpu_seconds`` is the time on all cores: other work on the machine lengthens ``seconds``, but
    hardly that. ``megabytes`` is memory beyond what was in use before.
    """

    result: Any
    seconds: float
    cpu_seconds: float
    megabytes: float


def measure(function: Callable, *args) -> Measured:
    """Call a function with fresh worker processes."""
    get_reusable_executor().shutdown(wait=True)
    compile_ahead("float32")
    before = _total(_memory)
    Parallel(-1)(delayed(import_module)("labkit.nets.search") for _ in range(4 * cpu_count()))
    peak, finished = before, threading.Event()

    def watch():
        nonlocal peak
        while not finished.wait(INTERVAL):
            peak = max(peak, _total(_memory))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start, cpu = time.perf_counter(), _total(_cpu_seconds)
    try:
        result = function(*args)
    finally:
        seconds = time.perf_counter() - start
        finished.set()
        watcher.join()
    cpu = _total(_cpu_seconds) - cpu
    return Measured(result, seconds, cpu, (peak - before) / 2**20)


def _total(of: Callable[[psutil.Process], float]) -> float:
    """A figure summed over this process and those it has started."""
    own = psutil.Process()
    total = 0.0
    for process in [own, *own.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += of(process)
    return total


def _memory(process: psutil.Process) -> float:
    return process.memory_info().rss


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
