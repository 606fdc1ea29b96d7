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
from collections.abc import Callable, Mapping, Sequence

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


class KernelMatrix:
    """K, by columns.

    Args:
        frames: all training frames.
        terms: of the kernel.
    """

    def __init__(self, frames: KernelFrames, terms: Sequence[KernelTerm]) -> None:
        self.frames = frames
        self._terms = [_TermColumns(frames, term) for term in terms]

    def columns(self, chosen: Mapping[int, Int[Tensor, "_"] | slice], rows: slice) -> Float[Tensor, "I W C"]:
        """Columns: those of some modes of some frames j, in the rows of frames i."""
        # Frames with equally many modes are processed together.
        device = self.frames.x.device
        modes = {j: torch.arange(self.frames.width)[some].to(device) for j, some in chosen.items()}
        groups: dict[int, list[int]] = {}
        for j, some in modes.items():
            groups.setdefault(len(some), []).append(j)
        parts: dict[int, Tensor] = {}
        for size, group in groups.items():
            if size == 0:
                parts.update(
                    (j, self.frames.x.new_empty(len(self.frames.x[rows]), self.frames.width, 0)) for j in group
                )
                continue
            block = self._block(torch.tensor(group, device=device), torch.stack([modes[j] for j in group]), rows)
            parts.update(zip(group, block.unbind(2), strict=True))
        return torch.cat([parts[j] for j in chosen], dim=2)

    def _block(self, frames_j: Int[Tensor, "G"], modes: Int[Tensor, "G C"], rows: slice) -> Float[Tensor, "I W G C"]:
        """Columns of frames j, of equally many modes each."""
        frames = self.frames
        g = frames.g[frames_j].mT.take_along_dim(modes[:, :, None], dim=1)  # (G, C, D)
        shape = len(frames.x[rows]), *modes.shape
        forces, energies, w = g.new_zeros(*shape, g.shape[2]), None, None
        if frames.amplitude is not None:
            energies = g.new_zeros(shape)
            w = (modes == frames.width - 1) * frames.amplitude[frames_j, None]
        for term in self._terms:
            term.add_responses(frames_j, g, w, rows, forces, energies)
        flat = None if energies is None else energies.flatten(1)
        return frames.rows(forces.flatten(1, 2), flat, rows).unflatten(2, modes.shape)

    def lower_triangle(self, progress: Callable[[float, float], None]) -> Triangle:
        """The lower triangle in the internal basis, n = M·W."""
        frames, m = self.frames, len(self.frames)
        device = frames.x.device
        triangle = Triangle(m, frames.width, device)
        step = max(1, _WORK // (frames.x.shape[1] * frames.width))
        together = max(1, min(step // m, m // 4))  # blocks above the diagonal are computed in vain
        for first in range(0, m, together):
            group = range(first, min(first + together, m))
            frames_j = torch.tensor(group, device=device)
            modes = torch.arange(frames.width, device=device).expand(len(group), -1)
            for start in range(first, m, step):
                rows = slice(start, min(start + step, m))
                block = self._block(frames_j, modes, rows)
                for k, j in enumerate(group):
                    from_diagonal = max(j - start, 0)
                    triangle.set_column(j, start + from_diagonal, block[from_diagonal:, :, k])
            progress(m * group.stop - group.stop * group.start / 2, m * (m + 1) / 2)
        return triangle


class _TermColumns:
    """One term's part in the columns.

    d·v_p and Σ_p c_p d are differences of products with y_i and y_j, so everything is a matrix product, with the permuted copies of y_j
    and G_j as the rows of one matrix, and the arrays of pairs of frames have J numbers, not J·d.
    """

    def __init__(self, frames: KernelFrames, term: KernelTerm) -> None:
        self.term, self.centred = term, frames.centred
        self.y = frames.centred[:, term.environments] * term.local_weights  # (M, E, d)
        self.squares = (self.y**2).sum(-1)

    def add_responses(
        self,
        frames_j: Int[Tensor, "G"],
        g: Float[Tensor, "G C D"],
        w: Float[Tensor, "G C"] | None,
        rows: slice,
        forces: Float[Tensor, "I G C D"],
        energies: Float[Tensor, "I G C"] | None,
    ) -> None:
        """Add T and e of frames i for weights g and w of frames j."""
        term, scales = self.term, self.term.local_weights
        gamma, (n_j, n_modes, _) = term.kernel.gamma, g.shape
        n, n_images = len(self.y[rows]), len(term.images)
        y = self.y[rows].flatten(0, 1)  # (Q, d), Q = I·E
        y_j = self.centred[frames_j][:, term.images] * scales  # (G, J, d)
        by_mode = g[:, :, term.images] * scales  # (G, C, J, d)
        squared = torch.addmm((y_j**2).sum(-1).flatten(), y, y_j.flatten(0, 1).T, alpha=-2)
        squared.add_(self.squares[rows].flatten()[:, None])
        slope, decay = torch.empty_like(squared), torch.empty_like(squared)
        q = term.kernel.factors(squared, slope, decay)
        along = (y @ by_mode.flatten(0, 2).T).sub_((by_mode * y_j[:, None]).sum(-1).flatten())
        along = along.view(-1, n_j, n_modes, n_images)
        q, slope, decay = (array.view(-1, n_j, n_images) for array in (q, slope, decay))
        if energies is not None:
            assert w is not None
            values = torch.addcmul(slope, q.square_(), decay, value=gamma).sum(-1)  # (Q, G)
            energy = values[..., None] * w - gamma * (along @ slope[..., None])[..., 0]
            energies.add_(energy.view(n, -1, n_j, n_modes).sum(1), alpha=term.amplitude)
        by_distance = along.mul_(decay[:, :, None])
        if w is not None:
            by_distance.addcmul_(slope[:, :, None], w[..., None], value=-1)
        to_rows = scales * (term.amplitude * gamma)
        by_image = (by_mode * to_rows).transpose(1, 2).flatten(2)  # (G, J, C·d)
        part = torch.bmm(slope.transpose(0, 1), by_image).view(n_j, -1, term.size)
        by_frame = by_distance.transpose(0, 1).reshape(n_j, -1, n_images)  # (G, Q·C, J)
        part.baddbmm_(by_frame, y_j * to_rows)
        shape = n_j, n, -1, n_modes, term.size
        own = (y * to_rows).view(1, n, -1, 1, term.size)
        part = part.view(shape).addcmul_(by_frame.sum(-1).view(*shape[:-1], 1), own, value=-1)
        for environment, some in zip(term.environments, part.unbind(2), strict=True):
            forces.index_add_(3, environment, some.transpose(0, 1))
