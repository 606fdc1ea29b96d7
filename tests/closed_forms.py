"""Molecules whose energies are known in closed form, as force fields, so that results can be checked exactly."""

import numpy as np
import torch
from ase import Atoms
from ase.build import molecule

from supple import Potential


class ClosedForm(Potential):
    """A force field whose energy is a function; `batches` records how many geometries were predicted at a time."""

    kind = "closed"

    def __init__(self, numbers, energy):
        super().__init__(np.asarray(numbers))
        self.energy = energy
        self.batches = []

    def energy_and_forces(self, positions):
        self.batches.append(len(positions))
        with torch.enable_grad():
            r = positions.detach().clone().requires_grad_()
            e = self.energy(r)
            (gradient,) = torch.autograd.grad(e.sum(), r)
        return e.detach(), -gradient

    def configuration(self):
        return {}

    @classmethod
    def from_configuration(cls, numbers, configuration, arrays):
        raise NotImplementedError

    @property
    def device(self):
        return torch.device("cpu")


def spring(k, rest):
    """A diatomic molecule: k/2 (r - rest)², in eV and Å."""
    return lambda r: 0.5 * k * ((r[:, 0] - r[:, 1]).norm(dim=-1) - rest) ** 2


#: HOOH: H1-O2-O3-H4, and the coefficients of its torsion in eV.
PEROXIDE = molecule("H2O2")[[2, 0, 1, 3]]
V1, V2 = 0.12, 0.05
_BONDS, _REST = ((0, 1), (1, 2), (2, 3)), (0.97, 1.45, 0.97)
_ANGLES, _COS = ((0, 1, 2), (1, 2, 3)), np.cos(np.radians(100.0))


def torsion_energy(degrees):
    """V1/2 (1 + cos φ) + V2/2 (1 - cos 2φ), eV: a minimum at 180°, another at 0, or barriers, by its coefficients."""
    phi = np.radians(degrees)
    return V1 / 2 * (1 + np.cos(phi)) + V2 * (1 - np.cos(2 * phi))


def peroxide(positions):
    """Springs for bonds and cosines of angles, and the torsion, on which nothing else depends."""
    e = sum(
        15.0 * ((positions[:, i] - positions[:, j]).norm(dim=-1) - r0) ** 2
        for (i, j), r0 in zip(_BONDS, _REST, strict=True)
    )
    for i, j, k in _ANGLES:
        a, b = positions[:, i] - positions[:, j], positions[:, k] - positions[:, j]
        cosine = (a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1))
        e = e + 3.0 * (cosine - _COS) ** 2
    b1, b2, b3 = (positions[:, k + 1] - positions[:, k] for k in range(3))
    n1, n2 = torch.cross(b1, b2, dim=-1), torch.cross(b2, b3, dim=-1)
    c = (n1 * n2).sum(-1) / (n1.norm(dim=-1) * n2.norm(dim=-1))
    return e + V1 / 2 * (1 + c) + V2 * (2 - 2 * c**2)


def peroxide_at(degrees):
    """A geometry of HOOH at a torsion."""
    atoms = Atoms(PEROXIDE.numbers, PEROXIDE.positions)
    atoms.set_dihedral(0, 1, 2, 3, degrees, indices=[3])
    return atoms.positions


#: HOOOH: a chain whose torsions H1-O2-O3-O4 and O2-O3-O4-H5 depend on each other.
TRIOXIDE = Atoms("HOOOH", [[-0.2, 0.95, 0.0], [0.0, 0.0, 0.0], [1.45, 0.0, 0.0], [1.7, 1.43, 0.0], [2.6, 1.5, 0.35]])


def trioxide_torsions(first, second):
    """-a cos(φ1 - φ2) + b (1 + cos 3 φ2) of angles in radians, eV: the second torsion follows the first over barriers of 2b."""
    return -0.08 * torch.cos(first - second) + 0.06 * (1 + torch.cos(3 * second))


def trioxide(positions):
    """Springs for bonds and cosines of angles, and the torsions."""
    e = sum(
        15.0 * ((positions[:, i] - positions[:, i + 1]).norm(dim=-1) - r0) ** 2
        for i, r0 in enumerate((0.97, 1.45, 1.45, 0.97))
    )
    for j in (1, 2, 3):
        a, b = positions[:, j - 1] - positions[:, j], positions[:, j + 1] - positions[:, j]
        e = e + 3.0 * ((a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1)) - _COS) ** 2
    return e + trioxide_torsions(_torsion(positions[:, :4]), _torsion(positions[:, 1:]))


def _torsion(r):
    """The torsion of four atoms, radians, shape (B,)."""
    b1, b2, b3 = (r[:, k + 1] - r[:, k] for k in range(3))
    n1, n2 = torch.cross(b1, b2, dim=-1), torch.cross(b2, b3, dim=-1)
    return torch.atan2((b2 / b2.norm(dim=-1, keepdim=True) * torch.cross(n1, n2, dim=-1)).sum(-1), (n1 * n2).sum(-1))
