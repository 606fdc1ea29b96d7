"""Labels for the frames of a file, for instance those at which dynamics left the range of a force field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from ase import Atoms
from jaxtyping import Float
from pydantic import Field

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.sampling.context import SamplingContext
from supple.sampling.draws.base import Draw
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.molecules import short_name
from supple.sampling.segments import Segment

#: Frames of one segment, which one process labels one after the other.
_SEGMENT = 25


class Frames(Draw):
    """A single-point calculation for every frame of a file, in its order."""

    moves: ClassVar[bool] = False
    kind: Literal["frames"] = "frames"
    start: None = None
    file: str = Field(description="Geometries of the molecule, atoms in the same order.")

    @property
    def geometries(self) -> tuple[str, ...]:
        """The file."""
        return (self.file,)

    def fingerprints(self) -> dict[str, str]:
        """A hash of all frames, since labels belong to the frames that they were calculated for.

        Raises:
            DataError: the file cannot be read.
        """
        return {self.file: self._read().fingerprint[:16]}

    def segments(self, context: SamplingContext) -> list[Segment[Any]]:
        """One for every 25 frames.

        Raises:
            DataError: the file cannot be read.
            SettingsError: it is of another molecule.
        """
        dataset = self._read()
        if not np.array_equal(dataset.numbers, context.start().numbers):
            raise SettingsError(
                f"{self.file} contains {dataset.formula}, which is not {context.molecule}, or has its atoms in another order."
            )
        return [
            FramesPart(f"frames_{short_name(self.file)}_{begin}", len(part), len(part), part)
            for begin in range(0, len(dataset), _SEGMENT)
            for part in [dataset.positions[begin : begin + _SEGMENT]]
        ]

    def _read(self) -> Dataset:
        from supple.data.reading import read

        return read(self.file, labels=False)


@dataclass(frozen=True, eq=False)
class FramesPart(Segment[Mapping[str, Any]]):
    """Some frames of the file; `positions` are their geometries, Å, shape (K, N, 3)."""

    name: str
    expected: int
    calculations: int
    positions: Float[np.ndarray, "K N 3"]

    def frames(
        self,
        context: SamplingContext,
        done: int,
        state: Mapping[str, Any] | None,
        earlier: Sequence[LabelledFrame] = (),
    ) -> Iterator[LabelledFrame]:
        """One label after the other; there is no state besides their number."""
        numbers = context.start().numbers
        for positions in self.positions[done:]:
            yield context.label(Atoms(numbers, positions))
