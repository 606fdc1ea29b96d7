"""What a force field says of a molecule at rest: its minima, its torsions, the paths between its conformers."""

from supple.relaxation.minima import Minimum, relax
from supple.relaxation.path import ReactionPath, reaction_path
from supple.relaxation.scan import TorsionScan, scan_torsion

__all__ = ["Minimum", "ReactionPath", "TorsionScan", "reaction_path", "relax", "scan_torsion"]
