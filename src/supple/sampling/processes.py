"""Processes that draw side by side and that do not outlive the one that started them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from threading import Thread


@contextmanager
def processes(jobs: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of processes; they are stopped at once when the block ends by an exception, Ctrl-C say."""
    with (
        _environment("OMP_NUM_THREADS", str(threads)),
        ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_leave_with_parent) as pool,
    ):
        try:
            yield pool
        except BaseException:
            for process in list(pool._processes.values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_with_parent() -> None:
    """End this process when its parent is gone: killed, it can tell nobody, and its work would go on beside the next."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    """A variable that processes started in the block find."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
