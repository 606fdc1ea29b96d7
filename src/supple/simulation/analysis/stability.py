"""Stability: the first time at which a bond length differs by more than 0.5 Å from its mean in the reference.

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
        name: name of the file.
        frame: the first unstable frame; None if all are stable.
        time: time of that frame since the first, fs; None if times are not known.
        span: time from the first frame to the last, fs; None if times are not known.
        bond: the bond that broke first, as in `C1-H2`.
        deviations: the largest deviation of any bond length from its mean in each frame, Å, shape (M,).
        times: fs, shape (M,); None if they are not known.
    """

    name: str
    frame: int | None
    time: float | None
    span: float | None
    bond: str | None
    deviations: Float[np.ndarray, "M"]
    times: Float[np.ndarray, "M"] | None

    def sentence(self) -> str:
        """Whether and until when it is stable."""
        if self.frame is None:
            duration = f", {self.span / 1e3:.4g} ps" if self.span else ""
            return (
                f"{self.name} is stable for all {len(self.deviations)} frames{duration} "
                f"(largest deviation of a bond length {self.deviations.max():.2f} Å)."
            )
        time = "" if self.time is None else f", {self.time / 1e3:.4g} ps"
        return (
            f"{self.name} is unstable from frame {self.frame}{time} on: the length of the bond {self.bond} differs by more "
            f"than {TOLERANCE:g} Å from its mean."
        )


def stability(
    name: str,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    bonds: list[tuple[int, int]],
    means: Float[np.ndarray, "E"],
    times: Float[np.ndarray, "M"] | None,
) -> Stability:
    """The stability of a trajectory; positions and mean bond lengths in Å, times in fs."""
    deviations = np.abs(bond_lengths(positions, bonds) - means)
    largest = deviations.max(axis=1, initial=0.0)
    beyond = np.flatnonzero(largest > TOLERANCE)
    span = None if times is None else float(times[-1] - times[0])
    if not len(beyond):
        return Stability(name, None, None, span, None, largest, times)
    k = int(beyond[0])
    i, j = bonds[int(deviations[k].argmax())]
    bond = f"{chemical_symbols[numbers[i]]}{i + 1}-{chemical_symbols[numbers[j]]}{j + 1}"
    return Stability(name, k, None if times is None else float(times[k] - times[0]), span, bond, largest, times)
