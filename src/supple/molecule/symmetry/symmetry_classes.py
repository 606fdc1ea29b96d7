"""The symmetry classes of a molecule's atoms: atoms that its permutations exchange share all weights of a network."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from supple.molecule.symmetry.permutation_algebra import orbits
from supple.molecule.symmetry.permutations import find_symmetries


def symmetry_classes(numbers: Int[np.ndarray, "N"], positions: Float[np.ndarray, "M N 3"]) -> list[int]:
    """The class of each atom, numbered in the order of their first atoms.

    A network that treats the atoms of a class alike is unchanged by every permutation within the classes, and so by the whole
    group, even where that is too large to be listed.

    Args:
        numbers: atomic numbers.
        positions: Å; bonds and handedness are judged over all of these frames.
    """
    symmetries = find_symmetries(numbers, positions)
    classes = np.arange(len(numbers))
    for orbit in orbits(symmetries.permutations.tolist()):
        classes[list(orbit)] = orbit[0]
    for permutation in symmetries.left_out:
        for atom, image in enumerate(permutation):
            low, high = sorted((classes[atom], classes[image]))
            classes[classes == high] = low
    return [int(number) for number in np.unique(classes, return_inverse=True)[1]]


def element_classes(numbers: Int[np.ndarray, "N"]) -> list[int]:
    """Classes for weights that all atoms of an element share, numbered in the order of their first atoms."""
    found: dict[int, int] = {}
    return [found.setdefault(int(z), len(found)) for z in numbers]


def tells_apart(classes: Sequence[int], others: Sequence[int]) -> bool:
    """Whether some classes tell atoms apart that are of one class in the others."""
    return len(set(zip(classes, others, strict=True))) > len(set(others))
