"""The linear system of sGDML: its matrix. How it is solved is in solver.py, cholesky.py and conjugate_gradients.py.

A training frame gives its forces, and its energy E_i where that is learned as well. With descriptors in units of the length
scale, y = (√5/σ) x, and d = y_i - P_p y_j, a weight v_j in descriptor space and a weight w_j of the energy act on frame i as

    force part   t_i = Σ_jp (5/(3σ²)) [ slope v_jp - decay (d·v_jp) d ] + w_j (√5/(3σ)) slope d
    energy part  e_i = Σ_jp w_j (slope + q²/3 decay) - (√5/(3σ)) slope (d·v_jp)

Each frame has rigid modes (three translations, three rotations) in which no internal coordinate, and so no row of its
Jacobian J, changes. With an orthonormal basis Q_i of the other modes, G_i = J_i Q_i has V = 3N-6 columns, and K in that basis is
smaller and has no null space. Forces without net force and torque lose nothing. The energy is one more mode, with an
amplitude s_i: v_j = G_j β_j, w_j = s_j ω_j, and the rows of frame i are G_iᵀ t_i and s_i e_i. An amplitude above 1 gives
energies more weight than forces, and 0 omits the energy of a frame.

Chmiela et al., Nat. Commun. 9, 3887 (2018), doi 10.1038/s41467-018-06169-2, eq. 1; with energies: Bartók and Csányi,
Int. J. Quantum Chem. 115, 1051 (2015), doi 10.1002/qua.24927, section 2.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.kernel import matern_factors, scale_of
from supple.molecule.descriptors import Descriptor, InverseDistances
from supple.molecule.symmetry.characters import Group

#: Size of the work arrays of one step of the assembly: 32 MB, so that they stay in the cache.
_WORK = 4_000_000


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
        group: the same, for sums by characters.
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
        self.group = Group(self.action)
        # The centre must be the same after any permutation, so that it cancels in every difference.
        self.centred = self.x - self.x.mean(dim=0)[self.action].mean(dim=0)

    def __len__(self) -> int:
        return len(self.x)

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
        self, forces: Float[Tensor, "I D C"], energies: Float[Tensor, "I C"] | None, frames: slice
    ) -> Float[Tensor, "I W C"]:
        """G_iᵀ t_i and s_i e_i of some frames: the transpose of `sources`."""
        rows = torch.bmm(self.g[frames].mT, forces)
        if self.amplitude is not None:
            assert energies is not None
            rows[:, -1] = self.amplitude[frames, None] * energies
        return rows


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


def columns(
    frames: KernelFrames, sigma: float, chosen: dict[int, Int[Tensor, "_"] | slice], rows: slice
) -> Float[Tensor, "I W C"]:
    """Columns of K: those of some modes of some frames j, in the rows of frames i."""
    parts = [_responses(frames, sigma, j, modes, rows) for j, modes in chosen.items()]
    forces = torch.cat([force for force, _ in parts], dim=2) if len(parts) > 1 else parts[0][0]
    if frames.amplitude is None:
        return frames.rows(forces, None, rows)
    return frames.rows(forces, torch.cat([energy for _, energy in parts if energy is not None], dim=1), rows)


def _responses(
    frames: KernelFrames, sigma: float, j: int, modes: Int[Tensor, "_"] | slice, rows: slice
) -> tuple[Float[Tensor, "I D C"], Float[Tensor, "I C"] | None]:
    """T and e of frames i for unit weights of modes of frame j.

    Σ_p (slope_ijp P_p G_j) for all i: with the permuted copies of G_j as the rows of one (P, D·C) matrix this is a
    matrix product over p, and so is everything else.
    """
    permuted_x = frames.x[j][frames.action]  # (P, D)
    permuted_g = frames.g[j][:, modes][frames.action]  # (P, D, C)
    scale = scale_of(sigma)
    displacement = (frames.x[rows, None] - permuted_x).mul_(scale)  # (I, P, D)
    squared = (displacement**2).sum(-1)  # (I, P)
    slope, decay = torch.empty_like(squared), torch.empty_like(squared)
    q = matern_factors(squared, slope, decay)
    along = torch.einsum("ipd,pdc->ipc", displacement, permuted_g)
    by_distance = along * (scale**2 / 3 * decay[..., None])
    energy = None
    if frames.amplitude is not None:
        unit = torch.eye(frames.width, dtype=torch.float64)[-1]
        w = (frames.amplitude[j] * unit)[modes]  # (C,)
        by_distance -= scale / 3 * slope[..., None] * w
        kernel = (slope + q**2 / 3 * decay).sum(1, keepdim=True)
        energy = w * kernel - scale / 3 * (slope[:, None] @ along)[:, 0]
    forces = (slope.mul_(scale**2 / 3) @ permuted_g.flatten(1)).unflatten(1, permuted_g.shape[1:])
    return forces.baddbmm_(displacement.mT, by_distance, alpha=-1.0), energy


def assemble(frames: KernelFrames, sigma: float, progress: Callable[[float, float], None]) -> Triangle:
    """The lower triangle of K in the internal basis, n = M·W."""
    m, width, d = len(frames), frames.width, frames.x.shape[1]
    triangle = Triangle(m, width)
    step = max(1, _WORK // (d * width))
    for j in range(m):
        for start in range(j, m, step):
            rows = slice(start, min(start + step, m))
            triangle.set_column(j, start, columns(frames, sigma, {j: slice(None)}, rows))
        progress(m * (j + 1) - j * (j + 1) / 2, m * (m + 1) / 2)
    return triangle
