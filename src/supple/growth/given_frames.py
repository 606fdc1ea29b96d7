"""Frames that the method has labelled before: a run may start from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Int

from supple.data.dataset import Dataset
from supple.data.units import Units
from supple.errors import DataError, MoleculeError
from supple.growth.calculations import Calculations
from supple.growth.choosing import GIVEN

#: Fewest that can be trained on.
FEWEST = 6
#: Differences of energies (eV) and forces (eV/Å) that rounding in files, grids and thresholds explain.
_ENERGY, _FORCE = 0.005, 0.005
#: So many calculations may fail before the frames are refused.
_TRIED = 3


def given_frames(data: Dataset, numbers: Int[np.ndarray, "N"], molecule: str, units: Units, out: Path) -> Dataset:
    """Frames as those of a round: without duplicates, and with the reason `given`.

    Args:
        data: the frames.
        numbers: of the molecule that is grown.
        molecule: as the user names it.
        units: in which errors are reported.
        out: folder of the run.

    Raises:
        MoleculeError: they are of another molecule, or have its atoms in another order.
        DataError: they have no forces or energies, or are too few.
    """
    if not np.array_equal(data.numbers, numbers):
        raise MoleculeError(
            f"{data.source.name} is of {data.formula} with atoms in another order, or of another molecule than {molecule}: "
            "give a geometry of the file as the molecule."
        )
    known = np.isfinite(data.energies) & ~np.isin(np.arange(len(data)), list(data.duplicates))
    if data.forces is None or known.sum() < FEWEST:
        raise DataError(f"{data.source.name} has fewer than {FEWEST} frames with energy and forces: leave out --data.")
    frames = data.select(known)
    source = replace(frames.source, units=units, folder=out)
    return replace(frames, source=source, extras={"reason": np.full(len(frames), GIVEN)})


def require_same_level(given: Dataset, calculations: Calculations) -> None:
    """Calculate one of the frames again, and refuse labels of another method, charge, state or zero of energies.

    Raises:
        DataError: energy or forces are not those of the file, or the calculation fails.
    """
    assert given.forces is not None
    sizes = np.linalg.norm(given.forces, axis=(1, 2))
    # frames whose forces are neither small, as those of many methods are near a minimum, nor extreme
    typical = np.argsort(np.abs(sizes - np.median(sizes)), kind="stable")[:_TRIED]
    for one in typical:
        calculated = calculations.of(given.select([int(one)]))
        if len(calculated.frames):
            _require_equal(given.select([int(one)]), calculated.frames, calculations.asked.name)
            return
    raise DataError(
        f"{calculations.asked.name} fails at {len(typical)} geometries of {given.source.name} ({next(iter(calculated.failures))}): give "
        "the method by which they were labelled, or leave out --data."
    )


def _require_equal(old: Dataset, new: Dataset, method: str) -> None:
    assert old.forces is not None
    assert new.forces is not None
    unit = old.source.units
    energy = float(abs(old.energies[0] - new.energies[0]))
    force = float(np.abs(old.forces[0] - new.forces[0]).max())
    if energy <= _ENERGY and force <= _FORCE:
        return
    by_energy = f"its energy by {energy / unit.energy_in_ev:.3g} {unit.energy}"
    by_force = f"its forces by up to {force / unit.forces_in_ev_per_angstrom:.3g} {unit.forces}"
    raise DataError(
        f"Frame {int(old.frames[0])} of {old.source.name}, calculated again with {method}, differs from the file: {by_energy}, {by_force}. "
        "Its labels are of another method, charge, multiplicity or zero of energies: give the method that they are of, or leave out --data."
    )
