"""Functions of the vector between two atoms: radial functions times spherical harmonics.

    G_kc(d) = R_k(r) Y_c(d/r) ,   R_k(r) = 3/2 sin(k π r / r_c) / r · ½ (cos(π r / r_c) + 1)   for r < r_c, 0 beyond;  k = 1..K

The spherical Bessel functions of the box [0, r_c] (Gasteiger et al., arXiv:2003.03123) vanish at the cutoff as well, so that energies
have two, and forces one, continuous derivative more than the cosine alone would give.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from supple.models.neural.bespoke.harmonics import quadratic_forms

#: Factor of the radial functions.
AMPLITUDE = 1.5


class Pairs(NamedTuple):
    """All ordered pairs (i, j) of N atoms in B geometries; whatever belongs to i = j is zero.

    Attributes:
        distances: r, 1 for i = j.
        extended: ū = (1, u), with u = (R_j - R_i) / r.
        radial: R_k(r).
        slopes: its derivative by r.
        harmonics: Y_c(u).
    """

    distances: Float[Tensor, "B N N"]
    extended: Float[Tensor, "B N N 4"]
    radial: Float[Tensor, "B N K N"]
    slopes: Float[Tensor, "B N K N"]
    harmonics: Float[Tensor, "B N 9 N"]

    def functions(self) -> Float[Tensor, "B N K 9 N"]:
        """G_kc of all pairs."""
        return self.radial[:, :, :, None] * self.harmonics[:, :, None]


class PairFunctions(nn.Module):
    """The functions G_kc, from positions and back to forces.

    Args:
        n_atoms: N.
        n_radial: K, number of radial functions.
        cutoff: r_c, Å.
    """

    off_diagonal: Tensor
    frequencies: Tensor
    forms: Tensor

    def __init__(self, n_atoms: int, n_radial: int, cutoff: float) -> None:
        super().__init__()
        self.cutoff = cutoff
        constants = {
            "off_diagonal": 1.0 - torch.eye(n_atoms),
            "frequencies": torch.arange(1, n_radial + 1) * (math.pi / cutoff),
            "forms": torch.tensor(quadratic_forms(), dtype=torch.get_default_dtype()),
        }
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)

    def forward(self, positions: Float[Tensor, "B N 3"]) -> Pairs:
        """The functions of all pairs; positions in Å."""
        vectors = positions[:, None] - positions[:, :, None]  # [b, i, j] = R_j - R_i
        others = self.off_diagonal
        r = ((vectors**2).sum(-1) + (1 - others)).sqrt()
        extended = torch.cat([torch.ones_like(r)[..., None], vectors / r[..., None]], dim=-1)
        forms = self.forms
        harmonics = torch.einsum("cpq,bijp,bijq->bicj", forms, extended, extended).contiguous()

        angle = math.pi / self.cutoff * r
        inside = AMPLITUDE * others * (r < self.cutoff).to(r.dtype)
        cut = 0.5 * (angle.cos() + 1) * inside
        cut_slope = -0.5 * math.pi / self.cutoff * angle.sin() * inside
        r_, cut, cut_slope = r[:, :, None], cut[:, :, None], cut_slope[:, :, None]
        frequency = self.frequencies[:, None]
        sine = (frequency * r_).sin() / r_
        slope = (frequency * (frequency * r_).cos() - sine) / r_
        return Pairs(r, extended, sine * cut, slope * cut + sine * cut_slope, harmonics)

    def forces(self, pairs: Pairs, by_functions: Float[Tensor, "B N K 9 N"]) -> Float[Tensor, "B N 3"]:
        """-dE/dR (1/Å) from the derivatives of the energy by G_kc."""
        by_radial = torch.einsum("bikcj,bicj->bikj", by_functions, pairs.harmonics)
        by_harmonics = torch.einsum("bikcj,bikj->bicj", by_functions, pairs.radial)
        by_distance = (by_radial * pairs.slopes).sum(2)
        by_unit = 2 * torch.einsum("cpq,bicj,bijp->bijq", self.forms, by_harmonics, pairs.extended)[..., 1:]
        unit = pairs.extended[..., 1:]
        across = (by_unit - (by_unit * unit).sum(-1, keepdim=True) * unit) / pairs.distances[..., None]
        by_vector = by_distance[..., None] * unit + across * self.off_diagonal[..., None]
        return by_vector.sum(2) - by_vector.sum(1)
