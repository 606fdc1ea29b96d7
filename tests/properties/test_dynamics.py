"""Dynamics at constant energy keep the energy: forces are the derivative of one smooth function."""

import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet
from toy import ATOMS


def test_energy_is_conserved(potential):
    atoms = Atoms(ATOMS.numbers, ATOMS.positions, calculator=potential.calculator())
    thermalize_momenta(atoms, temperature_K=150, rng=np.random.default_rng(0))
    Stationary(atoms)
    totals = []
    md = VelocityVerlet(atoms, 0.2 * units.fs)
    md.attach(lambda: totals.append(atoms.get_total_energy()), interval=5)
    md.run(400)
    totals = np.array(totals)
    kinetic = 1.5 * len(atoms) * units.kB * 150
    assert abs(totals[-10:].mean() - totals[:10].mean()) < 0.01 * kinetic
    assert totals.std() < 0.02 * kinetic
