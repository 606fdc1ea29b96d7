"""Sampling: segments drawn in processes side by side, every frame on disk as soon as it is there.

NAME.sample/run.json               the recipe
NAME.sample/segments/ORIGIN.jsonl  a line for each frame: geometry, labels, and the state from which the segment goes on
NAME.sample/failed.jsonl           geometries whose calculation failed, and why
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from supple.dataset import Dataset
from supple.errors import DataError, ResourceError
from supple.files import write_text
from supple.machine import cores
from supple.progress import SILENCE, Progress
from supple.run import RunDirectory
from supple.sampling.bench import Bench, Segment
from supple.sampling.recipe import Recipe
from supple.writing import write_extxyz

#: Seconds between two looks at how far the segments are.
_LOOK = 0.5


@dataclass(frozen=True)
class Sampled:
    """What a sampling made.

    Attributes:
        path: of the frames.
        dataset: the frames.
        failures: origin and reason of every calculation that failed.
        missing: frames that were asked for and that no segment came to, for its trajectory or scan ended before.
    """

    path: Path
    dataset: Dataset
    failures: tuple[tuple[str, str], ...]
    missing: int


def sample(recipe: Recipe, out: Path, jobs: int | None = None, progress: Progress = SILENCE) -> Sampled:
    """Follow a recipe; or go on where it was interrupted.

    Args:
        recipe: what to do.
        out: extended xyz to write; the working folder is beside it.
        jobs: processes; as many as there are cores or segments when None.
        progress: listens.

    Raises:
        SettingsError: a method or draw cannot be, or the folder belongs to another recipe.
        DataError: no calculation succeeded.
        ResourceError: a process was killed.
    """
    bench = recipe.bench()
    bench.require_ready()
    segments = recipe.segments()
    folder = out.with_name(out.name.removesuffix(".gz").removesuffix(".xyz") + ".sample")
    run = RunDirectory.open(folder, recipe.model_dump(mode="json", by_alias=True))
    files = [folder / "segments" / f"{_safe(segment.name)}.jsonl" for segment in segments]
    (folder / "segments").mkdir(exist_ok=True)
    with run.claimed():
        _draw_all(bench, segments, files, jobs or min(cores(), len(segments)), progress)
        return _gather(recipe, segments, files, out, folder)


def _draw_all(bench: Bench, segments: list[Segment], files: list[Path], jobs: int, progress: Progress) -> None:
    expected = sum(segment.expected for segment in segments)
    with _threads(bench, jobs), ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: set[Future[None]] = {
            pool.submit(draw, bench, segment, file) for segment, file in zip(segments, files, strict=True)
        }
        try:
            while waiting:
                done, waiting = wait(waiting, timeout=_LOOK)
                for future in done:
                    future.result()
                made = sum(_count(file) for file in files)
                progress.step("Sampling", made, max(expected, 1), f"{made} of {expected} frames")
        except BrokenProcessPool as error:
            raise ResourceError(
                "A process of the sampling was killed (was there too little memory?): the same command goes on."
            ) from error
        except BaseException:
            for process in list(pool._processes.values()):
                process.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    progress.step("Sampling", 1, 1)


def draw(bench: Bench, segment: Segment, file: Path) -> None:
    """Draw what a segment still lacks, a line at a time."""
    done, state, ended = _progress_of(file)
    if ended:
        return
    with file.open("a", encoding="utf-8") as out:
        for frame in segment.frames(bench, done, state):
            line = {
                "positions": frame.positions.tolist(),
                "energy": frame.energy,
                "forces": None if frame.forces is None else frame.forces.tolist(),
                "failure": frame.failure,
                "about": frame.about,
                "state": frame.state,
            }
            _append(out, line)
        _append(out, {"ended": True})


def _append(out: Any, line: dict[str, Any]) -> None:
    out.write(json.dumps(line) + "\n")
    out.flush()
    os.fsync(out.fileno())


def _progress_of(file: Path) -> tuple[int, dict[str, Any] | None, bool]:
    """How many frames a segment has, the state after the last, and whether it is at its end; half a line is cut off."""
    if not file.exists():
        return 0, None, False
    content = file.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with file.open("r+b") as cut:
            cut.truncate(len(whole))
    lines = [json.loads(line) for line in whole.splitlines()]
    ended = bool(lines) and "ended" in lines[-1]
    states = [line["state"] for line in lines if line.get("state") is not None]
    return len(lines) - ended, states[-1] if states else None, ended


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            content = json.loads(line)
            if "ended" not in content:
                yield content


def _count(file: Path) -> int:
    return file.read_bytes().count(b"\n") if file.exists() else 0


def _gather(recipe: Recipe, segments: list[Segment], files: list[Path], out: Path, folder: Path) -> Sampled:
    """One dataset of all segments, in the order of the recipe."""
    good: list[tuple[str, dict[str, Any]]] = []
    failed: list[dict[str, Any]] = []
    made = 0
    for segment, file in zip(segments, files, strict=True):
        for line in _lines(file):
            made += 1
            if line["failure"] is None:
                good.append((segment.name, line))
            else:
                failed.append({"origin": segment.name, "failure": line["failure"], "positions": line["positions"]})
    write_text(folder / "failed.jsonl", "".join(json.dumps(line) + "\n" for line in failed))
    if not good:
        reason = f": {failed[0]['failure']}" if failed else ""
        raise DataError(f"No calculation succeeded{reason}; the geometries are in {folder / 'failed.jsonl'}.")
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
    expected = sum(segment.expected for segment in segments)
    return Sampled(out, dataset, failures, max(expected - made, 0))


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


@contextmanager
def _threads(bench: Bench, jobs: int) -> Iterator[None]:
    """Cores are shared among the processes; tight binding of small molecules is fastest on one, and repeatable."""
    pyscf = any(method.startswith("pyscf") for method in (bench.method, bench.drive))
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(max(cores() // jobs, 1) if pyscf else 1)
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name)
