"""Labels for geometries that are there already: frames of a file, those at which dynamics left the force field's range, say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from ase import Atoms
from jaxtyping import Float
from pydantic import Field

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.sampling.context import Bench, Draw, Labelled, Segment
from supple.sampling.molecules import short_name

#: Frames of one segment: what one process labels after another, while others do theirs.
_TOGETHER = 25


class Frames(Draw):
    """A single-point calculation for every frame of a file, in its order."""

    kind: Literal["frames"] = "frames"
    start: None = None
    file: str = Field(description="Geometries of the molecule, atoms in the same order.")

    @property
    def geometries(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    def fingerprints(self) -> dict[str, str]:
        """A hash of all frames: labels belong to those that were there when they were made.

        Raises:
            DataError: the file cannot be read.
        """
        return {self.file: self._read().fingerprint[:16]}

    def segments(self, bench: Bench) -> list[Segment]:
        """So many frames at a time.

        Raises:
            DataError: the file cannot be read.
            SettingsError: it is of another molecule.
        """
        dataset = self._read()
        if not np.array_equal(dataset.numbers, bench.start().numbers):
            raise SettingsError(
                f"{self.file} holds {dataset.formula}, which is not {bench.molecule}, or has its atoms in another order."
            )
        return [
            _Part(f"frames_{short_name(self.file)}_{begin}", len(part), len(part), part)
            for begin in range(0, len(dataset), _TOGETHER)
            for part in [dataset.positions[begin : begin + _TOGETHER]]
        ]

    def _read(self) -> Dataset:
        from supple.data.reading import read

        return read(self.file, labels=False)


@dataclass(frozen=True, eq=False)
class _Part(Segment):
    name: str
    expected: int
    calculations: int
    positions: Float[np.ndarray, "K N 3"]

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """One label after another."""
        numbers = bench.start().numbers
        for positions in self.positions[done:]:
            yield bench.label(Atoms(numbers, positions))
