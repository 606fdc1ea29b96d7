"""A torsion scan with a force field beside the same scan with a reference method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from jaxtyping import Float, Int

from supple.geometry.calculators import CalculatorFactory
from supple.geometry.profile_comparison import ProfileComparison
from supple.molecule.superposition import equivalent_rmsd
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.relaxation.torsion_scan import TorsionScan, scan_with


@dataclass(frozen=True, eq=False)
class ScanComparison:
    """Two scans of one torsion, from one geometry, at the same angles.

    Attributes:
        own: with the force field.
        reference: with the reference method.
        theory: of the reference.
        rmsds: between their geometries at each angle, after superposition, Å, shape (K,).
    """

    own: TorsionScan
    reference: TorsionScan
    theory: str
    rmsds: Float[np.ndarray, "K"]

    @property
    def profiles(self) -> ProfileComparison:
        """Their energies."""
        return ProfileComparison(self.own.profile, self.reference.profile)

    def sentences(self) -> list[str]:
        """How far apart energies and geometries are."""
        k = int(self.rmsds.argmax())
        return [
            self.profiles.sentence(self.theory),
            f"The geometries differ by {np.median(self.rmsds):.2f} Å (RMSD, median), and by {self.rmsds[k]:.2f} Å at most, at "
            f"{self.own.angles[k]:.0f}°.",
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, as `--json` prints them."""
        compared = self.profiles
        off, at = compared.largest_difference
        return {
            "method": self.theory,
            "energies_eV": self.reference.energies.tolist(),
            "profile": compared.reference.sentences(),
            "remarks": list(self.reference.remarks),
            "mean_difference_kcal_per_mol": compared.mean_difference,
            "largest_difference_kcal_per_mol": off,
            "largest_difference_degrees": at,
            "stationary_points": [
                {
                    "kind": point.kind,
                    "degrees": point.at,
                    "kcal_per_mol": point.energy,
                    "reference_degrees": point.reference_at,
                    "reference_kcal_per_mol": point.reference_energy,
                    "difference_kcal_per_mol": point.difference,
                }
                for point in compared.stationary_points
            ],
            "rmsd_angstrom": self.rmsds.tolist(),
        }


def compare_scan(
    own: TorsionScan,
    molecule: Atoms,
    torsion: str | None,
    theory: str,
    calculator: CalculatorFactory,
    progress: Progress = NO_PROGRESS,
) -> ScanComparison:
    """Repeat a scan with a reference method.

    Args:
        own: the scan with the force field.
        molecule: the geometry that it started from.
        torsion: as it was given.
        theory, calculator: of the reference method.
        progress: receives progress.

    Raises:
        DataError: at some angle no relaxation succeeded.
    """
    why_not = f"calculations with {theory} fail there"
    reference = scan_with(calculator, molecule, torsion, len(own.angles), progress, why_not)
    return ScanComparison(own, reference, theory, _rmsds(molecule.numbers, own, reference))


def _rmsds(numbers: Int[np.ndarray, "N"], own: TorsionScan, reference: TorsionScan) -> Float[np.ndarray, "K"]:
    pairs = zip(own.positions, reference.positions, strict=True)
    return np.array([equivalent_rmsd(numbers, one, other) for one, other in pairs])
