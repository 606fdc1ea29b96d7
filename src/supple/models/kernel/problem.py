"""The training problem of a kernel model, in the kernel's units, and the potential that a solution makes."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.data.dataset import Dataset
from supple.models.kernel.molecular_kernel import MolecularKernel
from supple.models.kernel.potential import SGDMLPotential
from supple.models.kernel.system import KernelFrames
from supple.molecule.descriptors import Descriptor


class Problem:
    """Training frames, and their labels divided by the standard deviation of the forces.

    Args:
        train: frames with forces.
        permutations: of the atoms, a group.
        energy_weight: amplitude of the energies where they are known; None when only forces are learned, and energies
            come by integration.
        descriptor: inverse distances when None.
        device: of the arrays; the CPU when None.

    Attributes:
        frames: as the kernel sees them.
        scale: standard deviation of the forces, eV/Å.
        rhs: the right-hand side of the linear system: labels as rows, shape (n,).
    """

    def __init__(
        self,
        train: Dataset,
        permutations: Int[np.ndarray, "P N"],
        energy_weight: float | None = None,
        descriptor: Descriptor | None = None,
        device: torch.device | None = None,
    ) -> None:
        assert train.forces is not None
        self.train = train
        self.with_energy = np.isfinite(train.energies)
        self.scale = float(train.forces.std())
        amplitude = None if energy_weight is None else torch.tensor(energy_weight * self.with_energy)
        frames = KernelFrames(torch.tensor(train.positions), permutations, descriptor, amplitude)
        mean = train.energies[self.with_energy].mean() if self.with_energy.any() else 0.0
        energies = torch.tensor((train.energies - mean) / self.scale)
        rhs = frames.label_rows(torch.tensor(train.forces) / self.scale, energies)
        self.frames, self.rhs = (frames, rhs) if device is None else (frames.to(device), rhs.to(device))

    def potential(self, kernel: MolecularKernel, weights: Float[Tensor, "n"]) -> SGDMLPotential:
        """The potential of these weights; its constant of integration is 0."""
        frames = self.frames
        v, w = frames.sources(weights)
        # F = -∇E, so E carries the minus.
        return SGDMLPotential(
            self.train.numbers, kernel, frames.x, -v, frames.action, self.scale, w=w, descriptor=frames.descriptor
        )

    def fitted_potential(self, kernel: MolecularKernel, weights: Float[Tensor, "n"]) -> SGDMLPotential:
        """The potential of these weights, its constant of integration fitted to the known energies by least squares."""
        potential = self.potential(kernel, weights)
        if self.with_energy.any():
            integrated, _ = potential.predict(self.train.positions[self.with_energy])
            potential.module.constant.fill_(float((self.train.energies[self.with_energy] - integrated).mean()))
        return potential
