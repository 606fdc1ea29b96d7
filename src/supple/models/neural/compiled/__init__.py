"""What compiled loops of networks share: matrix products, a team of threads, the optimiser."""

from supple.runtime.jit.straight_line import LANES
from supple.runtime.jit.vectors import SINGLES

#: Features that the loops of SchNet take at a time; the feature dimension must be a multiple of it, as of LANES in the other networks.
WIDTH = SINGLES
__all__ = ["LANES", "WIDTH"]
