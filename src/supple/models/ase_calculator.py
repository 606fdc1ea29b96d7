"""The ASE calculator: any `Potential` behind ASE's interface, in ASE's units, which are those of Supple (eV, Å)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from supple.errors import MoleculeError

if TYPE_CHECKING:
    from supple.models.potential import Potential


class SuppleCalculator(Calculator):
    """Energies in eV and forces in eV/Å of a force field, for ASE."""

    implemented_properties = ["energy", "free_energy", "forces"]

    def __init__(self, potential: Potential, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.potential = potential

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """Which of atomic numbers and positions have changed since the last calculation; a free molecule has nothing else.

        ASE's own method also compares cells, charges and magnetic moments, which takes longer than the forces of a small model.
        """
        if self.atoms is None:
            return list(all_changes)
        ours, theirs = self.atoms, atoms
        changed = [] if np.array_equal(ours.numbers, theirs.numbers) else ["numbers"]
        return changed if np.array_equal(ours.positions, theirs.positions) else [*changed, "positions"]

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute energy and forces of these atoms.

        Raises:
            MoleculeError: the atoms, or their order, are not those of the force field.
        """
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        if not np.array_equal(self.atoms.numbers, self.potential.numbers):
            raise MoleculeError(
                f"The atoms are {self.atoms.get_chemical_formula()}, whose composition or order differs from that of "
                f"{self.potential!r}: a force field describes one molecule in one order of its atoms."
            )
        energies, forces = self.potential.predict(self.atoms.positions[None])
        self.results = {"energy": float(energies[0]), "free_energy": float(energies[0]), "forces": forces[0]}
