"""A relaxed scan settled: each point once more from its neighbours, until none falls any further.

A scan stays in the valley it comes from, and there and back again need not meet in the lowest. So the lowest geometry of
each point is handed to the points beside it, and wherever that ends lower, to theirs: wavefront propagation, Qiu et al.,
J. Chem. Phys. 152, 244116 (2020), doi 10.1063/5.0009232.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.data.units import ENERGY
from supple.geometry.constraints import relaxed_at
from supple.geometry.coordinates import Coordinate
from supple.sampling.context import Bench, Labelled, Segment, first_line

#: eV; what falls by less has not fallen.
_LOWER = 0.1 * ENERGY["kcal/mol"]
#: Å; small steps, for it is where groups meet, or an angle straightens, that the scans before went astray.
_LONGEST, _STEPS = 0.05, 500


@dataclass(frozen=True, kw_only=True)
class Settled(Segment):
    """The points of scans before, once more from their neighbours; a frame for each that falls."""

    name: str
    calculations: int
    after: tuple[str, ...]
    start: str | None
    coordinate: Coordinate
    values: tuple[float, ...]
    #: Nobody knows beforehand how many points fall.
    expected: int = 0

    def frames(self, bench: Bench, done: int, state: dict[str, Any] | None) -> Iterator[Labelled]:
        """Trials in the order in which they come up; what is left of them is part of the state."""
        numbers = bench.start(self.start).numbers
        if state is None or "earlier" in state:
            lowest, energies = self._lowest((state or {}).get("earlier", []))
            trials = [(k, j) for k in range(len(self.values)) for j in self._beside(k)]
        else:
            lowest = [None if x is None else np.array(x) for x in state["lowest"]]
            energies, trials = list(state["energies"]), [(k, j) for k, j in state["trials"]]
        while trials:
            k, j = trials.pop(0)
            source = lowest[j]
            if source is None:
                continue
            about = {"coordinate": self.values[k]}
            molecule = Atoms(numbers, source)
            normal = self.coordinate.normal(molecule)
            turned = self.coordinate.turned(molecule, self.values[k] - self.coordinate.value(molecule), normal)
            try:
                relaxed, remark = relaxed_at(turned, self.coordinate, bench, _STEPS, _LONGEST)
                frame = bench.label(relaxed, about, remark=remark)
            except Exception as error:
                frame = Labelled(turned.positions, None, None, f"the relaxation ended: {first_line(error)}", about)
            if frame.energy is not None:
                known = energies[k]
                if known is not None and frame.energy > known - _LOWER:
                    continue
                lowest[k], energies[k] = frame.positions, frame.energy
                trials += [(i, k) for i in self._beside(k) if (i, k) not in trials]
            kept = {
                "lowest": [None if x is None else x.tolist() for x in lowest],
                "energies": energies.copy(),
                "trials": trials.copy(),
            }
            yield Labelled(frame.positions, frame.energy, frame.forces, frame.failure, about, kept, frame.remark)

    def _lowest(
        self, earlier: list[dict[str, Any]]
    ) -> tuple[list[Float[np.ndarray, "N 3"] | None], list[float | None]]:
        """The lowest frame of each point, and its energy."""
        positions: list[Float[np.ndarray, "N 3"] | None] = [None] * len(self.values)
        energies: list[float | None] = [None] * len(self.values)
        for line in earlier:
            if line["failure"] is not None:
                continue
            k = int(np.abs(np.array(self.values) - line["about"]["coordinate"]).argmin())
            known = energies[k]
            if known is None or line["energy"] < known:
                positions[k], energies[k] = np.array(line["positions"]), line["energy"]
        return positions, energies

    def _beside(self, k: int) -> list[int]:
        """The points beside one; those of a whole turn meet at its ends."""
        last = len(self.values) - 1
        if abs(abs(self.values[-1] - self.values[0]) - 360) < 1e-6:
            return [(k - 1) % (last + 1), (k + 1) % (last + 1)]
        return [j for j in (k - 1, k + 1) if 0 <= j <= last]
