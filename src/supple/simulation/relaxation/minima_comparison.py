"""Conformers of a force field beside those to which they relax with a reference method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from supple.data.units import ENERGY
from supple.geometry.calculators import CalculatorFactory
from supple.molecule.superposition import equivalent_rmsd
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.relaxation.minima import Minimum, Surface


@dataclass(frozen=True, eq=False)
class ConformerComparison:
    """One conformer.

    Attributes:
        own: its lowest geometry with the force field.
        reference: what that relaxes to with the reference; its `conformer` counts those of the reference.
        energy, reference_energy: above the lowest of the conformers, kcal/mol; NaN where a relaxation failed.
        rmsd: between the two after superposition, Å; NaN where a relaxation failed.
    """

    own: Minimum
    reference: Minimum
    energy: float
    reference_energy: float
    rmsd: float

    @property
    def wavenumber_differences(self) -> Float[np.ndarray, "V"] | None:
        """Frequencies of the force field less those of the reference, each in ascending order, cm⁻¹; None without them."""
        if self.own.wavenumbers is None or self.reference.wavenumbers is None:
            return None
        return np.sort(self.own.wavenumbers) - np.sort(self.reference.wavenumbers)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries, as `--json` prints them."""
        off, theirs = self.wavenumber_differences, self.reference.wavenumbers
        energies = (self.energy, self.reference_energy, self.energy - self.reference_energy, self.rmsd)
        own, other, difference, rmsd = (value if np.isfinite(value) else None for value in energies)
        return {
            "conformer": self.own.conformer,
            "reference_conformer": self.reference.conformer,
            "kcal_per_mol": own,
            "reference_kcal_per_mol": other,
            "difference_kcal_per_mol": difference,
            "rmsd_angstrom": rmsd,
            "reference_settled": self.reference.converged,
            "reference_remark": self.reference.remark,
            "reference_wavenumbers_per_cm": None if theirs is None else theirs.tolist(),
            "wavenumber_differences_per_cm": None if off is None else off.tolist(),
        }


def compare_minima(
    minima: Sequence[Minimum],
    numbers: Int[np.ndarray, "N"],
    calculator: CalculatorFactory,
    fmax: float,
    steps: int,
    *,
    frequencies: bool,
    progress: Progress = NO_PROGRESS,
) -> list[ConformerComparison]:
    """Relax the lowest geometry of each conformer with a reference method.

    Args:
        minima: of the force field, the lowest first.
        numbers: atomic numbers, shape (N,).
        calculator: makes a calculator of the reference.
        fmax, steps, frequencies, progress: as in `relax`.
    """
    lowest: dict[int, Minimum] = {}
    for minimum in minima:
        if np.isfinite(minimum.energy):
            lowest.setdefault(minimum.conformer, minimum)
    starts = {label: minimum.positions for label, minimum in lowest.items()}
    surface = Surface(numbers, calculator)
    found = surface.minima(starts, fmax, steps, frequencies=frequencies, progress=progress)
    relaxed = {minimum.frame: minimum for minimum in found}
    if frequencies:  # those that relax to one conformer have its frequencies
        by_conformer = {m.conformer: m.wavenumbers for m in reversed(found) if m.wavenumbers is not None}
        relaxed = {label: replace(m, wavenumbers=by_conformer.get(m.conformer)) for label, m in relaxed.items()}
    least, least_reference = (min((m.energy for m in some), default=np.nan) for some in (lowest.values(), found))
    return [
        ConformerComparison(
            minimum,
            relaxed[label],
            (minimum.energy - least) / ENERGY["kcal/mol"],
            _finite(relaxed[label].energy - least_reference) / ENERGY["kcal/mol"],
            equivalent_rmsd(numbers, minimum.positions, relaxed[label].positions)
            if np.isfinite(relaxed[label].energy)
            else np.nan,
        )
        for label, minimum in lowest.items()
    ]


def shared_conformers(compared: Sequence[ConformerComparison], theory: str) -> list[str]:
    """A sentence for each conformer of the reference to which several of the force field relax."""
    together: dict[int, list[int]] = {}
    for one in compared:
        together.setdefault(one.reference.conformer, []).append(one.own.conformer)
    return [
        f"Conformers {', '.join(map(str, labels[:-1]))} and {labels[-1]} of the force field relax to the same one of {theory}."
        for labels in together.values()
        if len(labels) > 1
    ]


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("nan")
