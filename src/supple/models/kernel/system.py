"""The linear system of sGDML: its matrix. How it is solved is in solver.py, cholesky.py and conjugate_gradients.py.

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
from collections.abc import Callable, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel.cholesky import Triangle
from supple.models.kernel.term import KernelTerm
from supple.molecule.descriptors import Descriptor, InverseDistances

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
    frames: KernelFrames, terms: Sequence[KernelTerm], chosen: dict[int, Int[Tensor, "_"] | slice], rows: slice
) -> Float[Tensor, "I W C"]:
    """Columns of K: those of some modes of some frames j, in the rows of frames i."""
    parts = [_responses(frames, terms, j, modes, rows) for j, modes in chosen.items()]
    forces = torch.cat([force for force, _ in parts], dim=2) if len(parts) > 1 else parts[0][0]
    if frames.amplitude is None:
        return frames.rows(forces, None, rows)
    return frames.rows(forces, torch.cat([energy for _, energy in parts if energy is not None], dim=1), rows)


def _responses(
    frames: KernelFrames, terms: Sequence[KernelTerm], j: int, modes: Int[Tensor, "_"] | slice, rows: slice
) -> tuple[Float[Tensor, "I D C"], Float[Tensor, "I C"] | None]:
    """T and e of frames i for unit weights of modes of frame j."""
    g, w = frames.g[j][:, modes], None
    if frames.amplitude is not None:
        unit = torch.eye(frames.width, dtype=torch.float64, device=g.device)[-1]
        w = (frames.amplitude[j] * unit)[modes]  # (C,)
    forces: Tensor | None = None
    energy: Tensor | None = None
    for term in terms:
        part, of_energy = _response_of_term(term, frames.x[rows], frames.x[j], g, w)
        if len(terms) == 1 and term.entries is None:
            return part, of_energy
        if forces is None:
            forces = g.new_zeros(len(frames.x[rows]), *g.shape)
        for environment, some in zip(term.environments, part.unflatten(0, (-1, term.n_environments)).unbind(1), strict=True):
            forces.index_add_(1, environment, some)
        if of_energy is not None:
            of_energy = of_energy.unflatten(0, (-1, term.n_environments)).sum(1)
            energy = of_energy if energy is None else energy.add_(of_energy)
    assert forces is not None
    return forces, energy


def _response_of_term(
    term: KernelTerm, x: Float[Tensor, "I D"], x_j: Float[Tensor, "D"], g: Float[Tensor, "D C"], w: Float[Tensor, "C"] | None
) -> tuple[Float[Tensor, "Q d C"], Float[Tensor, "Q C"] | None]:
    """The same of one term, for each environment; Q = I·E.

    Σ_p (slope_ijp P_p G_j) for all i: with the permuted copies of G_j as the rows of one (J, d·C) matrix this is a
    matrix product over p, and so is everything else.
    """
    kernel, scales = term.kernel, term.local_weights
    amplitude, gamma = term.amplitude, term.amplitude * kernel.gamma
    permuted_g = g[term.images].mul_(scales[:, None])  # (J, d, C)
    scaled_g = permuted_g * scales[:, None]  # once more, for the rows
    environments = x[:, term.environments].flatten(0, 1)  # (Q, d)
    displacement = (environments[:, None] - x_j[term.images]).mul_(scales)  # (Q, J, d)
    squared = (displacement**2).sum(-1)  # (Q, J)
    slope, decay = torch.empty_like(squared), torch.empty_like(squared)
    q = kernel.factors(squared, slope, decay)
    along = torch.einsum("qpd,pdc->qpc", displacement, permuted_g)
    by_distance = along * (gamma * decay[..., None])
    energy = None
    if w is not None:
        by_distance -= gamma * slope[..., None] * w
        values = (slope + kernel.gamma * q**2 * decay).sum(1, keepdim=True)
        energy = amplitude * w * values - gamma * (slope[:, None] @ along)[:, 0]
    forces = (slope.mul_(gamma) @ scaled_g.flatten(1)).unflatten(1, scaled_g.shape[1:])
    return forces.baddbmm_(displacement.mul_(scales).mT, by_distance, alpha=-1.0), energy


def assemble(
    frames: KernelFrames, terms: Sequence[KernelTerm], progress: Callable[[float, float], None]
) -> Triangle:
    """The lower triangle of K in the internal basis, n = M·W."""
    m, width, d = len(frames), frames.width, frames.x.shape[1]
    triangle = Triangle(m, width)
    step = max(1, _WORK // (d * width))
    for j in range(m):
        for start in range(j, m, step):
            rows = slice(start, min(start + step, m))
            triangle.set_column(j, start, columns(frames, terms, {j: slice(None)}, rows))
        progress(m * (j + 1) - j * (j + 1) / 2, m * (m + 1) / 2)
    return triangle
