"""PySCF as ASE calculators: Kohn-Sham or Hartree-Fock with density fitting, and what is built on Hartree-Fock.

Sun et al., J. Chem. Phys. 153, 024109 (2020), doi 10.1063/5.0006074.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed, Calculator, all_changes
from ase.units import Bohr, Hartree
from pyscf import cc, dft, gto, mp, scf


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
        field = self._field(molecule)
        field.conv_tol = 1e-10
        field.kernel(dm0=self._density)
        if not field.converged:
            self._density = None
            raise CalculationFailed("the self-consistent field did not converge")
        self._density = field.make_rdm1()
        energy, gradient = self._solve(field)
        self.results = {"energy": float(energy) * Hartree}
        if gradient is not None:
            self.results["forces"] = -np.asarray(gradient.kernel()) * Hartree / Bohr

    def _field(self, molecule: Any) -> Any:
        """The self-consistent field of a molecule, not yet converged."""
        field = scf.HF(molecule) if self.functional.upper() == "HF" else dft.KS(molecule, xc=self.functional)
        return field.density_fit()

    def _solve(self, field: Any) -> tuple[float, Any]:
        """The energy, Hartree, on a converged field, and PySCF's object for the gradient; None where there is none."""
        gradient = field.nuc_grad_method()
        if hasattr(gradient, "grid_response"):
            gradient.grid_response = True  # the derivative of the energy on this grid
        return field.e_tot, gradient


class CorrelatedPySCF(PySCF):
    """MP2, CCSD or CCSD(T) on Hartree-Fock, with all electrons correlated and without density fitting.

    CCSD(T) has no forces: PySCF's analytic gradient of it takes minutes for four atoms.
    """

    def _field(self, molecule: Any) -> Any:
        return scf.HF(molecule)

    def _solve(self, field: Any) -> tuple[float, Any]:
        if self.functional == "MP2":
            perturbed = mp.MP2(field).run()
            return perturbed.e_tot, perturbed.nuc_grad_method()
        solved = cc.CCSD(field)
        solved.conv_tol, solved.conv_tol_normt = 1e-8, 1e-6
        solved.kernel()
        if not solved.converged:
            raise CalculationFailed("the coupled-cluster equations did not converge")
        if self.functional == "CCSD":
            return solved.e_tot, solved.nuc_grad_method()
        return solved.e_tot + solved.ccsd_t(), None
