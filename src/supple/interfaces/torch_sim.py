"""torch-sim: many replicas of one molecule in one call; units eV and Å, as in Supple.

https://github.com/TorchSim/torch-sim
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from supple.errors import MoleculeError
from supple.models.arrangement import arrange
from supple.models.followed_molecule import SMALL
from supple.models.potential import Potential
from supple.runtime.optional_dependencies import extra

with extra("torch-sim", "torch-sim"):
    from torch_sim.models.interface import ModelInterface

if TYPE_CHECKING:
    from torch_sim.state import SimState


class SuppleModel(ModelInterface):  # type: ignore[misc]
    """A force field as a torch-sim model: energies in eV and forces in eV/Å of a batch of systems.

    Each system must be the molecule of the force field, with `pbc=False`. Atoms in another order are recognised by their bonds,
    when the model first sees a system and after jumps.

    Args:
        potential: the force field.
        uncertainty: also give error bars, one standard deviation each: `energy_uncertainty` (n_systems,) in eV, and
            `forces_uncertainty` (n_atoms,) in eV/Å, of the force components of each atom.

    Raises:
        SettingsError: error bars are wanted, and the force field has none.
    """

    def __init__(self, potential: Potential, uncertainty: bool = False) -> None:
        super().__init__()
        self.potential = potential
        self._bars = potential.require_error_bars() if uncertainty else None
        self._device = potential.device
        self._dtype = torch.float64
        self._compute_stress = False
        self._compute_forces = True
        self._memory_scales_with = "n_atoms"
        self._last: tuple[Tensor, Tensor] | None = None
        self._orders: Tensor | None = None

    def forward(self, state: SimState, **kwargs: Any) -> dict[str, Tensor]:
        """`energy` (n_systems,) in eV and `forces` (n_atoms, 3) in eV/Å, and error bars, in the precision of the positions.

        Raises:
            MoleculeError: a system is not the molecule of the force field, or is periodic.
        """
        n = len(self.potential.numbers)
        counts = torch.bincount(state.system_idx, minlength=state.n_systems)
        if not bool((counts == n).all()):
            raise MoleculeError(
                f"Not every system is the molecule of {self.potential!r}: a force field is made for one molecule."
            )
        if bool(torch.as_tensor(state.pbc).any()):
            raise MoleculeError(
                "The systems are periodic, but the force field describes a free molecule: set pbc=False."
            )
        positions = state.positions.reshape(-1, n, 3).to(torch.float64)
        orders = self._orders_of(state.atomic_numbers.reshape(-1, n), positions)
        if orders is not None:
            positions = torch.take_along_dim(positions, orders, dim=1)
        dtype, bars = state.positions.dtype, {}
        if self._bars is None:
            energies, forces = self.potential.energy_and_forces(positions)
        else:
            energies, forces, scores = self.potential.with_novelty(positions, self._bars.novelty)
            of_energies, of_forces = (torch.as_tensor(std).to(forces) for std in self._bars.standard_deviations(scores))
            if orders is not None:
                of_forces = torch.zeros_like(of_forces).scatter(1, orders[:, :, 0], of_forces)
            bars = {"energy_uncertainty": of_energies.to(dtype), "forces_uncertainty": of_forces.flatten().to(dtype)}
        if orders is not None:
            forces = torch.zeros_like(forces).scatter(1, orders.expand_as(forces), forces)
        return {"energy": energies.detach().to(dtype), "forces": forces.detach().reshape(-1, 3).to(dtype)} | bars

    def _orders_of(self, numbers: Int[Tensor, "B N"], positions: Float[Tensor, "B N 3"]) -> Int[Tensor, "B N 1"] | None:
        """The order of the atoms of each system; None if each is that of the force field."""
        last, self._last = self._last, (numbers.clone(), positions.clone())
        if last is not None and last[1].shape == positions.shape and bool(torch.equal(last[0], numbers)):
            moved = (positions - last[1]).square().sum(dim=(1, 2))
            if bool((moved < SMALL).all()):
                return self._orders
        rows = numbers.cpu().numpy().astype(np.int64)
        geometries = positions.detach().cpu().numpy()
        orders = np.empty(rows.shape, dtype=np.int64)
        for kind in np.unique(rows, axis=0):
            same = (rows == kind).all(axis=1)
            orders[same] = arrange(self.potential, kind, geometries[same], "A system").orders
        own = bool((orders == np.arange(rows.shape[1])).all())
        self._orders = None if own else torch.as_tensor(orders, device=positions.device)[:, :, None]
        return self._orders
