"""Workers without processes, for tests in which these are not what is tested: each would import everything anew."""

from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from queue import SimpleQueue

from threadpoolctl import threadpool_limits

from supple.runtime.progress import NO_PROGRESS
from supple.runtime.workers.capacity import MachineCapacity
from supple.runtime.workers.cluster import TaskFailure


class _Here(Executor):
    """Does what is submitted at once, and notes it."""

    def __init__(self, submitted=None):
        self.submitted = [] if submitted is None else submitted

    def submit(self, function, /, *arguments, **more):
        self.submitted.append(arguments)
        future = Future()
        try:
            future.set_result(function(*arguments, **more))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def _pool(jobs, threads):
    with suppress(ImportError):
        import tblite.ase  # noqa: F401  # its threads can be limited only once it is loaded
    with threadpool_limits(threads):
        yield _Here()


def sample_here(monkeypatch):
    """Samplings use no worker processes."""
    monkeypatch.setattr("supple.sampling.scheduling.worker_pool", _pool)


def pool_here(submitted):
    """A pool that notes the arguments of what is submitted."""

    @contextmanager
    def pool(jobs, threads):
        yield _Here(submitted)

    return pool


class Workers:
    """A backend and cluster that computes each task when it is started; some are lost, or all after some number."""

    def __init__(self, lost=(), stops_after=None):
        self.capacity = MachineCapacity(2, 2**34, 2)
        self.lost, self.stops_after = lost, stops_after
        self.started, self.ever = [], []

    def open(self, n_tasks, folder, progress):
        self.events, self.started = SimpleQueue(), []
        return self

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def start(self, name, task, threads):
        labels = sum("label" in other for other in self.started)
        self.started.append(name)
        self.ever.append(name)
        if "label" in name and labels == self.stops_after:
            raise KeyboardInterrupt
        lost = "label" in name and labels in self.lost
        self.events.put((name, ("end", TaskFailure("Its worker was lost.") if lost else task(NO_PROGRESS))))

    def stop(self):
        pass
