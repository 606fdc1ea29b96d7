"""Applications of a force field: dynamics, trajectories, minima and paths, and their analysis."""
