"""Permutation symmetry: which equal atoms can change places, sums over all such permutations, and their description in words."""
