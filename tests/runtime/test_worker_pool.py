"""Worker processes, as a terminal and a batch system treat them."""

import os
import signal

import psutil
import pytest

from supple.runtime.worker_pool import worker_pool

pytestmark = pytest.mark.slow


def test_signals_of_a_terminal_are_for_the_main_process():
    with worker_pool(1, 1) as pool:
        worker = pool.submit(os.getpid).result()
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(worker, number)
            assert pool.submit(os.getpid).result() == worker


def test_an_interruption_ends_the_workers():
    with pytest.raises(KeyboardInterrupt), worker_pool(1, 1) as pool:
        worker = psutil.Process(pool.submit(os.getpid).result())
        raise KeyboardInterrupt
    assert not psutil.wait_procs([worker], timeout=20)[1]
