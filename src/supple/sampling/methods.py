"""Methods: a name -> an ASE calculator that has energies and forces."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from supple.errors import SettingsError
from supple.runtime.optional_dependencies import extra

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

#: Makes a calculator for a molecule of this charge and multiplicity.
Factory = Callable[[int, int], "Calculator"]


def calculator_factory(method: str) -> Factory:
    """What makes the calculators of a method.

    Args:
        method: `GFN2-xTB`, `GFN1-xTB`; `pyscf:FUNCTIONAL/BASIS`, as in `pyscf:PBE/def2-SVP`; or `module:factory`, a
            function without arguments that returns an ASE calculator.

    Raises:
        SettingsError: the method is not known, or what it needs is not installed.
    """
    if method in ("GFN2-xTB", "GFN1-xTB"):
        return _tblite(method)
    module, colon, rest = method.partition(":")
    if colon and module == "pyscf":
        return _pyscf(rest)
    if colon:
        return _own(method, module, rest)
    raise SettingsError(
        f"'{method}' is not a known method: write GFN2-xTB, GFN1-xTB, pyscf:PBE/def2-SVP, or module:factory for a "
        "function of yours that returns an ASE calculator."
    )


def knows_its_charge(method: str) -> bool:
    """A function of the user's own, which is not told of charge and multiplicity."""
    module, colon, _ = method.partition(":")
    return bool(colon) and module != "pyscf"


def _tblite(method: str) -> Factory:
    with extra("sample", "tblite", method):
        from tblite.ase import TBLite

    # ten times tighter than usual, so that forces are derivatives to four digits
    return lambda charge, multiplicity: TBLite(
        method=method, charge=charge, multiplicity=multiplicity, accuracy=0.1, verbosity=0
    )


def _pyscf(level: str) -> Factory:
    functional, slash, basis = level.partition("/")
    if not slash or not functional or not basis:
        raise SettingsError(f"'pyscf:{level}' is not a level of theory: write for instance pyscf:PBE/def2-SVP.")
    with extra("pyscf", "PySCF", f"pyscf:{level}"):
        from supple.sampling.pyscf import PySCF, is_functional
    if not is_functional(functional):
        raise SettingsError(f"PySCF does not know the functional '{functional}' of pyscf:{level}.")

    return lambda charge, multiplicity: PySCF(functional, basis, charge, multiplicity)


def _own(method: str, module: str, name: str) -> Factory:
    try:
        factory = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise SettingsError(f"{method} cannot be imported ({error}): is the module on the Python path?") from error
    if not callable(factory):
        raise SettingsError(f"{method} is no function: it must return an ASE calculator when called without arguments.")

    def make(charge: int, multiplicity: int) -> Calculator:
        del charge, multiplicity  # the user's own function knows
        calculator = factory()
        if not hasattr(calculator, "get_potential_energy"):
            raise SettingsError(f"{method} returned {type(calculator).__name__}, which is no ASE calculator.")
        return calculator

    return make
