"""Molecules in periodic boxes: made whole where the edge of the box cuts them, and distinguished from crystals."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

#: Atoms are bonded below this multiple of the sum of their covalent radii.
_BONDED = 1.2


def unwrapped_positions(atoms: Any) -> Float[np.ndarray, "N 3"]:
    """Positions (Å) of a molecule in a periodic box, each atom next to its nearest neighbour among those placed before.

    Args:
        atoms: `ase.Atoms` with a cell.
    """
    from ase.geometry import get_distances
    from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

    positions = np.array(atoms.positions)
    if len(atoms) < 2:
        return positions
    vectors, distances = get_distances(positions, cell=atoms.cell, pbc=atoms.pbc)
    tree = minimum_spanning_tree(distances)
    order, parents = breadth_first_order(tree, 0, directed=False)
    for atom in order[1:]:
        positions[atom] = positions[parents[atom]] + vectors[parents[atom], atom]
    return positions


def is_isolated(atoms: Any, positions: Float[np.ndarray, "N 3"]) -> bool:
    """Whether no bond leads to a periodic image: the unwrapped positions (Å) have all the bonds of the periodic box."""
    from ase.neighborlist import natural_cutoffs, neighbor_list

    first, second, vectors = neighbor_list("ijD", atoms, natural_cutoffs(atoms, mult=_BONDED))
    return bool(np.allclose(positions[second] - positions[first], vectors, atol=1e-3))
