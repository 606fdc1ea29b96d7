"""Labels for the frames of a file by their content: calculated in any order, on workers too, and kept as soon as each is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from supple.errors import SettingsError
from supple.methods.label_frames import Labels, label_frames
from supple.methods.label_on_workers import level_on_workers
from supple.methods.level import Level
from supple.methods.record_file import FOLDER
from supple.runtime.progress import Progress
from supple.runtime.workers.backends import Backend
from supple.runtime.workers.cluster import Cluster
from supple.sampling.context import SamplingContext
from supple.sampling.draws.frames import FramesPart
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.segment_file import SegmentFile
from supple.sampling.segments import Segment
from supple.sampling.versions import add_version, known_versions


class _Wanted(NamedTuple):
    """A frame of a segment that has no label: its place there, and its positions, Å."""

    segment: str
    place: int
    positions: Float[np.ndarray, "N 3"]


def has_labels(folder: Path) -> bool:
    """Whether labels were calculated here by their content, perhaps some that their segments do not have yet."""
    return (folder / FOLDER).is_dir()


def label_segments(
    context: SamplingContext,
    segments: Sequence[Segment[Any]],
    files: Mapping[str, SegmentFile],
    folder: Path,
    progress: Progress,
    backend: Backend | None = None,
    *,
    retry_failed: bool = False,
) -> None:
    """Complete segments that are frames of a file.

    Args:
        context: molecule and methods.
        segments: of the recipe.
        files: of the segments, by name.
        folder: the working folder, in which the labels are kept.
        progress: receives the number of calculations that are complete.
        backend: where to calculate; in processes of this machine when None.
        retry_failed: whether calculations that failed are repeated.

    Raises:
        SettingsError: a segment is not of frames, or the workers do not have the method.
        ResourceError: workers were lost; run it again to go on.
    """
    parts = [segment for segment in segments if isinstance(segment, FramesPart)]
    if len(parts) < len(segments):
        raise SettingsError(
            "Workers of a cluster label the frames of a file: leave out --on, or draw the geometries first and then label them "
            "(supple sample --label FILE --on ...)."
        )
    wanted = [one for part in parts for one in _wanted(part, files[part.name], retry_failed)]
    if wanted:
        positions = np.stack([one.positions for one in wanted])
        with _cluster(backend, len(wanted), folder, progress) as cluster:
            level = _level(context.level, folder, cluster, retry_failed)
            numbers = context.start().numbers
            found = label_frames(
                level, numbers, positions, folder, progress, cluster=cluster, retry_failed=retry_failed
            )
        for part in parts:
            _write(part, files[part.name], [one for one in enumerate(wanted) if one[1].segment == part.name], found)


def _cluster(
    backend: Backend | None, count: int, folder: Path, progress: Progress
) -> AbstractContextManager[Cluster | None]:
    return nullcontext() if backend is None else backend.open(count, folder, progress)


def _level(level: Level, folder: Path, cluster: Cluster | None, ask_again: bool) -> Level:
    """The level with the version that calculates, which is recorded; of workers that of the labels so far, or what they say."""
    level = level.anywhere
    before = [] if ask_again else known_versions(folder)
    if cluster is None or before:
        known = level if cluster is None else replace(level, version_there=before[-1])
    else:
        known = level_on_workers(level, cluster)
    add_version(folder, known.version)
    return known


def _wanted(part: FramesPart, file: SegmentFile, retry_failed: bool) -> list[_Wanted]:
    with file.claimed():
        file.truncate_partial_line()
        frames = list(file.frames())
    failed = [k for k, frame in enumerate(frames) if frame.failure is not None] if retry_failed else []
    places = [*failed, *range(len(frames), len(part.positions))]
    return [_Wanted(part.name, k, part.positions[k]) for k in places]


def _write(part: FramesPart, file: SegmentFile, wanted: Sequence[tuple[int, _Wanted]], found: Labels) -> None:
    with file.claimed():
        frames = dict(enumerate(file.frames()))
        for k, one in wanted:
            failure = found.failures.get(k)
            energy = None if failure else float(found.energies[k])
            forces = None if failure or np.isnan(found.forces[k]).any() else found.forces[k]
            frames[one.place] = LabelledFrame(one.positions, energy, forces, failure, of_label=failure is not None)
        file.rewrite([frames[k] for k in sorted(frames)], ended=True)
