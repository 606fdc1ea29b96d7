"""The frames of H5MD trajectories as data: which of their arrays are the labels, and in which units."""

from __future__ import annotations

from typing import Any

import numpy as np

from supple.data.reading.arrays.h5md import H5mdFrames, read_h5md
from supple.data.reading.arrays.h5md_elements import H5mdArray
from supple.data.reading.labels.infer_keys import Labels, infer_labels, missing_key
from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError

#: The observable that the format defines as the energy.
_ENERGY = "potential_energy"
#: H5MD's spelling -> Supple's.
_LENGTHS = {"Angstrom": "Å", "angstrom": "Å", "nm": "nm", "bohr": "bohr"}
_ENERGIES = {"eV": "eV", "kJ mol-1": "kJ/mol", "kcal mol-1": "kcal/mol"}
_FORCES = {
    f"{energy} {length}-1": f"{ours}/Å" for energy, ours in _ENERGIES.items() for length in ("Angstrom", "angstrom")
}


def raw_from_h5md(file: Any, name: str, request: ReadRequest) -> RawFrames:
    """The frames of an open H5MD file as data; momenta, times in fs and further observables are extras.

    Raises:
        DataError: as `read_h5md`; there are no forces although they are required; or no observable is clearly the energy.
        UnitsError: a unit is unknown.
    """
    frames = read_h5md(file, name)
    labels = _labels(frames, request, name)
    forces = frames.forces if labels.forces is not None else None
    energies = None if labels.energy is None else frames.observables[labels.energy.name]
    return RawFrames(
        numbers=frames.numbers,
        positions=frames.positions.values,
        energies=None if energies is None or labels.energy is None else energies.values * labels.energy.factor,
        forces=None if forces is None or labels.forces is None else forces.values * labels.forces.factor,
        stated=StatedUnits(
            energy=None if energies is None else _supple_unit(energies, _ENERGIES, name),
            length=_supple_unit(frames.positions, _LENGTHS, name),
            forces=None if forces is None else _supple_unit(forces, _FORCES, name),
        ),
        extras=_extras(frames, labels, name) if request.wants_labels else {},
        boxes=frames.boxes,
    )


def _labels(frames: H5mdFrames, request: ReadRequest, name: str) -> Labels:
    """The observable that is the energy: `potential_energy`, as the format defines it, or that which the user named."""
    keys, observables = request.keys, list(frames.observables)
    forces = [] if frames.forces is None else ["force"]
    if keys.energy is not None and keys.energy.name not in observables:
        raise missing_key(name, keys.energy, observables)
    if keys.forces is not None and keys.forces.name not in forces:
        raise missing_key(name, keys.forces, forces)
    if not request.wants_labels:
        return Labels()
    # of dynamics, the total energy has the kinetic energy in it
    energies = [key for key in observables if key == _ENERGY] or [*observables, "kinetic_energy"]
    return infer_labels(energies, forces, request, name)


def _extras(frames: H5mdFrames, labels: Labels, name: str) -> dict[str, np.ndarray]:
    """What trajectories in extended xyz say under the same names."""
    energy = None if labels.energy is None else labels.energy.name
    extras = {key: array.values for key, array in frames.observables.items() if key != energy}
    more = {"momenta": frames.momenta(name), "time_fs": frames.times_in_fs(name), "step": frames.steps}
    return extras | {key: values for key, values in more.items() if values is not None}


def _supple_unit(array: H5mdArray, spellings: dict[str, str], name: str) -> str | None:
    """The unit that an array states, in Supple's spelling."""
    if array.unit is None:
        return None
    if array.unit not in spellings:
        raise DataError(
            f"{name} is in {array.unit}, a unit that Supple does not support in H5MD files: convert it to one of {', '.join(spellings)}."
        )
    return spellings[array.unit]
