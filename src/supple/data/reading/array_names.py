"""Which named arrays contain positions, energies, forces and atomic numbers: by the user's keys, by the names of known formats, or by inference."""

from __future__ import annotations

from dataclasses import dataclass

from supple.data.reading.infer_keys import infer_energy, infer_forces, missing_key
from supple.data.reading.keys import Key
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError

#: The names of the quantities in known formats: sGDML, revised MD17, and two common ones.
_FORMATS = (
    {"numbers": "z", "positions": "R", "energy": "E", "forces": "F"},
    {"numbers": "nuclear_charges", "positions": "coords", "energy": "energies", "forces": "forces"},
    {"numbers": "numbers", "positions": "positions", "energy": "energy", "forces": "forces"},
    {"numbers": "atomic_numbers", "positions": "positions", "energy": "energy", "forces": "forces"},
)
#: Only revised MD17 has these names; its authors state kcal/mol and Å (doi 10.6084/m9.figshare.12672038).
RMD17 = {"old_indices", "old_energies"}


@dataclass(frozen=True)
class ArrayNames:
    """The arrays that hold the quantities; None for labels that are missing or not wanted."""

    numbers: Key
    positions: Key
    energy: Key | None
    forces: Key | None

    @property
    def used(self) -> set[str]:
        """The names of these arrays."""
        return {key.name for key in (self.numbers, self.positions, self.energy, self.forces) if key is not None}


def find_names(names: list[str], request: ReadRequest, file: str) -> ArrayNames:
    """The arrays of the quantities.

    Args:
        names: of all arrays.
        request: holds the keys that the user gave.
        file: name of the file, for messages.

    Raises:
        DataError: a name that the user gave does not exist; there are no numbers, positions, or forces although they are
            required; or it is unclear which array is the energy or the forces.
    """
    keys = request.keys
    given = {q: key for q in ("numbers", "positions", "energy", "forces") if (key := getattr(keys, q)) is not None}
    for key in given.values():
        if key.name not in names:
            raise missing_key(file, key, names)
    for quantities in _FORMATS:
        found = {q: Key(name) for q, name in quantities.items() if name in names} | given
        if "numbers" in found and "positions" in found:
            break
    else:
        raise DataError(
            f"{file} has no atomic numbers and positions under known names (it has "
            f"{', '.join(names) or 'no arrays'}): "
            "name them with --keys numbers=NAME,positions=NAME,energy=NAME,forces=NAME."
        )
    if not request.wants_labels:
        return ArrayNames(found["numbers"], found["positions"], None, None)
    others = [name for name in names if name not in {key.name for key in found.values()}]
    optional = not request.requires_labels
    if "forces" not in found and (forces := infer_forces(others, file, optional=optional)) is not None:
        found["forces"] = Key(forces)
    if "energy" not in found and (energy := infer_energy(others, file, optional=optional)) not in (None, *RMD17):
        found["energy"] = Key(str(energy))
    return ArrayNames(found["numbers"], found["positions"], found.get("energy"), found.get("forces"))
