"""Trajectories analysed: what a molecule did, how trustworthy its dynamics are, and how near they are to a reference."""

from supple.analysis.analyse import analyse
from supple.analysis.report import write_report
from supple.analysis.result import Analysis
from supple.analysis.trajectory import Trajectory, read_trajectory

__all__ = ["Analysis", "Trajectory", "analyse", "read_trajectory", "write_report"]
