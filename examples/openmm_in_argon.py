"""OpenMM: the molecule with the force field, surrounded by argon atoms that interact by Lennard-Jones forces.

python examples/openmm_in_argon.py [MODEL GEOMETRY]
"""

from itertools import combinations, product

import numpy as np
import openmm
from ase.data import atomic_masses
from openmm import unit
from small_model import force_field

from supple.interfaces.openmm import openmm_force

potential, positions = force_field()
n = len(potential.numbers)
corners = 6.5 * np.array(list(product([-1, 1], repeat=3)))  # Å
system = openmm.System()
lennard_jones = openmm.NonbondedForce()
for mass, sigma, epsilon in [(atomic_masses[z], 0.3, 0.4) for z in potential.numbers] + [(39.95, 0.34, 1.0)] * 8:
    system.addParticle(mass)
    lennard_jones.addParticle(0.0, sigma, epsilon)  # no charge; nm and kJ/mol, rough values for an example
for i, j in combinations(range(n), 2):  # all interactions within the molecule are in the force field
    lennard_jones.addException(i, j, 0.0, 1.0, 0.0)
system.addForce(lennard_jones)
system.addForce(openmm_force(potential, particles=range(n)))

integrator = openmm.LangevinMiddleIntegrator(300 * unit.kelvin, 1 / unit.picosecond, 0.5 * unit.femtosecond)
integrator.setRandomNumberSeed(1)
context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName("Reference"))
context.setPositions(np.concatenate([positions - positions.mean(axis=0), corners]) * unit.angstrom)
context.setVelocitiesToTemperature(300 * unit.kelvin, 1)
integrator.step(200)
energy = context.getState(energy=True).getPotentialEnergy()
print(
    f"{potential!r}\n100 fs among 8 argon atoms; potential energy {energy.value_in_unit(unit.kilojoule_per_mole):.1f} kJ/mol"
)
