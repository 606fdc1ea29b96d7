"""What a force field says of a molecule at rest: its minima, its torsions, the paths between its conformers."""

from supple.simulation.relaxation.minima import Minimum, relax
from supple.simulation.relaxation.reaction_path import ReactionPath, reaction_path
from supple.simulation.relaxation.torsion_scan import TorsionScan, scan_torsion

__all__ = ["Minimum", "ReactionPath", "TorsionScan", "reaction_path", "relax", "scan_torsion"]
