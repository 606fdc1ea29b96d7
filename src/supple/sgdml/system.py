"""The linear system of sGDML: which matrix. How it is solved stands in triangle.py.

    K_ij = (5/(3σ²)) Σ_p J_iᵀ [ slope I - decay d dᵀ ] P_p J_j ,   d = (√5/σ) (x_i - P_p x_j)

Each frame has rigid modes (three translations, three rotations) in which no internal coordinate, and so no row of J,
moves. With an orthonormal basis Q_i of what is left, G_i = J_i Q_i has 3N-6 columns, and K in that basis is smaller and
has no null space. Forces without net force and torque lose nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.sgdml.descriptor import InverseDistances
from supple.sgdml.group import Group
from supple.sgdml.kernel import matern_factors, scale_of
from supple.sgdml.triangle import Triangle

#: Numbers that the work arrays of one step of the assembly may hold: 32 MB, so that they stay near the cores.
_WORK = 4_000_000


class Frames:
    """Training frames as the kernel sees them.

    Attributes:
        x: descriptors, shape (M, D).
        g: Jacobians in the internal basis, G_i = J_i Q_i, shape (M, D, V); V = 3N - 6 internal modes.
        basis: Q, shape (M, 3N, V).
        action: permutations of the descriptor, shape (P, D).
        group: the same, as sums see them.
        centred: the descriptors less a centre, shape (M, D).
    """

    def __init__(self, positions: Float[Tensor, "M N 3"], permutations: Int[np.ndarray, "P N"]) -> None:
        descriptor = InverseDistances(positions.shape[1])
        self.x = descriptor(positions)
        self.basis = internal_basis(positions)
        self.g = descriptor.jacobian(positions) @ self.basis
        self.action = descriptor.action(torch.as_tensor(permutations))
        self.group = Group(self.action)
        # The centre must be the same after any permutation, so that no difference of descriptors feels it.
        self.centred = self.x - self.x.mean(dim=0)[self.action].mean(dim=0)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def n_modes(self) -> int:
        """V."""
        return self.g.shape[2]

    def project(self, forces: Float[Tensor, "M N 3"]) -> Float[Tensor, "M V"]:
        """Forces in the internal basis: Q_iᵀ F_i."""
        return torch.einsum("mcv,mc->mv", self.basis, forces.flatten(1))

    def to_descriptor(self, weights: Float[Tensor, "M V"]) -> Float[Tensor, "M D"]:
        """G_i β_i: weights of internal modes as vectors in descriptor space."""
        return torch.einsum("mdv,mv->md", self.g, weights)

    def from_descriptor(self, vectors: Float[Tensor, "I D"], rows: range) -> Float[Tensor, "I V"]:
        """G_iᵀ t_i of some frames: the transpose."""
        return torch.einsum("mdv,md->mv", self.g[rows.start : rows.stop], vectors)


def internal_basis(positions: Float[Tensor, "M N 3"]) -> Float[Tensor, "M C V"]:
    """Orthonormal directions, C = 3N components each, that are free of translation and rotation.

    V is 3N - 6; more when the frames are linear, where fewer rotations are distinct.
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


def columns(
    frames: Frames, sigma: float, j: int, modes: Int[Tensor, "C"] | slice, rows: slice
) -> Float[Tensor, "I V C"]:
    """Columns of K: those of some modes of frame j, in the rows of frames i."""
    return torch.bmm(frames.g[rows].mT, descriptor_columns(frames, sigma, j, modes, rows))


def descriptor_columns(
    frames: Frames, sigma: float, j: int, modes: Int[Tensor, "C"] | slice, rows: slice
) -> Float[Tensor, "I D C"]:
    """The same before G_iᵀ is applied.

    Σ_p (slope_ijp P_p G_j) for all i: with the permuted copies of G_j as the rows of one (P, D·C) matrix this is a
    matrix product over p, and so is everything else.
    """
    permuted_x = frames.x[j][frames.action]  # (P, D)
    permuted_g = frames.g[j][:, modes][frames.action]  # (P, D, C)
    scale = scale_of(sigma)
    apart = (frames.x[rows, None] - permuted_x).mul_(scale)  # (I, P, D)
    squared = (apart**2).sum(-1)  # (I, P)
    slope, decay = torch.empty_like(squared), torch.empty_like(squared)
    matern_factors(squared, slope, decay)
    slope, decay = slope.mul_(scale**2 / 3), decay.mul_(scale**2 / 3)
    inner = torch.einsum("ipd,pdc->ipc", apart, permuted_g).mul_(decay[..., None])
    block = (slope @ permuted_g.flatten(1)).unflatten(1, permuted_g.shape[1:])
    return block.baddbmm_(apart.mT, inner, alpha=-1.0)


def assemble(frames: Frames, sigma: float, progress: Callable[[float, float], None]) -> Triangle:
    """The lower triangle of K in the internal basis, n = M·V."""
    m, v, d = len(frames), frames.n_modes, frames.x.shape[1]
    triangle = Triangle(m, v)
    step = max(1, _WORK // (d * v))
    for j in range(m):
        for start in range(j, m, step):
            rows = slice(start, min(start + step, m))
            triangle.set_column(j, start, columns(frames, sigma, j, slice(None), rows))
        progress(m * (j + 1) - j * (j + 1) / 2, m * (m + 1) / 2)
    return triangle
