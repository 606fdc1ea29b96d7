"""Starting geometries of a search for conformers: all rotors turned, and what RDKit proposes for SMILES."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
from ase import Atoms

from supple.geometry.coordinates import Coordinate
from supple.molecule.bonds import frequent_bonds
from supple.molecule.rotors import rotors
from supple.sampling.molecules import bundled_molecules, smiles_conformers

#: Combinations of rotors that are tried: all of them up to this number, so many by chance of more.
_MOST = 81
#: Conformers that RDKit is asked for: for each rotor, and at most.
_PER_ROTOR, _MOST_PROPOSED = 10, 50


def starting_geometries(molecule: str, start: Atoms, seed: int) -> list[Atoms]:
    """The start, the start with its rotors turned by one and two thirds of a period, and conformers of SMILES.

    Geometries in which atoms collide, so that they have other bonds, are left out.

    Args:
        molecule: as the user names it.
        start: its geometry.
        seed: of what is drawn by chance.
    """
    found = rotors(start.numbers, start.positions)
    coordinates = [Coordinate.from_atoms(start, rotor.atoms) for rotor in found]
    combinations = (
        list(product(range(3), repeat=len(found))) if 3 ** len(found) <= _MOST else _by_chance(len(found), seed)
    )
    turned = []
    for combination in combinations:
        atoms = start
        for rotor, coordinate, thirds in zip(found, coordinates, combination, strict=True):
            atoms = coordinate.turned(atoms, rotor.period * thirds / 3, coordinate.axis(atoms))
        turned.append(atoms)
    if found and not Path(molecule).is_file() and molecule not in bundled_molecules():
        count = min(_PER_ROTOR * len(found), _MOST_PROPOSED)
        turned.extend(Atoms(start.numbers, positions) for positions in smiles_conformers(molecule, count, seed))
    bonds = frequent_bonds(start.numbers, start.positions[None])
    sound = [atoms for atoms in turned if np.array_equal(frequent_bonds(atoms.numbers, atoms.positions[None]), bonds)]
    return sound or [start]


def _by_chance(n_rotors: int, seed: int) -> list[tuple[int, ...]]:
    rng = np.random.default_rng([seed, n_rotors])
    drawn = [tuple(row) for row in rng.integers(0, 3, (_MOST, n_rotors)).tolist()]
    return list(dict.fromkeys([(0,) * n_rotors, *drawn]))
