"""Novelty of a geometry to a kernel model: the variance that remains of each term, given to the atoms of its environments.

The terms are taken as independent Gaussian processes of the energy, whose values at the training frames are known (term_variance.py).
That is less than what the model knows, which are forces, but it falls and rises with it; a factor and an exponent are left to the
calibration. With v_e of environment e,

    energy    s = Σ_e v_e A_e              A_e: the prior variance of the energy
    forces    s_i = Σ_e v_e A_e γ Σ_d w_d² |∂x_d/∂R_i|²          d: entries of e

where the last factor, the prior variance of the force on atom i, is an average over the frames that are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from supple.models.kernel.term_variance import TermVariance, choose_pivots
from supple.models.uncertainty.novelty import Novelty, NoveltyScores

if TYPE_CHECKING:
    from supple.models.kernel.compiled_variance import CompiledVariances
    from supple.models.kernel.potential import KernelModule

#: Of which the derivatives of the descriptor are averaged.
_MOST_FRAMES = 100
#: Kernel functions that are computed at a time.
_WORK, _WORK_ON_GPU = 100_000, 10_000_000


class KernelNovelty(Novelty):
    """The novelty of geometries to a kernel model.

    Args:
        module: the model.
        pivots: of each term, padded with -1, shape (T, m).
        shares: prior variance of the force on each atom from each environment, over all terms, shape (E, N).
    """

    pivots: Tensor
    shares: Tensor
    energies: Tensor
    centre: Tensor

    def __init__(self, module: KernelModule, pivots: Int[Tensor, "T m"], shares: Float[Tensor, "E N"]) -> None:
        super().__init__()
        self.register_buffer("pivots", pivots)
        self.register_buffer("shares", shares)
        terms = module.kernel.terms
        amplitudes = torch.cat([torch.full((term.n_environments,), term.amplitude) for term in terms])
        self.register_buffer("energies", amplitudes.to(shares), persistent=False)
        self.register_buffer("centre", module.centre, persistent=False)
        self.descriptor = module.descriptor
        self._compiled: CompiledVariances | None = None
        x = module.x - module.centre
        self.terms = nn.ModuleList(
            TermVariance(term, x, own[own >= 0]) for term, own in zip(terms, pivots, strict=True)
        )

    @classmethod
    def of_frames(cls, module: KernelModule, positions: Float[Tensor, "M N 3"]) -> KernelNovelty:
        """The novelty to a model, with derivatives of the descriptor at some geometries, in Å."""
        terms, x = module.kernel.terms, module.x - module.centre
        chosen = [choose_pivots(term, x) for term in terms]
        pivots = nn.utils.rnn.pad_sequence(chosen, batch_first=True, padding_value=-1)
        return cls(module, pivots, _shares(module, positions[:_MOST_FRAMES]))

    @classmethod
    def restored(cls, module: KernelModule, arrays: Mapping[str, Tensor], n_atoms: int) -> KernelNovelty:
        """From the arrays of a model file.

        Raises:
            ValueError, KeyError: they are not those of the model.
        """
        pivots, shares, terms = arrays["pivots"], arrays["shares"], module.kernel.terms
        environments = sum(term.n_environments for term in terms)
        if shares.dtype != torch.float64 or shares.shape != (environments, n_atoms) or not (shares >= 0).all():
            raise ValueError("its error bars do not fit the kernel")
        if pivots.dtype != torch.int64 or pivots.ndim != 2 or len(pivots) != len(terms):
            raise ValueError("its error bars have no environments")
        for own, term in zip(pivots, terms, strict=True):
            found = own[own >= 0]
            if not len(found) or found.max() >= len(module.x) * term.n_environments or len(found.unique()) < len(found):
                raise ValueError("its error bars are of environments that there are not")
        return cls(module, pivots, shares)

    def forward(self, positions: Float[Tensor, "B N 3"]) -> NoveltyScores:
        """The novelty of geometries, positions in Å."""
        compiled = self._compiled_variances() if positions.device.type == "cpu" else None
        if compiled is None:
            variances = self._variances(positions.to(torch.float64))
        else:
            variances = torch.from_numpy(compiled(positions.detach().to(torch.float64).contiguous().numpy()))
        return NoveltyScores(variances @ self.energies, variances @ self.shares)

    def _compiled_variances(self) -> CompiledVariances | None:
        """The compiled loops, where they apply."""
        if self._compiled is None:
            from supple.models.kernel.compiled_variance import CompiledVariances
            from supple.molecule.descriptors.compiled import compiled_entries

            if (entries := compiled_entries(self.descriptor)) is None:
                return None
            terms = [term for term in self.terms if isinstance(term, TermVariance)]
            self._compiled = CompiledVariances(terms, entries, self.centre.numpy())
        return self._compiled

    def _variances(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B E"]:
        """V of each environment, over all terms, by operations on tensors."""
        x = self.descriptor(positions) - self.centre
        parts = []
        for term in self.terms:
            assert isinstance(term, TermVariance)
            of = term.term
            kernels = of.group.n_characters * of.n_queries * len(term.squares)
            step = max(1, (_WORK if x.device.type == "cpu" else _WORK_ON_GPU) // kernels)
            parts.append(
                torch.cat([term(part) for part in x.split(step)]) if len(x) else x.new_zeros(0, of.n_environments)
            )
        return torch.cat(parts, dim=1)


def _shares(module: KernelModule, positions: Float[Tensor, "M N 3"]) -> Float[Tensor, "E N"]:
    """Prior variances of forces from each environment, averaged over geometries; equal for atoms and environments that are equal by symmetry."""
    n_atoms, entries = positions.shape[1], module.descriptor.entries
    jacobian = module.descriptor.jacobian(positions.to(module.x))
    moved = (jacobian**2).mean(0).view(len(entries), n_atoms, 3).sum(2).sum(1)
    size = torch.tensor([float(len(atoms)) for atoms in entries]).to(moved)
    of_atom = (moved / size)[module.action].mean(0)
    at = torch.zeros(len(entries), n_atoms).to(moved)
    for d, atoms in enumerate(entries):
        at[d, list(atoms)] = of_atom[d]
    parts = [
        term.amplitude * term.kernel.gamma * torch.einsum("d,edn->en", term.local_weights**2, at[term.environments])
        for term in module.kernel.terms
    ]
    return torch.cat(parts)
