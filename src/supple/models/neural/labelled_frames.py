"""LabelledFrames: what a network is trained on."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class LabelledFrames:
    """Frames with labels in the network's units, on its device.

    Attributes:
        positions: shape (M, N, 3).
        energies: shape (M,); unknown energies are NaN, and do not contribute to the loss.
        forces: shape (M, N, 3).
    """

    positions: Tensor
    energies: Tensor
    forces: Tensor

    def __getitem__(self, rows: Tensor) -> LabelledFrames:
        return LabelledFrames(self.positions[rows], self.energies[rows], self.forces[rows])
