"""Extras: all other data of frames besides positions and labels; gathered as text, returned as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from supple.data.reading.text_numbers import required_number


class ExtrasGatherer:
    """Gathers key=value pairs frame by frame."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str | None]] = {}
        self._count = 0

    def add(self, pairs: Mapping[str, str]) -> None:
        """Add the pairs of one more frame."""
        for name, text in pairs.items():
            column = self._texts.get(name)
            if column is None:
                column = self._texts[name] = [None] * self._count
            column.append(text)
        self._count += 1
        for column in self._texts.values():
            if len(column) < self._count:
                column.append(None)

    def arrays(self) -> dict[str, np.ndarray]:
        """An array for each name, its first axis over the frames.

        Numbers become floats, NaN for frames without the name; k numbers in each text an array of shape (M, k);
        everything else text, empty for frames without the name.
        """
        return {name: _array(texts) for name, texts in self._texts.items()}


def without_second_energy(
    extras: Mapping[str, np.ndarray], name: str | None, energies: Float[np.ndarray, "M"]
) -> dict[str, np.ndarray]:
    """Rename the energy beside the free energy that was read, `energy` to `unsmeared_energy`; leave it out if they are equal.

    Args:
        extras: over the frames.
        name: of the energy beside; None if there is none.
        energies: that were read, shape (M,).
    """
    if name is None or name not in extras:
        return dict(extras)
    beside = extras[name].reshape(len(energies), -1)
    same = beside.shape[1] == 1 and beside.dtype.kind == "f" and np.array_equal(beside[:, 0], energies, equal_nan=True)
    kept = {key: values for key, values in extras.items() if key != name}
    return kept if same else {**kept, f"unsmeared_{name}": extras[name]}


def _array(texts: Sequence[str | None]) -> np.ndarray:
    try:
        rows = [None if text is None else [required_number(word) for word in text.split()] for text in texts]
    except ValueError:
        return _text_array(texts)
    widths = {len(row) for row in rows if row is not None}
    if len(widths) != 1 or 0 in widths:
        return _text_array(texts)
    width = widths.pop()
    array = np.array([[np.nan] * width if row is None else row for row in rows])
    return array[:, 0] if width == 1 else array


def _text_array(texts: Sequence[str | None]) -> np.ndarray:
    return np.array(["" if text is None else text for text in texts], dtype=str)
