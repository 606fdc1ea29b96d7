"""Geometries relaxed to minima of a force field, and which of them are the same conformer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.data.dataset import Dataset
from supple.geometry.calculators import describe_error
from supple.geometry.minimisation import minimise
from supple.geometry.normal_modes import normal_modes, wavenumbers
from supple.models.potential import Potential
from supple.molecule.bonds import frequent_bonds
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.simulation.relaxation.conformer_labels import conformer_labels


@dataclass(frozen=True, eq=False)
class Minimum:
    """The minimum that a geometry relaxed to.

    Attributes:
        frame: index of the frame that it started from.
        positions: Å, shape (N, 3).
        energy: eV; infinite where the relaxation failed.
        forces: eV/Å, shape (N, 3); NaN where the relaxation failed.
        converged: whether the relaxation did.
        conformer: counted from 1, the lowest first; mirror images are one conformer.
        remark: a warning to the user, for instance that a bond broke.
        wavenumbers: harmonic, cm⁻¹, imaginary ones negative, shape (V,); for the lowest geometry of each conformer, if
            requested.
    """

    frame: int
    positions: Float[np.ndarray, "N 3"]
    energy: float
    forces: Float[np.ndarray, "N 3"]
    converged: bool
    conformer: int = 0
    remark: str | None = None
    wavenumbers: Float[np.ndarray, "V"] | None = None

    def __repr__(self) -> str:
        end = "" if self.converged else ", not converged"
        return f"<conformer {self.conformer}, {self.energy:.4f} eV, from frame {self.frame}{end}>"


def relax(
    potential: Potential,
    geometries: Dataset,
    fmax: float = 0.001,
    steps: int = 1000,
    *,
    frequencies: bool = False,
    progress: Progress = NO_PROGRESS,
) -> list[Minimum]:
    """Relax each geometry by BFGS.

    Args:
        potential: the force field.
        geometries: to start from.
        fmax: eV/Å; converged when no force on an atom is larger.
        steps: of each relaxation at most.
        frequencies: whether to calculate the harmonic frequencies of each conformer.
        progress: receives progress.

    Returns:
        The minima, the lowest first.

    Raises:
        MoleculeError: the geometries are of another molecule or atom order.
    """
    potential.require_molecule(geometries)
    found = []
    for k, (frame, start) in enumerate(zip(geometries.frames, geometries.positions, strict=True)):
        progress.step("Relaxing", k, len(geometries))
        found.append(_relaxed(potential, int(frame), start, fmax, steps))
    progress.step("Relaxing", len(geometries), len(geometries))
    found.sort(key=lambda minimum: minimum.energy)
    labels = conformer_labels(potential.numbers, [m.positions for m in found], [m.energy for m in found])
    minima = []
    for k, (minimum, label) in enumerate(zip(found, labels, strict=True)):
        needed = frequencies and label not in labels[:k] and np.isfinite(minimum.energy)
        cm = harmonic_wavenumbers(potential, minimum.positions) if needed else None
        minima.append(replace(minimum, conformer=label, wavenumbers=cm))
    return minima


def harmonic_wavenumbers(potential: Potential, positions: Float[np.ndarray, "N 3"]) -> Float[np.ndarray, "V"]:
    """Harmonic frequencies of a geometry (Å) in cm⁻¹, imaginary ones negative, shape (V,)."""
    return wavenumbers(normal_modes(Atoms(potential.numbers, positions), potential.calculator)[0])


def _relaxed(potential: Potential, frame: int, start: Float[np.ndarray, "N 3"], fmax: float, steps: int) -> Minimum:
    try:
        molecule, converged = minimise(Atoms(potential.numbers, start), potential.calculator, fmax, steps)
        energies, forces = potential.predict(molecule.positions[None])
        if not (np.isfinite(energies).all() and np.isfinite(forces).all()):
            raise ArithmeticError("energy or forces are not finite")
    except Exception as error:  # an optimiser that diverges raises anything
        nan = np.full(start.shape, np.nan)
        return Minimum(frame, start, np.inf, nan, False, remark=f"the relaxation failed: {describe_error(error)}")
    largest = float(np.linalg.norm(forces[0], axis=1).max())
    remarks = [] if converged else [f"a force of {largest:.2g} eV/Å remains after {steps} steps"]
    if changed := _changed_bond(potential.numbers, start, molecule.positions):
        remarks.append(f"{changed}: the force field was not trained on such geometries")
    remark = "; ".join(remarks) or None
    return Minimum(frame, molecule.positions, float(energies[0]), forces[0], converged, remark=remark)


def _changed_bond(
    numbers: Int[np.ndarray, "N"], before: Float[np.ndarray, "N 3"], after: Float[np.ndarray, "N 3"]
) -> str | None:
    """A sentence about the first bond that broke or formed."""
    old, new = frequent_bonds(numbers, before[None]), frequent_bonds(numbers, after[None])
    changed = np.argwhere(np.triu(old != new))
    if not len(changed):
        return None
    i, j = changed[0]
    what = "broke" if old[i, j] else "formed"
    return f"the bond {chemical_symbols[numbers[i]]}{i + 1}-{chemical_symbols[numbers[j]]}{j + 1} {what}"
