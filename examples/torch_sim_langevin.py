"""torch-sim: eight replicas of the molecule at 300 K, with one call of the force field per step.

python examples/torch_sim_langevin.py [MODEL GEOMETRY]
"""

import torch
import torch_sim as ts
from ase import Atoms
from small_model import force_field

from supple.interfaces.torch_sim import SuppleModel

potential, positions = force_field()
replicas = [Atoms(potential.numbers, positions) for _ in range(8)]
langevin = getattr(ts, "Integrator", ts).nvt_langevin
torch.manual_seed(0)
state = ts.integrate(
    replicas, SuppleModel(potential), integrator=langevin, n_steps=200, temperature=300.0, timestep=0.0005
)
kinetic = ts.calc_kinetic_energy(masses=state.masses, momenta=state.momenta, system_idx=state.system_idx)
print(f"{potential!r}\npotential energies after 100 fs, eV:", *(f"{energy:.3f}" for energy in state.energy.tolist()))
print("kinetic energies, eV:", *(f"{energy:.3f}" for energy in kinetic.tolist()))
