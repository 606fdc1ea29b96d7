"""Minima, torsion profiles and reaction paths of a molecule by a force field: `supple.geometry` with its calculator."""

from supple.simulation.relaxation.minima import Minimum, relax
from supple.simulation.relaxation.reaction_path import ReactionPath, reaction_path
from supple.simulation.relaxation.torsion_scan import TorsionScan, scan_torsion

__all__ = ["Minimum", "ReactionPath", "TorsionScan", "reaction_path", "relax", "scan_torsion"]
