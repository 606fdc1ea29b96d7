"""Concatenating datasets of one molecule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from supple.data.dataset import Dataset
from supple.data.electronic_state import STATE, stated_number


def concatenate(datasets: Sequence[Dataset], names: Sequence[str], name: str) -> Dataset:
    """One dataset of several of one molecule, in the atom order of the first.

    Extras are kept if they have one shape in all datasets; they are NaN or empty for datasets without them. Data
    about all frames stay so where the datasets agree on them; where they differ, they become an extra: of numbers for
    charge and multiplicity, of text otherwise. Notes on the reading of the datasets are kept.

    Args:
        datasets: at least one; forces are kept if all have them.
        names: one for each dataset, kept as `extras["file"]` of its frames.
        name: of the whole.
    """
    sizes = [len(data) for data in datasets]
    extras = {key: column for key in _keys(datasets) if (column := _column(datasets, key)) is not None}
    about = {}
    for key in dict.fromkeys(key for data in datasets for key in data.source.about):
        texts = np.concatenate([_texts(data, key) for data in datasets])
        if (texts == texts[0]).all():
            about[key] = str(texts[0])
        elif key in STATE and (numbers := _numbers(datasets, key)) is not None:
            extras[key] = numbers
        else:
            extras[key] = texts
    extras["file"] = np.concatenate([np.full(size, name) for size, name in zip(sizes, names, strict=True)])
    forces = [data.forces for data in datasets if data.forces is not None]
    merged = Dataset.of(
        datasets[0].numbers,
        np.concatenate([data.positions for data in datasets]),
        np.concatenate([data.energies for data in datasets]),
        np.concatenate(forces) if len(forces) == len(datasets) else None,
        name=name,
        frames=np.concatenate([data.frames for data in datasets]),
        extras=extras,
        about=about,
    )
    notes = tuple(dict.fromkeys(note for data in datasets for note in data.source.notes))
    units_known = all(data.source.units_known for data in datasets)
    source = replace(merged.source, units=datasets[0].source.units, notes=notes, units_known=units_known)
    return replace(merged, source=source)


def _keys(datasets: Sequence[Dataset]) -> list[str]:
    return [key for key in dict.fromkeys(key for data in datasets for key in data.extras) if key != "file"]


def _texts(data: Dataset, key: str) -> np.ndarray:
    """The text under a name, of each frame or of all frames together; empty if there is none."""
    values = data.extras.get(key)
    if values is not None and values.ndim == 1:
        return np.asarray(values, dtype=str)
    return np.full(len(data), data.source.about.get(key, ""))


def _numbers(datasets: Sequence[Dataset], key: str) -> np.ndarray | None:
    """The number of each frame, NaN for datasets without it; None if none has it."""
    found = [stated_number(data, key) for data in datasets]
    if all(numbers is None for numbers in found):
        return None
    return np.concatenate(
        [np.full(len(data), np.nan) if n is None else n for data, n in zip(datasets, found, strict=True)]
    )


def _column(datasets: Sequence[Dataset], key: str) -> np.ndarray | None:
    """An extra of all frames, NaN or empty for datasets without it; None if shapes or types differ."""
    found = [np.asarray(data.extras[key]) for data in datasets if key in data.extras]
    if len({values.shape[1:] for values in found}) != 1 or len({values.dtype.kind == "U" for values in found}) != 1:
        return None
    empty = np.full(found[0].shape[1:], "" if found[0].dtype.kind == "U" else np.nan)
    return np.concatenate(
        [np.asarray(data.extras.get(key, np.full((len(data), *empty.shape), empty))) for data in datasets]
    )
