"""Charge and multiplicity of a molecule: given, stated by the data, or those of a neutral molecule with paired electrons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from supple.data.dataset import Dataset
from supple.data.electronic_state import STATE, stated_number
from supple.errors import SettingsError
from supple.methods.electrons import require_electrons


@dataclass(frozen=True)
class ElectronicState:
    """Charge and multiplicity.

    Attributes:
        charge, multiplicity: of the molecule.
        assumed: which of them neither the user nor the data state.
    """

    charge: int
    multiplicity: int
    assumed: tuple[str, ...] = ()


def electronic_state(
    dataset: Dataset, method: str, charge: int | None = None, multiplicity: int | None = None
) -> ElectronicState:
    """The charge and multiplicity with which to calculate the frames of a dataset.

    What is not given is taken from the data; where these do not state it, the molecule is neutral and its electrons are paired, if
    their number allows it.

    Args:
        dataset: frames of the molecule.
        method: its name, for messages.
        charge, multiplicity: given by the user.

    Raises:
        SettingsError: what is given contradicts the data, these state several, the molecule cannot have them, or they are not
            known and the molecule cannot be neutral with paired electrons.
    """
    given = dict(zip(STATE, (charge, multiplicity), strict=True))
    known = {name: _known(dataset, name, value) for name, value in given.items()}
    assumed = tuple(name for name, value in known.items() if value is None)
    molecule = Atoms(dataset.numbers)
    found = ElectronicState(known["charge"] or 0, known["multiplicity"] or 1, assumed)
    try:
        require_electrons(molecule, found.charge, found.multiplicity)
    except SettingsError as error:
        if not assumed:
            raise
        options = " and ".join(f"--{name}" for name in assumed)
        raise SettingsError(
            f"{method} needs the charge and multiplicity of {dataset.formula}, which {dataset.source.name} does not state; a neutral "
            f"molecule with paired electrons is not possible here ({str(error).partition(':')[0]}): give {options}."
        ) from error
    return found


def _known(dataset: Dataset, name: str, given: int | None) -> int | None:
    """The number that is given or stated; None where neither is."""
    numbers = stated_number(dataset, name)
    stated = [] if numbers is None else sorted(set(numbers[np.isfinite(numbers)].tolist()))
    if len(stated) > 1:
        raise SettingsError(
            f"{dataset.source.name} states several values of {name} ({', '.join(f'{one:g}' for one in stated)}): a baseline is of "
            "one electronic state, so train on the frames of one."
        )
    if stated and given is not None and given != stated[0]:
        raise SettingsError(
            f"--{name} {given} contradicts {dataset.source.name}, which states {name} {stated[0]:g}: leave out --{name}."
        )
    if stated:
        return round(stated[0])
    return given
