"""Permutation symmetry: which equal atoms can change places, the algebra of such permutations, sums over them, and their description."""
