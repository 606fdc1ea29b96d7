"""Methanol held together by springs between all pairs: a potential in closed form, with a minimum, fast in batches."""

import numpy as np
import torch
from toy import ATOMS

from supple import Dataset, Potential

_FIRST, _SECOND = torch.triu_indices(len(ATOMS), len(ATOMS), 1)
_START = torch.tensor(ATOMS.positions)
_REST = (_START[_FIRST] - _START[_SECOND]).norm(dim=-1)
#: eV/Å², weak for pairs that are far from each other.
_STIFFNESS = 40.0 * torch.exp(-(_REST - 1.0) / 0.5)


class Springs(Potential):
    """Energies and forces of the springs; `factor` softens all of them."""

    kind = "springs"

    def __init__(self, factor=1.0):
        super().__init__(ATOMS.numbers)
        self.module.register_buffer("factor", torch.tensor(factor, dtype=torch.float64))
        self.calls = []

    def energy_and_forces(self, positions):
        self.calls.append(len(positions))
        apart = positions[:, _FIRST] - positions[:, _SECOND]
        r = apart.norm(dim=-1)
        off = r - _REST
        energies = self.module.factor * 0.5 * (_STIFFNESS * off**2).sum(-1)
        pull = (self.module.factor * _STIFFNESS * off / r)[..., None] * apart
        forces = torch.zeros_like(positions).index_add_(1, _SECOND, pull).index_add_(1, _FIRST, -pull)
        return energies, forces

    def configuration(self):
        return {}

    @classmethod
    def from_configuration(cls, numbers, configuration, arrays):
        return cls()


def start(n=1, seed=0, amplitude=0.02):
    """Geometries near the minimum."""
    rng = np.random.default_rng(seed)
    return Dataset.of(
        ATOMS.numbers, ATOMS.positions + amplitude * rng.standard_normal((n, len(ATOMS), 3)), name="start.xyz"
    )


def labelled(n, seed=0, amplitude=0.04):
    """Geometries about the minimum with energies and forces, for training."""
    data = start(n, seed, amplitude)
    energies, forces = Springs().predict(data.positions)
    return Dataset.of(data.numbers, data.positions, energies, forces, name="springs.xyz")
