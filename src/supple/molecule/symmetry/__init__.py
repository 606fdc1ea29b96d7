"""Permutation symmetry: which atoms of one element can be exchanged, the algebra of such permutations, sums over them, and their description."""
