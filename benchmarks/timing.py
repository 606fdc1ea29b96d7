"""How both programs are timed; imported by the scripts that run in either's environment."""

import statistics
import time

import numpy as np
from ase import Atoms, units
from ase.md.verlet import VelocityVerlet


def timed(function, least=5, seconds=3.0):
    """Median seconds of a call, after one that does not count."""
    function()
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or time.perf_counter() < end:
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def through_ase(numbers, positions, calculator):
    """Seconds for the forces of one geometry after another, and steps of molecular dynamics per second."""
    atoms = Atoms(numbers, positions, calculator=calculator)

    def forces():
        atoms.positions[0, 0] += 1e-6
        atoms.get_forces()

    one = timed(forces)
    # Random weights are no potential: atoms as heavy as these stay where they are.
    atoms.set_masses(np.full(len(atoms), 1e9))
    dynamics = VelocityVerlet(atoms, 0.5 * units.fs)
    dynamics.run(5)
    return one, 100 / timed(lambda: dynamics.run(100), 3, 0)
