"""From what a file says to a dataset: units are settled here, for all formats."""

from __future__ import annotations

from supple.data.dataset import Dataset
from supple.data.reading.guess_units import Guess, guess, spelled
from supple.data.reading.raw import SILENT, Raw
from supple.data.reading.request import Damage
from supple.data.units import Units
from supple.errors import DataError, UnitsError


def assemble(raw: Raw, name: str, units: str | Units | None, labels: bool, damage: Damage | None = None) -> Dataset:
    """A dataset from a file's content, in the units that were given, or that the file states, or that are its custom.

    Args:
        raw: the content.
        name: of the file.
        units: given by the user.
        labels: whether energies and forces are wanted.
        damage: is told when units are missing, unknown or contradicted by the numbers; by default it raises that.

    Raises:
        DataError: there are no frames, or a position or label is not finite.
        UnitsError: the units are not known, or the numbers contradict them.
    """
    if len(raw.positions) == 0:
        raise DataError(f"{name} holds no frames.")
    settled = _units(raw, name, units, damage or Damage()) if labels else _length_alone(raw, name, units)
    energies, forces = (raw.energies, raw.forces) if labels else (None, None)
    return Dataset.of(
        raw.numbers, raw.positions, energies, forces, settled, name,
        frames=raw.frames, extras=raw.extras, about=raw.about,
    )  # fmt: skip


def _units(raw: Raw, name: str, given: str | Units | None, damage: Damage) -> Units:
    if given is not None:
        return Units.parse(given)
    likely = guess(raw.numbers, raw.positions, raw.energies, raw.forces)
    look, say = f"look like {likely.units.energy} and {likely.units.length}", f"say --units {spelled(likely.units)}"
    if not raw.stated.says_energy and raw.convention is None:
        damage.found("units-unstated", UnitsError(f"{name} does not state its units; the numbers {look}: {say}."))
        return likely.units
    try:
        if raw.convention is not None and raw.stated == SILENT:
            claimed = raw.convention
        else:
            claimed = _stated(raw, name, raw.convention.energy if raw.convention else "eV")
    except UnitsError as error:
        damage.found("units-unknown", error)
        return likely.units
    if not likely.contradicts(claimed):
        return claimed
    if raw.stated.says_energy:
        what = f"{name} states the units {raw.stated}, but its numbers {look}"
    else:
        what = (
            f"{name} does not state its units, and its numbers do not look like {claimed.energy} and {claimed.length}, "
            f"as is the custom for such files, but {look.removeprefix('look ')}"
        )
    damage.found("units", UnitsError(f"{what}: if so {say}, otherwise --units {spelled(claimed)}."))
    return likely.units


def _length_alone(raw: Raw, name: str, given: str | Units | None) -> Units:
    """Geometries need a length unit and no other; Å unless something else is said."""
    if isinstance(given, Units):
        return given
    if given is not None:
        try:
            return Units.of("eV", given.strip().removeprefix("length="))
        except UnitsError:
            return Units.parse(given)
    stated = Units.of("eV", _stated(raw, name).length)
    likely: Guess = guess(raw.numbers, raw.positions, None, None)
    if likely.contradicts_length(stated.length):
        raise UnitsError(
            f"{name} is not in {stated.length} as it seems: its bond lengths look like {likely.units.length}; "
            f"if so say --units length={likely.units.length}, otherwise --units length={stated.length}."
        )
    return stated


def _stated(raw: Raw, name: str, energy: str = "eV") -> Units:
    try:
        return raw.stated.units(energy)
    except UnitsError as error:
        raise UnitsError(f"{name} states units that are not known ({error}) Override them with --units.") from error
