"""A full turn of a torsion, everything else relaxed at each angle: in both directions, then from point to point until settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.data.units import ENERGY
from supple.errors import DataError
from supple.geometry.calculators import CalculatorFactory, SinglePoint, single_point
from supple.geometry.coordinates import Coordinate
from supple.geometry.minimisation import minimise
from supple.geometry.moves import moves
from supple.geometry.profile import Profile
from supple.geometry.scans import ScanPoint, scan
from supple.geometry.wavefront import Propagation
from supple.models.potential import Potential
from supple.molecule.torsions import folded
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.relaxation.changed_bonds import changed_bond

#: Of the angles at which rotamers fell apart, so many are listed.
_LISTED = 6


@dataclass(frozen=True, eq=False)
class TorsionScan:
    """The lowest geometry at every angle.

    Attributes:
        label: of the torsion, such as `N1-C2-C3-O4`.
        angles: degrees, increasing, shape (K,).
        positions: Å, shape (K, N, 3).
        energies: eV, shape (K,).
        forces: eV/Å, shape (K, N, 3); the component along the torsion is not zero.
        remarks: warnings about points, each with its angle.
        notes: sentences about what could not be tried.
    """

    label: str
    angles: Float[np.ndarray, "K"]
    positions: Float[np.ndarray, "K N 3"]
    energies: Float[np.ndarray, "K"]
    forces: Float[np.ndarray, "K N 3"]
    remarks: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def profile(self) -> Profile:
        """The energy along the full turn, both ends included."""
        relative = (self.energies - self.energies.min()) / ENERGY["kcal/mol"]
        angles = self.angles
        if angles[-1] > 180 - 1e-6:  # start where it ends
            return Profile(self.label, "°", np.append(angles[-1] - 360, angles), np.append(relative[-1], relative))
        return Profile(self.label, "°", np.append(angles, angles[0] + 360), np.append(relative, relative[0]))


@dataclass(frozen=True, eq=False)
class _Point:
    angle: float
    positions: Float[np.ndarray, "N 3"]
    energy: float
    forces: Float[np.ndarray, "N 3"]
    remark: str | None


def scan_torsion(
    potential: Potential,
    start: Dataset,
    torsion: str | None = None,
    points: int = 36,
    progress: Progress = NO_PROGRESS,
) -> TorsionScan:
    """Scan a torsion over a full turn.

    Args:
        potential: the force field.
        start: the scan starts from its first frame.
        torsion: four atoms, as `1-2-3-4` or `N1-C2-C3-O4`; the one that turns most atoms when None.
        points: number of angles, evenly over 360°.
        progress: receives progress.

    Raises:
        MoleculeError: the geometry is of another molecule or atom order.
        SettingsError: the molecule has no such torsion.
        DataError: at some angle no relaxation succeeded.
    """
    potential.require_molecule(start)
    molecule = Atoms(potential.numbers, start.positions[0])
    return scan_with(
        potential.calculator, molecule, torsion, points, progress, "the force field was not trained on such geometries"
    )


def scan_with(
    calculator: CalculatorFactory,
    molecule: Atoms,
    torsion: str | None = None,
    points: int = 36,
    progress: Progress = NO_PROGRESS,
    why_not: str = "the calculations fail there",
) -> TorsionScan:
    """As `scan_torsion`, with any calculator.

    Args:
        calculator: makes one.
        molecule: the geometry that the scan starts from.
        torsion, points, progress: as `scan_torsion`.
        why_not: what it means when no relaxation succeeds.

    Raises:
        SettingsError, DataError: as `scan_torsion`.
    """
    coordinate = Coordinate.parse(molecule, torsion, torsions_only=True)
    step = 360 / points
    # from the angle of the grid that is nearest to the molecule's own, so that the first turn is small
    first = step * round(coordinate.value(molecule) / step)
    values = np.linspace(first, first + 360, points + 1).tolist()
    found = _both_directions(molecule, coordinate, values, calculator, progress)
    settled = Propagation(coordinate, values, molecule.numbers, calculator, calculator, moves(molecule, coordinate))
    front = settled.start((point.angle, point.positions, point.energy) for point in found)
    for fallen in settled.run(front, progress):
        found += _points(fallen.value, fallen.atoms, fallen.result, fallen.remark)
    lowest = _lowest(coordinate.label(molecule), found, first + step * np.arange(points), why_not)
    return replace(
        lowest, remarks=(*lowest.remarks, *_broken(lowest, molecule, why_not)), notes=_notes(settled, why_not)
    )


def _broken(found: TorsionScan, molecule: Atoms, why_not: str) -> Iterator[str]:
    """A remark on each point whose bonds are not those of the molecule."""
    for angle, positions in zip(found.angles, found.positions, strict=True):
        if changed := changed_bond(molecule.numbers, molecule.positions, positions):
            yield f"{angle:.0f}°: {changed}: {why_not}"


def _notes(settled: Propagation, why_not: str) -> tuple[str, ...]:
    """A sentence about points at which other rotamers fell apart."""
    angles = sorted({round(float(folded(np.array(settled.values[k])))) for k in settled.lost})
    if not angles:
        return ()
    at = ", ".join(f"{angle}°" for angle in angles)
    if len(angles) > _LISTED:
        at = f"{len(angles)} angles from {angles[0]} to {angles[-1]}°"
    return (f"Other rotamers fell apart when they were relaxed at {at}, and were left out: {why_not}.",)


def _both_directions(
    molecule: Atoms,
    coordinate: Coordinate,
    values: Sequence[float],
    calculator: CalculatorFactory,
    progress: Progress,
) -> list[_Point]:
    """The points of a scan forwards and one backwards; a direction ends where its relaxation fails."""
    found: list[_Point] = []
    start, done = minimise(molecule, calculator)[0], 0
    for direction in (values, values[::-1]):
        for point in scan(ScanPoint.start(start, coordinate), coordinate, direction, calculator):
            done += 1
            progress.step("Scanning", done, 2 * len(values))
            if point.failure is None:
                found += _points(point.value, point.atoms, single_point(point.atoms, calculator), point.remark)
    progress.step("Scanning", 1, 1)
    return found


def _points(angle: float, atoms: Atoms, result: SinglePoint, remark: str | None) -> list[_Point]:
    """The point, or none where its calculation failed."""
    if result.energy is None or result.forces is None:
        return []
    return [_Point(angle, atoms.positions, result.energy, result.forces, remark)]


def _lowest(label: str, found: Sequence[_Point], angles: Float[np.ndarray, "K"], why_not: str) -> TorsionScan:
    """The lowest point at each angle."""
    angles = np.sort(np.round(folded(angles), 6) + 0.0)  # no minus before a zero
    lowest = []
    for angle in angles:
        candidates = [point for point in found if abs(float(folded(np.array(point.angle - angle)))) < 1e-3]
        if not candidates:
            raise DataError(f"No relaxation succeeded at {angle:.0f}° of {label}: {why_not}.")
        lowest.append(min(candidates, key=lambda point: point.energy))
    return TorsionScan(
        label,
        angles,
        np.array([point.positions for point in lowest]),
        np.array([point.energy for point in lowest]),
        np.array([point.forces for point in lowest]),
        tuple(f"{point.angle:.0f}°: {point.remark}" for point in lowest if point.remark),
    )
