"""Moves: other geometries of a molecule from which a point of a torsion scan may fall to a lower energy.

A symmetry of the molecule, with or without a reflection, takes a geometry to another one of the same energy, mostly at another
angle of the torsion: in a molecule whose mirror image is itself, from +φ to -φ. Rotors other than the torsion may have turned
over on one side and not on the other: they are turned to where other rotamers are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Protocol, runtime_checkable

from ase import Atoms

from supple.geometry.coordinates import Coordinate
from supple.molecule.rotors import rotors
from supple.molecule.symmetry.automorphisms import HandedGraph
from supple.molecule.symmetry.permutation_algebra import Permutation, identity

#: All combinations of rotors are tried up to this number; with more, one rotor at a time.
_MOST_COMBINATIONS = 8


@runtime_checkable
class Move(Protocol):
    """A way from one geometry to another."""

    @property
    def same_energy(self) -> bool:
        """Whether a symmetry leads to it."""

    def __call__(self, atoms: Atoms) -> Atoms:
        """The other geometry."""


@dataclass(frozen=True)
class Image:
    """A symmetry of the molecule: its atoms renamed, and reflected where it is `mirrored`."""

    permutation: Permutation
    mirrored: bool
    same_energy: bool = True

    def __call__(self, atoms: Atoms) -> Atoms:
        """The image of a geometry."""
        positions = atoms.positions[list(self.permutation)]
        return Atoms(atoms.numbers, -positions if self.mirrored else positions)


@dataclass(frozen=True)
class Turn:
    """Rotors turned, each by some degrees."""

    turns: tuple[tuple[Coordinate, float], ...]
    same_energy: bool = False

    def __call__(self, atoms: Atoms) -> Atoms:
        """The geometry with its rotors turned."""
        for rotor, degrees in self.turns:
            atoms = rotor.turned(atoms, degrees, rotor.axis(atoms))
        return atoms


def moves(molecule: Atoms, torsion: Coordinate) -> tuple[Move, ...]:
    """The moves of a molecule that a scan of a torsion tries at each of its points; symmetries first.

    Args:
        molecule: any geometry of it, from which bonds and handedness are taken.
        torsion: what is scanned.
    """
    return (*images(molecule, torsion), *_turns(molecule, torsion))


def images(molecule: Atoms, torsion: Coordinate) -> tuple[Image, ...]:
    """A symmetry of the molecule for each way to take the torsion's bond to itself, the identity left out.

    In a chiral molecule none is mirrored, unless it turns the whole molecule into its mirror image.
    """
    graph = HandedGraph.of(molecule.numbers, molecule.positions[None])
    first, j, k, last = torsion.atoms
    nothing = identity(len(molecule))
    found = []
    for a, b in ((j, k), (k, j)):
        for i, l in product(graph.graph[a], graph.graph[b]):  # noqa: E741
            if len({i, a, b, l}) < 4:
                continue
            for sign in (1, -1):
                p = graph.symmetry([(j, a), (k, b), (first, i), (last, l)], (sign,))
                if p is not None and (p != nothing or sign < 0):
                    found.append(Image(p, sign < 0))
    return tuple(found)


def _turns(molecule: Atoms, torsion: Coordinate) -> Iterator[Turn]:
    """Other rotors turned by one and by two thirds of their period: all combinations of them, or one at a time."""
    others = [r for r in rotors(molecule.numbers, molecule.positions) if set(r.bond) != set(torsion.atoms[1:3])]
    turned = [
        [(), *(((Coordinate.from_atoms(molecule, rotor.atoms), rotor.period * part / 3),) for part in (1, 2))]
        for rotor in others
    ]
    if 3 ** len(others) - 1 <= _MOST_COMBINATIONS:
        chosen = [sum(combination, ()) for combination in product(*turned)]
    else:
        chosen = [turn for rotor in turned for turn in rotor]
    return (Turn(turns) for turns in chosen if turns)
