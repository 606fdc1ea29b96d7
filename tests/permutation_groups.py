"""Groups of permutations of all kinds: without, with few and with many elements that are their own inverses."""

from itertools import permutations as all_permutations


def swaps(n_atoms, *pairs):
    p = list(range(n_atoms))
    for a, b in pairs:
        p[a], p[b] = b, a
    return p


def flips(n_atoms, *flips):
    """The group that independent flips make, in no particular order."""
    group = {tuple(range(n_atoms))}
    for flip in flips:
        p = swaps(n_atoms, *flip)
        group |= {tuple(q[i] for i in p) for q in group}
    return sorted(group, reverse=True)


def ring(n_atoms):
    """The rotations and reflections of a ring."""
    turns = [[(i + k) % n_atoms for i in range(n_atoms)] for k in range(n_atoms)]
    return turns + [list(reversed(turn)) for turn in turns]


#: Atoms, permutations, and the order of the largest elementary abelian 2-subgroup of what they do to the descriptor.
GROUPS = {
    "none": (5, [list(range(5))], 1),
    "methyl rotation": (6, [[0, 1, 2, 3, 4, 5], [0, 1, 2, 4, 5, 3], [0, 1, 2, 5, 3, 4]], 1),
    "methyl and mirror": (5, [[0, 1, *p] for p in all_permutations([2, 3, 4])], 2),
    "two flips and an exchange": (8, flips(8, [(0, 1)], [(2, 3)], [(0, 2), (1, 3), (4, 5)]), 4),
    "three flips": (9, flips(9, [(0, 1)], [(2, 3)], [(4, 5), (6, 7)]), 8),
    "benzene": (6, ring(6), 4),
    "the two atoms of a diatomic molecule": (2, [[0, 1], [1, 0]], 1),
    "all of four": (4, list(all_permutations(range(4))), 4),
}

#: Atoms near one atom of each group's molecule, and how many such environments there are: images of it under the permutations.
ENVIRONMENTS = {
    "none": ([0, 1, 2], 1),
    "methyl rotation": ([0, 1, 3], 3),
    "methyl and mirror": ([0, 2, 3], 3),
    "two flips and an exchange": ([0, 1, 4], 2),
    "three flips": ([0, 1, 2, 8], 2),
    "benzene": ([0, 1, 2], 6),
    "all of four": ([0, 1, 2], 4),
}
