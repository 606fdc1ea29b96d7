"""Density functional theory and Hartree-Fock by PySCF: `pyscf:PBE/def2-SVP`, `pyscf:HF/sto-3g`."""

from __future__ import annotations

from supple.errors import SettingsError
from supple.methods import Method
from supple.runtime.optional_dependencies import extra


def pyscf_level(level: str) -> Method:
    """The method of a functional and a basis.

    Raises:
        SettingsError: the level of theory is not a known functional with a basis, or PySCF is not installed.
    """
    functional, slash, basis = level.partition("/")
    if not slash or not functional or not basis:
        raise SettingsError(f"'pyscf:{level}' is not a level of theory: write for instance pyscf:PBE/def2-SVP.")
    with extra("pyscf", "PySCF", f"pyscf:{level}"):
        from supple.methods.pyscf_calculator import PySCF, is_functional
    if not is_functional(functional):
        raise SettingsError(f"There is no functional '{functional}' in PySCF, as in pyscf:{level}.")

    return Method(
        level,
        "pyscf",
        lambda charge, multiplicity: PySCF(functional, basis, charge, multiplicity),
        multithreaded=True,
    )
