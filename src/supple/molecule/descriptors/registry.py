"""The registry of descriptors: made by name for the molecule of some frames, and restored from the configuration in a model file.

A new descriptor is a file with a `DescriptorKind` and a line below or, in another package, an entry point of the group
`supple.descriptors`. If it brings a class of its own, the configuration of that class names the entry: `{"name": ...}`.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from jaxtyping import Float, Int
from pydantic import AfterValidator

from supple.errors import ModelFileError
from supple.molecule.descriptors.base import Descriptor, DescriptorKind
from supple.runtime.plugins import Registry

DESCRIPTORS: Registry[DescriptorKind] = Registry(
    "supple.descriptors",
    "descriptor",
    {
        "inverse-distances": "supple.molecule.descriptors.inverse_distances:INVERSE_DISTANCES",
        "angles": "supple.molecule.descriptors.bonded_coordinates:ANGLES",
        "dihedrals": "supple.molecule.descriptors.bonded_coordinates:DIHEDRALS",
        "reduced": "supple.molecule.descriptors.reduced_distances:REDUCED",
    },
)


def _registered(name: str) -> str:
    if name not in DESCRIPTORS:
        *first, last = (repr(each) for each in DESCRIPTORS.names)
        raise ValueError(f"Input should be {', '.join(first)} or {last}")  # as pydantic says it of a Literal
    return name


#: The name of a registered descriptor, as a type of settings.
DescriptorName = Annotated[str, AfterValidator(_registered)]


def make_descriptor(
    name: str,
    numbers: Int[np.ndarray, "N"],
    positions: Float[np.ndarray, "M N 3"],
    permutations: Int[np.ndarray, "P N"],
) -> Descriptor:
    """The descriptor of this name for a molecule, closed under its permutations.

    Args:
        name: of the registered descriptor.
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3); bonds and weights are taken from all of them.
        permutations: of the atoms, a group, shape (P, N).

    Raises:
        SettingsError: there is no descriptor of this name.
    """
    return DESCRIPTORS.get(name).make(numbers, positions, permutations)


def restore_descriptor(n_atoms: int, configuration: dict[str, Any]) -> Descriptor:
    """The descriptor of a configuration, as `Descriptor.configuration` returned it.

    Raises:
        ModelFileError: it is that of a plugin that is not installed.
    """
    name = configuration.get("name")
    if name is None:  # Supple's own two classes do not state a name
        name = "dihedrals" if "angles" in configuration else "inverse-distances"
    if name not in DESCRIPTORS:
        raise ModelFileError(f"The model needs the descriptor '{name}': install the package that provides it.")
    return DESCRIPTORS.get(name).restore(n_atoms, configuration)
