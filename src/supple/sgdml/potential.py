"""The sGDML potential: energies and forces as matrix products with the permuted query.

    E(x) = std Σ_j Σ_p slope(q) d·v_j + c ,   d = P_p x - x_j ,   F = -∇E

A sum over a group may permute the query instead of the training set: the training descriptors stand in memory once, and
the B·P permuted queries against the (M, D) matrices X and V are four matrix products, 8·B·P·M·D flops in all:
|d|² = |x|² + |x_j|² - 2 x·x_j,  d·v = x·v_j - x_j·v_j,  and two more for the gradient.

Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2, eqs. 2 and 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.potential import Potential
from supple.sgdml.descriptor import InverseDistances
from supple.sgdml.kernel import matern_factors

#: Entries of one (queries, M) work array: 2 MB each, so that the handful of them stays in the last cache.
_WORK = 250_000


class SGDMLPotential(Potential):
    """A kernel force field: descriptors and weights of the training frames, and the permutation group."""

    kind = "sgdml"
    x: Tensor
    v: Tensor
    action: Tensor
    centre: Tensor
    scale: Tensor
    constant: Tensor

    def __init__(
        self,
        numbers: Int[np.ndarray, "N"],
        sigma: float,
        x: Float[Tensor, "M D"],
        v: Float[Tensor, "M D"],
        action: Int[Tensor, "P D"],
        scale: float = 1.0,
        constant: float = 0.0,
    ) -> None:
        """A potential from its parts.

        Args:
            numbers: atomic numbers.
            sigma: length scale of the kernel, in 1/Å like the descriptor.
            x: descriptors of the training frames, 1/Å.
            v: their weights in descriptor space.
            action: the permutations' action on the descriptor.
            scale: standard deviation of the training forces, eV/Å.
            constant: integration constant, eV.
        """
        super().__init__(numbers)
        self.sigma = sigma
        self.descriptor = InverseDistances(len(self.numbers))
        self.register_buffer("x", x.contiguous())
        self.register_buffer("v", v.contiguous())
        self.register_buffer("action", action)
        # The centre must be the same after any permutation, so that d does not feel it.
        mean = x.mean(dim=0) if len(x) else x.new_zeros(x.shape[1])
        self.register_buffer("centre", mean[action].mean(dim=0))
        self.register_buffer("scale", torch.tensor(scale, dtype=torch.float64))
        self.register_buffer("constant", torch.tensor(constant, dtype=torch.float64))

    @property
    def device(self) -> torch.device:
        """Where the arrays lie."""
        return self.x.device

    def configuration(self) -> dict[str, Any]:
        """The length scale; everything else is arrays."""
        return {"sigma": self.sigma}

    @classmethod
    def from_configuration(
        cls, numbers: Int[np.ndarray, "N"], configuration: dict[str, Any], arrays: dict[str, Tensor]
    ) -> Potential:
        """A potential with arrays of these shapes."""
        x, v, action = arrays["x"], arrays["v"], arrays["action"]
        if x.shape != v.shape or not x.shape[1] == action.shape[1] == len(numbers) * (len(numbers) - 1) // 2:
            raise ValueError("the arrays of the kernel do not fit the molecule")
        # Clones, because arrays read from a file may lie unaligned, and unaligned sums round differently.
        return cls(numbers, float(configuration["sigma"]), x.clone(), v.clone(), action.clone())

    def energy_and_forces(self, positions: Float[Tensor, "B N 3"]) -> tuple[Float[Tensor, "B"], Float[Tensor, "B N 3"]]:
        """Energies in eV and forces in eV/Å of B geometries in Å; float64."""
        positions = positions.to(torch.float64)
        x = self.descriptor(positions) - self.centre
        references = self.x - self.centre
        offsets = (references * self.v).sum(1)
        squares = (references**2).sum(1)
        n_permutations = len(self.action)
        step = max(1, _WORK // (n_permutations * max(len(self.x), 1)))
        energies, gradients = [], []
        for part in x.split(step):
            query = part[:, self.action].flatten(0, 1)  # (Q, D), Q = B·P
            squared = torch.addmm(squares, query, references.T, alpha=-2).add_((query**2).sum(1, keepdim=True))
            slope, bend = matern_factors(squared, self.sigma)
            along = torch.addmm(-offsets, query, self.v.T)  # d·v, (Q, M)
            energy = (slope * along).sum(1)
            bend *= along
            # ∇ Σ slope d·v = Σ slope v - bend (d·v) d
            gradient = (slope @ self.v).addmm_(bend, references).sub_(bend.sum(1, keepdim=True) * query)
            energies.append(energy.view(-1, n_permutations).sum(1))
            gradients.append(self._undo(gradient.view(-1, n_permutations, gradient.shape[1])))
        gradient = torch.cat(gradients) if gradients else torch.zeros_like(x)
        energy = torch.cat(energies) if energies else x.new_zeros(0)
        forces = self.descriptor.pull_back(positions, gradient).mul_(-self.scale)
        return energy * self.scale + self.constant, forces

    def _undo(self, gradients: Float[Tensor, "B P D"]) -> Float[Tensor, "B D"]:
        """The gradient by the query from those by its permuted copies."""
        index = self.action.expand(len(gradients), -1, -1)
        return torch.zeros_like(gradients).scatter_(2, index, gradients).sum(1)
