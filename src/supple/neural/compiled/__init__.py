"""SchNet in loops compiled by Numba: energies and forces, and what training needs of their derivatives."""
