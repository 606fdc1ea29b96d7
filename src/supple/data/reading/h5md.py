"""H5MD trajectories, as `supple md` and MDAnalysis write them; see dynamics/trajectories/h5md.py.

de Buyl, Colberg and Höfling, Comput. Phys. Commun. 185, 1546 (2014), doi 10.1016/j.cpc.2014.01.018.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from supple.data.reading.raw_frames import RawFrames, StatedUnits
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError

#: Units as H5MD spells them.
_LENGTHS = {"Angstrom": "Å", "angstrom": "Å", "nm": "nm", "bohr": "bohr"}
_FORCES = {f"{energy} {length}-1": f"{said}/Å" for energy, said in
           (("kJ mol-1", "kJ/mol"), ("kcal mol-1", "kcal/mol"), ("eV", "eV")) for length in ("Angstrom", "angstrom")}  # fmt: skip


def is_h5md(file: Any) -> bool:
    """Whether an open HDF5 file says that it is one."""
    return "h5md" in file and "particles" in file


def raw_from(file: Any, name: str, request: ReadRequest) -> RawFrames:
    """The one group of particles: positions, forces where they are wanted, potential energies where there are any.

    Raises:
        DataError: the file has no positions, no atomic numbers, no forces though they are wanted, or units that are not
            known.
    """
    groups = list(file["particles"])
    if len(groups) != 1:
        raise DataError(f"{name} is an H5MD file with {len(groups)} groups of particles; Supple reads those with one.")
    group = file["particles"][groups[0]]
    if "position/value" not in group or "species" not in group or group["species"].dtype.kind not in "iu":
        raise DataError(f"{name} is an H5MD file without positions, or without atomic numbers as species.")
    position = group["position/value"]
    forces = group["force/value"] if request.wants_labels and "force/value" in group else None
    if request.wants_labels and forces is None:
        raise DataError(f"{name} is an H5MD file without forces.")
    energies = file.get(f"observables/{groups[0]}/potential_energy/value") if request.wants_labels else None
    stated = StatedUnits(
        energy=None if energies is None else _unit(energies, {"eV": "eV", "kJ mol-1": "kJ/mol", "kcal mol-1": "kcal/mol"}, name),
        length=_unit(position, _LENGTHS, name),
        forces=None if forces is None else _unit(forces, _FORCES, name),
    )  # fmt: skip
    return RawFrames(
        numbers=np.array(group["species"], dtype=np.int64),
        positions=np.array(position, dtype=np.float64),
        energies=None if energies is None else np.array(energies, dtype=np.float64),
        forces=None if forces is None else np.array(forces, dtype=np.float64),
        stated=stated,
    )


def _unit(array: Any, known: dict[str, str], name: str) -> str | None:
    """The unit that an array states, in Supple's words."""
    said = array.attrs.get("unit")
    if said is None:
        return None
    text = said.decode() if isinstance(said, bytes) else str(said)
    if text not in known:
        raise DataError(
            f"{name} is in {text}, a unit that Supple does not know in H5MD files: it reads {', '.join(known)}."
        )
    return known[text]
