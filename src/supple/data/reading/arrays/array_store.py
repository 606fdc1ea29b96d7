"""ArrayStore: named arrays, whatever they are stored in: an archive, a folder, a group of an HDF5 file."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from supple.data.reading.text_numbers import as_text
from supple.errors import DataError


class ArrayStore(ABC):
    """Named arrays.

    Attributes:
        names: of the arrays.
    """

    names: list[str]

    @abstractmethod
    def array(self, name: str) -> np.ndarray:
        """One of them.

        Raises:
            DataError: it cannot be read.
        """

    def text(self, name: str, file: str) -> str | None:
        """The only element of an array, as text; None if there is no such array.

        Raises:
            DataError: the array has several elements, or cannot be read.
        """
        if name not in self.names:
            return None
        values = self.array(name)
        if values.size != 1:
            raise DataError(f"{file}: '{name}' should be a single value, but has shape {values.shape}.")
        return as_text(values.reshape(-1)[0])
