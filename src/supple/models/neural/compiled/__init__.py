"""What compiled loops of networks share: matrix products, a team of threads, the optimiser."""

from supple.runtime.jit.vectors import SINGLES

#: Features that the loops take at a time; the feature dimension must be a multiple of it.
WIDTH = SINGLES
