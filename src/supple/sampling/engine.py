"""Sampling: the segments of a recipe, drawn in parallel, every frame on disk as soon as it is labelled.

NAME.sample/run.json               the recipe, and a hash of every geometry that it starts from
NAME.sample/segments/ORIGIN.jsonl  a line for each frame: geometry, labels, and the state to resume from
NAME.sample/versions.json          the versions of the method of the labels
NAME.sample/supple-labels          labels by workers, in the order in which they came
NAME.sample/output.json            a hash of the file that was written
NAME.sample/failed.jsonl           geometries whose calculation failed, and why
"""

from __future__ import annotations

from pathlib import Path

from supple.runtime.files import plain
from supple.runtime.machine import cores
from supple.runtime.output_files import require_file, require_writable
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.run_directory import RunDirectory
from supple.runtime.workers.backends import Backend
from supple.sampling.labelling import has_labels, label_segments
from supple.sampling.recipe import Recipe
from supple.sampling.result import SamplingResult, collect
from supple.sampling.scheduling import run_segments
from supple.sampling.segment_file import SegmentFile
from supple.sampling.versions import add_version, known_versions


def sample(
    recipe: Recipe,
    out: str | Path,
    jobs: int | None = None,
    progress: Progress = NO_PROGRESS,
    backend: Backend | None = None,
    *,
    retry_failed: bool = False,
) -> SamplingResult:
    """Carry out a recipe, or resume it after an interruption.

    Args:
        recipe: what to do.
        out: extended xyz to write or replace; the working folder is beside it.
        jobs: worker processes; as many as there are cores or segments when None.
        progress: receives progress.
        backend: whose workers label the frames of a file, one geometry at a time; processes of this machine when None.
        retry_failed: whether calculations of labels that failed before are repeated, and segments that stopped continued.

    Raises:
        SettingsError: a method or draw is not possible, or the folder belongs to another recipe.
        OutputError: the file is one that the recipe starts from, or it cannot be written.
        DataError: no calculation succeeded.
        ResourceError: a worker process was killed, or workers of the backend were lost.
    """
    out = Path(out)
    require_file(out)
    require_writable(out, map(Path, recipe.geometries), overwrite=True)
    context = recipe.context()
    context.require_ready(here=backend is None)
    segments = recipe.segments()
    folder = working_folder(out)
    configuration = recipe.model_dump(mode="json", by_alias=True) | {"geometries": recipe.hashes()}
    run = RunDirectory.open(folder, configuration, "sampling")
    (folder / "segments").mkdir(exist_ok=True)
    files = {segment.name: _file(folder, segment.name) for segment in segments}
    with run.claimed():
        if backend is not None or has_labels(folder):
            label_segments(context, segments, files, folder, progress, backend, retry_failed=retry_failed)
        else:
            if retry_failed or not all(file.is_complete for file in files.values()):
                add_version(folder, context.level.version)
            run_segments(context, segments, files, jobs or min(cores(), len(segments)), progress, retry_failed)
        if len(versions := known_versions(folder)) > 1:
            progress.note(f"The frames were labelled by {' and '.join(versions)}, which may differ.")
        return collect(recipe, segments, files, out, folder)


def working_folder(out: Path) -> Path:
    """The folder of a sampling run beside its output."""
    return out.with_name(out.name.removesuffix(".gz").removesuffix(".xyz") + ".sample")


def _file(folder: Path, name: str) -> SegmentFile:
    return SegmentFile(folder / "segments" / f"{plain(name, '_-.')}.jsonl")
