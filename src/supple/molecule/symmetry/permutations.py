"""The permutation symmetries of a molecule, found from its frames.

Every permutation of atoms of one element leaves the energy unchanged; useful are those that the molecule can undergo
without breaking bonds. They are the automorphisms of the bond graph that respect handedness (`handedness.py`): at an atom with
four neighbours, or a pyramidal one that never inverts in the data, no motion changes the sign of the neighbours' order.
Descriptors do not distinguish a molecule from its mirror image, so an automorphism that inverts *all* such centres at once
is allowed, too. (Ethanol has 12 automorphisms, of which 6 are feasible. Benzene, toluene: 12 of 12.)

The group depends neither on a seed nor on the order of the atoms. Symmetry groups of non-rigid molecules:
H. C. Longuet-Higgins, Mol. Phys. 6, 445 (1963).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from supple.errors import SettingsError
from supple.molecule.symmetry.automorphisms import HandedGraph, symmetry_group
from supple.molecule.symmetry.permutation_algebra import (
    Permutation,
    generated,
    identity,
    is_group,
    simplest_first,
)

#: More permutations than this cost more time than they improve the model.
LIMIT = 200


@dataclass(frozen=True, eq=False)
class PermutationSymmetries:
    """The permutation symmetries of a molecule, as far as they are used.

    Attributes:
        permutations: a group, the identity first, shape (P, N).
        order: of the group of all feasible permutations, of which these are a subgroup or the whole.
        left_out: permutations that generate the whole group together with these; none where these are the whole.
    """

    permutations: Int[np.ndarray, "P N"]
    order: int
    left_out: tuple[Permutation, ...] = ()


def find_permutations(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> Int[np.ndarray, "P N"]:
    """The permutations of `find_symmetries`, shape (P, N)."""
    return find_symmetries(numbers, positions).permutations


def find_symmetries(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> PermutationSymmetries:
    """All feasible permutation symmetries of the molecule, or a subgroup where there are more than `LIMIT`.

    R[p] is the geometry R with its atoms renamed by row p. The subgroup consists of those that leave the heavy atoms in place,
    such as the rotations of methyl groups. Where these are too many or none, it is made of the simplest motions, as many as
    fit: rotations of three atoms, then motions of few atoms.

    Args:
        numbers: atomic numbers, shape (N,).
        positions: Å, shape (M, N, 3); bonds and handedness are judged over all of them.
    """
    group = symmetry_group(HandedGraph.of(numbers, positions))
    if group.order <= LIMIT:
        return PermutationSymmetries(_rows(group.elements(len(numbers))), group.order)
    heavy = np.flatnonzero(numbers > 1)
    local = [p for p in group.generators if all(p[i] == i for i in heavy)]
    kept, left_out = _as_many_as_fit(local, len(numbers))
    if left_out or not local:
        kept, left_out = _as_many_as_fit(group.generators, len(numbers))
    else:
        left_out = [p for p in group.generators if p not in kept]
    return PermutationSymmetries(_rows(sorted(kept)), group.order, tuple(left_out))


def check_permutations(given: Iterable[Iterable[int]], numbers: Int[np.ndarray, "N"]) -> Int[np.ndarray, "P N"]:
    """Permutations given by the user, sorted, shape (P, N).

    Raises:
        SettingsError: one is not a permutation of the atoms or exchanges different elements, or they are not a group.
    """
    found = sorted({tuple(int(i) for i in row) for row in given})
    n = len(numbers)
    for row in found:
        if sorted(row) != list(range(n)):
            raise SettingsError(f"The permutation {list(row)} must name each of the {n} atoms 0 to {n - 1} once.")
        if not np.array_equal(numbers[list(row)], numbers):
            raise SettingsError(f"The permutation {list(row)} exchanges atoms of different elements.")
    if not is_group(found):
        raise SettingsError("The permutations are not a group: add the identity, and the product of any two of them.")
    return np.array(found, dtype=np.int64)


def _as_many_as_fit(generators: Iterable[Permutation], size: int) -> tuple[set[Permutation], list[Permutation]]:
    """The group of the simplest generators with at most `LIMIT` elements, and the generators that are not in it."""
    kept, chosen, left_out = {identity(size)}, list[Permutation](), list[Permutation]()
    for p in simplest_first(generators):
        grown = generated([*chosen, p], LIMIT)
        if len(grown) > LIMIT:
            left_out.append(p)
        else:
            kept = grown
            chosen.append(p)
    return kept, left_out


def _rows(elements: Sequence[Permutation]) -> Int[np.ndarray, "P N"]:
    return np.array(elements, dtype=np.int64)
