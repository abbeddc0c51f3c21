"""Work spread over processes by joblib, one thread each.

Whoever outgrows the machine sets ``joblib.parallel_config(backend="dask")``, or Ray's, around it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from joblib import Parallel


def as_they_come(
    calls: Iterable, n_jobs: int | None = None, pre_dispatch: int | str = "2 * n_jobs"
) -> Iterator:
    """Results of ``joblib.delayed`` calls in the order they are done; all at the end where joblib's
    backend knows no other way."""
    try:
        parallel = Parallel(n_jobs, pre_dispatch=pre_dispatch, return_as="generator_unordered")
    except ValueError:
        parallel = Parallel(n_jobs, pre_dispatch=pre_dispatch)
    yield from parallel(calls)


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread inside the block: small networks are slower on more."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
