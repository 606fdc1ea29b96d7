"""Units: could the numbers, in their stated units, be those of a molecule?"""

from __future__ import annotations

import numpy as np

from supple.checks.agreement import energies_against_forces
from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding
from supple.data.dataset import Dataset
from supple.data.reading.guess_units import UnitGuess, guess_units
from supple.data.units import Units


def _units(context: CheckContext) -> list[Finding]:
    """`units`: bond lengths, the total energy or the size of the forces contradict the units."""
    likely, declared = _guess(context.dataset), context.dataset.source.units
    if not likely.contradicts(declared):
        return []
    what = f"the numbers cannot be in {declared.shorthand}: {_reason(likely, declared)}"
    if likely.contradicts_length(declared.length) and not likely.length_is_clear:
        return [Finding("units", "serious", f"{what}, and no other unit fits either", "correct the positions")]
    units = likely_units(context)
    if units == declared:
        return [Finding("units", "serious", f"{what}, and no other units fit better", "correct the labels")]
    return [Finding("units", "serious", f"{what}; they look like {units.shorthand}", f"use --units {units.shorthand}")]


UNITS = Check(("units",), _units)


def likely_units(context: CheckContext) -> Units:
    """The units in which the numbers would be those of a molecule.

    Where only the energies are in another unit than stated, the slope of the energies against the forces is the ratio of
    the two units.
    """
    likely, declared = _guess(context.dataset), context.dataset.source.units
    agreement = energies_against_forces(context)
    if agreement is not None and not likely.contradicts_length(declared.length):
        off = declared.energy_in_ev / likely.units.energy_in_ev
        if agreement[0] > 0 and abs(np.log(agreement[0] / off)) < abs(np.log(agreement[0])):
            return Units.of(likely.units.energy, declared.length, declared.forces)
    return likely.units


def in_likely_units(context: CheckContext) -> CheckContext:
    """The context of the same numbers, read in their likely units."""
    dataset, written = context.dataset, context.dataset.source.units
    return context.with_dataset(
        Dataset.of(
            dataset.numbers,
            dataset.positions / written.length_in_angstrom,
            dataset.energies / written.energy_in_ev,
            None if dataset.forces is None else dataset.forces / written.forces_in_ev_per_angstrom,
            likely_units(context),
            dataset.source.name,
            frames=dataset.frames,
            extras=dataset.extras,
            about=dataset.source.about,
        )
    )


def _guess(dataset: Dataset) -> UnitGuess:
    written = dataset.source.units
    return guess_units(
        dataset.numbers,
        dataset.positions / written.length_in_angstrom,
        dataset.energies / written.energy_in_ev,
        None if dataset.forces is None else dataset.forces / written.forces_in_ev_per_angstrom,
    )


def _reason(likely: UnitGuess, declared: Units) -> str:
    if likely.contradicts_length(declared.length):
        assert likely.bond is not None
        return f"bonds would be {likely.bond * declared.length_in_angstrom:.2g} times their usual length"
    if likely.energy_is_clear and declared.energy != likely.units.energy:
        times = declared.energy_in_ev / likely.units.energy_in_ev
        return f"the total energy would be {times:.3g} times that of the free atoms"
    return "the forces would be far larger than those of a molecule in motion"
