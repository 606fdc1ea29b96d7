"""Work that several threads share out among them, for functions that let go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import torch
from threadpoolctl import ThreadpoolController


def in_parts(work: Callable[[int], None], parts: int) -> None:
    """Call work(0) … work(parts - 1) at the same time, the first in this thread; return when all are done."""
    others = [_pool(os.getpid(), parts - 1).submit(work, part) for part in range(1, parts)] if parts > 1 else []
    work(0)
    for other in others:
        other.result()


@cache
def _pool(process: int, size: int) -> ThreadPoolExecutor:
    """Threads of this process: a forked one inherits the pool, but none of its threads."""
    return ThreadPoolExecutor(size, thread_name_prefix="supple")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Matrix products of compiled loops stay in the thread that asks for them."""
    with _blas().limit(limits=1):
        yield


@cache
def _blas() -> ThreadpoolController:
    import scipy.linalg.cython_blas  # noqa: F401 (what compiled loops call)

    return ThreadpoolController().select(user_api="blas")


@contextmanager
def no_threads_below() -> Iterator[None]:
    """Libraries keep to one thread: where the frames are shared out already, theirs would only stand in the way.

    Even idle ones would: after each operation they spin for a while, on the cores that are at work.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_blas_thread():
            yield
    finally:
        torch.set_num_threads(threads)
