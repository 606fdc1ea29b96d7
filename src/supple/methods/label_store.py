"""LabelStore: energies and forces that a method has given, kept in a file beside the data by the content of the geometries."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from supple.data.elements import hill_formula
from supple.geometry.calculators import SinglePoint
from supple.methods.level import Level, TimedPoint
from supple.methods.record_file import RecordFile


class LabelStore:
    """Labels of one molecule at one level of theory, in supple-labels/METHOD-FORMULA-HASH.jsonl.

    A line has a geometry (by its hash) with energy and forces, or why the calculation failed.

    Args:
        folder: of the data; that of the user's caches when None, or where nothing can be written.
        level: method, charge and multiplicity.
        numbers: atomic numbers.
    """

    def __init__(self, folder: Path | None, level: Level, numbers: Int[np.ndarray, "N"]) -> None:
        self.n_atoms = len(numbers)
        self._file = RecordFile(folder, f"{level.name}-{hill_formula(numbers)}", level.identity(numbers))

    @property
    def path(self) -> Path:
        """Of the file."""
        return self._file.path

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Reserve the store for this process, after waiting for another that is adding to it."""
        with self._file.claimed():
            yield

    def add(self, keys: Sequence[str], points: Sequence[TimedPoint]) -> None:
        """Append the results of calculations; only while the store is claimed."""
        self._file.append([{"geometry": key} | as_json(point) for key, point in zip(keys, points, strict=True)])

    def read(self) -> dict[str, TimedPoint]:
        """All results so far, by the key of the geometry.

        Raises:
            DataError: the file is damaged.
        """
        found = {}
        for number, content in self._file.lines():
            try:
                found[str(content["geometry"])] = from_json(content, self.n_atoms)
            except (ValueError, KeyError, TypeError) as error:
                raise self._file.damaged(number) from error
        return found


def geometry_key(positions: Float[np.ndarray, "... 3"]) -> str:
    """The hash of a geometry, or of several, to the last digit."""
    return hashlib.blake2b(np.ascontiguousarray(positions, dtype=np.float64).tobytes(), digest_size=12).hexdigest()


def as_json(timed: TimedPoint) -> dict[str, Any]:
    """A result as a line has it."""
    point, seconds = timed.point, {"seconds": round(timed.seconds, 6)}
    if point.failure is not None:
        return {"failure": point.failure} | seconds
    return {"energy": point.energy, "forces": None if point.forces is None else point.forces.tolist()} | seconds


def from_json(content: Mapping[str, Any], n_atoms: int) -> TimedPoint:
    """A result from a line.

    Raises:
        ValueError, KeyError, TypeError: it is not one of this molecule.
    """
    seconds = float(content["seconds"])
    if "failure" in content:
        return TimedPoint(SinglePoint(None, None, str(content["failure"])), seconds)
    energy = float(content["energy"])
    if content["forces"] is None and np.isfinite(energy):
        return TimedPoint(SinglePoint(energy, None), seconds)
    forces = np.array(content["forces"], dtype=np.float64)
    if forces.shape != (n_atoms, 3) or not (np.isfinite(forces).all() and np.isfinite(energy)):
        raise ValueError("no forces of this molecule")
    return TimedPoint(SinglePoint(energy, forces), seconds)
