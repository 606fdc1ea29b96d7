"""Resolving the units of a file, for all formats: given by the user, stated by the file, or by convention."""

from __future__ import annotations

from dataclasses import replace

from supple.data.dataset import Dataset, require_elements
from supple.data.reading.defects import DefectHandler
from supple.data.reading.guess_units import UnitGuess, guess_units
from supple.data.reading.labels.infer_keys import no_forces
from supple.data.reading.level_of_theory import with_level
from supple.data.reading.periodic_boxes import with_whole_molecules, without_crystals
from supple.data.reading.raw_frames import NO_UNITS_STATED, RawFrames
from supple.data.reading.read_request import ReadRequest
from supple.data.units import Units
from supple.errors import DataError, UnitsError, printable


def to_dataset(raw: RawFrames, name: str, units: str | Units | None, request: ReadRequest) -> Dataset:
    """A dataset in eV and Å from the content of a file.

    Args:
        raw: the content, in the file's own units.
        name: of the file.
        units: given by the user, if any; they override those that the file states.
        request: says whether labels are wanted; missing, unknown or contradicted units are reported to its `defects`.

    Raises:
        DataError: there are no frames, no forces although they are required, an atom is not an element, a position or
            label is not finite, or a frame is a crystal.
        UnitsError: the units are unknown, or the numbers contradict them.
    """
    if len(raw.positions) == 0:
        raise DataError(f"{name} contains no frames.")
    require_elements(raw.numbers, name)
    if request.requires_labels and raw.forces is None:
        raise no_forces(name, [])
    raw = with_whole_molecules(raw)
    if not request.wants_labels or (request.labels == "optional" and not _has_usable_labels(raw, units)):
        raw = replace(raw, energies=None, forces=None)
        resolved = _length_unit(raw, name, units)
    else:
        resolved = _units(raw, name, units, request.defects)
    raw = without_crystals(raw, resolved, name, request.defects)
    if len(raw.positions) == 0:
        raise DataError(f"{name} contains no frames of isolated molecules.")
    extras, about = with_level(raw.extras, raw.about)
    dataset = Dataset.of(
        raw.numbers, raw.positions, raw.energies, raw.forces, resolved, printable(name),
        frames=raw.frames,
        extras={printable(key): values for key, values in extras.items()},
        about={printable(key): printable(text) for key, text in about.items()},
    )  # fmt: skip
    return replace(dataset, source=replace(dataset.source, units_known=units is None and raw.known is not None))


def _has_usable_labels(raw: RawFrames, given: str | Units | None) -> bool:
    """Whether there are energies or forces whose unit is clear."""
    clear = given is not None or raw.stated.states_energy or (raw.known or raw.convention) is not None
    return clear and (raw.energies is not None or raw.forces is not None)


def _units(raw: RawFrames, name: str, given: str | Units | None, defects: DefectHandler) -> Units:
    if given is not None:
        return Units.parse(given)
    if raw.known is not None:
        return raw.known
    likely = guess_units(raw.numbers, raw.positions, raw.energies, raw.forces)
    likely_names = f"{likely.units.energy} and {likely.units.length}"
    if not raw.stated.states_energy and raw.convention is None:
        if likely.contradicts_length(likely.units.length):
            rest = ", and in no known unit do its bonds have usual lengths: correct the positions, or give the units with --units"
        else:
            rest = f"; its numbers look like {likely_names}: if that is right, use --units {likely.units.shorthand}"
        defects.report("units-unstated", UnitsError(f"{name} does not state its units{rest}."))
        return likely.units
    try:
        if raw.convention is not None and raw.stated == NO_UNITS_STATED:
            claimed = raw.convention
        else:
            claimed = _stated(raw, name, raw.convention.energy if raw.convention else "eV")
    except UnitsError as error:
        defects.report("units-unknown", error)
        return likely.units
    if likely.units == claimed or not likely.contradicts(claimed):
        return claimed
    if raw.stated.states_energy:
        what = f"{name} states the units {raw.stated}, but its numbers look like {likely_names}"
    else:
        what = (
            f"{name} does not state its units; such files are usually in {claimed.energy} and {claimed.length}, "
            f"but its numbers look like {likely_names}"
        )
    remedy = f"use --units {likely.units.shorthand} if that is right, otherwise --units {claimed.shorthand}"
    defects.report("units", UnitsError(f"{what}: {remedy}."))
    return likely.units


def _length_unit(raw: RawFrames, name: str, given: str | Units | None) -> Units:
    """Units of geometries without labels, whose length unit alone matters; Å unless stated otherwise."""
    if isinstance(given, Units):
        return given
    if given is not None:
        try:
            return Units.of("eV", given.strip().removeprefix("length="))
        except UnitsError:
            return Units.parse(given)
    if raw.known is not None:
        return raw.known
    stated = Units.of("eV", _stated(raw, name).length)
    likely: UnitGuess = guess_units(raw.numbers, raw.positions, None, None)
    if likely.contradicts_length(stated.length):
        raise UnitsError(
            f"{name} should be in {stated.length}, but its bond lengths look like {likely.units.length}: "
            f"use --units length={likely.units.length} if that is right, otherwise --units length={stated.length}."
        )
    return stated


def _stated(raw: RawFrames, name: str, energy: str = "eV") -> Units:
    try:
        return raw.stated.units(energy)
    except UnitsError as error:
        raise UnitsError(
            f"{name} states unknown units ({str(error).removesuffix('.')}): override them with --units."
        ) from error
