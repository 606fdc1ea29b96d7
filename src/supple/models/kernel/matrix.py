"""K, by columns and as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.matrix_formulas import Formulas
from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm


@runtime_checkable
class Blocks(Protocol):
    """Computes blocks of the matrix."""

    def fill(
        self, out: Float[Tensor, "R C"], frames_j: Int[Tensor, "G"], modes: Int[Tensor, "G K"], rows: slice
    ) -> None:
        """Write the columns of some modes of frames j, side by side, in the rows of frames i; a row of `out` is contiguous."""


class KernelMatrix:
    """The matrix of training frames; see system.py.

    Args:
        frames: all training frames.
        terms: of the kernel.
    """

    def __init__(self, frames: KernelFrames, terms: Sequence[KernelTerm]) -> None:
        self.frames, self._blocks = frames, _blocks(frames, terms)

    def columns(self, chosen: Mapping[int, Int[Tensor, "_"] | slice], rows: slice) -> Float[Tensor, "I W C"]:
        """Columns: those of some modes of some frames j, in the rows of frames i."""
        frames, device = self.frames, self.frames.x.device
        modes = {j: torch.arange(frames.width)[some].to(device) for j, some in chosen.items()}
        # Frames with equally many modes are processed together.
        groups: dict[int, list[int]] = {}
        for j, some in modes.items():
            groups.setdefault(len(some), []).append(j)
        n = len(frames.x[rows])
        parts: dict[int, Tensor] = {}
        for size, group in groups.items():
            out = frames.x.new_empty(n * frames.width, len(group) * size)
            if size > 0:
                frames_j = torch.tensor(group, device=device)
                self._blocks.fill(out, frames_j, torch.stack([modes[j] for j in group]), rows)
            parts.update(zip(group, out.view(n, frames.width, len(group), size).unbind(2), strict=True))
        return torch.cat([parts[j] for j in chosen], dim=2)

    def lower_triangle(self, progress: Callable[[float, float], None]) -> Triangle:
        """The lower triangle in the internal basis, n = M·W."""
        m, width, device = len(self.frames), self.frames.width, self.frames.x.device
        triangle = Triangle(m, width, device)
        for first, strip in zip(triangle.starts, triangle.strips, strict=True):
            frames_j = torch.arange(first, first + strip.shape[1] // width, device=device)
            modes = torch.arange(width, device=device).expand(len(frames_j), -1)
            self._blocks.fill(strip, frames_j, modes, slice(first, m))
            last = first + len(frames_j)
            progress(m * last - last * first / 2, m * (m + 1) / 2)
        return triangle


def _blocks(frames: KernelFrames, terms: Sequence[KernelTerm]) -> Blocks:
    """Compiled loops on the CPU, operations on arrays elsewhere."""
    if frames.x.device.type != "cpu":
        return Formulas(frames, terms)
    # Here, since Numba takes a while to load.
    from supple.models.kernel.compiled_matrix import CompiledBlocks

    return CompiledBlocks(frames, terms)
