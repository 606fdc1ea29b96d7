"""SchNet in loops compiled by Numba: energies and forces, and the derivatives of them that training needs."""
