"""SchNet in loops compiled by Numba: energies and forces, and what training needs of their derivatives."""

from supple.runtime.jit.vectors import SINGLES

#: Features that the loops take at a time; their number must be a multiple.
WIDTH = SINGLES
