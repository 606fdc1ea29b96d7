"""The module that metatomic runs. TorchScript compiles this source, so it keeps to TorchScript's subset of Python."""

from typing import Dict, List, Optional

import torch
from metatensor.torch import Labels, TensorBlock, TensorMap
from metatomic.torch import ModelOutput, System


class EnergyOfMolecules(torch.nn.Module):
    """Energies of systems that are all the same molecule; differentiable once with respect to the positions."""

    numbers: torch.Tensor

    def __init__(self, traced: torch.jit.ScriptModule, numbers: torch.Tensor) -> None:
        super().__init__()
        self.traced = traced
        self.register_buffer("numbers", numbers)

    def forward(
        self, systems: List[System], outputs: Dict[str, ModelOutput], selected_atoms: Optional[Labels] = None
    ) -> Dict[str, TensorMap]:
        """The energy of each system, in eV."""
        output = outputs.get("energy", ModelOutput())
        if output.sample_kind != "system" or selected_atoms is not None:
            raise ValueError("a Supple force field has one energy for the whole molecule, not for single atoms")
        energies = [self.energy(system) for system in systems]
        device = self.numbers.device
        block = TensorBlock(
            values=torch.stack(energies).unsqueeze(1),
            samples=Labels(["system"], torch.arange(len(systems), dtype=torch.int32, device=device).unsqueeze(1)),
            components=torch.jit.annotate(List[Labels], []),
            properties=Labels(["energy"], torch.zeros(1, 1, dtype=torch.int32, device=device)),
        )
        return {"energy": TensorMap(Labels(["_"], torch.zeros(1, 1, dtype=torch.int32, device=device)), [block])}

    def energy(self, system: System) -> torch.Tensor:
        """The energy of one system in eV; its gradient is minus the forces."""
        if not torch.equal(system.types, self.numbers):
            raise ValueError("the atoms are not the molecule of this Supple force field, or not in its order")
        if bool(system.pbc.any()):
            raise ValueError("a Supple force field describes a free molecule: set pbc to False")
        positions = system.positions
        fixed = positions.detach()
        energy, forces = self.traced(fixed.unsqueeze(0))
        return energy[0].detach() - (forces[0].detach() * (positions - fixed)).sum()
