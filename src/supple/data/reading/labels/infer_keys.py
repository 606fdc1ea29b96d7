"""Inferring which names in a file are the energy and the forces: as one set, of one source, or else the user is asked.

`REF_energy` belongs with `REF_forces`, `energy` with `forces`. Two sets, or names of which several could be the energy, are
refused with the keys to type.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from supple.data.reading.keys import Key
from supple.data.reading.labels.label_candidates import LabelCandidates, UnclearLabelsError, keys_line, only
from supple.data.reading.labels.label_names import (
    LabelName,
    energy_name,
    force_name,
    is_kinetic_energy,
    is_nuclear_repulsion,
    source_of,
)
from supple.data.reading.read_request import ReadRequest
from supple.errors import DataError, MissingForcesError

_ELECTRONIC = {"electronic", "elec"}
_TOTAL = {"total", "tot", "etot", "etotal", "toteng"}


@dataclass(frozen=True)
class Labels:
    """The names of the labels; None for those that are missing or not wanted.

    Attributes:
        energy: the energy that the forces are the derivative of.
        forces: minus its gradient.
        unsmeared: where `energy` is the free energy of the electrons, the name of the energy beside it.
    """

    energy: Key | None = None
    forces: Key | None = None
    unsmeared: str | None = None


def infer_labels(energies: Collection[str], forces: Collection[str], request: ReadRequest, file: str) -> Labels:
    """The names of energy and forces, chosen together.

    Args:
        energies, forces: names in the file whose values could be energies and forces.
        request: holds the keys that the user gave, which are not questioned, and whether labels are required; if they are
            optional, labels of which it is unclear are left out.
        file: its name, for messages.

    Raises:
        DataError: labels are required, and there are no forces; as UnclearLabelsError, it is unclear which names they are.
    """
    keys = request.keys
    of_energy = [label for name in energies if (label := energy_name(name)) is not None]
    if any(map(is_kinetic_energy, energies)):  # then the total energy contains it
        of_energy = [replace(e, role="other") if e.words & _TOTAL else e for e in of_energy]
    if any(map(is_nuclear_repulsion, energies)):  # then that of the electrons does not
        of_energy = [replace(e, role="other") if e.words & _ELECTRONIC else e for e in of_energy]
    of_forces = [label for name in forces if (label := force_name(name)) is not None]
    found = LabelCandidates(
        [] if keys.without_energy else _given(keys.energy) or _reduced([e for e in of_energy if e.role != "other"]),
        _given(keys.forces) or [f for f in of_forces if f.role != "other"],
        keys,
    )
    if not found.forces and request.requires_labels:
        raise _only_gradients(file, forces) or no_forces(file, forces)
    try:
        chosen = found.choose(file)
        if chosen[0] is None and not keys.without_energy and of_energy:
            raise found.no_clear_energy(file, of_energy)
    except UnclearLabelsError:
        if request.requires_labels:
            raise
        chosen = only(found.energies), only(found.forces)
        if None not in chosen:  # they do not belong together
            chosen = None, None
    energy, forces_name = chosen
    unsmeared = None
    if energy is not None and energy.role == "free" and keys.energy is None:
        beside = [e.name for e in of_energy if e.role == "potential" and e.source == energy.source]
        unsmeared = beside[0] if beside else None
    _require_one_source([label for label in chosen if label is not None], request, file)
    return Labels(_key(energy, keys.energy), _key(forces_name, keys.forces), unsmeared)


def require_free_energy(free: float, energy: float, names: Labels, file: str, where: str) -> None:
    """Refuse a free energy that cannot be that of the electrons, which lies little below the energy: E - TS.

    Thermochemistry gives other free energies, which forces are not the derivative of.

    Args:
        free, energy: of one frame, in one unit.
        names: of both.
        file, where: of the frame, for messages.

    Raises:
        UnclearLabelsError: it lies above, or far below.
    """
    far = max(5.0, 0.02 * abs(energy))
    if energy - far < free < energy + 0.02 or names.energy is None:
        return
    raise UnclearLabelsError(
        f"{file}: {where} has {names.unsmeared}={energy!r} and {names.energy.name}={free!r}, which is not the free energy of "
        f"electrons: choose with {keys_line(names.unsmeared or '', names.forces)} or {keys_line(names.energy.name, names.forces)}."
    )


def no_forces(file: str, names: Collection[str] = ()) -> MissingForcesError:
    """The error of a file without forces that has these names."""
    if names:
        return MissingForcesError(
            f"{file} has no forces (it has {', '.join(names)}): name them with --keys forces=NAME."
        )
    return MissingForcesError(
        f"{file} has no forces; a force field cannot be trained on energies alone: calculate forces as well, or train on top of a force "
        "field that has them (--baseline)."
    )


def missing_key(file: str, key: Key, names: Collection[str], where: str = "") -> DataError:
    """The error of a file that does not have the name that the user gave, but these."""
    return DataError(
        f"{file} has no '{key.name}'{where}, which --keys asks for; it has {', '.join(names) or 'nothing'}."
    )


def _require_one_source(labels: list[LabelName], request: ReadRequest, file: str) -> None:
    """Report labels whose names are of another source than those of a file read before; within a file, readers compare names."""
    if not labels or not request.requires_labels:
        return
    names = tuple(label.name for label in labels)
    if not request.first_labels:
        request.first_labels.append((file, names))
    first, before = request.first_labels[0]
    if first != file and {source_of(name) for name in before} != {source_of(name) for name in names}:
        error = UnclearLabelsError(
            f"{file} has the labels {' and '.join(names)}, but {first} has {' and '.join(before)}, which by their names are of "
            "another source: read the files apart, or bring all labels under the same names with supple convert."
        )
        request.defects.report("label-renamed", error)


def _given(key: Key | None) -> list[LabelName]:
    return [] if key is None else [LabelName(key.name, "potential", source_of(key.name), frozenset())]


def _key(label: LabelName | None, given: Key | None) -> Key | None:
    return given or (None if label is None else Key(label.name))


def _reduced(energies: list[LabelName]) -> list[LabelName]:
    """Without energies of which another of the same source says more clearly that forces are its derivative.

    The free energy of electrons is preferred to their energy: ASE's calculators give both at a finite electronic temperature.
    The potential energy is preferred to the total energy, which in dynamics has the kinetic energy in it.
    """
    kept = []
    for energy in energies:
        same = [other for other in energies if other.source == energy.source and other is not energy]
        by_free = energy.role == "potential" and any(other.role == "free" for other in same)
        by_potential = energy.words & _TOTAL and any(
            other.words & {"potential", "pot", "epot", "poteng"} for other in same
        )
        if not by_free and not by_potential:
            kept.append(energy)
    return kept


def _only_gradients(file: str, names: Collection[str]) -> DataError | None:
    gradients = [name for name in names if "grad" in name.lower()]
    if not gradients:
        return None
    return DataError(
        f"{file} has no forces but '{gradients[0]}', which by its name is minus the forces: "
        f"use --keys forces={gradients[0]}*-1."
    )
