"""What a direct solution will need, said before it starts; what does not fit is refused."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from supple.errors import ResourceError
from supple.machine import GIB, available_memory
from supple.sgdml.triangle import Triangle

#: Work arrays of the assembly and whatever else a process needs beyond its data.
_OVERHEAD = 200 * 1024**2


@dataclass(frozen=True)
class Cost:
    """What a direct solution needs.

    Attributes:
        rows: n, rows of the matrix.
        n_bytes: peak memory beyond what the process has already.
        flops: floating-point operations of assembly and factorisation.
    """

    rows: int
    n_bytes: int
    flops: float

    @classmethod
    def of(cls, n_frames: int, n_modes: int, n_descriptor: int, n_permutations: int) -> Cost:
        """The cost for M frames, V modes, D entries and P permutations.

        A pair of frames costs 2·D·V² flops for the product of Jacobians and 6·P·D·V for the sums over permutations;
        a factorisation n³/3.
        """
        rows = n_frames * n_modes
        pairs = n_frames * (n_frames + 1) / 2
        per_pair = 2 * n_descriptor * n_modes**2 + 6 * n_permutations * n_descriptor * n_modes
        jacobians = 8 * n_frames * n_descriptor * n_modes
        return cls(
            rows, Triangle.n_bytes(n_frames, n_modes) + 2 * jacobians + _OVERHEAD, pairs * per_pair + rows**3 / 3
        )

    def seconds(self) -> float:
        """Expected wall seconds on this machine, from a matrix product timed now."""
        return self.flops / _flops_per_second()

    def require_memory(self) -> None:
        """Refuse what does not fit.

        Raises:
            ResourceError: more memory is needed than is free.
        """
        free = available_memory()
        if self.n_bytes > 0.95 * free:
            percent = 100 * (0.95 * free / self.n_bytes) ** 0.5
            raise ResourceError(
                f"The kernel matrix of {self.rows} rows needs {self.n_bytes / GIB:.1f} GiB and {free / GIB:.1f} GiB "
                f"are free: train on fewer frames (about {percent:.0f} % of these fit), or use schnet."
            )

    def __str__(self) -> str:
        seconds = self.seconds()
        duration = f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
        return f"a kernel matrix of {self.rows} rows, {self.n_bytes / GIB:.1f} GiB, about {duration}"


_rate: list[float] = []


def _flops_per_second() -> float:
    """The rate of a matrix product of the factorisation's shape, less a quarter for its other steps; timed once."""
    if not _rate:
        a, b = torch.ones(1024, 768, dtype=torch.float64), torch.ones(768, 1024, dtype=torch.float64)
        c = torch.zeros(1024, 1024, dtype=torch.float64)
        c.addmm_(a, b)  # the first call wakes the threads
        started = time.perf_counter()
        for _ in range(3):
            c.addmm_(a, b)
        _rate.append(0.75 * 3 * 2 * 1024 * 1024 * 768 / (time.perf_counter() - started))
    return _rate[0]
