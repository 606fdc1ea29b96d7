"""Inverse distances with bond angles and, optionally, dihedrals, as functions that stay smooth where angles are straight.

    angle i-j-k        c cos θ                          u·v / (|u| |v|)
    dihedral i-j-k-l   c sin θ_ijk sin θ_jkl cos φ      (b1 × b2)·(b2 × b3) / (|b1| |b2|² |b3|)

An angle itself has a kink at 180°, and a dihedral is undefined where one of its angles is straight; the product with both
sines goes to 0 there. The weights c, in 1/Å, make them comparable with inverse distances. Neither cos φ nor distances
distinguish a molecule from its mirror image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.molecule.descriptors.base import Descriptor
from supple.molecule.descriptors.inverse_distances import InverseDistances


class InternalCoordinates(Descriptor):
    """All inverse distances, and some angles and dihedrals.

    Args:
        n_atoms: N.
        angles, dihedrals: three and four atoms each; closed under the permutations of the model.
        angle_weight, dihedral_weight: the weights c, 1/Å.
    """

    _angles: Tensor
    _dihedrals: Tensor

    def __init__(
        self,
        n_atoms: int,
        angles: Sequence[Sequence[int]] = (),
        dihedrals: Sequence[Sequence[int]] = (),
        angle_weight: float = 1.0,
        dihedral_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.distances = InverseDistances(n_atoms)
        self.angles, self.dihedrals = tuple(map(tuple, angles)), tuple(map(tuple, dihedrals))
        self.angle_weight, self.dihedral_weight = angle_weight, dihedral_weight
        self.entries = (*self.distances.entries, *self.angles, *self.dihedrals)
        self.register_buffer("_angles", torch.tensor(self.angles, dtype=torch.int64).view(-1, 3), persistent=False)
        self.register_buffer(
            "_dihedrals", torch.tensor(self.dihedrals, dtype=torch.int64).view(-1, 4), persistent=False
        )

    def configuration(self) -> dict[str, Any]:
        """The angles, the dihedrals and their weights."""
        return {
            "angles": self.angles,
            "dihedrals": self.dihedrals,
            "angle_weight": self.angle_weight,
            "dihedral_weight": self.dihedral_weight,
        }

    def forward(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D"]:
        """1/r of all pairs, then angles, then dihedrals."""
        x = self.distances(positions)
        angles = self.angle_weight * cosines(positions, self._angles)
        dihedrals = self.dihedral_weight * dihedral_terms(positions, self._dihedrals)
        return torch.cat([x, angles, dihedrals], dim=1)

    def linearise(
        self, positions: Float[Tensor, "B N 3"]
    ) -> tuple[Float[Tensor, "B D"], Callable[[Float[Tensor, "B D"]], Float[Tensor, "B N 3"]]]:
        """The descriptor, and Jᵀ in closed form."""
        distances, from_distances = self.distances.linearise(positions)
        cos, by_angle_atoms = _angle_slopes(positions, self._angles)
        terms, by_dihedral_atoms = _dihedral_slopes(positions, self._dihedrals)
        x = torch.cat([distances, self.angle_weight * cos, self.dihedral_weight * terms], dim=1)
        sizes = [len(self.distances.entries), len(self.angles), len(self.dihedrals)]

        def pull_back(gradient: Float[Tensor, "B D"]) -> Float[Tensor, "B N 3"]:
            by_distances, by_angles, by_dihedrals = gradient.split(sizes, dim=1)
            back = from_distances(by_distances)
            angles = (self.angle_weight * by_angles)[..., None, None] * by_angle_atoms
            dihedrals = (self.dihedral_weight * by_dihedrals)[..., None, None] * by_dihedral_atoms
            back = back.index_add(1, self._angles.flatten(), angles.flatten(1, 2))
            return back.index_add(1, self._dihedrals.flatten(), dihedrals.flatten(1, 2))

        return x, pull_back

    def jacobian(self, positions: Float[Tensor, "B N 3"]) -> Float[Tensor, "B D C"]:
        """The dense Jacobian in closed form; C = 3N."""
        of_angles = self.angle_weight * _angle_slopes(positions, self._angles)[1]
        of_dihedrals = self.dihedral_weight * _dihedral_slopes(positions, self._dihedrals)[1]
        rows = [_dense(of_angles, self._angles, positions), _dense(of_dihedrals, self._dihedrals, positions)]
        return torch.cat([self.distances.jacobian(positions), *rows], dim=1)


def _dense(
    slopes: Float[Tensor, "B K L 3"], atoms: Int[Tensor, "K L"], positions: Float[Tensor, "B N 3"]
) -> Float[Tensor, "B K C"]:
    """Derivatives by the atoms of each entry, as derivatives by all atoms."""
    n_frames, n_atoms, _ = positions.shape
    dense = slopes.new_zeros(n_frames, len(atoms), n_atoms, 3)
    dense[:, torch.arange(len(atoms), device=atoms.device)[:, None], atoms] = slopes
    return dense.flatten(2)


def cosines(positions: Float[Tensor, "B N 3"], atoms: Int[Tensor, "K 3"]) -> Float[Tensor, "B K"]:
    """Cos θ of angles i-j-k."""
    i, j, k = positions[:, atoms].unbind(2)
    u, v = i - j, k - j
    return (u * v).sum(-1) / (u.norm(dim=-1) * v.norm(dim=-1))


def dihedral_terms(positions: Float[Tensor, "B N 3"], atoms: Int[Tensor, "K 4"]) -> Float[Tensor, "B K"]:
    """The product sin θ_ijk sin θ_jkl cos φ of dihedrals i-j-k-l."""
    i, j, k, m = positions[:, atoms].unbind(2)
    first, middle, last = j - i, k - j, m - k
    # (a × b)·(b × c) = (a·b)(b·c) - (a·c)(b·b): defined even where an angle is straight.
    product = (first * middle).sum(-1) * (middle * last).sum(-1) - (first * last).sum(-1) * (middle**2).sum(-1)
    return product / (first.norm(dim=-1) * (middle**2).sum(-1) * last.norm(dim=-1))


def _angle_slopes(
    positions: Float[Tensor, "B N 3"], atoms: Int[Tensor, "K 3"]
) -> tuple[Float[Tensor, "B K"], Float[Tensor, "B K 3 3"]]:
    """Cos θ, and its derivatives by the three atoms."""
    i, j, k = positions[:, atoms].unbind(2)
    u, v = i - j, k - j
    uu, vv = _dot(u, u), _dot(v, v)
    size = (uu * vv).sqrt()
    cos = _dot(u, v) / size
    by_u, by_v = v / size - cos / uu * u, u / size - cos / vv * v
    return cos[..., 0], torch.stack([by_u, -by_u - by_v, by_v], dim=2)


def _dihedral_slopes(
    positions: Float[Tensor, "B N 3"], atoms: Int[Tensor, "K 4"]
) -> tuple[Float[Tensor, "B K"], Float[Tensor, "B K 4 3"]]:
    """The terms of `dihedral_terms`, and their derivatives by the four atoms: t = p/d, ∂t = (∂p - t ∂d)/d."""
    i, j, k, m = positions[:, atoms].unbind(2)
    a, b, c = j - i, k - j, m - k
    aa, bb, cc, ab, bc, ac = _dot(a, a), _dot(b, b), _dot(c, c), _dot(a, b), _dot(b, c), _dot(a, c)
    size = (aa * cc).sqrt() * bb
    term = (ab * bc - ac * bb) / size
    by_a = (bc * b - bb * c) / size - term / aa * a
    by_b = (bc * a + ab * c - 2 * ac * b) / size - 2 * term / bb * b
    by_c = (ab * b - bb * a) / size - term / cc * c
    return term[..., 0], torch.stack([-by_a, by_a - by_b, by_b - by_c, by_c], dim=2)


def _dot(first: Float[Tensor, "B K 3"], second: Float[Tensor, "B K 3"]) -> Float[Tensor, "B K 1"]:
    return (first * second).sum(-1, keepdim=True)
