"""Work shared among threads, for functions that release the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController


def run_in_threads(work: Callable[[int], None], parts: int) -> None:
    """Call work(0) … work(parts - 1) in parallel, the first in this thread; return when all are done."""
    others = [_pool(os.getpid(), parts - 1).submit(work, part) for part in range(1, parts)] if parts > 1 else []
    work(0)
    for other in others:
        other.result()


@cache
def _pool(process: int, size: int) -> ThreadPoolExecutor:
    """The pool of this process: a forked process inherits the object, but none of its threads."""
    return ThreadPoolExecutor(size, thread_name_prefix="supple")


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Within this block, matrix products in compiled loops use only the thread that calls them."""
    with _blas().limit(limits=1):
        yield


@cache
def _blas() -> ThreadpoolController:
    import scipy.linalg.cython_blas  # noqa: F401 (loads the BLAS that compiled loops call)

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def single_threaded_libraries() -> Iterator[None]:
    """Within this block, libraries use one thread each: where frames are already shared among threads, more would interfere.

    Even idle ones would: after each operation they spin for a while, on cores that are busy.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with single_threaded_blas():
            yield
    finally:
        torch.set_num_threads(threads)
