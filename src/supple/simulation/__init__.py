"""What a force field is used for: dynamics, trajectories, minima and paths, and their analysis."""
