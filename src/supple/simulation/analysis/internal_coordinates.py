"""Distributions of bonds, angles and torsions: those of the same elements together, each torsion by itself."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import networkx as nx
import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_angles
from supple.molecule.torsions import Torsion, torsion_angles
from supple.simulation.analysis.distribution import Distribution, compared

#: Bins of a bond or an angle, between the smallest and the largest value.
_BINS = 60
#: Degrees; bins of a torsion.
TORSION_BIN = 5.0


def bond_lengths(positions: Float[np.ndarray, "M N 3"], bonds: Iterable[tuple[int, int]]) -> Float[np.ndarray, "M E"]:
    """Å, of each bond in each frame."""
    i, j = np.array(list(bonds), dtype=np.int64).reshape(-1, 2).T
    return np.linalg.norm(positions[:, i] - positions[:, j], axis=2)


def angles_of(graph: nx.Graph) -> list[tuple[int, int, int]]:
    """All i-j-k whose atoms are bonded in this order."""
    return [(i, j, k) for j in sorted(graph) for i, k in combinations(sorted(graph.neighbors(j)), 2)]


def bond_distributions(
    numbers: Int[np.ndarray, "N"],
    graph: nx.Graph,
    positions: Float[np.ndarray, "M N 3"],
    reference: Float[np.ndarray, "K N 3"] | None,
) -> list[Distribution]:
    """One for each kind of bond."""
    bonds = [(min(b), max(b)) for b in graph.edges]
    ours = bond_lengths(positions, bonds)
    theirs = None if reference is None else bond_lengths(reference, bonds)
    return _by_kind("bond", "Å", [_kind(numbers, bond) for bond in bonds], ours, theirs)


def angle_distributions(
    numbers: Int[np.ndarray, "N"],
    graph: nx.Graph,
    positions: Float[np.ndarray, "M N 3"],
    reference: Float[np.ndarray, "K N 3"] | None,
) -> list[Distribution]:
    """One for each kind of angle."""
    angles = angles_of(graph)
    ours = bond_angles(positions, angles)
    theirs = None if reference is None else bond_angles(reference, angles)
    return _by_kind("angle", "°", [_kind(numbers, angle) for angle in angles], ours, theirs)


def torsion_distributions(
    torsions: list[Torsion], positions: Float[np.ndarray, "M N 3"], reference: Float[np.ndarray, "K N 3"] | None
) -> list[Distribution]:
    """One for each torsion, over its period."""
    ours = torsion_angles(positions, torsions)
    theirs = None if reference is None else torsion_angles(reference, torsions)
    return [
        compared(
            "torsion", torsion.label, "°", torsion_edges(torsion), ours[:, t],
            None if theirs is None else theirs[:, t], circular=True,
        )
        for t, torsion in enumerate(torsions)
    ]  # fmt: skip


def torsion_edges(torsion: Torsion) -> Float[np.ndarray, "E"]:
    """Bins of 5° over the period of a torsion."""
    half = torsion.period / 2
    return np.linspace(-half, half, round(torsion.period / TORSION_BIN) + 1)


def _kind(numbers: Int[np.ndarray, "N"], atoms: tuple[int, ...]) -> str:
    """By its elements, read from the end that comes first: C-H, C-C-O."""
    symbols = [chemical_symbols[numbers[a]] for a in atoms]
    return "-".join(min(symbols, symbols[::-1]))


def _by_kind(
    quantity: str,
    unit: str,
    kinds: list[str],
    ours: Float[np.ndarray, "M E"],
    theirs: Float[np.ndarray, "K E"] | None,
) -> list[Distribution]:
    made = []
    for kind in sorted(set(kinds)):
        columns = [c for c, other in enumerate(kinds) if other == kind]
        mine = ours[:, columns]
        reference = None if theirs is None else theirs[:, columns]
        both = mine.ravel() if reference is None else np.concatenate([mine.ravel(), reference.ravel()])
        low, high = float(both.min()), float(both.max())
        room = max(0.02 * (high - low), 1e-6)
        edges = np.linspace(low - room, high + room, _BINS + 1)
        made.append(compared(quantity, kind, unit, edges, mine, reference))
    return made
