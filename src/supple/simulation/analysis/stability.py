"""Stability: the first moment at which a bond is more than 0.5 Å from its mean length in the reference.

The protocol of Fu et al., Forces are not enough, TMLR 2023, arXiv:2210.07237, for molecules.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.simulation.analysis.internal_coordinates import bond_lengths

#: Å
TOLERANCE = 0.5


@dataclass(frozen=True, eq=False)
class Stability:
    """Of one trajectory.

    Attributes:
        name: of the file.
        frame: the first that is not stable; None where all are.
        time: fs, of that frame, where times are known.
        span: fs from the first frame to the last, where times are known.
        bond: the bond that broke first, `C1-H2`.
        deviations: Å, the largest of any bond in each frame, shape (M,).
        times: fs, shape (M,), where known.
    """

    name: str
    frame: int | None
    time: float | None
    span: float | None
    bond: str | None
    deviations: Float[np.ndarray, "M"]
    times: Float[np.ndarray, "M"] | None

    def sentence(self) -> str:
        """In words."""
        if self.frame is None:
            whole = f"all {len(self.deviations)} frames" + (f", {self.span / 1e3:.4g} ps" if self.span else "")
            return f"{self.name} is stable through {whole} (largest deviation of a bond {self.deviations.max():.2f} Å)."
        when = f"frame {self.frame}" + (f", at {self.time / 1e3:.4g} ps" if self.time is not None else "")
        return f"{self.name} is not stable from {when} on: {self.bond} is {TOLERANCE:g} Å from its mean length."


def stability(
    name: str,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    bonds: list[tuple[int, int]],
    means: Float[np.ndarray, "E"],
    times: Float[np.ndarray, "M"] | None,
) -> Stability:
    """Judge a trajectory, positions and mean lengths of its bonds in Å, times in fs."""
    away = np.abs(bond_lengths(positions, bonds) - means)
    largest = away.max(axis=1, initial=0.0)
    beyond = np.flatnonzero(largest > TOLERANCE)
    span = None if times is None else float(times[-1] - times[0])
    if not len(beyond):
        return Stability(name, None, None, span, None, largest, times)
    k = int(beyond[0])
    i, j = bonds[int(away[k].argmax())]
    bond = f"{chemical_symbols[numbers[i]]}{i + 1}-{chemical_symbols[numbers[j]]}{j + 1}"
    return Stability(name, k, None if times is None else float(times[k] - times[0]), span, bond, largest, times)
