"""The settled part of a scan: wavefront propagation over the points of the preceding scans (see `supple.geometry.wavefront`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from jaxtyping import Float

from supple.geometry.coordinates import Coordinate
from supple.geometry.moves import Move
from supple.geometry.wavefront import Propagation, Wavefront
from supple.sampling.context import SamplingContext
from supple.sampling.labelled_frame import LabelledFrame
from supple.sampling.segments import Segment

#: Calculations of a relaxation, roughly.
RELAXATION_COST = 30


class WavefrontState(TypedDict):
    """A `Wavefront` in JSON."""

    lowest: list[list[list[float]] | None]
    energies: list[float | None]
    trials: list[tuple[int, int, int]]


@dataclass(frozen=True, kw_only=True)
class WavefrontSegment(Segment[WavefrontState]):
    """The points of earlier scans relaxed again from others; a frame for each whose energy falls."""

    name: str
    calculations: int
    after: tuple[str, ...]
    start: str | None
    coordinate: Coordinate
    values: tuple[float, ...]
    moves: tuple[Move, ...]
    #: How many energies fall is not known beforehand.
    expected: int = 0

    def frames(
        self, context: SamplingContext, done: int, state: WavefrontState | None, earlier: Sequence[LabelledFrame] = ()
    ) -> Iterator[LabelledFrame]:
        """A frame for each point whose energy falls, and for each calculation that fails."""
        numbers = context.start(self.start).numbers
        propagation = Propagation(
            self.coordinate,
            self.values,
            numbers,
            context.driver,
            context.labeller,
            self.moves,
        )
        front = propagation.start(_labelled(earlier)) if state is None else _from_json(state)
        for point in propagation.run(front):
            result = point.result
            yield LabelledFrame(
                point.atoms.positions,
                result.energy,
                result.forces,
                result.failure,
                {"coordinate": point.value},
                _to_json(point.front),
                point.remark,
            )


def _labelled(frames: Sequence[LabelledFrame]) -> Iterator[tuple[float, Float[np.ndarray, "N 3"], float]]:
    """Value of the coordinate, positions and energy of the frames that have one."""
    return ((f.extras["coordinate"], f.positions, f.energy) for f in frames if f.energy is not None)


def _to_json(front: Wavefront) -> WavefrontState:
    return {
        "lowest": [None if positions is None else positions.tolist() for positions in front.lowest],
        "energies": front.energies,
        "trials": front.trials,
    }


def _from_json(state: WavefrontState) -> Wavefront:
    lowest = [None if positions is None else np.array(positions) for positions in state["lowest"]]
    return Wavefront(lowest, list(state["energies"]), [(k, j, m) for k, j, m in state["trials"]])
