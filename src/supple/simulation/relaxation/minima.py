"""Geometries relaxed to minima of a force field, and which of them are the same conformer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms
from ase.constraints import FixAtoms
from jaxtyping import Float, Int

from supple.data.dataset import Dataset
from supple.errors import SettingsError
from supple.geometry.calculators import CalculatorFactory, describe_error, single_point
from supple.geometry.minimisation import minimise
from supple.geometry.normal_modes import normal_modes, wavenumbers
from supple.models.potential import Potential
from supple.runtime.progress import NO_PROGRESS, Progress
from supple.runtime.rounding import rounded
from supple.simulation.relaxation.changed_bonds import changed_bond
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
    fixed: Mapping[int, tuple[int, ...]] | None = None,
    progress: Progress = NO_PROGRESS,
) -> list[Minimum]:
    """Relax each geometry by BFGS.

    Args:
        potential: the force field.
        geometries: to start from.
        fmax: eV/Å; converged when no force on an atom that may move is larger.
        steps: of each relaxation at most.
        frequencies: whether to calculate the harmonic frequencies of each conformer.
        fixed: for each frame, by its number in the file, the atoms that stay in place; none where it is not named.
        progress: receives progress.

    Returns:
        The minima, the lowest first.

    Raises:
        MoleculeError: the geometries are of another molecule or atom order.
        SettingsError: frequencies with fixed atoms.
    """
    potential.require_molecule(geometries)
    starts = {int(frame): start for frame, start in zip(geometries.frames, geometries.positions, strict=True)}
    if frequencies and any((fixed or {}).get(frame) for frame in starts):
        raise SettingsError(
            "With fixed atoms a relaxed geometry is not a minimum of the molecule, and has no harmonic frequencies: leave out "
            "--frequencies, or free the atoms."
        )
    surface = Surface(potential.numbers, potential.calculator, "the force field was not trained on such geometries")
    return surface.minima(starts, fmax, steps, frequencies=frequencies, fixed=fixed or {}, progress=progress)


@dataclass(frozen=True, eq=False)
class Surface:
    """An energy surface: a molecule with a force field or a method of quantum chemistry.

    Attributes:
        numbers: atomic numbers, shape (N,).
        calculator: makes a calculator.
        other_bonds: what to think of a geometry whose bonds have changed.
    """

    numbers: Int[np.ndarray, "N"]
    calculator: CalculatorFactory
    other_bonds: str = "it is another molecule"

    def minima(
        self,
        starts: Mapping[int, Float[np.ndarray, "N 3"]],
        fmax: float,
        steps: int,
        *,
        frequencies: bool,
        fixed: Mapping[int, tuple[int, ...]] | None = None,
        progress: Progress = NO_PROGRESS,
    ) -> list[Minimum]:
        """Minima from geometries in Å, by frame; the lowest first. Other arguments as `relax`."""
        found = []
        for k, (frame, start) in enumerate(starts.items()):
            progress.step("Relaxing", k, len(starts))
            found.append(self._relaxed(frame, start, fmax, steps, (fixed or {}).get(frame, ())))
        progress.step("Relaxing", len(starts), len(starts))
        found.sort(key=lambda minimum: minimum.energy)
        labels = conformer_labels(self.numbers, [m.positions for m in found], [m.energy for m in found])
        minima = []
        for k, (minimum, label) in enumerate(zip(found, labels, strict=True)):
            needed = frequencies and label not in labels[:k] and np.isfinite(minimum.energy)
            cm = harmonic_wavenumbers(self.numbers, self.calculator, minimum.positions) if needed else None
            minima.append(replace(minimum, conformer=label, wavenumbers=cm))
        return minima

    def _relaxed(
        self, frame: int, start: Float[np.ndarray, "N 3"], fmax: float, steps: int, fixed: tuple[int, ...]
    ) -> Minimum:
        constraint = FixAtoms(indices=list(fixed)) if fixed else None
        try:
            molecule, converged = minimise(Atoms(self.numbers, start), self.calculator, fmax, steps, constraint)
            point = single_point(molecule, self.calculator)
            if point.energy is None or point.forces is None:
                raise ArithmeticError(point.failure)
        except Exception as error:  # an optimiser that diverges raises anything
            nan = np.full(start.shape, np.nan)
            return Minimum(frame, start, np.inf, nan, False, remark=f"the relaxation failed: {describe_error(error)}")
        free = np.delete(np.linalg.norm(point.forces, axis=1), list(fixed))
        remarks = [] if converged else [f"a force of {rounded(free.max(), 2)} eV/Å remains after {steps} steps"]
        if changed := changed_bond(self.numbers, start, molecule.positions):
            remarks.append(f"{changed}: {self.other_bonds}")
        remark = "; ".join(remarks) or None
        return Minimum(frame, molecule.positions, point.energy, point.forces, converged, remark=remark)


def harmonic_wavenumbers(
    numbers: Int[np.ndarray, "N"], calculator: CalculatorFactory, positions: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, "V"]:
    """Harmonic frequencies of a geometry (Å) in cm⁻¹, imaginary ones negative, shape (V,)."""
    return wavenumbers(normal_modes(Atoms(numbers, positions), calculator)[0])
