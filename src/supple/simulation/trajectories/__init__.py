"""Trajectories: in memory, and one file for each format that reads and writes it."""

from supple.simulation.trajectories.extxyz import ExtxyzFile as ExtxyzFile
from supple.simulation.trajectories.formats import read_trajectory as read_trajectory
from supple.simulation.trajectories.formats import trajectory_file as trajectory_file
from supple.simulation.trajectories.frame import Frame as Frame
from supple.simulation.trajectories.trajectory import Trajectory as Trajectory
from supple.simulation.trajectories.trajectory_file import TrajectoryFile as TrajectoryFile
