"""ASE: relax the molecule, then run dynamics at constant energy.

python examples/ase_dynamics.py [MODEL GEOMETRY]
"""

from ase import Atoms, units
from ase.md.velocitydistribution import thermalize_momenta
from ase.md.verlet import VelocityVerlet
from ase.optimize import BFGS
from small_model import force_field

potential, positions = force_field()
atoms = Atoms(potential.numbers, positions, calculator=potential.calculator())
BFGS(atoms, logfile=None).run(fmax=0.02, steps=200)
thermalize_momenta(atoms, temperature_K=300)
before = atoms.get_total_energy()
VelocityVerlet(atoms, timestep=0.5 * units.fs).run(200)
print(f"{potential!r}\n100 fs of dynamics; the total energy changed by {atoms.get_total_energy() - before:+.2e} eV")
