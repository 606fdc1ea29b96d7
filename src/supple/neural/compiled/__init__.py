"""SchNet in loops compiled by Numba: energies and forces, and what training needs of their derivatives."""

#: Features that the loops take at a time; their number must be a multiple. Four registers of a processor that has 16 of 8.
WIDTH = 32
