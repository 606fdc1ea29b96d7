"""A pool of workers without processes, for tests in which these are not what is tested: each would import everything anew."""

from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress

from threadpoolctl import threadpool_limits


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
