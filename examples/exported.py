"""Exported files, used without Supple: a torch.export package, and a metatomic model with its ASE calculator.

python examples/exported.py [MODEL GEOMETRY]
"""

import tempfile
from pathlib import Path

import torch
from ase import Atoms
from metatomic_ase import MetatomicCalculator
from small_model import force_field

from supple.interfaces.metatomic import save_metatomic
from supple.interfaces.torch_export import save_torch

potential, positions = force_field()
with tempfile.TemporaryDirectory() as folder:
    save_torch(potential, Path(folder, "model.pt2"))
    program = torch.export.load(Path(folder, "model.pt2")).module()
    energies, forces = program(torch.tensor(positions)[None])  # a batch of any size
    print(f"{potential!r}\ntorch.export: {energies[0]:.6f} eV, largest force {forces.abs().max():.6f} eV/Å")

    save_metatomic(potential, Path(folder, "model.pt"))
    atoms = Atoms(potential.numbers, positions, calculator=MetatomicCalculator(Path(folder, "model.pt")))
    print(
        f"metatomic:    {atoms.get_potential_energy():.6f} eV, largest force {abs(atoms.get_forces()).max():.6f} eV/Å"
    )
