"""Many calculations: the first in this process, and the rest, if they take long, in others side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from supple.errors import ResourceError
from supple.runtime.machine import cores
from supple.runtime.progress import Progress
from supple.runtime.rounding import duration
from supple.runtime.worker_pool import worker_pool

#: Seconds of calculations that are completed together, and that an interruption costs at most.
_TOGETHER = 0.5
#: Calculations that take less than this in all (s) are not worth the start of other processes.
_SHORT = 4.0
#: How many of the first are timed: the first alone also loads libraries.
_TIMED = 2

Item = TypeVar("Item")
Result = TypeVar("Result")


def side_by_side(
    work: Callable[[Sequence[Item]], list[Result]],
    items: Sequence[Item],
    name: str,
    progress: Progress,
    cores_of_each: int = 1,
) -> Iterator[tuple[list[Item], list[Result]]]:
    """The results of some calculations, each piece as soon as it is complete.

    Args:
        work: gives the result of each of some items; it and they are sent to other processes.
        items: what to calculate.
        name: of the method, for messages.
        progress: receives a forecast, and the number of items that are complete.
        cores_of_each: that one calculation takes.

    Raises:
        ResourceError: a worker process was killed.
    """
    done = 0
    for some, results in _pieces(work, items, name, progress, max(cores() // cores_of_each, 1)):
        yield some, results
        done += len(some)
        progress.step(name, done, len(items), f"{done} of {len(items)}")


def _pieces(
    work: Callable[[Sequence[Item]], list[Result]], items: Sequence[Item], name: str, progress: Progress, most: int
) -> Iterator[tuple[list[Item], list[Result]]]:
    seconds = 0.0
    for item in items[:_TIMED]:
        started = time.perf_counter()
        results = work([item])
        seconds = time.perf_counter() - started
        yield [item], results
    rest = list(items[_TIMED:])
    size = max(1, min(round(_TOGETHER / max(seconds, 1e-6)), -(-len(rest) // most)))
    pieces = [rest[start : start + size] for start in range(0, len(rest), size)]
    if seconds * len(rest) < _SHORT or most == 1:
        for piece in pieces:
            yield piece, work(piece)
        return
    jobs = min(most, len(pieces))
    expected = duration(seconds * len(rest) / jobs)
    progress.note(f"{name} is calculated {len(items)} times: about {expected} on {jobs} cores.")
    try:
        with worker_pool(jobs, 1) as pool:
            running: dict[Future[list[Result]], list[Item]] = {pool.submit(work, piece): piece for piece in pieces}
            while running:
                for future in wait(running, return_when="FIRST_COMPLETED").done:
                    yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise ResourceError(
            f"A process that calculated {name} was killed, perhaps for lack of memory: run the command again to resume."
        ) from error
