"""A reference method for a molecule: what a force field is compared with."""

from __future__ import annotations

from dataclasses import dataclass

from ase import Atoms

from supple.errors import SettingsError
from supple.geometry.calculators import CalculatorFactory
from supple.methods import method_with_forces
from supple.methods.electrons import require_electrons


@dataclass(frozen=True)
class Reference:
    """A method of `supple sample`, ready for one molecule.

    Attributes:
        theory: its level of theory.
        calculator: makes a calculator.
    """

    theory: str
    calculator: CalculatorFactory


def reference_method(name: str, molecule: Atoms, charge: int | None, multiplicity: int | None) -> Reference:
    """The method of a name (see `find_method`) for a molecule, neutral and a singlet unless told otherwise.

    Raises:
        SettingsError: the method is unknown, a package that it needs is missing, or the molecule cannot have this charge and
            multiplicity.
    """
    method = method_with_forces(name, "What a force field is compared with")
    if method.takes_charge:
        require_electrons(molecule, charge or 0, multiplicity or 1)
    elif charge is not None or multiplicity is not None:
        raise SettingsError(
            f"{name} is a function of your own, which sets charge and multiplicity itself: leave out --charge and "
            "--multiplicity."
        )
    method.calculator(charge or 0, multiplicity or 1)
    return Reference(method.theory, lambda: method.calculator(charge or 0, multiplicity or 1))
