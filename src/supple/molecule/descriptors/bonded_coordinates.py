"""The angles and dihedrals along a molecule's bonds, each kind with a weight determined from the frames.

`angles` are those of all pairs of bonds at an atom; `dihedrals` adds all chains of three bonds. Each kind gets the weight
with which it varies as much as inverse distances do.
"""

from __future__ import annotations

from typing import Any

import networkx as nx
import numpy as np
import torch
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_graph
from supple.molecule.descriptors.base import DescriptorKind
from supple.molecule.descriptors.internal_coordinates import InternalCoordinates, cosines, dihedral_terms
from supple.molecule.descriptors.inverse_distances import InverseDistances
from supple.molecule.symmetry.permutation_algebra import Atoms, closure


def with_angles(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], permutations: Int[np.ndarray, "P N"]
) -> InternalCoordinates:
    """Inverse distances and bond angles; arguments as for `DescriptorKind.make`."""
    # Bonds that come and go may break the symmetry: the permutations restore it.
    angles = closure(_angles(bond_graph(numbers, positions)), permutations.tolist())
    return _weighted(positions, angles, [])


def with_dihedrals(
    numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"], permutations: Int[np.ndarray, "P N"]
) -> InternalCoordinates:
    """Inverse distances, bond angles and dihedrals; arguments as for `DescriptorKind.make`."""
    graph, elements = bond_graph(numbers, positions), permutations.tolist()
    return _weighted(positions, closure(_angles(graph), elements), closure(_dihedrals(graph), elements))


def restore_internal_coordinates(n_atoms: int, configuration: dict[str, Any]) -> InternalCoordinates:
    """The descriptor of this configuration."""
    return InternalCoordinates(n_atoms, **configuration)


ANGLES = DescriptorKind(with_angles, restore_internal_coordinates)
DIHEDRALS = DescriptorKind(with_dihedrals, restore_internal_coordinates)


def _weighted(
    positions: Float[np.ndarray, "M N 3"], angles: list[Atoms], dihedrals: list[Atoms]
) -> InternalCoordinates:
    n_atoms, r = positions.shape[1], torch.tensor(positions)
    usual = float(InverseDistances(n_atoms)(r).std(dim=0).mean())
    weights = {}
    if angles:
        weights["angle_weight"] = usual / float(cosines(r, torch.tensor(angles)).std(dim=0).mean())
    if dihedrals:
        weights["dihedral_weight"] = usual / float(dihedral_terms(r, torch.tensor(dihedrals)).std(dim=0).mean())
    return InternalCoordinates(n_atoms, angles, dihedrals, **weights)


def _angles(graph: nx.Graph) -> list[Atoms]:
    return [(i, j, k) for j in graph for i in graph[j] for k in graph[j] if i < k]


def _dihedrals(graph: nx.Graph) -> list[Atoms]:
    return [(i, j, k, m) for j, k in graph.edges for i in graph[j] for m in graph[k] if k != i != m != j]
