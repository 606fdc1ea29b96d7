"""The elements of atoms as files of any format have them: symbols, or atomic numbers of any type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Int

from supple.data.elements import atomic_number
from supple.data.reading.text_numbers import as_text
from supple.errors import DataError


def read_elements(values: Iterable[Any], file: str, where: str = "") -> Int[np.ndarray, "N"]:
    """Atomic numbers, shape (N,).

    Args:
        values: a symbol or an atomic number for each atom, as text, bytes or number.
        file: its name, for messages.
        where: in the file, for messages: ` in 'z'`.

    Raises:
        DataError: one is neither, such as 0, 1.5, or the name of an atom in a force field.
    """
    texts = [as_text(value) for value in values]
    numbers = [atomic_number(text) for text in texts]
    if None in numbers:
        atom = numbers.index(None)
        raise DataError(
            f"{file}: '{texts[atom]}' of atom {atom + 1}{where} is not an element: write its symbol or atomic number."
        )
    return np.array(numbers, dtype=np.int64)
