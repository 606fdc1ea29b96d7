"""Hydrogen peroxide: one torsion, turned to any angle; the two ends are equivalent."""

import numpy as np
from ase.build import molecule

from supple.data.dataset import Dataset

O1, O2, H1, H2 = 0, 1, 2, 3


def peroxide(angles, energies=None, seed=0, noise=0.01) -> Dataset:
    """One frame for each H-O-O-H angle in degrees, with a little noise."""
    rng = np.random.default_rng(seed)
    atoms = molecule("H2O2")
    frames = []
    for angle in angles:
        atoms.set_dihedral(H1, O1, O2, H2, angle, indices=[H2])
        frames.append(atoms.positions + noise * rng.standard_normal((4, 3)))
    return Dataset.of(atoms.numbers, frames, energies, np.zeros((len(frames), 4, 3)), name="peroxide.xyz")


def mostly_cis_and_trans(n_frames: int = 400, rare: int = 8, seed: int = 0) -> Dataset:
    """Frames near 0 and 180 degrees, and a few of the barrier between them, spread over the file."""
    rng = np.random.default_rng(seed)
    angles = np.where(rng.random(n_frames) < 0.7, 175, 10) + rng.normal(0, 2, n_frames)
    angles[rng.permutation(n_frames)[:rare]] = 100 + rng.normal(0, 2, rare)
    return peroxide(angles, energies=np.cos(np.radians(angles)) + 0.01 * rng.standard_normal(n_frames), seed=seed)
