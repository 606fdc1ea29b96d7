"""Torsions: the rotatable bonds of a molecule, and the angle of each in every frame.

Angles are defined such that symmetry leaves them unchanged. Where an end has equal substituents, like a phenyl ring or a
methyl group, a rotation by 180° or 120° gives the same molecule: the angle is folded into that part of the circle. For a
pyramidal pair, like that of an amino group, it is measured to the direction between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx
import numpy as np
from ase.data import chemical_symbols
from jaxtyping import Float, Int

from supple.molecule.bonds import bond_graph
from supple.molecule.symmetry.colour_refinement import equivalence_classes

#: With a bond angle at one end beyond this in most frames, in degrees, there is no torsion: cumulenes, alkynes, nitriles.
#: In motion these are bent by 12° at 500 K and by 25° at 2000 K; along an inversion some frames are linear, but not most.
_LINEAR = 150.0
#: Three bonds of an atom whose angles add up to more than this, in degrees, are in a plane.
_PLANAR = 350.0


@dataclass(frozen=True)
class Torsion:
    """A rotatable bond, and between which atoms its angle is measured.

    Attributes:
        bond: the two atoms in the middle, counted from 0.
        ends: for each of them the substituents to whose mean direction the angle is measured; mostly one.
        fold: after 360/fold degrees the molecule is the same again.
        label: as a chemist writes it, for instance `C9-N22-N23-C11`; atoms counted from 1.
    """

    bond: tuple[int, int]
    ends: tuple[tuple[int, ...], tuple[int, ...]]
    fold: int
    label: str

    @property
    def period(self) -> float:
        """Degrees after which the angle repeats."""
        return 360.0 / self.fold

    @property
    def atoms(self) -> tuple[int, int, int, int]:
        """The four atoms i, j, k, l of an ordinary dihedral angle about the bond, counted from 0."""
        return self.ends[0][0], *self.bond, self.ends[1][0]

    def __str__(self) -> str:
        return self.label


def rotatable_torsions(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> list[Torsion]:
    """The torsions of a molecule, those that rotate most atoms first.

    A bond has one if it is not part of a ring, if both its atoms have further bonds, and if neither end is linear.
    Whether the molecule does rotate there, the frames show.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3); bonds are judged over a sample of them.
    """
    sample = positions[np.unique(np.linspace(0, len(positions) - 1, 200).astype(int))]
    graph = bond_graph(numbers, sample)
    classes = equivalence_classes(graph)
    found = []
    for j, k in nx.bridges(graph):
        ends = [_end(graph, sample, classes, middle, other) for middle, other in ((j, k), (k, j))]
        if ends[0] is None or ends[1] is None:
            continue
        (left, left_fold), (right, right_fold) = ends[0], ends[1]
        first, last = (_name(numbers, group) for group in (left, right))
        label = f"{first}-{_name(numbers, (j,))}-{_name(numbers, (k,))}-{last}"
        found.append(Torsion((j, k), (left, right), int(np.lcm(left_fold, right_fold)), label))
    return sorted(found, key=lambda torsion: (-_rotated_atoms(graph, torsion.bond), torsion.bond))


def torsion_angles(positions: Float[np.ndarray, "M N 3"], torsions: list[Torsion]) -> Float[np.ndarray, "M T"]:
    """The angle of each torsion in each frame, shape (M, T), in degrees from -period/2 to period/2; 180 is trans (IUPAC)."""
    angles = np.empty((len(positions), len(torsions)))
    for t, torsion in enumerate(torsions):
        j, k = torsion.bond
        axis = _unit(positions[:, k] - positions[:, j])
        a, b = (
            sum(_unit(positions[:, i] - positions[:, middle]) for i in end)
            for middle, end in zip(torsion.bond, torsion.ends, strict=True)
        )
        a, b = (v - np.sum(v * axis, axis=1, keepdims=True) * axis for v in (a, b))
        angle = np.degrees(np.arctan2(np.sum(np.cross(a, b) * axis, axis=1), np.sum(a * b, axis=1)))
        angles[:, t] = folded(angle, torsion.period)
    return angles


def folded(
    angles: Float[np.ndarray, "..."], period: float | Float[np.ndarray, "T"] = 360.0
) -> Float[np.ndarray, "..."]:
    """Angles or differences of angles in degrees, folded to -period/2 < angle <= period/2."""
    return np.asarray(-((-angles + period / 2) % period - period / 2))


def _end(
    graph: nx.Graph, sample: np.ndarray, classes: Sequence[int], middle: int, other: int
) -> tuple[tuple[int, ...], int] | None:
    """The substituents that define the angle at one end, and its fold; None where it is linear."""
    around = [i for i in graph.neighbors(middle) if i != other]
    if not around or (len(around) == 1 and np.median(_angles(sample, other, middle, around[0])) > _LINEAR):
        return None
    alike: dict[int, list[int]] = {}
    for i in around:
        alike.setdefault(classes[i], []).append(i)
    single = [group[0] for group in alike.values() if len(group) == 1]
    if single:
        return (max(single, key=lambda i: (graph.nodes[i]["z"], -i)),), 1
    if len(alike) == 1 and len(around) == 3:
        return (min(around),), 3
    if len(alike) == 1 and len(around) == 2:
        corners = (other, *around)
        total = sum(_angles(sample, a, middle, b).mean() for a, b in zip(corners, (*corners[1:], other), strict=True))
        if total > _PLANAR:
            return (min(around),), 2
        return tuple(sorted(around)), 1
    return (min(around),), 1


def _rotated_atoms(graph: nx.Graph, bond: tuple[int, int]) -> int:
    """Atoms on the smaller side of a bond."""
    cut = graph.copy()
    cut.remove_edge(*bond)
    return min(len(nx.node_connected_component(cut, atom)) for atom in bond)


def _name(numbers: Int[np.ndarray, "N"], group: tuple[int, ...]) -> str:
    return "/".join(f"{chemical_symbols[numbers[i]]}{i + 1}" for i in group)


def _angles(sample: Float[np.ndarray, "M N 3"], i: int, j: int, k: int) -> Float[np.ndarray, "M"]:
    """The angle i-j-k in degrees."""
    a, b = _unit(sample[:, i] - sample[:, j]), _unit(sample[:, k] - sample[:, j])
    return np.asarray(np.degrees(np.arccos(np.clip(np.sum(a * b, axis=1), -1, 1))))


def _unit(vectors: Float[np.ndarray, "M 3"]) -> Float[np.ndarray, "M 3"]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
