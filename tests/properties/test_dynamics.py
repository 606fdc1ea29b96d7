"""Dynamics at constant energy keep the energy: forces are the derivative of one smooth function."""

import ase.io
import numpy as np
from ase import Atoms, units
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from ase.md.verlet import VelocityVerlet
from toy import ATOMS, toy_dataset

from supple.simulation.dynamics import DynamicsSettings, run_md


def test_energy_is_conserved(potential):
    atoms = Atoms(ATOMS.numbers, ATOMS.positions, calculator=potential.calculator())
    thermalize_momenta(atoms, temperature_K=150, rng=np.random.default_rng(0))
    Stationary(atoms)
    totals = []
    md = VelocityVerlet(atoms, 0.05 * units.fs)
    md.attach(lambda: totals.append(atoms.get_total_energy()), interval=5)
    md.run(400)
    totals = np.array(totals)
    kinetic = 1.5 * len(atoms) * units.kB * 150
    assert abs(totals[-10:].mean() - totals[:10].mean()) < 0.01 * kinetic
    assert totals.std() < 0.02 * kinetic


def test_replicas_move_as_each_would_alone(potential, tmp_path):
    """Whatever the force field, its batch is its single geometries; and what follows from them."""
    settings = DynamicsSettings.of(ensemble="nve", temperature=150, timestep="0.25fs", time="20fs", on_leave="warn")
    begins = toy_dataset(2, amplitude=0.02)
    run_md(potential, begins, settings, tmp_path / "md.xyz", replicas=2)
    for k in range(2):
        run_md(potential, begins.select([k]), settings, tmp_path / f"alone{k}.xyz", first_replica=k)
        together, alone = ase.io.read(tmp_path / f"md-{k}.xyz", "-1"), ase.io.read(tmp_path / f"alone{k}.xyz", "-1")
        np.testing.assert_allclose(together.positions, alone.positions, rtol=0, atol=1e-5)
        assert np.abs(together.positions - begins.positions[k]).max() > 0.01
