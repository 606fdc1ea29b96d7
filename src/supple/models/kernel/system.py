"""The linear system of sGDML: its rows. The matrix is in matrix.py; how it is solved, in solver.py, cholesky.py and conjugate_gradients.py.

A training frame gives its forces, and its energy E_i where that is learned as well. In the scaled descriptors y of a term
(term.py), a weight v_j in descriptor space and a weight w_j of the energy act on frame i as

    force part   t_i = c Σ_jp γ [ slope v_jp - decay (d·v_jp) d ] + w_j γ slope d
    energy part  e_i = c Σ_jp w_j (slope + γ q² decay) - γ slope (d·v_jp)

and the terms of a kernel add up. Each frame has rigid modes (three translations, three rotations) in which no internal coordinate,
and so no row of its Jacobian J, changes. With an orthonormal basis Q_i of the other modes, G_i = J_i Q_i has V = 3N-6 columns, and K
in that basis is smaller and has no null space. Forces without net force and torque lose nothing. The energy is one more mode, with an
amplitude s_i: v_j = G_j β_j, w_j = s_j ω_j, and the rows of frame i are G_iᵀ t_i and s_i e_i. An amplitude above 1 gives
energies more weight than forces, and 0 omits the energy of a frame.

Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2, eq. 1; with energies: Bartók and Csányi,
Int. J. Quantum Chem. 115, 1051 (2015), doi 10.1002/qua.24927, section 2.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.molecule.descriptors import Descriptor, InverseDistances


class KernelFrames:
    """Training frames as the kernel sees them.

    Args:
        positions: Å.
        permutations: of the atoms, a group.
        descriptor: inverse distances when None.
        amplitude: s, of each frame's energy; None when energies are not learned.

    Attributes:
        x: descriptors, shape (M, D).
        basis: Q, shape (M, 3N, V).
        g: G, and a column of zeros for the energy where there is one, shape (M, D, W).
        amplitude: s, shape (M,), or None.
        action: permutations of the descriptor, shape (P, D).
        centred: the descriptors less a centre, shape (M, D).
    """

    def __init__(
        self,
        positions: Float[Tensor, "M N 3"],
        permutations: Int[np.ndarray, "P N"],
        descriptor: Descriptor | None = None,
        amplitude: Float[Tensor, "M"] | None = None,
    ) -> None:
        self.descriptor = descriptor or InverseDistances(positions.shape[1])
        self.x = self.descriptor(positions)
        self.basis = internal_basis(positions)
        self.amplitude = amplitude
        self.g = self.descriptor.jacobian(positions) @ self.basis
        if amplitude is not None:
            self.g = torch.nn.functional.pad(self.g, (0, 1))
        self.action = self.descriptor.action(torch.as_tensor(permutations))
        # The centre must be the same after any permutation, so that it cancels in every difference.
        self.centred = self.x - self.x.mean(dim=0)[self.action].mean(dim=0)

    def __len__(self) -> int:
        return len(self.x)

    def to(self, device: torch.device) -> KernelFrames:
        """The same, its arrays moved to a device."""
        moved = copy.copy(self)
        moved.descriptor = copy.deepcopy(self.descriptor).to(device)
        for name in ("x", "basis", "g", "centred", "action"):
            setattr(moved, name, getattr(self, name).to(device))
        moved.amplitude = None if self.amplitude is None else self.amplitude.to(device)
        return moved

    def select(self, chosen: Int[np.ndarray, "K"]) -> KernelFrames:
        """Some of the frames."""
        some = copy.copy(self)
        for name in ("x", "basis", "g", "centred"):
            setattr(some, name, getattr(self, name)[chosen])
        some.amplitude = None if self.amplitude is None else self.amplitude[chosen]
        return some

    @property
    def width(self) -> int:
        """W, the rows of the matrix per frame: V modes, and the energy where it is learned."""
        return self.g.shape[2]

    def label_rows(
        self, forces: Float[Tensor, "M N 3"], energies: Float[Tensor, "M"] | None = None
    ) -> Float[Tensor, "n"]:
        """Labels as rows: Q_iᵀ F_i and s_i E_i. Energies with amplitude 0 may be NaN."""
        rows = torch.einsum("mcv,mc->mv", self.basis, forces.flatten(1))
        if self.amplitude is not None:
            assert energies is not None
            energy_rows = torch.where(self.amplitude > 0, self.amplitude * energies, 0)
            rows = torch.cat([rows, energy_rows[:, None]], dim=1)
        return rows.flatten()

    def sources(self, weights: Float[Tensor, "n"]) -> tuple[Float[Tensor, "M D"], Float[Tensor, "M"] | None]:
        """V = G β and w = s ω."""
        rows = weights.view(len(self), -1)
        v = torch.einsum("mdv,mv->md", self.g, rows)
        return v, None if self.amplitude is None else self.amplitude * rows[:, -1]

    def rows(
        self, forces: Float[Tensor, "I C D"], energies: Float[Tensor, "I C"] | None, frames: slice
    ) -> Float[Tensor, "I W C"]:
        """G_iᵀ t_i and s_i e_i of some frames: the transpose of `sources`."""
        rows = torch.bmm(forces, self.g[frames])
        if self.amplitude is not None:
            assert energies is not None
            rows[:, :, -1] = self.amplitude[frames, None] * energies
        return rows.mT


def internal_basis(positions: Float[Tensor, "M N 3"]) -> Float[Tensor, "M C V"]:
    """Orthonormal directions, C = 3N components each, without translation and rotation.

    V is 3N - 6; 3N - 5 for linear molecules, which have one rotation less.
    """
    centred = positions - positions.mean(dim=1, keepdim=True)
    m, n = centred.shape[:2]
    rigid = centred.new_zeros(m, n, 3, 6)
    for axis in range(3):
        rigid[:, :, axis, axis] = 1 / n**0.5
        unit = torch.zeros_like(centred)
        unit[..., axis] = 1
        rigid[..., 3 + axis] = torch.linalg.cross(unit, centred) / centred.norm(dim=(1, 2))[:, None, None]
    left, singular, _ = torch.linalg.svd(rigid.flatten(1, 2), full_matrices=True)
    rank = int((singular > 1e-6).sum(dim=1).min())
    return left[:, :, rank:].contiguous()
