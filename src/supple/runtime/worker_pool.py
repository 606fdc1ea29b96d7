"""A pool of worker processes that do not outlive the process that started them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from signal import SIG_BLOCK, SIG_SETMASK, SIGHUP, SIGINT, pthread_sigmask
from threading import Thread
from typing import Any


class _Pool(ProcessPoolExecutor):
    """Processes that never receive the signals of a terminal, which go to all its processes: they are for this one, which stops the others."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        with _blocked_signals():  # starts a process that watches over semaphores
            super().__init__(*arguments, **more)

    def submit(self, *arguments: Any, **more: Any) -> Future[Any]:
        """Submit a call; starts a process if none is idle."""
        with _blocked_signals():
            return super().submit(*arguments, **more)


@contextmanager
def worker_pool(jobs: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes with `threads` threads each; they are stopped at once when the block is left by an exception or Ctrl-C."""
    with (
        _environment("OMP_NUM_THREADS", str(threads)),
        _Pool(jobs, mp_context=get_context("spawn"), initializer=_exit_with_parent) as pool,
    ):
        try:
            yield pool
        except BaseException:
            for process in list(pool._processes.values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _exit_with_parent() -> None:
    """End this process when its parent is gone: a parent that was killed cannot stop it, and it would compete with the next run."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Processes that are started in this block never receive SIGINT and SIGHUP."""
    before = pthread_sigmask(SIG_BLOCK, {SIGINT, SIGHUP})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """Set an environment variable for processes that are started in the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
