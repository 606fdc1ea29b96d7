"""Segments in parallel worker processes, each started as soon as those that it depends on are complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from ase import Atoms

from supple.errors import ResourceError, SuppleError
from supple.geometry.calculators import describe_error
from supple.methods import find_method
from supple.runtime.machine import cores
from supple.runtime.progress import Progress
from supple.runtime.worker_pool import worker_pool
from supple.sampling.context import SamplingContext
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.segment_file import SegmentFile
from supple.sampling.segments import Segment

#: Seconds between two updates of the progress.
_UPDATE = 0.5


def run_segments(
    context: SamplingContext,
    segments: Sequence[Segment[Any]],
    files: Mapping[str, SegmentFile],
    jobs: int,
    progress: Progress,
    retry_failed: bool = False,
) -> None:
    """Complete the segments, `jobs` at a time; fewer of methods that take several cores.

    Raises:
        ResourceError: a worker process was killed.
    """
    expected = sum(segment.expected for segment in segments)
    methods = [find_method(name) for name in (context.method, context.drive)]
    jobs = min(jobs, max(cores() // max(method.cores for method in methods), 1))
    # tight binding of small molecules is fastest, and reproducible, on one thread
    threads = max(cores() // jobs, 1) if any(method.multithreaded for method in methods) else 1
    waiting, done = list(segments), set[str]()
    running: dict[Future[None], str] = {}
    try:
        with worker_pool(jobs, threads) as pool:
            while waiting or running:
                for segment in [segment for segment in waiting if done.issuperset(segment.after)]:
                    waiting.remove(segment)
                    running[_submit(pool, context, segment, files, retry_failed)] = segment.name
                for future in wait(running, timeout=_UPDATE, return_when="FIRST_COMPLETED").done:
                    future.result()
                    done.add(running.pop(future))
                made = sum(len(file) for file in files.values()) - len(done)
                # some segments do not know how many frames they will make; the bar is full when all are complete
                whole = max(expected, made) + 1 if running or waiting else made
                progress.step("Sampling", made, max(whole, 1), f"{made} of {expected} frames")
    except BrokenProcessPool as error:
        raise ResourceError(
            "A worker process of the sampling run was killed, perhaps for lack of memory: run the command again to resume."
        ) from error


def _submit(
    pool: Executor,
    context: SamplingContext,
    segment: Segment[Any],
    files: Mapping[str, SegmentFile],
    retry_failed: bool,
) -> Future[None]:
    earlier = [files[name] for name in segment.after]
    return pool.submit(complete_segment, context, segment, files[segment.name], earlier, retry_failed)


def complete_segment(
    context: SamplingContext,
    segment: Segment[Any],
    file: SegmentFile,
    earlier: Sequence[SegmentFile],
    retry_failed: bool = False,
) -> None:
    """Draw the frames that a segment still lacks, and write each as soon as it is labelled.

    A segment that cannot continue, because a calculation failed that was not a label, ends with a failed frame that gives the reason.
    """
    with file.claimed():
        file.truncate_partial_line()
        if retry_failed:
            _retry(context, file)
        done, state, ended = file.progress()
        if ended:
            return
        before = [frame for other in earlier for frame in other.frames()]
        try:
            for frame in segment.frames(context, done, state, before):
                file.append(frame)
        except (SuppleError, OSError):  # a full disk is not a failure of the segment
            raise
        except Exception as error:  # calculators raise anything
            failure = f"the segment stopped: {describe_error(error)}"
            file.append(LabelledFrame.failed(context.start().positions, failure))
        file.end()


def _retry(context: SamplingContext, file: SegmentFile) -> None:
    """Calculate labels that failed again, and forget where the segment stopped, so that it goes on."""
    frames, ended = list(file.frames()), file.progress().ended
    if frames and frames[-1].failure is not None and not frames[-1].of_label:
        frames.pop()
        ended = False
        file.rewrite(frames, ended=ended)
    for k, frame in enumerate(frames):
        if frame.of_label:
            atoms = Atoms(context.start().numbers, frame.positions)
            frames[k] = context.label(atoms, frame.extras, frame.state, frame.remark)
            file.rewrite(frames, ended=ended)
