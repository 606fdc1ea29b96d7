"""Blocks of the kernel matrix by operations on arrays, on any device; compiled_matrix.py has the same as a loop."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.models.kernel.system import KernelFrames
from supple.models.kernel.term import KernelTerm

#: Numbers of a work array; more on a GPU, where starting an operation takes as long as millions of them.
_WORK, _WORK_ON_GPU = 4_000_000, 40_000_000


class Formulas:
    """Blocks of the kernel matrix.

    Args:
        frames: all training frames.
        terms: of the kernel.
    """

    def __init__(self, frames: KernelFrames, terms: Sequence[KernelTerm]) -> None:
        self.frames = frames
        self._terms = [_TermColumns(frames, term) for term in terms]

    def fill(
        self, out: Float[Tensor, "R C"], frames_j: Int[Tensor, "G"], modes: Int[Tensor, "G K"], rows: slice
    ) -> None:
        """Write the columns of some modes of frames j, side by side, in the rows of frames i; a row of `out` is contiguous."""
        frames, n_modes = self.frames, modes.shape[1]
        first, last, _ = rows.indices(len(frames))
        work = _WORK if frames.x.device.type == "cpu" else _WORK_ON_GPU
        pairs = max(1, work // (frames.x.shape[1] * n_modes))
        together = max(1, min(len(frames_j), pairs // max(last - first, 1)))
        step = max(1, pairs // together)
        for start in range(0, len(frames_j), together):
            some = slice(start, start + together)
            columns = slice(start * n_modes, (start + len(frames_j[some])) * n_modes)
            for low in range(first, last, step):
                part = slice(low, min(low + step, last))
                block = self._block(frames_j[some], modes[some], part)
                places = slice((part.start - first) * frames.width, (part.stop - first) * frames.width)
                out[places, columns] = block.flatten(0, 1).flatten(1)

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
