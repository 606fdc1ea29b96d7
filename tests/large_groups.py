"""Molecules with more permutation symmetries than are used."""

import numpy as np
from ase import Atoms

_TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)


def neopentane():
    """C(CH3)4: rotations of four methyl groups, and the 24 ways to put these in places."""
    methyls = [_methyl(corner) for corner in _TETRAHEDRON]
    symbols = "C" + "C" * 4 + "H" * 12
    return Atoms(symbols, [np.zeros(3), *(1.54 * corner for corner in _TETRAHEDRON), *np.concatenate(methyls)])


def methyls_on_a_chain(n_methyls):
    """A straight chain of different elements, each of which carries a methyl group."""
    chain = [14, 32, 50, 16, 34, 52][:n_methyls]
    positions, numbers = [], []
    for k, z in enumerate(chain):
        positions.append([2.6 * k, 0, 0])
        numbers.append(z)
    for k in range(n_methyls):
        up = np.array([0, 0, 1.0])
        positions += [positions[k] + 2.0 * up, *(positions[k] + 2.0 * up + _hydrogens(up))]
        numbers += [6, 1, 1, 1]
    return Atoms(numbers, positions)


def _methyl(corner):
    return 1.54 * corner + _hydrogens(corner)


def _hydrogens(axis):
    """Three hydrogens at a carbon whose fourth bond comes along the axis, Å."""
    across = np.cross(axis, [0.3, -0.5, 0.8])
    across /= np.linalg.norm(across)
    other = np.cross(axis, across)
    turns = np.radians([0, 120, 240])[:, None]
    return 1.09 * (axis / 3 + np.sqrt(8) / 3 * (np.cos(turns) * across + np.sin(turns) * other))
