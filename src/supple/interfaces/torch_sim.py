"""torch-sim: many replicas of one molecule in one call; units eV and Å, as in Supple.

https://github.com/TorchSim/torch-sim
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from supple.errors import MoleculeError
from supple.models.potential import Potential
from supple.runtime.optional_dependencies import extra

with extra("torch-sim", "torch-sim"):
    from torch_sim.models.interface import ModelInterface

if TYPE_CHECKING:
    from torch_sim.state import SimState


class SuppleModel(ModelInterface):  # type: ignore[misc]
    """A force field as a torch-sim model: energies in eV and forces in eV/Å of a batch of systems.

    Each system must be the molecule of the force field, with its atoms in the same order and `pbc=False`.
    """

    def __init__(self, potential: Potential) -> None:
        super().__init__()
        self.potential = potential
        self._device = potential.device
        self._dtype = torch.float64
        self._compute_stress = False
        self._compute_forces = True
        self._memory_scales_with = "n_atoms"
        self._numbers = torch.tensor(potential.numbers.tolist(), device=self._device)

    def forward(self, state: SimState, **kwargs: Any) -> dict[str, Tensor]:
        """`energy` (n_systems,) in eV and `forces` (n_atoms, 3) in eV/Å, in the precision of the positions.

        Raises:
            MoleculeError: a system is not the molecule of the force field, or is periodic.
        """
        n = len(self._numbers)
        molecules = state.atomic_numbers.reshape(-1, n) if len(state.atomic_numbers) % n == 0 else None
        counts = torch.bincount(state.system_idx, minlength=state.n_systems)
        if molecules is None or not bool((counts == n).all() and (molecules == self._numbers).all()):
            raise MoleculeError(
                f"Not every system is the molecule of {self.potential!r} with its atoms in the same order: "
                "a force field is made for one molecule."
            )
        if bool(torch.as_tensor(state.pbc).any()):
            raise MoleculeError(
                "The systems are periodic, but the force field describes a free molecule: set pbc=False."
            )
        energies, forces = self.potential.energy_and_forces(state.positions.reshape(-1, n, 3).to(torch.float64))
        dtype = state.positions.dtype
        return {"energy": energies.detach().to(dtype), "forces": forces.detach().reshape(-1, 3).to(dtype)}
