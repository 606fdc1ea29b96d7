"""LabelStore: energies and forces that a method has given, kept in a file by the content of the geometries.

supple-labels/METHOD-FORMULA-HASH.jsonl beside the data; its first line says of which method and molecule they are, each other line
has a geometry (by its hash) with energy and forces, or why the calculation failed. Lines are only ever appended, so that whatever was
complete when a process was killed is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from supple.data.elements import hill_formula
from supple.errors import DataError
from supple.geometry.calculators import SinglePoint
from supple.methods.level import Level, TimedPoint
from supple.runtime.failures import naming
from supple.runtime.files import drop_partial_line
from supple.runtime.locks import locked

#: The folder beside the data.
FOLDER = "supple-labels"


class LabelStore:
    """Labels of one molecule at one level of theory.

    Args:
        folder: of the data; that of the user's caches when None, or where nothing can be written.
        level: method, charge and multiplicity.
        numbers: atomic numbers.
    """

    def __init__(self, folder: Path | None, level: Level, numbers: Int[np.ndarray, "N"]) -> None:
        self.n_atoms = len(numbers)
        self.identity = {
            "method": level.name,
            "version": level.version,
            "charge": level.charge,
            "multiplicity": level.multiplicity,
            "numbers": [int(z) for z in numbers],
        }
        made_of = hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:10]
        plain = "".join(c if c.isalnum() or c in "-+" else "_" for c in level.name)
        name = f"{plain[:60]}-{hill_formula(numbers)}-{made_of}.jsonl"
        self.path = _writable(folder) / name

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Reserve the store for this process, after waiting for another that is adding to it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with locked(
            self.path.with_name(f".{self.path.name}.lock"), f"Another process is adding to {self.path}.", wait=True
        ):
            if self.path.exists():
                drop_partial_line(self.path)
            if not self.path.exists() or not self.path.stat().st_size:
                self._append([self.identity])
            yield

    def add(self, keys: Sequence[str], points: Sequence[TimedPoint]) -> None:
        """Append the results of calculations; only while the store is claimed."""
        self._append([{"geometry": key} | _as_json(point) for key, point in zip(keys, points, strict=True)])

    def read(self) -> dict[str, TimedPoint]:
        """All results so far, by the key of the geometry.

        Raises:
            DataError: the file is damaged.
        """
        if not self.path.exists():
            return {}
        lines = self.path.read_text(encoding="utf-8").split("\n")[
            1:-1
        ]  # what follows the last line break is incomplete
        found = {}
        for number, line in enumerate(lines, start=2):
            try:
                content = json.loads(line)
                found[str(content["geometry"])] = _from_json(content, self.n_atoms)
            except (ValueError, KeyError, TypeError) as error:
                raise DataError(
                    f"Line {number} of {self.path} is damaged: delete that file, and run the command again to recalculate the labels."
                ) from error
        return found

    def _append(self, records: Sequence[Mapping[str, Any]]) -> None:
        with naming(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps(record) + "\n" for record in records))
            file.flush()
            os.fsync(file.fileno())


def geometry_key(positions: Float[np.ndarray, "N 3"]) -> str:
    """The hash of a geometry, to the last digit."""
    return hashlib.blake2b(np.ascontiguousarray(positions, dtype=np.float64).tobytes(), digest_size=12).hexdigest()


def _as_json(timed: TimedPoint) -> dict[str, Any]:
    point, seconds = timed.point, {"seconds": round(timed.seconds, 6)}
    if point.forces is None:
        return {"failure": point.failure} | seconds
    return {"energy": point.energy, "forces": point.forces.tolist()} | seconds


def _from_json(content: Mapping[str, Any], n_atoms: int) -> TimedPoint:
    seconds = float(content["seconds"])
    if "failure" in content:
        return TimedPoint(SinglePoint(None, None, str(content["failure"])), seconds)
    forces = np.array(content["forces"], dtype=np.float64)
    energy = float(content["energy"])
    if forces.shape != (n_atoms, 3) or not (np.isfinite(forces).all() and np.isfinite(energy)):
        raise ValueError("no forces of this molecule")
    return TimedPoint(SinglePoint(energy, forces), seconds)


def _writable(folder: Path | None) -> Path:
    """The folder of the labels beside the data, or that of the user's caches."""
    if folder is not None:
        beside = folder / FOLDER
        if os.access(beside if beside.is_dir() else folder, os.W_OK):
            return beside
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / FOLDER
