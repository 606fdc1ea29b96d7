"""Chains of tetrahedral atoms with their torsions set to given angles."""

import numpy as np
from ase.data import atomic_numbers, covalent_radii

#: Chain, and what hangs on each inner atom, on either side: FCH2-CH2F, FCHCl-CH2F, both of FCHCl-CHClF, and pentane.
CHAINS = {
    "achiral": ("F C C F", ["H H", "H H"]),
    "chiral": ("F C C F", ["Cl H", "H H"]),
    "meso": ("F C C F", ["Cl H", "Cl H"]),
    "racemic": ("F C C F", ["Cl H", "H Cl"]),
    "pentane": ("C C C C C", ["H H", "H H", "H H"]),
}
_TETRAHEDRAL = np.arccos(-1 / 3)


def chain_frames(name, angles, shaken=0.0):
    """Atomic numbers, and positions in Å with the torsions at these angles in degrees, shape (M, T)."""
    rng = np.random.default_rng(0)
    made = [_chain(name, row) for row in angles]
    positions = np.array([r for _, r in made])
    return np.array(made[0][0]), positions + shaken * rng.standard_normal(positions.shape)


def _chain(name, angles):
    symbols, hanging = CHAINS[name][0].split(), [pair.split() for pair in CHAINS[name][1]]
    chain = [np.array([1.0, 0, 0]), np.zeros(3)]
    chain[0] *= _length(symbols[0], symbols[1])
    for k in range(2, len(symbols)):
        before = [np.array([0, 1.0, 0]), *chain][-3:]
        chain.append(_placed(*before, _length(symbols[k - 1], symbols[k]), 180 if k == 2 else angles[k - 3]))
    atoms = list(zip(symbols, chain, strict=True))
    for k, pair in enumerate(hanging, start=1):
        u, v = (_unit(chain[i] - chain[k]) for i in (k - 1, k + 1))
        for side, symbol in zip((1, -1), pair, strict=True):
            direction = np.sqrt(1 / 3) * -_unit(u + v) + side * np.sqrt(2 / 3) * _unit(np.cross(u, v))
            atoms.append((symbol, chain[k] + _length(symbols[k], symbol) * direction))
    for end, middle, far in ((0, 1, 2), (-1, -2, -3)):
        if symbols[end] == "C":
            hydrogens = (_placed(chain[far], chain[middle], chain[end], 1.09, turn) for turn in (60, 180, 300))
            atoms.extend(("H", r) for r in hydrogens)
    return [atomic_numbers[symbol] for symbol, _ in atoms], np.array([r for _, r in atoms])


def _placed(a, b, c, length, degrees):
    """The atom bonded to c with the torsion a-b-c-d."""
    along, normal = _unit(c - b), _unit(np.cross(b - a, c - b))
    across, phi = np.cross(normal, along), np.radians(degrees)
    return c + length * (
        -np.cos(_TETRAHEDRAL) * along + np.sin(_TETRAHEDRAL) * (np.cos(phi) * across + np.sin(phi) * normal)
    )


def _length(a, b):
    return covalent_radii[atomic_numbers[a]] + covalent_radii[atomic_numbers[b]]


def _unit(vector):
    return vector / np.linalg.norm(vector)
