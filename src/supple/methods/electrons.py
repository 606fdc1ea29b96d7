"""Which charges and multiplicities a molecule can have."""

from __future__ import annotations

from ase import Atoms

from supple.errors import SettingsError


def require_electrons(molecule: Atoms, charge: int, multiplicity: int) -> None:
    """Refuse a multiplicity that the number of electrons does not allow.

    Raises:
        SettingsError: the molecule cannot have this charge and multiplicity.
    """
    electrons = int(molecule.numbers.sum()) - charge
    if electrons < multiplicity - 1 or (electrons - multiplicity) % 2 == 0:
        raise SettingsError(
            f"{molecule.get_chemical_formula()} with charge {charge} has {electrons} electrons, which cannot have "
            f"multiplicity {multiplicity}: give another charge or multiplicity."
        )
