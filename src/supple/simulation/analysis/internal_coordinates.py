"""Distributions of bond lengths and angles, by elements, and of each torsion."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import networkx as nx
import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_angles
from supple.molecule.torsions import Torsion, torsion_angles
from supple.simulation.analysis.distribution import Distribution, compare

#: Bins of a bond length or an angle, from the smallest to the largest value.
_BINS = 60
#: Width of the bins of a torsion, degrees.
TORSION_BIN = 5.0


def bond_lengths(positions: Float[np.ndarray, "M N 3"], bonds: Iterable[tuple[int, int]]) -> Float[np.ndarray, "M E"]:
    """Length of each bond in each frame, Å."""
    i, j = np.array(list(bonds), dtype=np.int64).reshape(-1, 2).T
    return np.linalg.norm(positions[:, i] - positions[:, j], axis=2)


def angles_of(graph: nx.Graph) -> list[tuple[int, int, int]]:
    """All bond angles, as atoms i-j-k with bonds i-j and j-k."""
    return [(i, j, k) for j in sorted(graph) for i, k in combinations(sorted(graph.neighbors(j)), 2)]


def bond_distributions(
    numbers: Int[np.ndarray, "N"],
    graph: nx.Graph,
    positions: Float[np.ndarray, "M N 3"],
    reference: Float[np.ndarray, "K N 3"] | None,
) -> list[Distribution]:
    """One distribution for each kind of bond."""
    bonds = [(min(b), max(b)) for b in graph.edges]
    own = bond_lengths(positions, bonds)
    others = None if reference is None else bond_lengths(reference, bonds)
    return _by_kind("bond", "Å", [_kind(numbers, bond) for bond in bonds], own, others)


def angle_distributions(
    numbers: Int[np.ndarray, "N"],
    graph: nx.Graph,
    positions: Float[np.ndarray, "M N 3"],
    reference: Float[np.ndarray, "K N 3"] | None,
) -> list[Distribution]:
    """One distribution for each kind of angle."""
    angles = angles_of(graph)
    own = bond_angles(positions, angles)
    others = None if reference is None else bond_angles(reference, angles)
    return _by_kind("angle", "°", [_kind(numbers, angle) for angle in angles], own, others)


def torsion_distributions(
    torsions: list[Torsion], positions: Float[np.ndarray, "M N 3"], reference: Float[np.ndarray, "K N 3"] | None
) -> list[Distribution]:
    """One distribution for each torsion, over its period."""
    own = torsion_angles(positions, torsions)
    others = None if reference is None else torsion_angles(reference, torsions)
    return [
        compare(
            "torsion", torsion.label, "°", torsion_edges(torsion), own[:, t],
            None if others is None else others[:, t], periodic=True,
        )
        for t, torsion in enumerate(torsions)
    ]  # fmt: skip


def torsion_edges(torsion: Torsion) -> Float[np.ndarray, "E"]:
    """Edges of bins of 5° over the period of a torsion."""
    half = torsion.period / 2
    return np.linspace(-half, half, round(torsion.period / TORSION_BIN) + 1)


def _kind(numbers: Int[np.ndarray, "N"], atoms: tuple[int, ...]) -> str:
    """Its elements, in the direction that comes first alphabetically: C-H, C-C-O."""
    symbols = [chemical_symbols[numbers[a]] for a in atoms]
    return "-".join(min(symbols, symbols[::-1]))


def _by_kind(
    quantity: str,
    unit: str,
    kinds: list[str],
    own: Float[np.ndarray, "M E"],
    others: Float[np.ndarray, "K E"] | None,
) -> list[Distribution]:
    found = []
    for kind in sorted(set(kinds)):
        columns = [c for c, other in enumerate(kinds) if other == kind]
        values = own[:, columns]
        reference = None if others is None else others[:, columns]
        together = values.ravel() if reference is None else np.concatenate([values.ravel(), reference.ravel()])
        low, high = float(together.min()), float(together.max())
        margin = max(0.02 * (high - low), 1e-6)
        edges = np.linspace(low - margin, high + margin, _BINS + 1)
        found.append(compare(quantity, kind, unit, edges, values, reference))
    return found
