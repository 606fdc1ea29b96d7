"""A molecule whose energy is known in closed form: methanol with Morse bonds, about as stiff as real ones, and soft repulsion.

Energies and forces agree to rounding, the energy is the same for equal atoms in any order, and a thousand frames cost
nothing. What a force field does with them can be checked exactly.
"""

import numpy as np
import torch
from ase.build import molecule

from supple import Dataset

ATOMS = molecule("CH3OH")
_START = torch.tensor(ATOMS.positions)
_Z = torch.tensor(ATOMS.numbers, dtype=torch.float64)
_N = len(ATOMS)
_FIRST, _SECOND = torch.triu_indices(_N, _N, 1)
_REST = (_START[_FIRST] - _START[_SECOND]).norm(dim=-1)
#: Rest lengths and strengths depend on the elements alone, so that equal atoms are equal.
_KIND = torch.sqrt(_Z[_FIRST] * _Z[_SECOND])


def toy_energy(positions: torch.Tensor) -> torch.Tensor:
    """Energies in eV of positions in Å, shape (B, N, 3)."""
    r = (positions[:, _FIRST] - positions[:, _SECOND]).norm(dim=-1)
    return (12.0 * torch.exp(-1.5 * (r - 1.0)) - _KIND * 3.2 * torch.exp(-0.75 * (r - 1.0))).sum(-1) - 3103.0


def toy_forces(positions: torch.Tensor) -> torch.Tensor:
    """Forces in eV/Å."""
    r = positions.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(toy_energy(r).sum(), r)
    return -gradient


def toy_dataset(n_frames: int = 60, seed: int = 0, amplitude: float = 0.08) -> Dataset:
    """Frames displaced at random from a geometry of methanol, each turned and moved at random."""
    rng = np.random.default_rng(seed)
    frames = ATOMS.positions + amplitude * rng.standard_normal((n_frames, _N, 3))
    turns, _ = np.linalg.qr(rng.standard_normal((n_frames, 3, 3)))
    turns *= np.sign(np.linalg.det(turns))[:, None, None]
    positions = torch.tensor(frames @ turns + rng.standard_normal((n_frames, 1, 3)))
    return Dataset.of(
        ATOMS.numbers, positions.numpy(), toy_energy(positions).numpy(), toy_forces(positions).numpy(), name="toy.xyz"
    )
