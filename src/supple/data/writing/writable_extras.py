"""What else is known of frames, as far as a format has room for it beside its own names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from supple.data.dataset import Dataset
from supple.errors import DataError


@dataclass(frozen=True)
class Rest:
    """It, by name.

    Attributes:
        extras: of each frame; the first axis of each array has length M.
        about: of all frames together.
        left_out: names of what there is no room for, because the format uses them otherwise, or because both of the
            above have them.
    """

    extras: dict[str, np.ndarray]
    about: dict[str, str]
    left_out: list[str]


def rest_of(dataset: Dataset, taken: Collection[str], said: Collection[str] = ()) -> Rest:
    """What can be written under its own name, where a format has taken some.

    Args:
        dataset: all that is known.
        taken: names that mean something else in the format.
        said: names of what the format says of all frames in its own way; they are not left out.
    """
    extras = {name: np.asarray(values) for name, values in dataset.extras.items() if name not in taken}
    about = {name: text for name, text in dataset.source.about.items() if name not in taken and name not in extras}
    about = {name: text for name, text in about.items() if name not in said}
    left = [*(set(dataset.extras) - set(extras)), *(set(dataset.source.about) - set(about) - set(said))]
    return Rest(extras, about, sorted(set(left)))


def require_forces(name: str, dataset: Dataset) -> np.ndarray:
    """The forces, for a format that cannot do without.

    Raises:
        DataError: there are none.
    """
    if dataset.forces is None:
        raise DataError(f"{name}: such files hold forces, and {dataset.source.name} has none.")
    return dataset.forces


def require_all_or_no_energies(name: str, dataset: Dataset) -> bool:
    """Whether there are energies, for a format that has no word for one that is not known.

    Raises:
        DataError: some are not known.
    """
    known = np.isfinite(dataset.energies)
    if known.any() and not known.all():
        raise DataError(
            f"{name}: such files hold an energy for every frame, and {int((~known).sum())} are not known: write "
            "extended xyz (--to extxyz), or leave these frames out."
        )
    return bool(known.all())
