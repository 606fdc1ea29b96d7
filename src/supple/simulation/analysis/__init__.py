"""Trajectories analysed: what a molecule did, how trustworthy its dynamics are, and how near they are to a reference."""

from supple.simulation.analysis.analyse import analyse
from supple.simulation.analysis.report import write_report
from supple.simulation.analysis.result import Analysis
from supple.simulation.trajectories.reader import Trajectory, read_trajectory

__all__ = ["Analysis", "Trajectory", "analyse", "read_trajectory", "write_report"]
