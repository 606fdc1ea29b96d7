"""Which key of the comment is the energy, and which columns are the forces, in each frame of an xyz file."""

from __future__ import annotations

import re

from supple.data.reading.labels.infer_keys import Labels, infer_labels, missing_key
from supple.data.reading.labels.label_names import energy_name, is_kinetic_energy
from supple.data.reading.read_request import ReadRequest
from supple.data.reading.text_numbers import parse_number
from supple.data.reading.xyz.columns import Declaration
from supple.data.reading.xyz.errors import Location

#: How a number begins, also one that was spoilt (`-485,91`, `-2079eV`, `*****`); energy_method=PBE is no energy.
_LIKE_A_NUMBER = re.compile(r"[-+]?(?:\.?[\d*]|nan|inf)", re.IGNORECASE)


class LabelFinder:
    """Finds the labels of one frame after the other; comments are much alike, and what was found in one is remembered."""

    def __init__(self, request: ReadRequest) -> None:
        self.request = request
        self._energies: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._labels: dict[tuple[tuple[str, ...], Declaration], Labels] = {}

    def find(self, pairs: dict[str, str], declaration: Declaration, location: Location) -> Labels:
        """The labels of a frame.

        Args:
            pairs: key=value pairs of its comment.
            declaration: of its columns.
            location: of the frame.

        Raises:
            DataError: a name that the user gave is not there, there are no forces although they are required, or it is unclear
                which names are the labels.
        """
        if not self.request.wants_labels:
            return Labels()
        keys = self.request.keys
        if keys.energy is not None and keys.energy.name not in pairs:
            raise missing_key(location.file, keys.energy, list(pairs), f" in the comment of {location.comment}")
        if keys.forces is not None and keys.forces.name not in declaration.vectors:
            where = f" of 3 real columns in line {location.line + 1}"
            raise missing_key(location.file, keys.forces, declaration.vectors, where)
        names = tuple(pairs)
        if names not in self._energies:
            self._energies[names] = tuple(name for name in names if energy_name(name) or is_kinetic_energy(name))
        energies = tuple(name for name in self._energies[names] if _may_be_energy(name, pairs[name]))
        if (energies, declaration) not in self._labels:
            vectors = [name for name in declaration.vectors if name != declaration.positions]
            self._labels[energies, declaration] = infer_labels(energies, vectors, self.request, location.file)
        return self._labels[energies, declaration]


def _may_be_energy(name: str, value: str) -> bool:
    """Whether a value is a number, or was meant to be one."""
    if parse_number(value) is not None or name.lower() == "energy":
        return True
    spoilt = name.lower() == "energies" or bool(_LIKE_A_NUMBER.match(value))
    return spoilt and any(parse_number(word) is None for word in value.split())
