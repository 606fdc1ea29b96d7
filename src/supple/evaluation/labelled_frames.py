"""Frames for an evaluation, in units that their file may not state: those in which the force field's own data were read."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from supple.data.dataset import Dataset
from supple.data.reading.forces_or_energies import read_forces_or_energies
from supple.data.units import Units
from supple.errors import SuppleError, UnitsError

if TYPE_CHECKING:
    from supple.models.potential import Potential


def labelled_frames(
    path: Path,
    potential: Potential,
    units: str | None = None,
    keys: str | None = None,
    accept: Collection[str] = (),
) -> tuple[Dataset, str | None]:
    """Read labelled frames.

    A file whose units are not clear is read in those of the training data if it holds the training data themselves, to the
    last digit of energies and forces.

    Args:
        path, units, keys, accept: as in `read`.
        potential: which records its training data and their units.

    Returns:
        The frames, and a sentence about their units if these are those of the training data.

    Raises:
        UnitsError: the units are not clear, and the file does not hold the training data.
        DataError: as in `read`.
    """
    try:
        return read_forces_or_energies(path, units=units, keys=keys, accept=accept), None
    except UnitsError as error:
        recorded = Units.parse(potential.provenance.data_units)
        if units is not None or not potential.provenance.data_fingerprint:
            raise
        same = _read_if_same(path, potential, recorded, keys, accept)
        if same is not None:
            return (
                same,
                f"{path.name} holds the training data, which were read with --units {recorded.shorthand}, as it is now.",
            )
        raise UnitsError(
            f"{error} The force field was trained on {potential.provenance.data_name} with --units {recorded.shorthand}."
        ) from error


def _read_if_same(
    path: Path, potential: Potential, units: Units, keys: str | None, accept: Collection[str]
) -> Dataset | None:
    """The frames in these units, if the training frames are among them, with the same labels."""
    try:
        dataset = read_forces_or_energies(path, units=units, keys=keys, accept=accept)
    except SuppleError:
        return None
    provenance = potential.provenance
    places = {frame: k for k, frame in enumerate(dataset.frame_hashes)}
    training = [places.get(frame) for frame in provenance.seen_frames[: provenance.n_train]]
    if not training or None in training:
        return None
    same = dataset.select(np.array(training)).fingerprint == provenance.data_fingerprint
    return dataset if same else None
