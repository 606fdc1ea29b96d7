"""PySCF as an ASE calculator: Kohn-Sham or Hartree-Fock with density fitting, energies and analytic forces.

Sun et al., J. Chem. Phys. 153, 024109 (2020), doi 10.1063/5.0006074.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.units import Bohr, Hartree
from pyscf import dft, gto, scf


def is_functional(name: str) -> bool:
    """Whether PySCF knows this functional; `HF` counts as one."""
    if name.upper() == "HF":
        return True
    try:
        dft.libxc.parse_xc(name)
    except (KeyError, ValueError, NotImplementedError):
        return False
    return True


class PySCF(Calculator):
    """A functional in a basis, such as PBE in def2-SVP; the functional `HF` is Hartree-Fock."""

    implemented_properties = ["energy", "forces"]

    def __init__(self, functional: str, basis: str, charge: int = 0, multiplicity: int = 1) -> None:
        super().__init__()
        self.functional, self.basis = functional, basis
        self.charge, self.unpaired = charge, multiplicity - 1
        self._density: Any = None

    def calculate(
        self, atoms: Atoms | None = None, properties: list[str] | None = None, system_changes: list[str] = all_changes
    ) -> None:
        """Energy in eV and forces in eV/Å, starting from the density of the previous geometry."""
        super().calculate(atoms, properties, system_changes)
        assert self.atoms is not None
        molecule = gto.M(
            atom=[
                (symbol, tuple(place)) for symbol, place in zip(self.atoms.symbols, self.atoms.positions, strict=True)
            ],
            unit="Angstrom",
            basis=self.basis,
            charge=self.charge,
            spin=self.unpaired,
            verbose=0,
        )
        field = scf.HF(molecule) if self.functional.upper() == "HF" else dft.KS(molecule, xc=self.functional)
        field = field.density_fit()
        field.conv_tol = 1e-10
        energy = field.kernel(dm0=self._density)
        if not field.converged:
            self._density = None
            raise CalculationFailed("the self-consistent field did not converge")
        self._density = field.make_rdm1()
        gradient = field.nuc_grad_method()
        if hasattr(gradient, "grid_response"):
            gradient.grid_response = True  # the derivative of the energy on this grid
        self.results = {"energy": energy * Hartree, "forces": -np.asarray(gradient.kernel()) * Hartree / Bohr}
