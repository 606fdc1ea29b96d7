"""The ASE calculator: any `Potential` behind ASE's interface, in ASE's units, which are those of Supple (eV, Å)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from jaxtyping import Float

from supple.models.followed_molecule import FollowedMolecule
from supple.molecule.boxes import Boxes

if TYPE_CHECKING:
    from supple.models.potential import Potential

#: Names of error bars among the results.
_ERROR_BARS = ("energy_uncertainty", "forces_uncertainty")


class SuppleCalculator(Calculator):
    """Energies in eV and forces in eV/Å of a force field, for ASE.

    With error bars, `results` has `energy_uncertainty` (eV) and `forces_uncertainty` (eV/Å, of the force components of each atom,
    shape (N,)) as well, one standard deviation each; they are computed once they are asked for.

    Args:
        potential: the force field.
        uncertainty: whether there are error bars; None where the force field has them.

    Raises:
        SettingsError: error bars are wanted, and the force field has none.
    """

    implemented_properties = ["energy", "free_energy", "forces"]

    def __init__(self, potential: Potential, uncertainty: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if uncertainty:
            potential.require_error_bars()
        self.potential = potential
        self.uncertainty = potential.error_bars is not None if uncertainty is None else uncertainty
        self._molecule: FollowedMolecule | None = None

    def check_state(self, atoms: Atoms, tol: float = 1e-15) -> list[str]:
        """Which of atomic numbers, positions and periodic cell have changed since the last calculation.

        ASE's own method also compares charges and magnetic moments, which takes longer than the forces of a small model.
        """
        if self.atoms is None:
            return list(all_changes)
        ours, theirs = self.atoms, atoms
        changed = [] if np.array_equal(ours.numbers, theirs.numbers) else ["numbers"]
        if not np.array_equal(ours.positions, theirs.positions):
            changed.append("positions")
        if (ours.pbc.any() or theirs.pbc.any()) and not Boxes.of_atoms(ours).equals(Boxes.of_atoms(theirs)):
            changed.append("cell")
        return changed

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Compute energy and forces of these atoms.

        Atoms in another order than that of the force field are recognised by their bonds, and a molecule that a periodic box
        cuts is joined.

        Raises:
            MoleculeError: the atoms are those of another molecule, in an order that no bonds explain, or a crystal.
        """
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        molecule = self._molecule
        if molecule is None or not np.array_equal(molecule.numbers, self.atoms.numbers):
            molecule = self._molecule = FollowedMolecule(self.potential, self.atoms.numbers, "The Atoms object")
        box = Boxes.of_atoms(self.atoms) if True in self.atoms.pbc else None
        positions = molecule.arranged(self.atoms.positions, box)[None]
        energies, forces = self.potential.predict(positions)
        energy = float(energies[0])
        self.results = {"energy": energy, "free_energy": energy, "forces": molecule.returned(forces[0])}
        if self.uncertainty:
            self.results = _WithErrorBars(self.results, lambda: self._error_bars(molecule, positions))

    def _error_bars(self, molecule: FollowedMolecule, positions: Float[np.ndarray, "1 N 3"]) -> dict[str, Any]:
        found = self.potential.predict(positions, uncertainty=True)
        values = float(found.energies_std[0]), molecule.returned(found.forces_std[0])
        return dict(zip(_ERROR_BARS, values, strict=True))


class _WithErrorBars(dict[str, Any]):
    """Results whose error bars are computed once they are asked for: they take longer than energy and forces of a small model."""

    def __init__(self, values: Mapping[str, Any], error_bars: Callable[[], dict[str, Any]]) -> None:
        super().__init__(values)
        self._error_bars = error_bars

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in _ERROR_BARS

    def __missing__(self, name: str) -> Any:
        if name not in _ERROR_BARS:
            raise KeyError(name)
        self.update(self._error_bars())
        return self[name]
