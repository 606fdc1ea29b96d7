"""Sampling: segments drawn in processes side by side, every frame on disk as soon as it is there.

NAME.sample/run.json               the recipe, and a hash of every geometry that it begins from
NAME.sample/segments/ORIGIN.jsonl  a line for each frame: geometry, labels, and the state from which the segment goes on
NAME.sample/failed.jsonl           geometries whose calculation failed, and why
"""

from __future__ import annotations

import json
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.dataset import Dataset
from supple.data.writing import write_extxyz
from supple.errors import DataError, ResourceError, SettingsError, SuppleError
from supple.runtime.files import write_text
from supple.runtime.machine import cores
from supple.runtime.progress import SILENCE, Progress
from supple.runtime.run_directory import RunDirectory
from supple.sampling.context import Bench, Labelled, Segment, first_line
from supple.sampling.processes import processes
from supple.sampling.recipe import Recipe
from supple.sampling.segment_file import SegmentFile

#: Seconds between two looks at how far the segments are.
_LOOK = 0.5


@dataclass(frozen=True)
class Sampled:
    """What a sampling made.

    Attributes:
        path: of the frames.
        dataset: the frames.
        failures: origin and reason of every calculation that failed.
        remarks: origin and what there is to say of a frame that did not fail: that it was not relaxed to the end, say.
        missing: frames that were asked for and that no segment came to, for its trajectory or scan ended before.
    """

    path: Path
    dataset: Dataset
    failures: tuple[tuple[str, str], ...]
    remarks: tuple[tuple[str, str], ...]
    missing: int


def sample(recipe: Recipe, out: str | Path, jobs: int | None = None, progress: Progress = SILENCE) -> Sampled:
    """Follow a recipe; or go on where it was interrupted.

    Args:
        recipe: what to do.
        out: extended xyz to write; the working folder is beside it.
        jobs: processes; as many as there are cores or segments when None.
        progress: listens.

    Raises:
        SettingsError: a method or draw cannot be, the folder belongs to another recipe, or the file is one of those that
            the recipe begins from.
        DataError: no calculation succeeded.
        ResourceError: a process was killed.
    """
    out = Path(out)
    own = [name for name in recipe.geometries if Path(name).exists() and out.exists() and Path(name).samefile(out)]
    if own:
        raise SettingsError(f"{own[0]} is what the sampling begins from: write the frames to another file.")
    bench = recipe.bench()
    bench.require_ready()
    segments = recipe.segments()
    folder = out.with_name(out.name.removesuffix(".gz").removesuffix(".xyz") + ".sample")
    run = RunDirectory.open(folder, recipe.model_dump(mode="json", by_alias=True) | {"geometries": recipe.hashes()})
    (folder / "segments").mkdir(exist_ok=True)
    files = {segment.name: SegmentFile(folder / "segments" / f"{_safe(segment.name)}.jsonl") for segment in segments}
    with run.claimed():
        _draw_all(bench, segments, files, jobs or min(cores(), len(segments)), progress)
        return _gather(recipe, segments, files, out, folder)


def _draw_all(
    bench: Bench, segments: list[Segment], files: dict[str, SegmentFile], jobs: int, progress: Progress
) -> None:
    """Draw the segments; one that comes after others when they are at their end."""
    expected = sum(segment.expected for segment in segments)
    pyscf = any(method.startswith("pyscf") for method in (bench.method, bench.drive))
    # tight binding of small molecules is fastest on one thread, and repeatable
    threads = max(cores() // jobs, 1) if pyscf else 1
    waiting, done = list(segments), set[str]()
    running: dict[Future[None], str] = {}
    try:
        with processes(jobs, threads) as pool:
            while waiting or running:
                for segment in [segment for segment in waiting if done.issuperset(segment.after)]:
                    waiting.remove(segment)
                    running[_submit(pool, bench, segment, files)] = segment.name
                for future in wait(running, timeout=_LOOK, return_when="FIRST_COMPLETED").done:
                    future.result()
                    done.add(running.pop(future))
                made = sum(len(file) for file in files.values()) - len(done)
                # nobody knows how many frames some segments make; the bar is full when all of them are at their end
                whole = max(expected, made) + 1 if running or waiting else made
                progress.step("Sampling", made, max(whole, 1), f"{made} of {expected} frames")
    except BrokenProcessPool as error:
        raise ResourceError(
            "A process of the sampling was killed (was there too little memory?): the same command goes on."
        ) from error


def _submit(pool: ProcessPoolExecutor, bench: Bench, segment: Segment, files: dict[str, SegmentFile]) -> Future[None]:
    return pool.submit(draw, bench, segment, files[segment.name], [files[name] for name in segment.after])


def draw(bench: Bench, segment: Segment, file: SegmentFile, earlier: list[SegmentFile]) -> None:
    """Draw what a segment still lacks, a line at a time.

    A segment that cannot go on, because a calculation failed that was no label, ends with a failure that says so.
    """
    with file.claimed():
        file.cut()
        done, state, ended = file.progress()
        if ended:
            return
        if state is None and earlier:
            state = {"earlier": [line for other in earlier for line in other.frames()]}
        try:
            for frame in segment.frames(bench, done, state):
                file.append(frame)
        except (SuppleError, OSError):  # a disk that is full is no failure of the segment
            raise
        except Exception as error:  # calculators raise anything
            file.append(Labelled(bench.start().positions, None, None, f"the segment ended: {first_line(error)}"))
        file.end()


def _gather(recipe: Recipe, segments: list[Segment], files: dict[str, SegmentFile], out: Path, folder: Path) -> Sampled:
    """One dataset of all segments, in the order of the recipe."""
    good: list[tuple[str, dict[str, Any]]] = []
    failed: list[dict[str, Any]] = []
    missing = 0
    for segment in segments:
        lines = list(files[segment.name].frames())
        missing += max(segment.expected - len(lines), 0)
        for line in lines:
            if line["failure"] is None:
                good.append((segment.name, line))
            else:
                failed.append({"origin": segment.name, "failure": line["failure"], "positions": line["positions"]})
    write_text(folder / "failed.jsonl", "".join(json.dumps(line) + "\n" for line in failed))
    if not good:
        reason = f": {failed[0]['failure']}" if failed else ""
        raise DataError(
            f"No calculation succeeded{reason}; the geometries are in {folder / 'failed.jsonl'}. To try again, delete "
            f"{folder}."
        )
    known = sorted({key for _, line in good for key in line["about"]})
    dataset = Dataset.of(
        recipe.bench().start().numbers,
        np.array([line["positions"] for _, line in good]),
        np.array([line["energy"] for _, line in good]),
        np.array([line["forces"] for _, line in good]),
        name=out.name,
        extras={"origin": np.array([origin for origin, _ in good])}
        | {key: np.array([line["about"].get(key, np.nan) for _, line in good]) for key in known},
        about={"theory": _theory(recipe)},
    )
    write_extxyz(out, dataset)
    failures = tuple((str(line["origin"]), str(line["failure"])) for line in failed)
    remarks = tuple((origin, str(line["remark"])) for origin, line in good if line.get("remark"))
    return Sampled(out, dataset, failures, remarks, missing)


def _theory(recipe: Recipe) -> str:
    package = {"GFN2-xTB": "tblite", "GFN1-xTB": "tblite"}.get(recipe.method, recipe.method.partition(":")[0])
    try:
        version: str | None = installed(package)
    except PackageNotFoundError:  # a calculator of the user's own
        version = None
    level = recipe.method.removeprefix("pyscf:")
    charge = f", charge {recipe.charge}" if recipe.charge else ""
    spin = f", multiplicity {recipe.multiplicity}" if recipe.multiplicity > 1 else ""
    return f"{level} ({package} {version}{charge}{spin})" if version else f"{level}{charge}{spin}"


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name)
