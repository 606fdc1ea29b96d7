"""Labels of many geometries by a method: what is not known yet is calculated, in processes side by side, and kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from supple.errors import ResourceError
from supple.methods.label_store import LabelStore, geometry_key
from supple.methods.level import Level, TimedPoint
from supple.runtime.machine import cores
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.rounding import duration
from supple.runtime.worker_pool import worker_pool

#: Seconds of calculations that are written together, and that an interruption costs at most.
_TOGETHER = 0.5
#: Calculations that take less than this in all (s) are not worth the start of other processes.
_SHORT = 4.0
#: How many of the first geometries are timed: the first alone also loads libraries.
_TIMED = 2


@dataclass(frozen=True, eq=False)
class Labels:
    """Energies and forces of geometries.

    Attributes:
        energies: eV, shape (M,); NaN where the calculation failed.
        forces: eV/Å, shape (M, N, 3); NaN where the calculation failed.
        failures: why, by the index of the geometry.
        seconds: that the calculations took, on one core, whenever they were made.
    """

    energies: Float[np.ndarray, "M"]
    forces: Float[np.ndarray, "M N 3"]
    failures: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0


def label_frames(
    level: Level,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    folder: Path | None,
    progress: Progress = NO_PROGRESS,
) -> Labels:
    """Energies and forces of geometries by a method; none is calculated twice.

    Args:
        level: method, charge and multiplicity.
        numbers: atomic numbers.
        positions: Å, shape (M, N, 3).
        folder: of the data, beside which the labels are kept; None for data that are in no file.
        progress: receives the number of calculations that are complete.

    Raises:
        SettingsError: the method is unknown, or a package that it needs is not installed.
        DataError: the file of labels is damaged.
        ResourceError: a worker process was killed.
    """
    store = LabelStore(folder, level, numbers)
    keys = [geometry_key(frame) for frame in positions]
    known = store.read()
    missing = {key: frame for key, frame in zip(keys, positions, strict=True) if key not in known}
    if missing:
        with store.claimed():
            known = store.read()  # another process may have added some meanwhile
            todo = [key for key in missing if key not in known]
            done = 0
            for some, points in _calculate(level, numbers, todo, missing, progress):
                store.add(some, points)
                done += len(some)
                progress.step(level.name, done, len(todo), f"{done} of {len(todo)} geometries")
        known = store.read()
    points = [known[key] for key in keys]
    return _as_arrays(points, len(numbers))


def _calculate(
    level: Level,
    numbers: Int[np.ndarray, "N"],
    todo: Sequence[str],
    frames: dict[str, Float[np.ndarray, "N 3"]],
    progress: Progress,
) -> Iterator[tuple[list[str], list[TimedPoint]]]:
    """Keys and results, as they are complete."""
    seconds = 0.0
    for key in todo[:_TIMED]:
        started = time.perf_counter()
        points = calculate_chunk(level, numbers, frames[key][None])
        seconds = time.perf_counter() - started
        yield [key], points
    rest = list(todo[_TIMED:])
    size = max(1, min(round(_TOGETHER / max(seconds, 1e-6)), -(-len(rest) // cores())))
    chunks = [rest[start : start + size] for start in range(0, len(rest), size)]
    stacked = ((chunk, np.stack([frames[key] for key in chunk])) for chunk in chunks)
    if seconds * len(rest) < _SHORT or cores() == 1:
        for chunk, positions in stacked:
            yield chunk, calculate_chunk(level, numbers, positions)
        return
    jobs = min(cores(), len(chunks))
    progress.note(
        f"{level.name} is calculated for {len(todo)} geometries: about {duration(seconds * len(rest) / jobs)} on {jobs} cores."
    )
    try:
        with worker_pool(jobs, 1) as pool:
            running: dict[Future[list[TimedPoint]], list[str]] = {
                pool.submit(calculate_chunk, level, numbers, positions): chunk for chunk, positions in stacked
            }
            while running:
                for future in wait(running, return_when="FIRST_COMPLETED").done:
                    yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise ResourceError(
            f"A process that calculated {level.name} was killed, perhaps for lack of memory: run the command again to resume."
        ) from error


def calculate_chunk(
    level: Level, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]
) -> list[TimedPoint]:
    """The results of a few geometries."""
    return list(level.single_points(numbers, positions))


def _as_arrays(points: Sequence[TimedPoint], n_atoms: int) -> Labels:
    energies, forces = np.full(len(points), np.nan), np.full((len(points), n_atoms, 3), np.nan)
    failures = {}
    for i, (point, _) in enumerate(points):
        if point.forces is None or point.energy is None:
            failures[i] = point.failure or "no result"
        else:
            energies[i], forces[i] = point.energy, point.forces
    return Labels(energies, forces, failures, sum(timed.seconds for timed in points))
