"""Units: could the numbers, in their stated units, be those of a molecule?"""

from __future__ import annotations

import numpy as np

from supple.checks.agreement import energies_against_forces
from supple.checks.check import Check
from supple.checks.context import CheckContext
from supple.checks.findings import Finding
from supple.data.dataset import Dataset
from supple.data.reading.guess_units import UnitGuess, guess_units
from supple.data.units import ENERGY, Units
from supple.runtime.rounding import rounded

#: Energies vary as the forces imply within this factor, in the right units.
_SLOPE_WITHIN = 1.25


def _units(context: CheckContext) -> list[Finding]:
    """`units`: bond lengths, the total energy or the size of the forces contradict the units."""
    if context.dataset.source.units_known:
        return []
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

    The forces tell their own unit; the slope of the energies against them then tells the unit of the energies.
    """
    likely, declared = _guess(context.dataset), context.dataset.source.units
    agreement = energies_against_forces(context)
    if agreement is None or agreement[0] <= 0 or likely.contradicts_length(declared.length):
        return likely.units
    force_unit = likely.units if likely.contradicts_forces(declared) else declared
    times = agreement[0] / declared.energy_in_ev
    times *= declared.forces_in_ev_per_angstrom / force_unit.forces_in_ev_per_angstrom
    energy = min(ENERGY, key=lambda unit: abs(np.log(times * ENERGY[unit])))
    if abs(np.log(times * ENERGY[energy])) > np.log(_SLOPE_WITHIN):
        return likely.units
    return Units.of(energy, declared.length, force_unit.forces)


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
    if likely.contradicts_forces(declared):
        if likely.motion is None:
            return "the forces would be far larger than those of a molecule in motion"
        times = likely.motion.stiffness * declared.forces_in_ev_per_angstrom
        size = f"{rounded(times)} times too large" if times > 1 else f"{rounded(1 / times)} times too small"
        return f"the forces would be {size} for how the bonds vary"
    times = declared.energy_in_ev / likely.units.energy_in_ev
    return f"the total energy would be {rounded(times)} times that of the free atoms"
