"""Density functional theory, Hartree-Fock and wave functions built on it, by PySCF: `pyscf:PBE/def2-SVP`, `pyscf:MP2/def2-SVP`."""

from __future__ import annotations

from functools import partial

from supple.errors import SettingsError
from supple.methods import Method
from supple.runtime.optional_dependencies import extra

#: Wave functions on top of Hartree-Fock, and whether there are forces.
CORRELATED = {"MP2": True, "CCSD": True, "CCSD(T)": False}


def pyscf_level(level: str) -> Method:
    """The method of a functional, or of a wave function, and a basis.

    Raises:
        SettingsError: the level of theory is neither a known functional nor one of `CORRELATED` with a basis, or PySCF is not
            installed.
    """
    theory, slash, basis = level.partition("/")
    if not slash or not theory or not basis:
        raise SettingsError(f"'pyscf:{level}' is not a level of theory: write for instance pyscf:PBE/def2-SVP.")
    with extra("pyscf", "PySCF", f"pyscf:{level}"):
        from supple.methods.pyscf_calculator import CorrelatedPySCF, PySCF, is_functional
    if theory in CORRELATED:
        calculator = partial(CorrelatedPySCF, theory, basis)
        return Method(level, "pyscf", calculator, multithreaded=True, has_forces=CORRELATED[theory])
    if not is_functional(theory):
        raise SettingsError(
            f"There is no functional '{theory}' in PySCF, as in pyscf:{level} (and no wave function but {', '.join(CORRELATED)})."
        )
    return Method(level, "pyscf", partial(PySCF, theory, basis), multithreaded=True)
