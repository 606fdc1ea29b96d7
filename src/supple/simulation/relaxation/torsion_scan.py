"""A torsion turned once round, all else relaxed at every angle: there, back again, and settled.

The scan itself is that of `supple sample` (supple.sampling.scan, held, settling), with a force field in the place of quantum
chemistry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import ENERGY
from supple.errors import DataError
from supple.geometry.profile import Profile
from supple.models.potential import Potential
from supple.molecule.torsions import folded
from supple.runtime.progress import SILENCE, Progress
from supple.sampling.context import Labelled
from supple.sampling.scan import Scan
from supple.simulation.relaxation.bench import ForceFieldBench
from supple.simulation.relaxation.torsion_names import torsion_named


@dataclass(frozen=True, eq=False)
class TorsionScan:
    """The lowest geometry at every angle.

    Attributes:
        label: of the torsion, `N1-C2-C3-O4`.
        angles: degrees, increasing, shape (K,).
        positions: Å, shape (K, N, 3).
        energies: eV, shape (K,).
        forces: eV/Å, shape (K, N, 3); those along the torsion are not zero.
        remarks: what is to be said of a point, with its angle.
    """

    label: str
    angles: Float[np.ndarray, "K"]
    positions: Float[np.ndarray, "K N 3"]
    energies: Float[np.ndarray, "K"]
    forces: Float[np.ndarray, "K N 3"]
    remarks: tuple[str, ...]

    @property
    def profile(self) -> Profile:
        """The energy along the whole turn, closed."""
        above = (self.energies - self.energies.min()) / ENERGY["kcal/mol"]
        if self.angles[-1] > 180 - 1e-6:  # begin where it ends
            return Profile(self.label, "°", np.append(self.angles[-1] - 360, self.angles), np.append(above[-1], above))
        return Profile(self.label, "°", np.append(self.angles, self.angles[0] + 360), np.append(above, above[0]))


def scan_torsion(
    potential: Potential,
    start: Dataset,
    torsion: str | None = None,
    points: int = 36,
    progress: Progress = SILENCE,
) -> TorsionScan:
    """Turn a torsion once round.

    Args:
        potential: the force field.
        start: its first frame is where the scan begins.
        torsion: four atoms, as `1-2-3-4` or `N1-C2-C3-O4`; the one that turns most atoms when None.
        points: angles, evenly over 360°.
        progress: listens.

    Raises:
        MoleculeError: the geometry is of another molecule or atom order.
        SettingsError: the molecule has no such torsion.
        DataError: at some angle nothing could be relaxed.
    """
    potential.require_molecule(start)
    bench = ForceFieldBench.of(potential, start.positions[0])
    coordinate = torsion_named(bench.start(), torsion)
    step = 360 / points
    # from the angle on the grid that is nearest to the molecule's own, so that it is not turned all at once
    first = step * round(coordinate.value(bench.start()) / step)
    text = "-".join(str(a + 1) for a in coordinate.atoms)
    asked = Scan.model_validate(
        {"torsion": text, "from": first, "to": first + 360, "points": points + 1, "settled": True}
    )
    *ways, settled = asked.segments(bench)
    frames: list[Labelled] = []
    for way in ways:
        for frame in way.frames(bench, 0, None):
            frames.append(frame)
            progress.step("Scanning", len(frames), 2 * (points + 1))
    progress.step("Scanning", 1, 1)
    for frame in settled.frames(bench, 0, {"earlier": [_line(frame) for frame in frames]}):
        frames.append(frame)
        progress.step("Settling", 0, 1, f"{frame.about['coordinate']:.0f}° falls")
    progress.step("Settling", 1, 1)
    return _lowest(coordinate.label(bench.start()), frames, first + step * np.arange(points))


def _lowest(label: str, frames: list[Labelled], angles: Float[np.ndarray, "K"]) -> TorsionScan:
    angles = np.round(folded(angles), 6) + 0.0  # no minus before a zero
    found = []
    for angle in np.sort(angles):
        here = [
            frame
            for frame in frames
            if frame.energy is not None and abs(float(folded(np.array(frame.about["coordinate"] - angle)))) < 1e-3
        ]
        if not here:
            raise DataError(
                f"At {angle:.0f}° of {label} nothing could be relaxed: the force field does not know that region."
            )
        found.append(min(here, key=lambda frame: frame.energy if frame.energy is not None else np.inf))
    remarks = [f"{frame.about['coordinate']:.0f}°: {frame.remark}" for frame in found if frame.remark]
    return TorsionScan(
        label,
        np.sort(angles),
        np.array([frame.positions for frame in found]),
        np.array([frame.energy for frame in found]),
        np.array([frame.forces for frame in found]),
        tuple(remarks),
    )


def _line(frame: Labelled) -> dict[str, Any]:
    """A frame as one that is on disk, which is what settling begins from."""
    return {
        "failure": frame.failure, "about": frame.about, "energy": frame.energy, "positions": frame.positions.tolist(),
    }  # fmt: skip
