"""Labels of many geometries by a method: what is not known yet is calculated, in processes side by side or by workers, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from supple.methods.label_on_workers import label_on_workers
from supple.methods.label_store import LabelStore, geometry_key
from supple.methods.level import Level, TimedPoint
from supple.methods.side_by_side import side_by_side
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.workers.cluster import Cluster


@dataclass(frozen=True, eq=False)
class Labels:
    """Energies and forces of geometries.

    Attributes:
        energies: eV, shape (M,); NaN where the calculation failed.
        forces: eV/Å, shape (M, N, 3); NaN where the calculation failed, or the method gives energies alone.
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
    *,
    cluster: Cluster | None = None,
    retry_failed: bool = False,
) -> Labels:
    """Energies and forces of geometries by a method; none is calculated twice.

    Args:
        level: method, charge and multiplicity.
        numbers: atomic numbers.
        positions: Å, shape (M, N, 3).
        folder: of the data, beside which the labels are kept; None for data that are in no file.
        progress: receives the number of calculations that are complete.
        cluster: of workers that calculate, one geometry at a time; processes of this machine when None. The level must then be that of
            `level_on_workers`.
        retry_failed: whether calculations that failed are repeated.

    Raises:
        SettingsError: the method is unknown, or a package that it needs is not installed.
        DataError: the file of labels is damaged.
        ResourceError: a worker process was killed, or workers were lost; what is complete is kept.
    """
    store = LabelStore(folder, level, numbers)
    keys = [geometry_key(frame) for frame in positions]
    known = store.read()
    before = {key for key, timed in known.items() if timed.point.failure is None or not retry_failed}
    missing = {key: frame for key, frame in zip(keys, positions, strict=True) if key not in before}
    if missing:
        with store.claimed():
            meanwhile = store.read().keys() - known.keys()  # which another process has added
            todo = [(key, frame) for key, frame in missing.items() if key not in meanwhile]
            if cluster is not None:
                label_on_workers(level, numbers, todo, store, cluster, progress)
            else:
                work = partial(_points, level, numbers)
                for some, points in side_by_side(work, todo, level.name, progress, level.method.cores):
                    store.add([key for key, _ in some], points)
        known = store.read()
    return _as_arrays([known[key] for key in keys], len(numbers))


def are_labelled(
    level: Level, numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], folder: Path | None
) -> bool:
    """Whether the results of all geometries are known; arguments as those of `label_frames`."""
    known = LabelStore(folder, level, numbers).read()
    return all(geometry_key(frame) in known for frame in positions)


def _points(
    level: Level, numbers: Int[np.ndarray, "N"], some: Sequence[tuple[str, Float[np.ndarray, "N 3"]]]
) -> list[TimedPoint]:
    """The results of a few geometries."""
    return list(level.single_points(numbers, np.stack([frame for _, frame in some])))


def _as_arrays(points: Sequence[TimedPoint], n_atoms: int) -> Labels:
    energies, forces = np.full(len(points), np.nan), np.full((len(points), n_atoms, 3), np.nan)
    failures = {}
    for i, (point, _) in enumerate(points):
        if point.energy is None:
            failures[i] = point.failure or "no result"
            continue
        energies[i] = point.energy
        if point.forces is not None:
            forces[i] = point.forces
    return Labels(energies, forces, failures, sum(timed.seconds for timed in points))
