"""Novelty of a geometry to a network: how far the features of its atoms, before the readout, are from those of the training frames.

Atoms that are equal by symmetry are a class. Within a class features are whitened: in the directions in which they vary little over
the training frames, small changes count as much as large ones in the others. With d_i² the mean squared distance of atom i to the
nearest three of up to 256 reference atoms of its class,

    forces    s_i = d_i² + mean_j d_j²            energy    s = mean_j d_j²

The second part is there because forces depend on atoms at a distance, too. Bigi, Chong, Ceriotti and Grasselli, arXiv:2403.02251,
compare features of the last layer with all training frames at once (a Mahalanobis distance); Janet et al., Chem. Sci. 10, 7913
(2019), doi 10.1039/C9SC02298H, take the nearest ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from supple.models.uncertainty.novelty import Novelty, NoveltyScores

if TYPE_CHECKING:
    from supple.models.neural.potential import NetworkPotential

#: Most reference atoms of a class.
_MOST_REFERENCES = 256
#: How many of them are the nearest ones.
_NEAREST = 3
#: Smallest variance of a direction, relative to the mean one: float32 says nothing below.
_SMALLEST = 1e-6


class NetworkNovelty(Novelty):
    """The novelty of geometries to a network.

    Args:
        potential: of the network.
        classes: of the atoms, shape (N,).
        centres: mean features of each class, shape (T, F).
        whitening: a matrix for each class, shape (T, F, F).
        references: whitened features, shape (T, R, F).
    """

    classes: Tensor
    centres: Tensor
    whitening: Tensor
    references: Tensor
    centre_of_atom: Tensor
    whitening_of_atom: Tensor
    references_of_atom: Tensor
    lengths_of_atom: Tensor

    def __init__(
        self, potential: NetworkPotential, classes: Tensor, centres: Tensor, whitening: Tensor, references: Tensor
    ) -> None:
        super().__init__()
        self._features = potential._with_features
        self.register_buffer("classes", classes)
        self.register_buffer("centres", centres)
        self.register_buffer("whitening", whitening)
        self.register_buffer("references", references)
        # For each atom, so that all of them are one product.
        of_atom = {
            "centre_of_atom": centres[classes],
            "whitening_of_atom": whitening[classes],
            "references_of_atom": references[classes].mT.contiguous(),
            "lengths_of_atom": (references**2).sum(2)[classes][:, None],
        }
        for name, array in of_atom.items():
            self.register_buffer(name, array, persistent=False)

    @classmethod
    def of_features(
        cls, potential: NetworkPotential, classes: Sequence[int], features: Float[Tensor, "M N F"]
    ) -> NetworkNovelty:
        """The novelty to a network.

        Args:
            potential: of the network.
            classes: of the atoms.
            features: of the training frames, or others like them.
        """
        of_class = torch.tensor(classes, device=features.device)
        n_references = min(_MOST_REFERENCES, len(features))
        centres, whitening, references = [], [], []
        for c in range(max(classes) + 1):
            rows = features[:, of_class == c].flatten(0, 1).double()
            centre = rows.mean(0)
            apart = rows - centre
            variances, directions = torch.linalg.eigh(apart.T @ apart / len(apart))
            floor = _SMALLEST * variances.mean().clamp(min=1e-30)
            whiten = directions / (variances.clamp(min=0) + floor).sqrt()
            some = torch.linspace(0, len(rows) - 1, n_references, device=rows.device).round().long()
            centres.append(centre)
            whitening.append(whiten)
            references.append(apart[some] @ whiten)
        stacked = (torch.stack(arrays).float() for arrays in (centres, whitening, references))
        return cls(potential, of_class, *stacked)

    @classmethod
    def restored(cls, potential: NetworkPotential, arrays: Mapping[str, Tensor]) -> NetworkNovelty:
        """From the arrays of a model file.

        Raises:
            ValueError, KeyError: they are not those of the network.
        """
        names = ("classes", "centres", "whitening", "references")
        classes, *others = (arrays[name] for name in names)
        centres, whitening, references = others
        t, f = centres.shape
        fits = whitening.shape == (t, f, f) and references.ndim == 3 and references.shape[::2] == (t, f)
        if not fits or any(array.dtype != torch.float32 for array in others) or not references.shape[1]:
            raise ValueError("the arrays of its error bars do not fit each other")
        of_atoms = classes.dtype == torch.int64 and classes.shape == (len(potential.numbers),)
        if not of_atoms or classes.unique().tolist() != list(range(t)):
            raise ValueError("its error bars are of other atoms")
        if f != getattr(potential.network, "features", f):
            raise ValueError("its error bars are those of another network")
        return cls(potential, classes, *others)

    def forward(self, positions: Float[Tensor, "B N 3"]) -> NoveltyScores:
        """The novelty of geometries, positions in Å."""
        return self.of_atoms(self._features(positions)[2])

    def of_atoms(self, features: Float[Tensor, "B N F"]) -> NoveltyScores:
        """The novelty of geometries whose atoms have these features."""
        rows = torch.bmm((features - self.centre_of_atom).transpose(0, 1), self.whitening_of_atom)
        distances = torch.baddbmm(self.lengths_of_atom, rows, self.references_of_atom, alpha=-2)  # (N, B, R)
        nearest = distances.topk(min(_NEAREST, distances.shape[2]), dim=2, largest=False).values.mean(2)
        squares = (nearest + (rows * rows).sum(2)).clamp_(min=0).T.double()
        mean = squares.mean(1)
        return NoveltyScores(mean, squares + mean[:, None])
