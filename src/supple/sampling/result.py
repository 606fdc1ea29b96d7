"""The frames of all segments as one file, and the report of a sampling run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from supple.data.dataset import Dataset
from supple.data.writing import write_extxyz
from supple.errors import DataError
from supple.methods import find_method
from supple.runtime.files import write_json, write_text
from supple.runtime.json_records import read_json
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.recipe import Recipe
from supple.sampling.segment_file import SegmentFile
from supple.sampling.segments import Segment
from supple.sampling.versions import known_versions

#: In the working folder: which file was written.
_OUTPUT = "output.json"


@dataclass(frozen=True)
class SamplingResult:
    """The result of a sampling run.

    Attributes:
        path: of the frames.
        dataset: the frames.
        failures: origin and reason of every calculation that failed.
        remarks: origin and remark of every frame with one, for instance that its relaxation did not converge.
        missing: frames of the recipe that were never reached, because their trajectory or scan stopped before.
    """

    path: Path
    dataset: Dataset
    failures: tuple[tuple[str, str], ...]
    remarks: tuple[tuple[str, str], ...]
    missing: int


def collect(
    recipe: Recipe, segments: Sequence[Segment[Any]], files: Mapping[str, SegmentFile], out: Path, folder: Path
) -> SamplingResult:
    """Write the frames of all segments into one file, in the order of the recipe, and the failures into `failed.jsonl`.

    Raises:
        DataError: no calculation succeeded.
    """
    good: list[tuple[str, LabelledFrame]] = []
    failed: list[tuple[str, str, LabelledFrame]] = []
    missing = 0
    for segment in segments:
        frames = list(files[segment.name].frames())
        missing += max(segment.expected - len(frames), 0)
        for frame in frames:
            if frame.failure is None:
                good.append((segment.name, frame))
            else:
                failed.append((segment.name, frame.failure, frame))
    lines = [
        {"origin": origin, "failure": failure, "positions": frame.positions.tolist()}
        for origin, failure, frame in failed
    ]
    write_text(folder / "failed.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    if not good:
        reason = f": {failed[0][1]}" if failed else ""
        raise DataError(
            f"No calculation succeeded{reason}. The geometries are in {folder / 'failed.jsonl'}; to try again, delete "
            f"{folder}."
        )
    dataset = _dataset(recipe, good, out.name, folder)
    write_extxyz(out, dataset)
    write_json(folder / _OUTPUT, {"sha256": _digest(out)})
    failures = tuple((origin, failure) for origin, failure, _ in failed)
    remarks = tuple((origin, frame.remark) for origin, frame in good if frame.remark)
    return SamplingResult(out, dataset, failures, remarks, missing)


def is_output(path: Path, folder: Path) -> bool:
    """Whether a file is as a sampling run wrote it; runs of earlier versions, and unfinished ones, have no record of that.

    Args:
        path: of the file.
        folder: the working folder of the run.
    """
    if not (folder / _OUTPUT).is_file():
        return (folder / "run.json").is_file()
    try:
        return bool(read_json(folder / _OUTPUT)["sha256"] == _digest(path))
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dataset(recipe: Recipe, good: Sequence[tuple[str, LabelledFrame]], name: str, folder: Path) -> Dataset:
    keys = sorted({key for _, frame in good for key in frame.extras})
    forces = [frame.forces for _, frame in good if frame.forces is not None]
    return Dataset.of(
        recipe.context().start().numbers,
        np.array([frame.positions for _, frame in good]),
        np.array([frame.energy for _, frame in good]),
        np.array(forces) if forces else None,
        name=name,
        extras={"origin": np.array([origin for origin, _ in good])}
        | {key: np.array([frame.extras.get(key, np.nan) for _, frame in good]) for key in keys},
        about={"theory": _level_of_theory(recipe, folder)},
    )


def _level_of_theory(recipe: Recipe, folder: Path) -> str:
    """For instance `PBE0/def2-SVP (Psi4 1.9, input 1a2b3c4d, charge 1)`."""
    versions = known_versions(folder) or [recipe.context().level.version]
    charge = f", charge {recipe.charge}" if recipe.charge else ""
    spin = f", multiplicity {recipe.multiplicity}" if recipe.multiplicity > 1 else ""
    return f"{find_method(recipe.method).theory} ({' and '.join(versions)}{charge}{spin})"
