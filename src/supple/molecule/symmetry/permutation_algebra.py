"""Permutations as tuples: products, inverses, groups, and their action on pairs, angles and dihedrals.

The permutation p takes x to x[p]: place k of the result holds entry p[k].
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf

Permutation = tuple[int, ...]
Atoms = tuple[int, ...]


def identity(size: int) -> Permutation:
    """The permutation that moves nothing."""
    return tuple(range(size))


def product(p: Permutation, q: Permutation) -> Permutation:
    """The permutation that takes x to x[p][q]."""
    return tuple(p[i] for i in q)


def inverse(p: Permutation) -> Permutation:
    """The permutation that undoes p; its product with p is the identity."""
    return tuple(sorted(range(len(p)), key=p.__getitem__))


def moved(p: Permutation) -> list[int]:
    """The places whose entry p changes."""
    return [k for k, i in enumerate(p) if i != k]


def is_group(permutations: Iterable[Permutation]) -> bool:
    """Whether the identity is among them and every product of two (a finite set closed so has inverses)."""
    members = set(permutations)
    if not members or identity(len(next(iter(members)))) not in members:
        return False
    return all(product(p, q) in members for p in members for q in members)


def generated(generators: Sequence[Permutation], most: float = inf) -> set[Permutation]:
    """The group that one or more permutations generate; a part of it if it has more than `most`."""
    found = {identity(len(generators[0]))}
    fresh = list(found)
    while fresh and len(found) <= most:
        products = {product(p, generator) for p in fresh for generator in generators}
        fresh = [p for p in products if p not in found]
        found.update(fresh)
    return found


def simplest_first(permutations: Iterable[Permutation]) -> list[Permutation]:
    """Permutations in order of simplicity: rotations of three places first, then those that move fewest."""

    def simplicity(p: Permutation) -> tuple[bool, int, Permutation]:
        return len(moved(p)) != 3, len(moved(p)), p

    return sorted(permutations, key=simplicity)


def orbits(permutations: Iterable[Sequence[int]]) -> list[tuple[int, ...]]:
    """The sets of places that a group of permutations exchanges among themselves, in ascending order.

    Args:
        permutations: all elements of the group.
    """
    return sorted({tuple(sorted(set(places))) for places in zip(*permutations, strict=True)})


def from_smaller_end(atoms: Iterable[int]) -> Atoms:
    """The atoms of a pair, an angle or a dihedral, read from the end that comes first: both ways are the same entry."""
    forward = tuple(atoms)
    return min(forward, forward[::-1])


def permuted(p: Sequence[int], atoms: Iterable[int]) -> Atoms:
    """The image of a pair, an angle or a dihedral under a permutation of atoms."""
    return from_smaller_end(int(p[a]) for a in atoms)


def action_on(entries: Sequence[Atoms], permutations: Iterable[Sequence[int]]) -> list[Permutation]:
    """How permutations of atoms act on entries (pairs, angles, dihedrals): x(R[p]) = x(R)[action].

    Raises:
        KeyError: the entries are not closed under the permutations.
    """
    place = {from_smaller_end(atoms): d for d, atoms in enumerate(entries)}
    return [tuple(place[permuted(p, atoms)] for atoms in entries) for p in permutations]


def closure(entries: Iterable[Atoms], permutations: Iterable[Sequence[int]]) -> list[Atoms]:
    """The entries and all their images under the permutations of a group, in ascending order."""
    elements = list(permutations)
    return sorted({permuted(p, atoms) for atoms in entries for p in elements})
