"""Which named arrays contain positions, energies, forces and atomic numbers: by the user's keys, by the names of known formats, or by inference."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from supple.data.reading.arrays.array_store import ArrayStore
from supple.data.reading.keys import Key
from supple.data.reading.labels.infer_keys import Labels, infer_labels, missing_key, no_forces
from supple.data.reading.labels.label_candidates import keys_line
from supple.data.reading.labels.label_names import energy_name, force_name
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError

#: The names of atomic numbers and positions in known formats: sGDML, revised MD17, two common ones, and SPICE.
_MOLECULES = (
    ("z", "R"),
    ("nuclear_charges", "coords"),
    ("numbers", "positions"),
    ("atomic_numbers", "positions"),
    ("atomic_numbers", "conformations"),
)
#: Only revised MD17 has these names; its authors state kcal/mol and Å (doi 10.6084/m9.figshare.12672038).
RMD17 = {"old_indices", "old_energies"}


@dataclass(frozen=True)
class ArrayNames:
    """The arrays that hold the quantities."""

    numbers: Key
    positions: Key
    labels: Labels = field(default_factory=Labels)

    @property
    def used(self) -> set[str]:
        """The names of these arrays."""
        keys = (self.numbers, self.positions, self.labels.energy, self.labels.forces)
        return {key.name for key in keys if key is not None}


def find_names(store: ArrayStore, request: ReadRequest, file: str) -> ArrayNames:
    """The arrays of the quantities.

    Args:
        store: the arrays.
        request: holds the keys that the user gave.
        file: name of the file, for messages.

    Raises:
        DataError: a name that the user gave does not exist; there are no numbers, positions, or forces although they are
            required; or it is unclear which arrays are the energy and the forces.
    """
    names, keys = store.names, request.keys
    for key in (keys.numbers, keys.positions, keys.energy, keys.forces):
        if key is not None and key.name not in names:
            raise missing_key(file, key, names)
    for z, r in _MOLECULES:
        numbers, positions = keys.numbers or Key(z), keys.positions or Key(r)
        if numbers.name in names and positions.name in names:
            break
    else:
        raise DataError(
            f"{file} has no atomic numbers and positions under known names (it has "
            f"{', '.join(names) or 'no arrays'}): "
            "name them with --keys numbers=NAME,positions=NAME,energy=NAME,forces=NAME."
        )
    if not request.wants_labels:
        return ArrayNames(numbers, positions)
    defined = _defined_labels(store, file)
    if defined is not None:
        return ArrayNames(numbers, positions, _as_defined(defined, request, file, names))
    others = [name for name in names if name not in (numbers.name, positions.name)]
    energies = _those_of_shape(store, [n for n in others if energy_name(n)], positions, 1)
    vectors = _those_of_shape(store, [n for n in others if force_name(n)], positions, 3)
    rest = [name for name in others if not energy_name(name) and not force_name(name)]
    return ArrayNames(numbers, positions, infer_labels([*energies, *rest], [*vectors, *rest], request, file))


def _defined_labels(store: ArrayStore, file: str) -> tuple[Key, Key] | None:
    """Energy and forces in formats that define their names; SPICE's files have them with blanks, too."""
    names = set(store.names)
    if "conformations" in names:
        blank = " " if "dft total energy" in names else "_"
        energy, gradient = (f"dft total {what}".replace(" ", blank) for what in ("energy", "gradient"))
        return Key(energy), Key(gradient, -1.0)
    if store.text("type", file) == "d":
        return Key("E"), Key("F")
    if names & RMD17:
        return Key("energies"), Key("forces")
    return None


def _as_defined(defined: tuple[Key, Key], request: ReadRequest, file: str, names: list[str]) -> Labels:
    """The labels that the user named, or those that a format defines as far as the file has them.

    Raises:
        DataError: forces are required, and there are none.
    """
    keys = request.keys
    energy, forces = keys.energy or defined[0], keys.forces or defined[1]
    if request.requires_labels and forces.name not in names:
        similar = [name for name in names if force_name(name) is not None]
        if similar:
            raise DataError(
                f"{file} has no '{forces.name}', as files of this format have, but '{similar[0]}': if these are the forces, use "
                f"{keys_line(None, Key(similar[0]), keys)}."
            )
        raise no_forces(file, names)
    has_energy = energy.name in names and not keys.without_energy
    return Labels(energy if has_energy else None, forces if forces.name in names else None)


def _those_of_shape(store: ArrayStore, names: list[str], positions: Key, n_dimensions: int) -> list[str]:
    """Of several names, those whose arrays have the shape of labels: (frames,), also (frames, 1), or (frames, atoms, 3).

    A single one is not looked into here, and neither is what cannot be read left out: both are read later, or refused.
    """
    if len(names) < 2:
        return names
    frames = np.shape(store.array(positions.name))
    wanted = (frames,) if n_dimensions == 3 else (frames[:1], (*frames[:1], 1))
    kept = []
    for name in names:
        try:
            fits = np.shape(store.array(name)) in wanted
        except DataError:
            fits = True
        if fits:
            kept.append(name)
    return kept
