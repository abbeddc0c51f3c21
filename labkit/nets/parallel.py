"""Work spread over processes or threads by joblib.

Whoever outgrows the machine sets ``joblib.parallel_config(backend="dask")``, or Ray's, around it.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any

import psutil
import torch
from joblib import Parallel, cpu_count, delayed

from labkit.nets.progress import progress


@dataclass(frozen=True)
class Job:
    """The numbers of some members, and a function that gives a result for each of them."""

    numbers: Sequence[int]
    work: Callable[..., Sequence[Any]]
    arguments: tuple[Any, ...]


def spread(jobs: Sequence[Job], label: str, unit: str, prefer: str | None = None) -> list[Any]:
    """Do jobs, as many at a time as there are cores; what each member gave, in their order.

    ``label`` and ``unit`` are those of the `progress`, ``prefer`` is joblib's.
    """
    results: dict[int, Any] = {}
    calls = [delayed(_do)(k, job) for k, job in enumerate(jobs)]
    with progress(sum(len(job.numbers) for job in jobs), label, unit) as bar:
        for k, done in as_they_come(calls, min(cpu_count(), len(calls)), prefer=prefer):
            results.update(zip(jobs[k].numbers, done, strict=True))
            bar.advance(len(done))
    return [results[i] for i in range(len(results))]


def _do(k: int, job: Job) -> tuple[int, Sequence[Any]]:
    with one_thread():
        return k, job.work(*job.arguments)


def as_they_come(
    calls: Iterable[Any],
    n_jobs: int | None = None,
    pre_dispatch: int | str = "2 * n_jobs",
    prefer: str | None = None,
) -> Iterator[Any]:
    """Results of ``joblib.delayed`` calls in the order they are done.

    They come all at the end where joblib's backend knows no other way. When nobody waits for them
    any longer, calls that run in threads end at their next `end_if_unwanted`.
    """
    number = next(_NUMBERS)
    calls = tied(delayed(_wanted)(number, *call) for call in calls)
    try:
        parallel = Parallel(
            n_jobs, pre_dispatch=pre_dispatch, prefer=prefer, return_as="generator_unordered"
        )
    except ValueError:
        parallel = Parallel(n_jobs, pre_dispatch=pre_dispatch, prefer=prefer)
    try:
        yield from parallel(calls)
    except BaseException:  # Ctrl-C among them, and a generator that is closed.
        _UNWANTED.add(number)
        raise


def tied(calls: Iterable[Any]) -> Iterator[Any]:
    """Calls of ``joblib.delayed`` whose worker processes end when this process does.

    Joblib's own wait for minutes after it was killed, or until their work is done.
    """
    return (delayed(_tied)(os.getpid(), *call) for call in calls)


def _tied(caller: int, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    if os.getppid() == caller:
        _watch(caller)
    return function(*args, **kwargs)


@cache
def _watch(caller: int) -> None:
    threading.Thread(target=_end_with, args=(caller,), daemon=True).start()


def _end_with(caller: int) -> None:
    # Windows goes on naming a parent that has ended; elsewhere its children get another at once.
    parent = psutil.Process(caller) if os.name == "nt" else None
    while os.getppid() == caller and (parent is None or parent.is_running()):
        time.sleep(_PAUSE)
    os._exit(1)


_PAUSE = 0.5
"""Seconds between two looks whether the caller is still there."""

_NUMBERS = count()
_UNWANTED: set[int] = set()
_OWN = threading.local()


def _wanted(number: int, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    _OWN.number = number
    try:
        return function(*args, **kwargs)
    finally:
        del _OWN.number  # The thread may be the caller's own.


def end_if_unwanted() -> None:
    """Raise CancelledError in a thread whose results nobody waits for: no one else can end it."""
    if getattr(_OWN, "number", None) in _UNWANTED:
        raise CancelledError


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread inside the block: small networks are slower on more.

    So it is one thread for each piece of work, and a piece of work for each core.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
