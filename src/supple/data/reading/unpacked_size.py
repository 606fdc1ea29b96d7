"""How much a compressed file may unpack to: what no sound file does is refused, before it takes minutes or fills the memory."""

from __future__ import annotations

from supple.errors import DataError
from supple.runtime.machine import available_memory

#: Geometries and labels are compressed by at most about ten. Of small files any factor is allowed.
_LARGEST_FACTOR, _ALWAYS_ALLOWED = 100, 256 * 1024**2


class UnpackedSize:
    """Counts the bytes that are unpacked from a file.

    Args:
        name: of the file, for messages.
        n_stored: its size in bytes.
    """

    def __init__(self, name: str, n_stored: int) -> None:
        self.name = name
        self.n_bytes = 0
        by_factor = max(_LARGEST_FACTOR * n_stored, _ALWAYS_ALLOWED)
        memory = available_memory()
        self.limit = min(by_factor, memory)
        self._reason = (
            f"which is more than {_LARGEST_FACTOR} times its own size, as no file of geometries does"
            if by_factor <= memory
            else "which is more than the memory that is available"
        )

    def add(self, n_bytes: int) -> None:
        """Count so many more, before they are unpacked or as they are.

        Raises:
            DataError: it is too much by now.
        """
        self.n_bytes += n_bytes
        if self.n_bytes > self.limit:
            raise DataError(
                f"{self.name} unpacks to more than {self.limit / 1e9:.2g} GB, {self._reason}: if it is sound, store it without "
                "compression."
            )
