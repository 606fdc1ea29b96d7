"""Extras of a dataset that a format can store."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from supple.data.dataset import Dataset
from supple.errors import DataError
from supple.molecule.boxes import BOX_NAMES


@dataclass(frozen=True)
class WritableExtras:
    """The extras of a dataset that can be written under their own names.

    Attributes:
        extras: of each frame, by name; the first axis of each array has length M.
        about: of all frames together, as text by name.
        left_out: names that the format uses for something else, or that both of the above have.
    """

    extras: dict[str, np.ndarray]
    about: dict[str, str]
    left_out: list[str]


def writable_extras(dataset: Dataset, reserved: Collection[str], stated: Collection[str] = ()) -> WritableExtras:
    """The extras that can be written under their own names in a format.

    Periodic boxes are left out: the molecules are whole, and readers would take a box for one of this file, in its units.

    Args:
        dataset: to write.
        reserved: names that mean something else in the format.
        stated: names of what the format states of all frames in its own way; they do not count as left out.
    """
    reserved = {*reserved, *(name for name in dataset.extras if name.lower() in (*BOX_NAMES, "pbc"))}
    extras = {name: np.asarray(values) for name, values in dataset.extras.items() if name not in reserved}
    about = {
        name: text
        for name, text in dataset.source.about.items()
        if name not in reserved and name not in extras and name not in stated
    }
    left_out = (set(dataset.extras) - set(extras)) | (set(dataset.source.about) - set(about) - set(stated))
    return WritableExtras(extras, about, sorted(left_out))


def require_forces(name: str, dataset: Dataset) -> Float[np.ndarray, "M N 3"]:
    """The forces (eV/Å), for a format that requires them.

    Raises:
        DataError: there are none.
    """
    if dataset.forces is None:
        raise DataError(
            f"{name}: files of this format need forces, and {dataset.source.name} has none: write extended xyz "
            "(--to extxyz)."
        )
    return dataset.forces


def require_all_or_no_energies(name: str, dataset: Dataset) -> bool:
    """Whether there are energies, for a format that cannot state that an energy is unknown.

    Raises:
        DataError: some frames have an energy and others do not.
    """
    has_energy = np.isfinite(dataset.energies)
    if has_energy.any() and not has_energy.all():
        raise DataError(
            f"{name}: files of this format need an energy for every frame, and {int((~has_energy).sum())} of "
            f"{len(dataset)} are unknown: write extended xyz (--to extxyz), or leave these frames out."
        )
    return bool(has_energy.all())
