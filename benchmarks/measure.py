"""Wall time and peak memory of a function and of the processes that work for it.

joblib's worker processes are fresh for each function, and have imported what they need before the
clock starts: a session pays for that once, whatever it searches with.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import psutil
from joblib import Parallel, cpu_count, delayed
from joblib.externals.loky import get_reusable_executor

INTERVAL = 0.1
"""Seconds between two looks at the memory."""


@dataclass(frozen=True)
class Measured:
    """What a call returned and what it took; memory is that beyond what was in use before, the
    worker processes included."""

    result: Any
    seconds: float
    megabytes: float


def measure(function: Callable, *args) -> Measured:
    """Call a function with fresh worker processes."""
    get_reusable_executor().shutdown(wait=True)
    before = _memory()
    Parallel(-1)(delayed(import_module)("labkit.search") for _ in range(4 * cpu_count()))
    peak, finished = before, threading.Event()

    def watch():
        nonlocal peak
        while not finished.wait(INTERVAL):
            peak = max(peak, _memory())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    start = time.perf_counter()
    try:
        result = function(*args)
    finally:
        seconds = time.perf_counter() - start
        finished.set()
        watcher.join()
    return Measured(result, seconds, (peak - before) / 2**20)


def _memory() -> int:
    """Bytes that this process and those it started keep in memory."""
    own = psutil.Process()
    total = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            pass
    return total
