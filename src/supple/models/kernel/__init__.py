"""Kernel regression on forces and energies: the system, its solvers, and the potential that a solution makes."""
